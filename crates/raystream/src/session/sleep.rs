//! A session whose owner may be put to sleep at any moment, such as a Durable Object that hibernates
//! between the messages of a WebSocket (protocol §8).
//!
//! The rule is that no counter is ever used twice, so no state may come back that is older than the
//! last frame sealed. There is one place for the state, an [`Attachment`]. Waking writes "in use"
//! there before anything can be sealed; only sleep, which takes the session away, writes a state one
//! can wake from. Whoever is interrupted in between has lost the session, and its client resumes.
//!
//! Not for storage that can be restored to a point in the past, which would bring back a state that
//! was slept in long ago.

use std::ops::Deref;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::ServerSession;
use super::state::{self, DIRTY, StateError};

/// The one place a session's state is kept in while its owner sleeps: a WebSocket's attachment. At
/// most 512 bytes, all of them secret.
pub trait Attachment {
    /// Why the host could not read or write.
    type Error;

    /// What was stored last.
    fn load(&self) -> Result<Vec<u8>, Self::Error>;

    /// Replaces it. Has happened when this returns.
    fn store(&self, state: &[u8]) -> Result<(), Self::Error>;
}

/// A session does not wake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WakeError<E> {
    /// The state is none to go on from: close the socket.
    #[error(transparent)]
    State(#[from] StateError),
    /// The attachment holds another state than this session slept in.
    #[error("the session went on elsewhere")]
    Superseded,
    /// The attachment does not keep what is stored: no session is safe in it.
    #[error("the attachment does not keep what is stored")]
    NotKept,
    /// The host could not read or write.
    #[error("the attachment cannot be used")]
    Host(E),
}

/// A session in use; its attachment says so. Dropping it ends the session for good.
pub struct Awake {
    session: ServerSession,
}

/// A session at rest: it can be woken and nothing else. Keeping it spares waking from bytes, which
/// expands the keys anew; losing it loses nothing.
pub struct Asleep {
    session: ServerSession,
    stored: [u8; 32],
}

impl Awake {
    /// Puts a new session under this rule.
    pub fn new<A: Attachment>(session: ServerSession, to: &A) -> Result<Self, WakeError<A::Error>> {
        mark(to)?;
        Ok(Self { session })
    }

    /// Wakes the session an attachment holds, in an owner that remembers nothing.
    pub fn from_attachment<A: Attachment>(from: &A) -> Result<Self, WakeError<A::Error>> {
        let bytes = Zeroizing::new(from.load().map_err(WakeError::Host)?);
        let session = state::read(&bytes)?;
        mark(from)?;
        Ok(Self { session })
    }

    /// Writes the final counters. Nothing can be sealed or opened until the session is woken. If the
    /// host cannot write, the session is lost, as it should be.
    pub fn sleep<A: Attachment>(self, to: &A) -> Result<Asleep, A::Error> {
        let bytes = state::write(&self.session);
        to.store(&bytes)?;
        Ok(Asleep {
            session: self.session,
            stored: Sha256::digest(bytes.as_slice()).into(),
        })
    }
}

impl Deref for Awake {
    type Target = ServerSession;

    fn deref(&self) -> &ServerSession {
        &self.session
    }
}

impl Asleep {
    /// Wakes the session in the owner that put it to sleep.
    pub fn wake<A: Attachment>(self, from: &A) -> Result<Awake, WakeError<A::Error>> {
        let bytes = Zeroizing::new(from.load().map_err(WakeError::Host)?);
        if bytes.as_slice() == DIRTY {
            return Err(StateError::Dirty.into());
        }
        if self.stored != <[u8; 32]>::from(Sha256::digest(bytes.as_slice())) {
            return Err(WakeError::Superseded);
        }
        mark(from)?;
        Ok(Awake {
            session: self.session,
        })
    }

    /// Frames sealed so far, for whoever watches.
    #[must_use]
    pub fn sealed(&self) -> u32 {
        self.session.sealer.sealed()
    }
}

/// Writes "in use", and sees that it stays: a host that stores later, or not at all, would let the
/// same state be woken twice.
fn mark<A: Attachment>(attachment: &A) -> Result<(), WakeError<A::Error>> {
    attachment.store(DIRTY).map_err(WakeError::Host)?;
    let kept = Zeroizing::new(attachment.load().map_err(WakeError::Host)?);
    if kept.as_slice() == DIRTY {
        Ok(())
    } else {
        Err(WakeError::NotKept)
    }
}
