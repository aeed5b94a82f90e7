//! The host is about to go: known to all at once, and waited for by sockets.

use std::sync::{Mutex, PoisonError};

use futures::FutureExt as _;
use futures::channel::oneshot;
use futures::future::Shared;

/// Starts once, stays started.
pub(crate) struct Drain {
    /// Dropped to start.
    hold: Mutex<Option<oneshot::Sender<()>>>,
    started: Shared<oneshot::Receiver<()>>,
}

impl Default for Drain {
    fn default() -> Self {
        let (hold, started) = oneshot::channel();
        Self {
            hold: Mutex::new(Some(hold)),
            started: started.shared(),
        }
    }
}

impl Drain {
    pub fn start(&self) {
        let hold = self
            .hold
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        drop(hold);
    }

    pub fn is_started(&self) -> bool {
        self.hold
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_none()
    }

    /// Resolves when it starts.
    pub async fn started(&self) {
        let _ = self.started.clone().await;
    }
}
