//! From a token to who calls.

use std::sync::Arc;

use jsonwebtoken::{Algorithm, Validation};

use super::claims::Claims;
use super::jwks::Jwks;
use super::key::TokenKey;
use super::{Identity, TokenConfig};
use crate::config::GatewayConfig;
use crate::host::{Clock, Host};
use crate::perm::Perm;
use crate::refusal::Refusal;

/// Keys a token is tried against when its id leaves a choice: a stranger's token costs no more.
const MAX_TRIES: usize = 4;

/// Checks tokens.
pub(crate) struct Authenticator {
    config: TokenConfig,
    /// The secret's and those of the configuration.
    keys: Vec<TokenKey>,
    jwks: Option<Jwks>,
    development: Option<Arc<Identity>>,
    anonymous: Arc<Identity>,
}

impl Authenticator {
    pub fn new(config: &GatewayConfig) -> Self {
        // Anyone can sign with no secret at all.
        let secret = config
            .jwt_secret
            .as_deref()
            .filter(|secret| !secret.is_empty());
        let secret = secret.map(TokenKey::secret);
        let development = config.dev_identity.as_deref();
        Self {
            keys: secret
                .into_iter()
                .chain(config.tokens.keys.iter().cloned())
                .collect(),
            jwks: config.tokens.jwks.clone().map(Jwks::new),
            development: development.map(|name| Arc::new(Identity::untokened(name, name))),
            anonymous: Arc::new(Identity::untokened(
                Identity::ANONYMOUS,
                Identity::ANONYMOUS_OWNER,
            )),
            config: config.tokens.clone(),
        }
    }

    /// Who this token names.
    pub async fn verify<C: Clock>(&self, token: &str, clock: &C) -> Result<Identity, Refusal> {
        if self.keys.is_empty() && self.jwks.is_none() {
            return Err(Refusal::unauthorized(
                "This server takes no tokens: it has no key for them",
            ));
        }
        let (algorithm, id) = header(token)?;
        let mut claims = check(token, algorithm, id.as_deref(), &self.keys);
        if claims.is_none()
            && algorithm != Algorithm::HS256
            && let Some(jwks) = &self.jwks
        {
            let keys = jwks.keys(algorithm, id.as_deref(), clock).await?;
            claims = check(token, algorithm, id.as_deref(), &keys);
        }
        let claims = claims.ok_or_else(invalid)?;
        claims.identity(&self.config, clock.unix_ms() / 1000)
    }

    /// Who calls this route without a token.
    pub fn anonymous(&self, route: &str) -> Result<Arc<Identity>, Refusal> {
        if let Some(development) = &self.development {
            return Ok(development.clone());
        }
        if self.config.public.iter().any(|id| id == route) {
            return Ok(self.anonymous.clone());
        }
        Err(Refusal::unauthorized("Unauthorized"))
    }

    /// Keeps the keys of an address at hand, for as long as it is polled.
    pub async fn keep_keys<H: Host>(&self, host: &H) {
        if let Some(jwks) = &self.jwks {
            jwks.keep(host).await;
        }
    }
}

/// What the header claims: hints for choosing a key, never trusted further.
fn header(token: &str) -> Result<(Algorithm, Option<String>), Refusal> {
    let header = jsonwebtoken::decode_header(token).map_err(|error| {
        tracing::debug!(%error, "token refused");
        invalid()
    })?;
    // RFC 7515 section 4.1.11: what must be understood and is not makes a token invalid.
    if header.crit.is_some() {
        return Err(invalid());
    }
    Ok((header.alg, header.kid))
}

/// The claims, if one of the keys signed them. Times are looked at elsewhere: the host's clock
/// decides, and the library would read the system's.
fn check(token: &str, algorithm: Algorithm, id: Option<&str>, keys: &[TokenKey]) -> Option<Claims> {
    let suitable = keys.iter().filter(|key| key.suits(algorithm, id));
    suitable.take(MAX_TRIES).find_map(|key| {
        let mut validation = Validation::new(key.algorithm());
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        jsonwebtoken::decode(token, key.key(), &validation)
            .inspect_err(|error| tracing::debug!(%error, "token refused"))
            .ok()
            .map(|token| token.claims)
    })
}

fn invalid() -> Refusal {
    Refusal::unauthorized("The token is not valid")
}

impl Identity {
    /// The `sub` of calls without a token.
    pub const ANONYMOUS: &str = "anonymous";
    /// Their tenant: a name no token can have.
    pub const ANONYMOUS_OWNER: &str = "*anonymous";

    fn untokened(sub: &str, owner: &str) -> Self {
        Self {
            issuer: None,
            sub: sub.to_owned(),
            owner: owner.to_owned(),
            groups: Vec::new(),
            perm: Perm::RWX,
            expires: None,
        }
    }
}
