//! A frame that has its sequence and is not encrypted yet.

use crate::cipher::{AeadKey, TAG_LEN};
use crate::error::SealError;
use crate::frame::{Header, NONCE, PAYLOAD};

/// A frame under a nonce of its own, for a cipher that is not this crate's, such as workerd's
/// `crypto.subtle`, which answers later. The sequence is taken: whatever becomes of this frame, no
/// other has its nonce, and it can be finished once. Dropping it leaves a harmless gap.
#[derive(Debug)]
#[must_use = "the sequence is taken; a frame that is not finished is a gap"]
pub struct Reserved {
    /// Header, nonce and plaintext.
    bytes: Vec<u8>,
}

impl Reserved {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Self { bytes }
    }

    /// The AEAD's nonce.
    #[must_use]
    pub fn nonce(&self) -> &[u8; 12] {
        self.bytes[NONCE]
            .first_chunk()
            .expect("a nonce has 12 bytes")
    }

    /// The AEAD's associated data: the header.
    #[must_use]
    pub fn aad(&self) -> &[u8] {
        &self.bytes[..Header::LEN]
    }

    /// What to encrypt. Nothing else may be encrypted under this nonce.
    #[must_use]
    pub fn plaintext(&self) -> &[u8] {
        &self.bytes[PAYLOAD..]
    }

    /// The frame, from `ciphertext ‖ tag` as the host's cipher gives them.
    pub fn finish(mut self, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        if sealed.len() != self.plaintext().len() + TAG_LEN {
            return Err(SealError::Cipher);
        }
        self.bytes.truncate(PAYLOAD);
        self.bytes.extend_from_slice(sealed);
        Ok(self.bytes)
    }

    pub(super) fn seal(mut self, key: &AeadKey) -> Result<Vec<u8>, SealError> {
        let (head, payload) = self.bytes.split_at_mut(PAYLOAD);
        let (aad, nonce) = head.split_at(Header::LEN);
        let nonce = nonce.first_chunk().expect("a nonce has 12 bytes");
        let tag = key
            .seal(nonce, aad, payload)
            .map_err(|_| SealError::Cipher)?;
        self.bytes.extend_from_slice(&tag);
        Ok(self.bytes)
    }
}
