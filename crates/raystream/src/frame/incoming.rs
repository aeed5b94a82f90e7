//! A received frame whose shape has been checked, and nothing else yet.

use super::buffer::{NONCE, PAYLOAD};
use super::flags::Flags;
use super::header::{Direction, Header, MessageType};
use crate::cipher::TAG_LEN;
use crate::error::FrameError;
use crate::id::{CallId, SessionId};
use crate::limits::Limits;

/// Bytes that have the form of a frame: step 1 of receiving. Opening works in place, so this borrows
/// the bytes mutably.
#[derive(Debug)]
pub struct Incoming<'a> {
    header: Header,
    bytes: &'a mut [u8],
}

/// The parts of a frame, apart.
pub(crate) struct Parts<'a> {
    pub(crate) aad: &'a [u8],
    pub(crate) nonce: &'a [u8; 12],
    pub(crate) payload: &'a mut [u8],
    pub(crate) tag: &'a [u8; TAG_LEN],
}

impl<'a> Parts<'a> {
    /// What a hello is made of: its payload, some of it in the clear, and the tag.
    pub(crate) fn whole(self) -> (&'a mut [u8], &'a [u8; TAG_LEN]) {
        (self.payload, self.tag)
    }
}

impl<'a> Incoming<'a> {
    /// Takes exactly one frame that travels in this direction.
    pub fn parse(
        bytes: &'a mut [u8],
        direction: Direction,
        limits: Limits,
    ) -> Result<Self, FrameError> {
        let length = bytes.len();
        let (Some(head), true) = (bytes.first_chunk(), length >= Limits::FRAME_OVERHEAD) else {
            return Err(FrameError::Truncated(length));
        };
        let header = Header::parse(head, direction)?;
        let limit = if header.message_type.is_handshake() || header.is_clear() {
            Limits::MAX_HELLO
        } else {
            limits.max_frame
        };
        if length > limit {
            return Err(FrameError::TooLarge { length, limit });
        }
        if usize::try_from(header.payload_len) != Ok(length - Limits::FRAME_OVERHEAD) {
            return Err(FrameError::Length);
        }
        let frame = Self { header, bytes };
        frame.check_nonce()?;
        Ok(frame)
    }

    /// What the frame says it is. Nobody has vouched for it yet.
    #[must_use]
    pub fn header(&self) -> Header {
        self.header
    }

    /// The call the nonce names; as unproven as the header.
    #[must_use]
    pub fn call_id(&self) -> CallId {
        let nonce = self.bytes[NONCE]
            .first_chunk()
            .expect("a nonce has 12 bytes");
        CallId(u64::from_be_bytes(*nonce))
    }

    /// The session an INIT wants to resume: the first 16 bytes of its payload. As unproven as the
    /// header.
    #[must_use]
    pub fn resumes(&self) -> Option<SessionId> {
        let resume = self.header.message_type == MessageType::HandshakeInit
            && self.header.flags.contains(Flags::RESUME);
        let payload = &self.bytes[PAYLOAD..self.bytes.len() - TAG_LEN];
        payload
            .first_chunk()
            .filter(|_| resume)
            .copied()
            .map(SessionId)
    }

    fn check_nonce(&self) -> Result<(), FrameError> {
        let unsealed = self.header.message_type.is_handshake() || self.header.is_clear();
        let no_call = unsealed || self.header.message_type.is_session_wide();
        let counter: [u8; 4] = *self.bytes[NONCE]
            .last_chunk()
            .expect("a nonce has 12 bytes");
        let right = u32::from_be_bytes(counter) == self.header.sequence
            && no_call == (self.call_id() == CallId::NONE);
        if right {
            Ok(())
        } else {
            Err(FrameError::Field)
        }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes
    }

    pub(crate) fn into_parts(self) -> Parts<'a> {
        let (aad, rest) = self.bytes.split_at_mut(Header::LEN);
        let (nonce, rest) = rest
            .split_first_chunk_mut()
            .expect("parse checked the frame's length");
        let (payload, tag) = rest
            .split_last_chunk_mut()
            .expect("parse checked the frame's length");
        debug_assert_eq!(aad.len() + nonce.len(), PAYLOAD);
        Parts {
            aad,
            nonce,
            payload,
            tag,
        }
    }
}
