//! `keygen` and `publicKey`: the gateway's static key pair as text.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use kontract_raystream::StaticKey;
use napi::bindgen_prelude::{Error, Result};
use napi_derive::napi;
use zeroize::Zeroizing;

/// A new key pair.
#[napi(object)]
pub struct Keys {
    /// 32 bytes, base64url: the host's secret.
    pub private_key: String,
    /// 32 bytes, base64url: what clients pin.
    pub public_key: String,
    /// Four bytes in hex: what an INIT names the key by.
    pub key_id: String,
}

/// What may be known of a key pair by everyone.
#[napi(object)]
pub struct PublicHalf {
    /// 32 bytes, base64url.
    pub public_key: String,
    /// Four bytes in hex.
    pub key_id: String,
}

/// Makes a key pair from the operating system's entropy.
#[napi]
pub fn keygen() -> Result<Keys> {
    let mut private = Zeroizing::new([0_u8; 32]);
    getrandom::fill(private.as_mut_slice())
        .map_err(|error| Error::from_reason(error.to_string()))?;
    let PublicHalf { public_key, key_id } = half(&StaticKey::from_private(*private));
    Ok(Keys {
        private_key: URL_SAFE_NO_PAD.encode(private.as_slice()),
        public_key,
        key_id,
    })
}

/// The public half of a private key.
#[napi]
pub fn public_key(private_key: String) -> Result<PublicHalf> {
    Ok(half(&parse(&private_key)?))
}

/// Reads a private key; the error never repeats it.
pub fn parse(private_key: &str) -> Result<StaticKey> {
    let decoded = Zeroizing::new(
        URL_SAFE_NO_PAD
            .decode(private_key.trim())
            .unwrap_or_default(),
    );
    let bytes: Zeroizing<[u8; 32]> = Zeroizing::new(decoded.as_slice().try_into().map_err(|_| {
        Error::from_reason("the gateway's private key must be 32 bytes in base64url, as `kontract keygen` prints it")
    })?);
    Ok(StaticKey::from_private(*bytes))
}

fn half(key: &StaticKey) -> PublicHalf {
    PublicHalf {
        public_key: URL_SAFE_NO_PAD.encode(key.public().0),
        key_id: key.id().to_string(),
    }
}
