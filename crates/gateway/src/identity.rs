//! Who is calling: tokens, and what a session pins of them.

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;

use crate::config::GatewayConfig;
use crate::perm::Perm;
use crate::refusal::Refusal;
use crate::storage::is_owner;

/// Who is calling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Who vouches for the user.
    pub issuer: Option<String>,
    /// The user.
    pub sub: String,
    /// The tenant; the user, unless the token says otherwise.
    pub owner: String,
    /// What `ugroup` looks for.
    pub groups: Vec<String>,
    /// The most any call may do.
    pub perm: Perm,
    /// When the token ends, in Unix seconds. `None` only for the development identity.
    pub expires: Option<u64>,
}

#[derive(Deserialize)]
struct Claims {
    iss: Option<String>,
    sub: String,
    owner: Option<String>,
    #[serde(default)]
    groups: Vec<String>,
    perm: Option<Perm>,
    exp: u64,
    nbf: Option<u64>,
}

/// Checks tokens.
pub(crate) struct Authenticator {
    key: Option<DecodingKey>,
    validation: Validation,
    development: Option<Identity>,
}

impl Authenticator {
    pub fn new(config: &GatewayConfig) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        // The host's clock decides, below; the library would read the system's.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        let development = config.dev_identity.as_ref().map(|owner| Identity {
            issuer: None,
            sub: owner.clone(),
            owner: owner.clone(),
            groups: Vec::new(),
            perm: Perm::RWX,
            expires: None,
        });
        // Anyone can sign with no secret at all.
        let secret = config
            .jwt_secret
            .as_deref()
            .filter(|secret| !secret.is_empty());
        Self {
            key: secret.map(DecodingKey::from_secret),
            validation,
            development,
        }
    }

    /// Who this token names.
    pub fn verify(&self, token: &str, unix_ms: u64) -> Result<Identity, Refusal> {
        let Some(key) = &self.key else {
            return Err(Refusal::unauthorized(
                "This server takes no tokens: it has no secret for them",
            ));
        };
        let claims = match jsonwebtoken::decode::<Claims>(token, key, &self.validation) {
            Ok(token) => token.claims,
            Err(error) => {
                tracing::debug!(%error, "token refused");
                return Err(Refusal::unauthorized("The token is not valid"));
            }
        };
        let now = unix_ms / 1000;
        if claims.exp <= now {
            return Err(Refusal::unauthorized("The token has expired"));
        }
        if claims.nbf.is_some_and(|nbf| nbf > now) {
            return Err(Refusal::unauthorized("The token is not valid yet"));
        }
        let owner = claims.owner.unwrap_or_else(|| claims.sub.clone());
        if !is_owner(&owner) {
            return Err(Refusal::unauthorized("The token names no possible owner"));
        }
        Ok(Identity {
            issuer: claims.iss,
            sub: claims.sub,
            owner,
            groups: claims.groups,
            perm: claims.perm.unwrap_or(Perm::RWX),
            expires: Some(claims.exp),
        })
    }

    /// Who calls without a token.
    pub fn anonymous(&self) -> Result<Identity, Refusal> {
        self.development
            .clone()
            .ok_or_else(|| Refusal::unauthorized("Unauthorized"))
    }
}
