//! The sessions of this process.

use std::sync::Arc;

use dashmap::DashMap;
use kontract_gateway::Session;
use kontract_raystream::SessionId;

/// Sessions by id; each is usable by many requests at once. Those of a
/// `WebSocket` live in their socket and are only counted here.
pub struct Sessions {
    map: DashMap<SessionId, Arc<Session>>,
    on_sockets: Arc<()>,
    /// The most a process holds: beyond it handshakes are refused, so that a flood of them costs
    /// memory only up to here.
    max: usize,
}

/// The place of a session on a WebSocket.
pub struct Place {
    _counted: Arc<()>,
}

impl Sessions {
    pub fn new(max: u32) -> Self {
        Self {
            map: DashMap::new(),
            on_sockets: Arc::default(),
            max: max.try_into().unwrap_or(usize::MAX),
        }
    }

    /// Whether one more may open.
    pub fn has_room(&self) -> bool {
        let (here, on_sockets) = self.count();
        here + on_sockets < self.max
    }

    /// Counts one on a WebSocket, until the place is dropped.
    pub fn place(&self) -> Place {
        Place {
            _counted: Arc::clone(&self.on_sockets),
        }
    }

    /// Those that requests find, and those on sockets.
    pub fn count(&self) -> (usize, usize) {
        (self.map.len(), Arc::strong_count(&self.on_sockets) - 1)
    }

    /// Keeps a session; false when there is no room.
    pub fn insert(&self, session: Arc<Session>) -> bool {
        let room = self.has_room();
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
