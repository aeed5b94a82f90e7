//! The gateway of this isolate, made from the Worker's bindings at its first request.

use std::cell::OnceCell;
use std::rc::Rc;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use kontract_gateway::{Gateway, GatewayConfig, ManifestError};
use kontract_raystream::StaticKey;
use worker::Env;

use crate::functions::{Builtin, MANIFEST};
use crate::host::WorkerHost;

thread_local! {
    static GATEWAY: OnceCell<Rc<Gateway<WorkerHost>>> = const { OnceCell::new() };
}

/// The Worker's bindings are not what it needs.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// No key.
    #[error("the secret KONTRACT_KEY is missing: make one with `kontract keygen`")]
    NoKey,
    /// A key that is none.
    #[error("the secret KONTRACT_KEY is not 32 bytes as base64url")]
    Key,
    /// The built-in manifest.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
}

/// The gateway.
pub fn gateway(env: &Env) -> Result<Rc<Gateway<WorkerHost>>, SettingsError> {
    if let Some(gateway) = GATEWAY.with(|cell| cell.get().cloned()) {
        return Ok(gateway);
    }
    let made = Rc::new(make(env)?);
    Ok(GATEWAY.with(|cell| cell.get_or_init(|| made).clone()))
}

fn make(env: &Env) -> Result<Gateway<WorkerHost>, SettingsError> {
    let secret = |name| env.secret(name).ok().map(|secret| secret.to_string());
    let key = secret("KONTRACT_KEY").ok_or(SettingsError::NoKey)?;
    let key = BASE64_URL_SAFE_NO_PAD
        .decode(key)
        .map_err(|_| SettingsError::Key)?;
    let key = StaticKey::from_private(key.try_into().map_err(|_| SettingsError::Key)?);
    let config = GatewayConfig {
        jwt_secret: secret("KONTRACT_JWT_SECRET").map(String::into_bytes),
        ..GatewayConfig::new(key)
    };
    let gateway = Gateway::new(Arc::new(WorkerHost::default()), config);
    gateway.deploy(MANIFEST, Builtin)?;
    Ok(gateway)
}
