//! The receiving direction.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::padding;
use crate::cipher::AeadKey;
use crate::error::OpenError;
use crate::frame::{Flags, Header, Incoming, MessageType};
use crate::id::CallId;
use crate::limits::Limits;
use crate::suite::Suite;
use crate::window::{ReplayWindow, Transport};

/// Decrypts frames under one key. Shared between threads: the window's lock is held for its test
/// and its commit, not while decrypting.
pub struct Opener {
    key: AeadKey,
    window: Mutex<ReplayWindow>,
    failures: AtomicU32,
}

/// A frame that has proved itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opened<'a> {
    /// What the payload is.
    pub message_type: MessageType,
    /// The header's flags.
    pub flags: Flags,
    /// The call it belongs to.
    pub call: CallId,
    /// The plaintext, where the ciphertext was.
    pub payload: &'a [u8],
}

impl Opener {
    /// The receiving end of the direction this key belongs to.
    #[must_use]
    pub fn new(suite: Suite, transport: Transport, key: &[u8; 32]) -> Self {
        Self {
            key: AeadKey::new(suite, key),
            window: Mutex::new(ReplayWindow::new(transport)),
            failures: AtomicU32::new(0),
        }
    }

    /// Steps 3 to 5 of receiving: window test, decryption in place, window commit. Until the commit
    /// nothing changes but the count of failures.
    pub fn open<'a>(&self, frame: Incoming<'a>) -> Result<Opened<'a>, OpenError> {
        if self.failures() >= Limits::MAX_FAILURES {
            return Err(OpenError::Exhausted);
        }
        let opened = self.try_open(frame);
        if opened.is_err() {
            // Saturates at the limit, or a flood of failures would wrap it around to a live session.
            let _ = self
                .failures
                .try_update(Ordering::Relaxed, Ordering::Relaxed, |n| {
                    (n < Limits::MAX_FAILURES).then_some(n + 1)
                });
        }
        opened
    }

    /// Frames that did not open so far. At [`Limits::MAX_FAILURES`] the session is dead.
    #[must_use]
    pub fn failures(&self) -> u32 {
        self.failures.load(Ordering::Relaxed)
    }

    fn try_open<'a>(&self, frame: Incoming<'a>) -> Result<Opened<'a>, OpenError> {
        let Header {
            message_type,
            flags,
            sequence,
            ..
        } = frame.header();
        let call = frame.call_id();
        if message_type.is_handshake()
            || flags.contains(Flags::CLEAR)
            || Suite::of(flags) != self.key.suite()
        {
            return Err(OpenError::Kind);
        }
        if sequence > self.key.suite().max_frames() {
            return Err(OpenError::Exhausted);
        }
        if !self.window().accepts(sequence) {
            return Err(OpenError::Replay(sequence));
        }
        let parts = frame.into_parts();
        self.key
            .open(parts.nonce, parts.aad, parts.payload, parts.tag)
            .map_err(|_| OpenError::Decryption)?;
        if !self.window().commit(sequence) {
            return Err(OpenError::Replay(sequence));
        }
        let payload = if flags.contains(Flags::PADDED) {
            padding::strip(parts.payload).ok_or(OpenError::Padding)?
        } else {
            parts.payload
        };
        Ok(Opened {
            message_type,
            flags,
            call,
            payload,
        })
    }

    /// A panic cannot leave the window half-changed, so a poisoned lock is as good as any.
    fn window(&self) -> MutexGuard<'_, ReplayWindow> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
