//! A client's session: its keys, who it belongs to, how long it lives.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use kontract_raystream::{Limits, ServerSession, SessionId};

use crate::identity::Identity;
use crate::refusal::Refusal;

/// A client's session. Shared by all its requests; where it is kept is the host's affair.
pub struct Session {
    pub(crate) wire: ServerSession,
    ttl_ms: u64,
    /// On the monotonic clock.
    opened_ms: u64,
    last_frame_ms: AtomicU64,
    used: AtomicBool,
    closed: AtomicBool,
    in_flight: AtomicU32,
    identity: Mutex<Option<Arc<Identity>>>,
}

impl Session {
    pub(crate) fn new(wire: ServerSession, ttl_ms: u64, now_ms: u64) -> Self {
        Self {
            wire,
            ttl_ms,
            opened_ms: now_ms,
            last_frame_ms: AtomicU64::new(now_ms),
            used: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            in_flight: AtomicU32::new(0),
            identity: Mutex::new(None),
        }
    }

    /// The session's name: its route is `/raystream/v1/s/{id}`.
    #[must_use]
    pub fn id(&self) -> SessionId {
        self.wire.id()
    }

    /// Whether the session is over: closed, idle for its TTL, unused ten seconds after its
    /// handshake, or past its token. Hosts sweep by this. Times are the host clock's, monotonic and
    /// wall.
    #[must_use]
    pub fn is_over(&self, monotonic_ms: u64, unix_ms: u64) -> bool {
        let idle = monotonic_ms.saturating_sub(self.last_frame_ms.load(Ordering::Relaxed));
        let unused = !self.used.load(Ordering::Relaxed)
            && monotonic_ms.saturating_sub(self.opened_ms) > Limits::HANDSHAKE_MS.into();
        let expires = self.identity().and_then(|identity| identity.expires);
        self.closed.load(Ordering::Relaxed)
            || unused
            || idle > self.ttl_ms
            || expires.is_some_and(|seconds| seconds.saturating_mul(1000) <= unix_ms)
            || self.wire.opener.is_dead()
    }

    /// Who the session belongs to, once a call has shown a token.
    #[must_use]
    pub fn identity(&self) -> Option<Arc<Identity>> {
        self.identity
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// A valid frame came.
    pub(crate) fn touch(&self, monotonic_ms: u64) {
        self.last_frame_ms
            .fetch_max(monotonic_ms, Ordering::Relaxed);
        self.used.store(true, Ordering::Relaxed);
    }

    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    /// Pins the first token's issuer, user and owner; a later one may renew, never change them.
    pub(crate) fn pin(&self, shown: Identity) -> Result<Arc<Identity>, Refusal> {
        let mut pinned = self.identity.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pinned) = &*pinned {
            let same = pinned.issuer == shown.issuer
                && pinned.sub == shown.sub
                && pinned.owner == shown.owner;
            if !same {
                self.close();
                return Err(Refusal::forbidden("The session belongs to another user"));
            }
        }
        let shown = Arc::new(shown);
        *pinned = Some(shown.clone());
        Ok(shown)
    }

    /// Counts a call in, until the guard is dropped.
    pub(crate) fn enter(&self) -> Result<InFlight<'_>, Refusal> {
        let guard = InFlight(&self.in_flight);
        if self.in_flight.fetch_add(1, Ordering::Relaxed) >= Limits::MAX_IN_FLIGHT {
            return Err(Refusal::too_many_calls());
        }
        Ok(guard)
    }
}

/// A call under way.
pub(crate) struct InFlight<'a>(&'a AtomicU32);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
