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
    pub fn insert(&self, session: Session) {
        self.map.insert(session.id(), Arc::new(session));
    }

    /// The session, out of the map: no guard is held by the caller.
    pub fn find(&self, id: SessionId) -> Option<Arc<Session>> {
        self.map.get(&id).map(|entry| Arc::clone(&entry))
    }

    pub fn remove(&self, id: SessionId) {
        self.map.remove(&id);
    }

    /// Drops what has expired; answers how many are left.
    pub fn sweep(&self, now_ms: u64) -> usize {
        self.map.retain(|_, session| !session.is_expired(now_ms));
        self.map.len()
    }
}
