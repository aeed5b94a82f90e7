//! Errors, split by who is to blame.

use crate::frame::{ClearCode, MessageType};
use crate::id::CallId;

/// The peer sent bytes that are no frame of this protocol. Found before any key is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// Shorter than a frame without payload.
    #[error("a frame has at least 44 bytes, this has {0}")]
    Truncated(usize),
    /// Larger than this side takes.
    #[error("a frame of {length} bytes, the limit is {limit}")]
    TooLarge {
        /// Bytes that came, or that the header promises.
        length: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// Not version 1.
    #[error("version {0} is not spoken here")]
    Version(u8),
    /// Not a message type, or not one that travels in this direction.
    #[error("message type {0:#04x} does not belong here")]
    MessageType(u8),
    /// A reserved bit, or a flag that does not go with the message type or direction.
    #[error("flags {0:#06x} do not belong here")]
    Flags(u16),
    /// `payload_len` is not what is there.
    #[error("payload_len does not match the frame's length")]
    Length,
    /// The reserved field, sequence or nonce does not follow its rule for this message type.
    #[error("reserved field, sequence or nonce breaks its rule")]
    Field,
}

/// A frame of the right shape that this session refuses. On the wire all of them look like an
/// expired session (protocol §12).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The tag does not match: `DECRYPTION_FAILED`.
    #[error("the frame's tag does not match")]
    Decryption,
    /// Seen before, too old, or out of order: `INVALID_NONCE`.
    #[error("sequence {0} is not new")]
    Replay(u32),
    /// The frame names the other suite, or is a hello.
    #[error("the frame is not of this session's kind")]
    Kind,
    /// The padding is not `80 00*`.
    #[error("the padding is malformed")]
    Padding,
    /// The key has opened as many frames as it may, or failed too often.
    #[error("the session is used up")]
    Exhausted,
}

/// This side tried to send what it may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// Larger than the session's frames may be.
    #[error("a frame of {length} bytes, the limit is {limit}")]
    TooLarge {
        /// Bytes the frame would have.
        length: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// The key has sealed as many frames as it may: a new session is due.
    #[error("the session's key is used up")]
    Exhausted,
    /// A message that does not travel this way, or whose flags or call id do not go with its type.
    #[error("not a message for this side to send: {0}")]
    Message(FrameError),
    /// The host's cipher gave something that cannot be this frame's ciphertext and tag.
    #[error("the cipher's output does not fit the frame")]
    Cipher,
}

/// A payload that is not the `FlatBuffer` it should be, or is over budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// An offset or length points outside the payload.
    #[error("{0}: an offset or length points outside the payload")]
    Bounds(&'static str),
    /// Text that is not UTF-8.
    #[error("{0}: not UTF-8")]
    Utf8(&'static str),
    /// Longer than its budget.
    #[error("{0}: longer than allowed")]
    Budget(&'static str),
    /// A field that has to be there, or has to have a certain size or value.
    #[error("{0}: missing or of the wrong size")]
    Missing(&'static str),
}

/// A handshake that came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HandshakeError {
    /// The peer's bytes are no frame.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// A frame, but not the one a handshake expects here.
    #[error("an unexpected frame in the handshake")]
    Unexpected,
    /// The client has pinned a key this gateway does not hold.
    #[error("no key with this id")]
    UnknownKey,
    /// The client wants to resume a session that is not there.
    #[error("no session to resume")]
    ResumeUnavailable,
    /// The Noise payload does not open: another key, another prologue, or a forgery.
    #[error("the handshake does not open")]
    Decryption,
    /// The peer's public key is of small order (RFC 7748 §6.1).
    #[error("the shared secret is zero")]
    ZeroSharedSecret,
    /// The hello inside is malformed.
    #[error("hello: {0}")]
    Hello(#[from] EnvelopeError),
    /// The hello names another suite than the handshake ran with.
    #[error("the hello names another suite")]
    Suite,
    /// The hello does not fit into its frame.
    #[error("hello: {0}")]
    TooLarge(SealError),
    /// The gateway refused in the clear: a hint only, anyone on the path can say so.
    #[error("the gateway refused the handshake: {0:?}")]
    Refused(ClearCode),
}

impl HandshakeError {
    /// What a server may answer in the clear.
    #[must_use]
    pub fn clear_code(&self) -> ClearCode {
        match self {
            Self::ResumeUnavailable => ClearCode::SessionExpired,
            _ => ClearCode::ServiceUnavailable,
        }
    }
}

/// Everything that can be wrong with a frame a session receives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiveError {
    /// Not a frame.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// Not a frame of this session, or not a new one.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Authentic, but its payload is malformed. The call can be told so.
    #[error("{error}")]
    Envelope {
        /// The frame's call.
        call: CallId,
        /// What is wrong with the payload.
        error: EnvelopeError,
    },
    /// Authentic, but of a type this side does not handle.
    #[error("unexpected message type {message_type:?}")]
    Unexpected {
        /// The frame's call.
        call: CallId,
        /// The frame's type.
        message_type: MessageType,
    },
    /// An error in the clear that is none of the two allowed.
    #[error("a malformed error in the clear")]
    Clear,
}
