//! The receiving direction.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::opening::Opening;
use crate::cipher::AeadKey;
use crate::error::{EnvelopeError, OpenError, ReceiveError};
use crate::frame::{Flags, Header, Incoming, MessageType};
use crate::id::CallId;
use crate::suite::Suite;
use crate::window::{ReplayWindow, Transport};

/// Decrypts frames under one key. Shared between threads: the window's lock is held for its test
/// and its commit, not while decrypting.
pub struct Opener {
    key: AeadKey,
    transport: Transport,
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

impl Opened<'_> {
    /// That nothing came with it, as with CLOSE.
    pub(super) fn empty(&self) -> Result<(), ReceiveError> {
        if self.payload.is_empty() {
            return Ok(());
        }
        Err(ReceiveError::Envelope {
            call: self.call,
            error: EnvelopeError::Budget("payload"),
        })
    }
}

impl Opener {
    /// The receiving end of the direction this key belongs to.
    #[must_use]
    pub fn new(suite: Suite, transport: Transport, key: &[u8; 32]) -> Self {
        Self::after(suite, key, ReplayWindow::new(transport), 0)
    }

    /// One that has seen frames before it slept.
    pub(crate) fn after(suite: Suite, key: &[u8; 32], window: ReplayWindow, failures: u32) -> Self {
        Self {
            key: AeadKey::new(suite, key),
            transport: window.transport(),
            window: Mutex::new(window),
            failures: AtomicU32::new(failures),
        }
    }

    /// Steps 3 to 5 of receiving: window test, decryption in place, window commit. Until the commit
    /// nothing changes but the count of failures.
    pub fn open<'a>(&self, frame: Incoming<'a>) -> Result<Opened<'a>, OpenError> {
        self.begin(frame)?.decrypt(&self.key)
    }

    /// Step 3 alone, for a cipher that is not this crate's: [`Opening::complete`] is step 5. On a
    /// WebSocket frames are taken one after the other: begin the next when this one is complete.
    pub fn begin<'o, 'a>(&'o self, frame: Incoming<'a>) -> Result<Opening<'o, 'a>, OpenError> {
        if self.is_dead() {
            return Err(OpenError::Exhausted);
        }
        match self.check(&frame) {
            Ok(()) => Ok(Opening::new(self, frame)),
            Err(error) => Err(self.fail(error)),
        }
    }

    /// Frames that did not open so far.
    #[must_use]
    pub fn failures(&self) -> u32 {
        self.failures.load(Ordering::Relaxed)
    }

    /// Whether so many frames failed that none is taken any more: one on a WebSocket, where nobody
    /// else can interfere without breaking the stream, 2^20 over HTTP.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.failures() >= self.transport.max_failures()
    }

    /// Whether half of the key's frames came: time for a new session.
    #[must_use]
    pub fn should_renew(&self) -> bool {
        self.window().highest() >= self.key.suite().max_frames() / 2
    }

    /// How frames reach this side.
    #[must_use]
    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// Counts a frame that failed. Saturates at the limit, or a flood of failures would wrap it
    /// around to a live session.
    pub(super) fn fail<E>(&self, error: E) -> E {
        let max = self.transport.max_failures();
        let _ = self
            .failures
            .try_update(Ordering::Relaxed, Ordering::Relaxed, |n| {
                (n < max).then_some(n + 1)
            });
        error
    }

    /// Step 5. Two copies of a frame may have come this far; one gets through.
    pub(super) fn commit(&self, sequence: u32) -> Result<(), OpenError> {
        if self.window().commit(sequence) {
            Ok(())
        } else {
            Err(OpenError::Replay(sequence))
        }
    }

    /// A copy of what has been seen.
    pub(crate) fn seen(&self) -> ReplayWindow {
        self.window().clone()
    }

    fn check(&self, frame: &Incoming<'_>) -> Result<(), OpenError> {
        let Header {
            message_type,
            flags,
            sequence,
            ..
        } = frame.header();
        let suite = self.key.suite();
        if message_type.is_handshake() || flags.contains(Flags::CLEAR) || Suite::of(flags) != suite
        {
            return Err(OpenError::Kind);
        }
        if sequence > suite.max_frames() {
            return Err(OpenError::Exhausted);
        }
        if !self.window().accepts(sequence) {
            return Err(OpenError::Replay(sequence));
        }
        Ok(())
    }

    /// A panic cannot leave the window half-changed, so a poisoned lock is as good as any.
    fn window(&self) -> MutexGuard<'_, ReplayWindow> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
