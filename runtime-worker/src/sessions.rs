//! Sessions in the isolate's memory. An isolate may go at any time, or another may answer: its
//! clients are told `SESSION_EXPIRED` and open a new one by themselves. One Durable Object per
//! session will take this place.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use kontract_gateway::Session;

/// Sessions an isolate keeps: some 2 KB each, of its 128 MB.
const MOST: usize = 4096;

#[derive(Default)]
struct Sessions {
    by_id: HashMap<String, Arc<Session>>,
    /// Oldest first; may name some that are gone.
    order: VecDeque<String>,
}

thread_local! {
    static SESSIONS: RefCell<Sessions> = RefCell::default();
}

/// Keeps a session; the oldest has to go when there are too many.
pub fn insert(session: Arc<Session>) {
    let id = session.id().to_string();
    SESSIONS.with_borrow_mut(|sessions| {
        while sessions.order.len() >= MOST {
            if let Some(oldest) = sessions.order.pop_front() {
                sessions.by_id.remove(&oldest);
            }
        }
        sessions.order.push_back(id.clone());
        sessions.by_id.insert(id, session);
    });
}

/// The session of this id.
pub fn find(id: &str) -> Option<Arc<Session>> {
    SESSIONS.with_borrow(|sessions| sessions.by_id.get(id).cloned())
}

/// Forgets a session.
pub fn remove(id: &str) {
    SESSIONS.with_borrow_mut(|sessions| sessions.by_id.remove(id));
}
