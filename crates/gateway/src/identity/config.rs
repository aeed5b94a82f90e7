//! Which tokens a gateway believes.

use std::time::Duration;

use super::jwks::JwksUrl;
use super::key::TokenKey;

/// Which tokens a gateway believes. With no secret, key or address it takes none.
#[derive(Debug, Clone)]
pub struct TokenConfig {
    /// Public keys of issuers.
    pub keys: Vec<TokenKey>,
    /// Where an issuer publishes its keys.
    pub jwks: Option<JwksUrl>,
    /// What `iss` has to be one of; empty: anything.
    pub issuers: Vec<String>,
    /// What `aud` has to name one of; empty: anything.
    pub audiences: Vec<String>,
    /// How far clocks may be apart. At most [`TokenConfig::MAX_LEEWAY`] counts.
    pub leeway: Duration,
    /// Ids of the routes that may be called without a token.
    pub public: Vec<String>,
}

impl TokenConfig {
    /// A larger one would make expiry meaningless.
    pub const MAX_LEEWAY: Duration = Duration::from_mins(2);
}

impl Default for TokenConfig {
    fn default() -> Self {
        Self {
            keys: Vec::new(),
            jwks: None,
            issuers: Vec::new(),
            audiences: Vec::new(),
            leeway: Duration::from_secs(5),
            public: Vec::new(),
        }
    }
}
