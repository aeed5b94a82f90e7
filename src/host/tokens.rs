//! What JavaScript configures of tokens.

use std::time::Duration;

use kontract_gateway::{TokenConfig, TokenKey};
use napi::bindgen_prelude::{Error, Result};
use napi_derive::napi;

/// Which tokens the server believes, besides those signed with its secret.
#[napi(object)]
pub struct TokenOptions {
    /// Public keys as JSON Web Keys.
    pub keys: Option<Vec<String>>,
    /// Where an issuer publishes its keys.
    pub jwks: Option<String>,
    /// What `iss` has to be one of.
    pub issuers: Option<Vec<String>>,
    /// What `aud` has to name one of.
    pub audiences: Option<Vec<String>>,
    /// How far clocks may be apart; default 5.
    pub leeway_seconds: Option<u32>,
    /// Routes that need no token.
    pub public: Option<Vec<String>>,
}

impl TokenOptions {
    /// The gateway's part of the options.
    pub fn config(&self) -> Result<TokenConfig> {
        let keys = self.keys.iter().flatten().enumerate();
        let keys = keys.map(|(index, jwk)| {
            TokenKey::from_jwk(jwk)
                .map_err(|error| Error::from_reason(format!("auth.keys[{index}]: {error}")))
        });
        let url = self.jwks.as_ref().map(|url| {
            url.parse()
                .map_err(|error| Error::from_reason(format!("auth.jwks: {error}")))
        });
        let mut config = TokenConfig {
            keys: keys.collect::<Result<_>>()?,
            jwks: url.transpose()?,
            issuers: self.issuers.clone().unwrap_or_default(),
            audiences: self.audiences.clone().unwrap_or_default(),
            public: self.public.clone().unwrap_or_default(),
            ..TokenConfig::default()
        };
        if let Some(seconds) = self.leeway_seconds {
            config.leeway = Duration::from_secs(seconds.into());
        }
        Ok(config)
    }
}
