//! The sending direction.

use std::sync::atomic::{AtomicU32, Ordering};

use super::padding;
use crate::cipher::AeadKey;
use crate::error::SealError;
use crate::frame::{Direction, Flags, FrameBuf, Header, MessageType};
use crate::id::CallId;
use crate::limits::Limits;
use crate::suite::Suite;

/// Encrypts frames under one key. Shared between threads without a lock: the sequence, and with it
/// the nonce, is taken atomically inside [`Sealer::seal`], so that no nonce is ever used twice.
pub struct Sealer {
    key: AeadKey,
    direction: Direction,
    limits: Limits,
    sealed: AtomicU32,
}

impl Sealer {
    /// The sending end of this direction.
    #[must_use]
    pub fn new(suite: Suite, direction: Direction, key: &[u8; 32], limits: Limits) -> Self {
        Self {
            key: AeadKey::new(suite, key),
            direction,
            limits,
            sealed: AtomicU32::new(0),
        }
    }

    /// Seals a payload into a frame. A frame that could not be sealed keeps its sequence: a gap is
    /// harmless, a repeated nonce is not.
    pub fn seal(
        &self,
        message_type: MessageType,
        call: CallId,
        flags: Flags,
        mut payload: FrameBuf,
    ) -> Result<Vec<u8>, SealError> {
        if flags.contains(Flags::PADDED) {
            padding::add(&mut payload, self.limits.max_frame);
        }
        let (length, limit) = (payload.frame_len(), self.limits.max_frame);
        let too_large = SealError::TooLarge { length, limit };
        if length > limit {
            return Err(too_large);
        }
        let direction = match self.direction {
            Direction::ClientToServer => Flags::NONE,
            Direction::ServerToClient => Flags::S2C,
        };
        let header = Header {
            message_type,
            flags: flags | direction | self.key.suite().flag(),
            sequence: self.next_sequence()?,
            payload_len: u32::try_from(payload.payload().len()).map_err(|_| too_large)?,
            reserved: 0,
        };
        payload.finish(header, call, |nonce, aad, data| {
            self.key.seal(nonce, aad, data).map_err(|_| too_large)
        })
    }

    /// Whether half of the key's frames are used: time for a new session.
    #[must_use]
    pub fn should_renew(&self) -> bool {
        self.sealed.load(Ordering::Relaxed) >= self.key.suite().max_frames() / 2
    }

    fn next_sequence(&self) -> Result<u32, SealError> {
        let max = self.key.suite().max_frames();
        let previous = self
            .sealed
            .try_update(Ordering::Relaxed, Ordering::Relaxed, |n| {
                (n < max).then_some(n + 1)
            })
            .map_err(|_| SealError::Exhausted)?;
        Ok(previous + 1)
    }
}
