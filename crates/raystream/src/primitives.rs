//! The primitives exactly as frames and handshakes use them, for test vectors and benchmarks.

use hkdf::Hkdf;
use sha2::Sha256;
use x25519_dalek::StaticSecret;

use crate::cipher::{AeadKey, TAG_LEN};
use crate::noise::shared_secret;
use crate::suite::Suite;

/// An AEAD key, expanded once.
pub struct Key(AeadKey);

impl Key {
    /// Expands a key.
    #[must_use]
    pub fn new(suite: Suite, key: &[u8; 32]) -> Self {
        Self(AeadKey::new(suite, key))
    }

    /// Encrypts in place and gives the tag.
    #[must_use]
    pub fn seal(&self, nonce: &[u8; 12], aad: &[u8], data: &mut [u8]) -> Option<[u8; TAG_LEN]> {
        self.0.seal(nonce, aad, data).ok()
    }

    /// Decrypts in place. False, and nothing changed, if the tag does not match.
    #[must_use]
    pub fn open(&self, nonce: &[u8; 12], aad: &[u8], data: &mut [u8], tag: &[u8; TAG_LEN]) -> bool {
        self.0.open(nonce, aad, data, tag).is_ok()
    }
}

/// The shared secret, unless it is zero.
#[must_use]
pub fn x25519(private: [u8; 32], public: &[u8; 32]) -> Option<[u8; 32]> {
    shared_secret(&StaticSecret::from(private), public).map(|shared| shared.to_bytes())
}

/// HKDF-SHA-256, unless that is more than it can give.
#[must_use]
pub fn hkdf(salt: &[u8], secret: &[u8], info: &[u8], length: usize) -> Option<Vec<u8>> {
    let mut output = vec![0; length];
    let expanded = Hkdf::<Sha256>::new(Some(salt), secret).expand(info, &mut output);
    expanded.ok().map(|()| output)
}
