//! Which sessions can be resumed: their PSKs, in memory, for a limited time (`docs/raystream.md`,
//! section 4). A gateway that starts anew knows none, and its clients make full handshakes.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kontract_raystream::{ResumePsk, ResumeStore, SessionId};
use zeroize::Zeroizing;

use crate::config::GatewayConfig;
use crate::session::{Life, Session};

/// The PSKs of sessions that have proved themselves: a bare handshake, which anyone can make or
/// repeat, takes no room here.
pub(crate) struct Resumes {
    ttl_ms: u64,
    max: usize,
    /// Ids are `UUIDv7`: the first is the oldest.
    entries: Mutex<BTreeMap<SessionId, Entry>>,
}

struct Entry {
    psk: Zeroizing<[u8; ResumePsk::STORED]>,
    life: Arc<Life>,
}

impl Resumes {
    pub fn new(config: &GatewayConfig) -> Self {
        Self {
            ttl_ms: u64::try_from(config.resume_ttl.as_millis()).unwrap_or(u64::MAX),
            max: config.max_resumable,
            entries: Mutex::default(),
        }
    }

    /// From now on this session can be resumed, once.
    pub fn keep(&self, session: &Session) {
        let Some(psk) = session.wire.take_resume_psk() else {
            return;
        };
        let entry = Entry {
            psk: psk.into_stored(),
            life: Arc::clone(&session.life),
        };
        let mut entries = self.entries();
        entries.insert(session.id(), entry);
        while entries.len() > self.max {
            entries.pop_first();
        }
    }

    /// Forgets what is past.
    pub fn sweep(&self, monotonic_ms: u64, unix_ms: u64) {
        self.entries()
            .retain(|_, entry| !entry.life.is_past(self.ttl_ms, monotonic_ms, unix_ms));
    }

    pub fn len(&self) -> usize {
        self.entries().len()
    }

    /// The store as one handshake sees it.
    pub fn at(&self, monotonic_ms: u64, unix_ms: u64) -> ResumesAt<'_> {
        ResumesAt {
            resumes: self,
            monotonic_ms,
            unix_ms,
            claimed: Cell::new(None),
        }
    }

    fn entries(&self) -> MutexGuard<'_, BTreeMap<SessionId, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The store at the time of one handshake.
pub(crate) struct ResumesAt<'a> {
    resumes: &'a Resumes,
    monotonic_ms: u64,
    unix_ms: u64,
    claimed: Cell<Option<Arc<Life>>>,
}

impl ResumesAt<'_> {
    /// The session this handshake goes on from, if it does.
    pub fn into_claimed(self) -> Option<Arc<Life>> {
        self.claimed.into_inner()
    }
}

impl ResumeStore for ResumesAt<'_> {
    fn look_up(&self, session: SessionId) -> Option<ResumePsk> {
        let entries = self.resumes.entries();
        let entry = entries.get(&session)?;
        let past = entry
            .life
            .is_past(self.resumes.ttl_ms, self.monotonic_ms, self.unix_ms);
        (!past)
            .then(|| ResumePsk::from_stored(entry.psk.as_slice()))
            .flatten()
    }

    fn claim(&self, session: SessionId) -> bool {
        let entry = self.resumes.entries().remove(&session);
        let found = entry.is_some();
        self.claimed.set(entry.map(|entry| entry.life));
        found
    }
}
