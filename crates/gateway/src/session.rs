//! A client's session: its keys, who it belongs to, how long it lives.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use kontract_raystream::{Limits, ServerSession, SessionId};

use crate::identity::Identity;
use crate::refusal::Refusal;
use crate::subscribe::Flows;

/// A client's session. Shared by all its requests; where it is kept is the host's affair.
pub struct Session {
    pub(crate) wire: ServerSession,
    pub(crate) life: Arc<Life>,
    pub(crate) flows: Flows,
    ttl_ms: u64,
    /// On the monotonic clock.
    opened_ms: u64,
    used: AtomicBool,
    in_flight: AtomicU32,
}

/// What of a session outlasts its keys: whoever resumes it needs to know.
pub(crate) struct Life {
    /// On the monotonic clock.
    last_frame_ms: AtomicU64,
    ended: AtomicBool,
    revoked: AtomicBool,
    identity: Mutex<Option<Arc<Identity>>>,
}

impl Life {
    fn new(now_ms: u64, identity: Option<Arc<Identity>>) -> Self {
        Self {
            last_frame_ms: AtomicU64::new(now_ms),
            ended: AtomicBool::new(false),
            revoked: AtomicBool::new(false),
            identity: Mutex::new(identity),
        }
    }

    pub fn identity(&self) -> Option<Arc<Identity>> {
        self.identity
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Whether nobody may go on from here: closed, or its last frame is longer ago than `ttl_ms`,
    /// or its token has run out.
    pub fn is_past(&self, ttl_ms: u64, monotonic_ms: u64, unix_ms: u64) -> bool {
        let idle = monotonic_ms.saturating_sub(self.last_frame_ms.load(Ordering::Relaxed));
        let expires = self.identity().and_then(|identity| identity.expires);
        self.revoked.load(Ordering::Relaxed)
            || idle > ttl_ms
            || expires.is_some_and(|seconds| seconds.saturating_mul(1000) <= unix_ms)
    }

    /// The session takes no more frames; it may be resumed.
    pub fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }
}

impl Session {
    pub(crate) fn new(
        wire: ServerSession,
        ttl_ms: u64,
        now_ms: u64,
        identity: Option<Arc<Identity>>,
    ) -> Self {
        Self {
            wire,
            life: Arc::new(Life::new(now_ms, identity)),
            flows: Flows::default(),
            ttl_ms,
            opened_ms: now_ms,
            used: AtomicBool::new(false),
            in_flight: AtomicU32::new(0),
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
        let unused = !self.used.load(Ordering::Relaxed)
            && monotonic_ms.saturating_sub(self.opened_ms) > Limits::HANDSHAKE_MS.into();
        unused
            || self.life.ended.load(Ordering::Relaxed)
            || self.life.is_past(self.ttl_ms, monotonic_ms, unix_ms)
            || self.wire.opener.is_dead()
    }

    /// When to ask again whether it is over, in milliseconds: it is not before.
    pub(crate) fn patience_ms(&self, monotonic_ms: u64, unix_ms: u64) -> u64 {
        let (since, limit) = if self.used.load(Ordering::Relaxed) {
            let last = self.life.last_frame_ms.load(Ordering::Relaxed);
            (last, self.ttl_ms)
        } else {
            (self.opened_ms, Limits::HANDSHAKE_MS.into())
        };
        let idle = (since + limit + 1).saturating_sub(monotonic_ms);
        let expires = self.identity().and_then(|identity| identity.expires);
        expires.map_or(idle, |seconds| {
            idle.min(seconds.saturating_mul(1000).saturating_sub(unix_ms))
        })
    }

    /// Who the session belongs to, once a call has shown a token.
    #[must_use]
    pub fn identity(&self) -> Option<Arc<Identity>> {
        self.life.identity()
    }

    /// A valid frame came. True for the first one.
    pub(crate) fn touch(&self, monotonic_ms: u64) -> bool {
        self.life
            .last_frame_ms
            .fetch_max(monotonic_ms, Ordering::Relaxed);
        !self.used.swap(true, Ordering::Relaxed)
    }

    /// Whether the client has closed it, or may not go on.
    pub(crate) fn is_closed(&self) -> bool {
        self.life.revoked.load(Ordering::Relaxed)
    }

    /// Ends the session for good: it cannot be resumed either.
    pub(crate) fn close(&self) {
        self.life.revoked.store(true, Ordering::Relaxed);
        self.end();
    }

    /// Ends the session; the client may go on in the next.
    pub(crate) fn end(&self) {
        self.life.end();
    }

    /// Pins the first token's issuer, user and owner; a later one may renew, never change them.
    pub(crate) fn pin(&self, shown: Identity) -> Result<Arc<Identity>, Refusal> {
        let mut pinned = self
            .life
            .identity
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
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
