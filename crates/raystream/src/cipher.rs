//! One AEAD key, expanded once and used for a session's life.

use aes_gcm::Aes256Gcm;
use chacha20poly1305::aead::inout::InOutBuf;
use chacha20poly1305::{AeadInOut, ChaCha20Poly1305, KeyInit};

use crate::suite::Suite;

pub(crate) const TAG_LEN: usize = 16;

/// The data is longer than the AEAD allows (some 64 GiB) or its tag does not match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AeadFailure;

/// A key ready for use. Wiped when dropped, which its cipher's `zeroize` feature does.
pub(crate) enum AeadKey {
    ChaChaPoly(ChaCha20Poly1305),
    // Boxed: an AES key schedule is thirty times the size of a ChaCha key.
    AesGcm(Box<Aes256Gcm>),
}

impl AeadKey {
    pub(crate) fn new(suite: Suite, key: &[u8; 32]) -> Self {
        match suite {
            Suite::ChaChaPoly => Self::ChaChaPoly(ChaCha20Poly1305::new(key.into())),
            Suite::AesGcm => Self::AesGcm(Box::new(Aes256Gcm::new(key.into()))),
        }
    }

    pub(crate) fn suite(&self) -> Suite {
        match self {
            Self::ChaChaPoly(_) => Suite::ChaChaPoly,
            Self::AesGcm(_) => Suite::AesGcm,
        }
    }

    /// Encrypts in place and returns the tag.
    pub(crate) fn seal(
        &self,
        nonce: &[u8; 12],
        aad: &[u8],
        data: &mut [u8],
    ) -> Result<[u8; TAG_LEN], AeadFailure> {
        let data = InOutBuf::from(data);
        match self {
            Self::ChaChaPoly(key) => key.encrypt_inout_detached(nonce.into(), aad, data),
            Self::AesGcm(key) => key.encrypt_inout_detached(nonce.into(), aad, data),
        }
        .map(Into::into)
        .map_err(|_| AeadFailure)
    }

    /// Decrypts in place; leaves the data as it was when the tag does not match.
    pub(crate) fn open(
        &self,
        nonce: &[u8; 12],
        aad: &[u8],
        data: &mut [u8],
        tag: &[u8; TAG_LEN],
    ) -> Result<(), AeadFailure> {
        let data = InOutBuf::from(data);
        match self {
            Self::ChaChaPoly(key) => {
                key.decrypt_inout_detached(nonce.into(), aad, data, tag.into())
            }
            Self::AesGcm(key) => key.decrypt_inout_detached(nonce.into(), aad, data, tag.into()),
        }
        .map_err(|_| AeadFailure)
    }
}
