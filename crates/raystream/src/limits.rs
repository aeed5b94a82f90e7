//! Sizes and counts both sides keep to (protocol §6).

/// The most a side accepts; a server states its own in the hello.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a whole frame, its 44 bytes of overhead included.
    pub max_frame: usize,
}

impl Limits {
    /// Header, nonce and tag: what a frame adds to its payload.
    pub const FRAME_OVERHEAD: usize = 44;
    /// Bytes of a frame that carries a hello.
    pub const MAX_HELLO: usize = 4 * 1024;
    /// Bytes of a frame unless the hello says otherwise.
    pub const DEFAULT_MAX_FRAME: usize = 1024 * 1024;
    /// What a hello may raise it to.
    pub const MAX_FRAME: usize = 16 * 1024 * 1024;
    /// Frames that fail to open before a session is dropped.
    pub const MAX_FAILURES: u32 = 1 << 20;
    /// Calls under way per session.
    pub const MAX_IN_FLIGHT: u32 = 256;
    /// A session's life in milliseconds unless the hello says otherwise.
    pub const DEFAULT_TTL_MS: u32 = 300_000;
    /// Milliseconds a handshake may take, and a new session may stay without a valid frame.
    pub const HANDSHAKE_MS: u32 = 10_000;

    /// Limits with this many bytes for a frame, held between a hello's size and
    /// [`Limits::MAX_FRAME`].
    #[must_use]
    pub fn with_max_frame(max_frame: usize) -> Self {
        Self {
            max_frame: max_frame.clamp(Self::MAX_HELLO, Self::MAX_FRAME),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_frame: Self::DEFAULT_MAX_FRAME,
        }
    }
}
