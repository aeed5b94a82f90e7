//! What a token says, and whether it says so now and to us (RFC 7519 section 4.1).

use serde::{Deserialize, Deserializer, de::Error as _};

use super::{Identity, TokenConfig};
use crate::perm::Perm;
use crate::refusal::Refusal;
use crate::storage::is_owner;

/// The claims the gateway looks at; others are the application's.
#[derive(Deserialize)]
pub(super) struct Claims {
    iss: Option<String>,
    sub: String,
    aud: Option<Audience>,
    owner: Option<String>,
    groups: Option<Vec<String>>,
    perm: Option<Perm>,
    exp: Seconds,
    nbf: Option<Seconds>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// A `NumericDate`: seconds since 1970, in whole or not.
#[derive(Clone, Copy)]
struct Seconds(u64);

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = serde_json::Number::deserialize(deserializer)?;
        let seconds = number.as_f64().filter(|seconds| *seconds >= 0.0);
        let seconds = seconds.ok_or_else(|| D::Error::custom("not a date"))?;
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "not negative; what is beyond the range of u64 saturates"
        )]
        Ok(Self(seconds as u64))
    }
}

impl Claims {
    /// Who this is, if the token holds at `now` (Unix seconds) for this gateway.
    pub fn identity(self, config: &TokenConfig, now: u64) -> Result<Identity, Refusal> {
        let leeway = config.leeway.min(TokenConfig::MAX_LEEWAY).as_secs();
        let expires = self.exp.0.saturating_add(leeway);
        if expires <= now {
            return Err(Refusal::unauthorized("The token has expired"));
        }
        if self
            .nbf
            .is_some_and(|Seconds(start)| start > now.saturating_add(leeway))
        {
            return Err(Refusal::unauthorized("The token is not valid yet"));
        }
        if !self.issued_by(&config.issuers) {
            return Err(Refusal::unauthorized("The token is of another issuer"));
        }
        if !self.meant_for(&config.audiences) {
            return Err(Refusal::unauthorized("The token is for another audience"));
        }
        let owner = self.owner.unwrap_or_else(|| self.sub.clone());
        if self.sub.is_empty() || !is_owner(&owner) {
            return Err(Refusal::unauthorized("The token names no possible owner"));
        }
        Ok(Identity {
            issuer: self.iss,
            sub: self.sub,
            owner,
            groups: self.groups.unwrap_or_default(),
            perm: self.perm.unwrap_or(Perm::RWX),
            expires: Some(expires),
        })
    }

    fn issued_by(&self, issuers: &[String]) -> bool {
        issuers.is_empty() || self.iss.as_ref().is_some_and(|iss| issuers.contains(iss))
    }

    fn meant_for(&self, audiences: &[String]) -> bool {
        let named = match &self.aud {
            _ if audiences.is_empty() => return true,
            None => return false,
            Some(Audience::One(one)) => std::slice::from_ref(one),
            Some(Audience::Several(several)) => several,
        };
        named.iter().any(|audience| audiences.contains(audience))
    }
}
