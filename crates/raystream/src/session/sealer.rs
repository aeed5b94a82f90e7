//! The sending direction.

use std::sync::atomic::{AtomicU32, Ordering};

use super::draft::Draft;
use super::padding::{self, Padding};
use super::reserved::Reserved;
use crate::cipher::AeadKey;
use crate::error::SealError;
use crate::frame::{Direction, Flags, FrameBuf, Header, MessageType};
use crate::id::CallId;
use crate::limits::Limits;
use crate::suite::Suite;

/// Encrypts frames under one key. Shared between threads without a lock: the sequence, and with it
/// the nonce, is taken atomically in [`Sealer::reserve`], before anything is encrypted, so that no
/// nonce is ever used twice.
pub struct Sealer {
    key: AeadKey,
    direction: Direction,
    limits: Limits,
    padding: Padding,
    sealed: AtomicU32,
}

impl Sealer {
    /// The sending end of this direction.
    #[must_use]
    pub fn new(suite: Suite, direction: Direction, key: &[u8; 32], limits: Limits) -> Self {
        Self::after(suite, direction, key, limits, 0)
    }

    /// One that has sealed this many frames before it slept.
    pub(crate) fn after(
        suite: Suite,
        direction: Direction,
        key: &[u8; 32],
        limits: Limits,
        sealed: u32,
    ) -> Self {
        Self {
            key: AeadKey::new(suite, key),
            direction,
            limits,
            padding: Padding::default(),
            sealed: AtomicU32::new(sealed),
        }
    }

    /// Which frames are padded from now on.
    pub fn set_padding(&mut self, padding: Padding) {
        self.padding = padding;
    }

    /// Seals a payload into a frame. A frame that could not be sealed keeps its sequence: a gap is
    /// harmless, a repeated nonce is not.
    pub fn seal(
        &self,
        message_type: MessageType,
        call: CallId,
        flags: Flags,
        payload: FrameBuf,
    ) -> Result<Vec<u8>, SealError> {
        self.seal_draft(Draft::new(message_type, call, flags, payload))
    }

    /// Seals a message into a frame.
    pub fn seal_draft(&self, draft: Draft) -> Result<Vec<u8>, SealError> {
        self.reserve(draft)?.seal(&self.key)
    }

    /// Takes the next sequence for a message that the host's own cipher will encrypt.
    pub fn reserve(&self, draft: Draft) -> Result<Reserved, SealError> {
        let Draft {
            message_type,
            call,
            mut flags,
            mut payload,
        } = draft;
        if self.padding == Padding::Always && payload.frame_len() < self.limits.max_frame {
            flags = flags | Flags::PADDED;
        }
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
        let mut header = Header {
            message_type,
            flags: flags | direction | self.key.suite().flag(),
            sequence: 0,
            payload_len: u32::try_from(payload.payload().len()).map_err(|_| too_large)?,
            reserved: 0,
        };
        header
            .check(self.direction, call)
            .map_err(SealError::Message)?;
        header.sequence = self.next_sequence()?;
        Ok(Reserved::new(payload.place(header, call)))
    }

    /// Whether half of the key's frames are used: time for a new session.
    #[must_use]
    pub fn should_renew(&self) -> bool {
        self.sealed() >= self.key.suite().max_frames() / 2
    }

    /// The session's suite.
    #[must_use]
    pub fn suite(&self) -> Suite {
        self.key.suite()
    }

    /// Sequences taken so far.
    #[must_use]
    pub fn sealed(&self) -> u32 {
        self.sealed.load(Ordering::Relaxed)
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
