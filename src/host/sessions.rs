//! The sessions of this process.

use std::sync::Arc;

use dashmap::DashMap;
use kontract_gateway::Session;
use kontract_raystream::SessionId;

/// Sessions by id; each is usable by many requests at once.
#[derive(Default)]
pub struct Sessions {
    map: DashMap<SessionId, Arc<Session>>,
}

impl Sessions {
    /// The most sessions a process holds: beyond it handshakes are refused, so that a flood of them
    /// costs memory only up to here.
    const MAX: usize = 100_000;

    /// Keeps a session; false when there is no room.
    pub fn insert(&self, session: Arc<Session>) -> bool {
        let room = self.map.len() < Self::MAX;
        if room {
            self.map.insert(session.id(), session);
        }
        room
    }

    /// The session, out of the map: no guard is held by the caller.
    pub fn find(&self, id: SessionId) -> Option<Arc<Session>> {
        self.map.get(&id).map(|entry| Arc::clone(&entry))
    }

    /// Forgets a session.
    pub fn remove(&self, id: SessionId) {
        self.map.remove(&id);
    }

    /// Forgets what is over. Times as [`Session::is_over`] takes them.
    pub fn sweep(&self, monotonic_ms: u64, unix_ms: u64) {
        self.map
            .retain(|_, session| !session.is_over(monotonic_ms, unix_ms));
    }
}
