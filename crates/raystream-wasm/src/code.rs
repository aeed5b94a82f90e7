//! What the exported functions return besides lengths and handles.

use kontract_raystream::{ClearCode, HandshakeError, OpenError, ReceiveError, SealError};

/// Negative results. `lib/client/engine.ts` has the same list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum Code {
    /// The handle names nothing of the kind asked for.
    Handle = -1,
    /// The lengths do not fit the input, or a text is not UTF-8.
    Input = -2,
    /// The peer's bytes are no frame, or a payload is malformed.
    Malformed = -3,
    /// A tag does not match.
    Decryption = -4,
    /// A sequence is not new.
    Replay = -5,
    /// The key is used up.
    Exhausted = -6,
    /// Larger than the session's frames may be.
    TooLarge = -7,
    /// A hint in the clear: service unavailable.
    ClearUnavailable = -8,
    /// A hint in the clear: session expired.
    ClearExpired = -9,
    /// The server answered with another suite, or something else than a hello.
    Unexpected = -10,
}

impl From<ClearCode> for Code {
    fn from(code: ClearCode) -> Self {
        match code {
            ClearCode::ServiceUnavailable => Self::ClearUnavailable,
            ClearCode::SessionExpired => Self::ClearExpired,
        }
    }
}

impl From<SealError> for Code {
    fn from(error: SealError) -> Self {
        match error {
            SealError::TooLarge { .. } => Self::TooLarge,
            _ => Self::Exhausted,
        }
    }
}

impl From<HandshakeError> for Code {
    fn from(error: HandshakeError) -> Self {
        match error {
            HandshakeError::Refused(code) => code.into(),
            HandshakeError::Decryption | HandshakeError::ZeroSharedSecret => Self::Decryption,
            HandshakeError::Frame(_) | HandshakeError::Hello(_) => Self::Malformed,
            HandshakeError::TooLarge(error) => error.into(),
            _ => Self::Unexpected,
        }
    }
}

impl From<ReceiveError> for Code {
    fn from(error: ReceiveError) -> Self {
        match error {
            ReceiveError::Open(OpenError::Decryption) => Self::Decryption,
            ReceiveError::Open(OpenError::Replay(_)) => Self::Replay,
            ReceiveError::Open(OpenError::Exhausted) => Self::Exhausted,
            ReceiveError::Unexpected { .. } => Self::Unexpected,
            _ => Self::Malformed,
        }
    }
}
