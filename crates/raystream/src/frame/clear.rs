//! Errors in the clear: what a server says when there is no key to say it with (protocol §12).

use std::convert::Infallible;

use super::buffer::FrameBuf;
use super::flags::Flags;
use super::header::{Header, MessageType};
use crate::envelope::RpcError;
use crate::error::EnvelopeError;
use crate::id::CallId;

/// The two things that may be said without encryption. Anyone on the path can say them, so a client
/// takes them as hints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClearCode {
    /// Not now, or not with this key.
    ServiceUnavailable,
    /// No such session; also bad tag, replay and unknown, which must look alike.
    SessionExpired,
}

impl ClearCode {
    /// The error code as text.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::ServiceUnavailable => "SERVICE_UNAVAILABLE",
            Self::SessionExpired => "SESSION_EXPIRED",
        }
    }

    /// The whole frame: an `RPC_ERROR` with flags S2C and CLEAR, its sequence, nonce and tag zero.
    #[must_use]
    pub fn to_frame(self) -> Vec<u8> {
        let (status, message) = match self {
            Self::ServiceUnavailable => (503, "Service unavailable"),
            Self::SessionExpired => (401, "Session expired"),
        };
        let mut buffer = FrameBuf::with_capacity(128);
        RpcError {
            code: self.code(),
            message,
            status,
            stack: None,
        }
        .encode(&mut buffer);
        let header = Header {
            message_type: MessageType::RpcError,
            flags: Flags::S2C | Flags::CLEAR,
            sequence: 0,
            payload_len: u32::try_from(buffer.payload().len()).expect("a short text"),
            reserved: 0,
        };
        let Ok(frame) = buffer.finish(header, CallId::NONE, |_| Ok::<_, Infallible>([0; 16]));
        frame
    }

    /// Reads the payload of a clear error. An unknown code is malformed: nothing else may be clear.
    pub(crate) fn decode(payload: &[u8]) -> Result<Self, EnvelopeError> {
        match RpcError::decode(payload)?.code {
            "SERVICE_UNAVAILABLE" => Ok(Self::ServiceUnavailable),
            "SESSION_EXPIRED" => Ok(Self::SessionExpired),
            _ => Err(EnvelopeError::Missing("RPCError.error_code")),
        }
    }
}
