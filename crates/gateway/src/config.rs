//! What a host configures.

use std::fmt;
use std::time::Duration;

use kontract_raystream::{Limits, StaticKey};

use crate::identity::TokenConfig;
use crate::plain::PlainEntry;

/// What a host configures.
#[derive(Clone)]
pub struct GatewayConfig {
    /// The keys clients may have pinned: the current one, during a rotation the next one too.
    pub keys: Vec<StaticKey>,
    /// The largest frames a session takes.
    pub limits: Limits,
    /// How long a session lives after its last valid frame.
    pub session_ttl: Duration,
    /// How long after its last valid frame a session can be resumed.
    pub resume_ttl: Duration,
    /// How many sessions can be resumed; beyond it the oldest cannot.
    pub max_resumable: usize,
    /// The most a call may take; a client may ask for less.
    pub call_timeout: Duration,
    /// The most a pinned call may take once it holds its mutexes: others wait for them.
    pub pinned_timeout: Duration,
    /// Conflicts a call may meet before it is pinned.
    pub optimistic_attempts: u32,
    /// Largest encoded reply kept for retries, in bytes.
    pub max_stored_reply: usize,
    /// Secret that tokens are signed with (HS256).
    pub jwt_secret: Option<Vec<u8>>,
    /// Which other tokens are believed, and what is asked of all.
    pub tokens: TokenConfig,
    /// Which routes may be called as JSON over HTTPS.
    pub plain: PlainEntry,
    /// In development: calls without a token act as this owner.
    pub dev_identity: Option<String>,
    /// Whether stack traces leave the gateway.
    pub development: bool,
}

impl GatewayConfig {
    /// The defaults, with this key.
    #[must_use]
    pub fn new(key: StaticKey) -> Self {
        Self {
            keys: vec![key],
            limits: Limits::default(),
            session_ttl: Duration::from_millis(Limits::DEFAULT_TTL_MS.into()),
            resume_ttl: Duration::from_hours(1),
            max_resumable: 100_000,
            call_timeout: Duration::from_secs(30),
            pinned_timeout: Duration::from_secs(4),
            optimistic_attempts: 3,
            max_stored_reply: 256 * 1024,
            jwt_secret: None,
            tokens: TokenConfig::default(),
            plain: PlainEntry::Closed,
            dev_identity: None,
            development: false,
        }
    }
}

/// Without what is secret: a configuration that is printed gives nothing away.
impl fmt::Debug for GatewayConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GatewayConfig")
            .field("limits", &self.limits)
            .field("tokens", &self.tokens)
            .field("plain", &self.plain)
            .field("development", &self.development)
            .finish_non_exhaustive()
    }
}
