//! What a session keeps of its handshake besides the two ciphers.

use std::sync::{Mutex, PoisonError};

use zeroize::Zeroizing;

use crate::resume::ResumePsk;
use crate::schedule::SessionKeys;
use crate::suite::Suite;

/// The keys in the form they came in, for a session that goes to sleep, and the two secrets that are
/// for something else than frames. Wiped when dropped.
pub(super) struct Secrets {
    pub(super) client_to_server: Zeroizing<[u8; 32]>,
    pub(super) server_to_client: Zeroizing<[u8; 32]>,
    pub(super) exporter: Zeroizing<[u8; 32]>,
    /// Until somebody takes it.
    resume: Mutex<Option<ResumePsk>>,
}

impl Secrets {
    pub(super) fn new(suite: Suite, keys: SessionKeys) -> Self {
        Self {
            client_to_server: keys.client_to_server,
            server_to_client: keys.server_to_client,
            exporter: keys.exporter,
            resume: Mutex::new(Some(ResumePsk::new(suite, keys.resume_psk))),
        }
    }

    pub(super) fn restored(
        client_to_server: Zeroizing<[u8; 32]>,
        server_to_client: Zeroizing<[u8; 32]>,
        exporter: Zeroizing<[u8; 32]>,
        resume: Option<ResumePsk>,
    ) -> Self {
        Self {
            client_to_server,
            server_to_client,
            exporter,
            resume: Mutex::new(resume),
        }
    }

    pub(super) fn take_resume(&self) -> Option<ResumePsk> {
        self.resume
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    /// The key's bytes if it is still here: they go where the session's other keys go.
    pub(super) fn peek_resume(&self) -> Option<Zeroizing<[u8; 32]>> {
        let resume = self.resume.lock().unwrap_or_else(PoisonError::into_inner);
        resume.as_ref().map(|psk| Zeroizing::new(*psk.secret()))
    }
}
