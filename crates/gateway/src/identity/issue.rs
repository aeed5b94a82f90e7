//! Tokens the application issues: signed with the gateway's secret, within what their caller may do.

use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::{EncodingKey, Header};
use serde::Serialize;

use super::Identity;
use crate::config::GatewayConfig;
use crate::perm::Perm;
use crate::storage::is_owner;

/// What a handler wants a token to say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewToken {
    /// The user.
    pub sub: String,
    /// The tenant; the user, unless given.
    pub owner: Option<String>,
    /// What `ugroup` will look for.
    pub groups: Vec<String>,
    /// The most its calls may do; what the caller's token allows, unless given.
    pub perm: Option<Perm>,
    /// How long it lives; an hour, unless given.
    pub ttl: Option<Duration>,
}

/// Why no token was issued.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IssueError {
    /// There is nothing to sign with.
    #[error("env.auth.issue needs KONTRACT_JWT_SECRET: this server has no secret for tokens")]
    NoSecret,
    /// A token must not allow more than the one its caller came with: whoever holds a lesser token
    /// could trade it for a better one.
    #[error("The caller's token gives {has}: a token with {wants} cannot be issued to it")]
    BeyondCaller {
        /// What was asked for.
        wants: Perm,
        /// What the caller has.
        has: Perm,
    },
    /// No name of a user, or one that no token may have.
    #[error("'{0}' cannot be the user or owner of a token")]
    Name(String),
    /// Zero, or more than [`IssueError::MAX_TTL`].
    #[error("a token lives for one second to thirty days")]
    Ttl,
    /// The library could not sign.
    #[error("the token could not be signed")]
    Signing,
}

impl IssueError {
    /// The longest a token lives.
    pub const MAX_TTL: Duration = Duration::from_hours(30 * 24);
    const DEFAULT_TTL: Duration = Duration::from_hours(1);
}

/// Signs tokens.
pub(crate) struct Issuer {
    key: Option<EncodingKey>,
    iss: Option<String>,
    aud: Option<String>,
}

/// What one call may issue.
#[derive(Clone)]
pub(crate) struct Issuing {
    pub issuer: Arc<Issuer>,
    pub caller: Arc<Identity>,
}

#[derive(Serialize)]
struct Claims<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<&'a str>,
    sub: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<&'a str>,
    groups: &'a [String],
    perm: u8,
    iat: u64,
    exp: u64,
}

impl Issuer {
    pub fn new(config: &GatewayConfig) -> Self {
        let secret = config
            .jwt_secret
            .as_deref()
            .filter(|secret| !secret.is_empty());
        Self {
            key: secret.map(EncodingKey::from_secret),
            // Its own tokens have to pass its own checks.
            iss: config.tokens.issuers.first().cloned(),
            aud: config.tokens.audiences.first().cloned(),
        }
    }
}

impl Issuing {
    /// A token of this kind, from now (Unix milliseconds) on.
    pub fn issue(&self, token: &NewToken, unix_ms: u64) -> Result<String, IssueError> {
        let key = self.issuer.key.as_ref().ok_or(IssueError::NoSecret)?;
        let has = self.caller.perm;
        let perm = token.perm.unwrap_or(has);
        if !has.allows(perm) {
            return Err(IssueError::BeyondCaller { wants: perm, has });
        }
        for name in [Some(&token.sub), token.owner.as_ref()]
            .into_iter()
            .flatten()
        {
            if !is_owner(name) {
                return Err(IssueError::Name(name.clone()));
            }
        }
        let ttl = token.ttl.unwrap_or(IssueError::DEFAULT_TTL).as_secs();
        if ttl == 0 || ttl > IssueError::MAX_TTL.as_secs() {
            return Err(IssueError::Ttl);
        }
        let now = unix_ms / 1000;
        let claims = Claims {
            iss: self.issuer.iss.as_deref(),
            aud: self.issuer.aud.as_deref(),
            sub: &token.sub,
            owner: token.owner.as_deref(),
            groups: &token.groups,
            perm: perm.bits(),
            iat: now,
            exp: now + ttl,
        };
        jsonwebtoken::encode(&Header::default(), &claims, key).map_err(|error| {
            tracing::error!(%error, "a token was not signed");
            IssueError::Signing
        })
    }
}
