//! The pre-shared key that lets one session go on in the next (protocol §9).

use zeroize::Zeroizing;

use crate::id::SessionId;
use crate::suite::Suite;

/// The resume PSK of one session. It cannot be copied: whoever resumes with it gives it away. Wiped
/// when dropped.
pub struct ResumePsk {
    suite: Suite,
    secret: Zeroizing<[u8; 32]>,
}

impl ResumePsk {
    /// Bytes of its stored form.
    pub const STORED: usize = 33;

    pub(crate) fn new(suite: Suite, secret: Zeroizing<[u8; 32]>) -> Self {
        Self { suite, secret }
    }

    /// The session's suite: the one it resumes with.
    #[must_use]
    pub fn suite(&self) -> Suite {
        self.suite
    }

    /// For a [`ResumeStore`]: the one secret of a session that may be written down, with a time to
    /// live.
    #[must_use]
    pub fn into_stored(self) -> Zeroizing<[u8; Self::STORED]> {
        let mut stored = Zeroizing::new([0; Self::STORED]);
        stored[0] = self.suite.id();
        stored[1..].copy_from_slice(self.secret.as_slice());
        stored
    }

    /// Reads what [`ResumePsk::into_stored`] gave.
    #[must_use]
    pub fn from_stored(stored: &[u8]) -> Option<Self> {
        let (&suite, secret) = stored.split_first()?;
        let secret = Zeroizing::new(*secret.first_chunk()?);
        (stored.len() == Self::STORED).then_some(())?;
        Suite::from_id(suite).map(|suite| Self::new(suite, secret))
    }

    pub(crate) fn secret(&self) -> &[u8; 32] {
        &self.secret
    }
}

impl std::fmt::Debug for ResumePsk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResumePsk")
            .field("suite", &self.suite)
            .finish_non_exhaustive()
    }
}

/// What a client resumes a session with, once.
#[derive(Debug)]
pub struct ResumeTicket {
    pub(crate) session: SessionId,
    pub(crate) psk: ResumePsk,
}

impl ResumeTicket {
    /// A ticket for this session. Which PSK belongs to it only its server can tell.
    #[must_use]
    pub fn new(session: SessionId, psk: ResumePsk) -> Self {
        Self { session, psk }
    }

    /// The session it resumes.
    #[must_use]
    pub fn session(&self) -> SessionId {
        self.session
    }
}

/// Where a server keeps resume PSKs, by the session they came from, each for a limited time.
///
/// A PSK is used up when an INIT has proved that its sender knows it, not when somebody asks for it:
/// session ids are no secret, and whoever knows one must not be able to use up another's PSK. So
/// there are two steps, and [`ResumeStore::claim`] decides between copies of one INIT.
///
/// A host whose store answers later does the same with [`ReceivedInit`](crate::ReceivedInit).
pub trait ResumeStore {
    /// The PSK, if it is here and has not expired. Changes nothing.
    fn look_up(&self, session: SessionId) -> Option<ResumePsk>;

    /// Deletes the PSK. True for exactly one caller: the one who found it there.
    fn claim(&self, session: SessionId) -> bool;
}
