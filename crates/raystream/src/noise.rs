//! The symmetric state of Noise NK with SHA-256 (Noise revision 34, §5.2).

use hkdf::Hkdf;
use sha2::{Digest, Sha256};
use x25519_dalek as x25519;
use zeroize::Zeroizing;

use crate::cipher::{AeadKey, TAG_LEN};
use crate::error::HandshakeError;
use crate::frame::Header;
use crate::key::PublicKey;
use crate::suite::Suite;

/// In NK every key comes from a DH result and encrypts exactly one payload, so the nonce is always
/// zero, which is the same bytes for both AEADs.
const FIRST_NONCE: [u8; 12] = [0; 12];

pub(crate) struct Symmetric {
    suite: Suite,
    hash: [u8; 32],
    chaining_key: Zeroizing<[u8; 32]>,
    key: Option<AeadKey>,
}

impl Symmetric {
    /// The state after the pre-message `<- s`: both sides know the responder's static key.
    pub(crate) fn new(suite: Suite, init: &Header, responder: PublicKey) -> Self {
        let name = suite.noise_name();
        let mut hash = [0; 32];
        hash[..name.len()].copy_from_slice(name);
        let mut state = Self {
            suite,
            hash,
            chaining_key: Zeroizing::new(hash),
            key: None,
        };
        state.mix_hash(&[b"raystream-v1", &init.to_bytes()]);
        state.mix_hash(&[&responder.0]);
        state
    }

    pub(crate) fn mix_hash(&mut self, parts: &[&[u8]]) {
        let mut sha = Sha256::new().chain_update(self.hash);
        for part in parts {
            sha.update(part);
        }
        self.hash = sha.finalize().into();
    }

    /// DH and `MixKey`. A result of zero means a public key of small order: no secret at all.
    pub(crate) fn mix_dh(
        &mut self,
        secret: &x25519::StaticSecret,
        public: &[u8; 32],
    ) -> Result<(), HandshakeError> {
        let shared = secret.diffie_hellman(&x25519::PublicKey::from(*public));
        if !shared.was_contributory() {
            return Err(HandshakeError::ZeroSharedSecret);
        }
        let output = self.expand(shared.as_bytes());
        let (chaining_key, key) = halves(&output);
        self.chaining_key.copy_from_slice(chaining_key);
        self.key = Some(AeadKey::new(self.suite, key));
        Ok(())
    }

    pub(crate) fn encrypt_and_hash(&mut self, data: &mut [u8]) -> [u8; TAG_LEN] {
        let key = self.key.take().expect("NK encrypts only after a DH");
        let tag = key
            .seal(&FIRST_NONCE, &self.hash, data)
            .expect("a hello is far below the AEAD's limit");
        self.mix_hash(&[data, &tag]);
        tag
    }

    pub(crate) fn decrypt_and_hash(
        &mut self,
        data: &mut [u8],
        tag: &[u8; TAG_LEN],
    ) -> Result<(), HandshakeError> {
        let key = self.key.take().expect("NK decrypts only after a DH");
        let before = self.hash;
        self.mix_hash(&[data, tag]);
        key.open(&FIRST_NONCE, &before, data, tag)
            .map_err(|_| HandshakeError::Decryption)
    }

    /// `Split()`: the two keys one after the other, and the handshake hash.
    pub(crate) fn split(self) -> (Zeroizing<[u8; 64]>, [u8; 32]) {
        (self.expand(&[]), self.hash)
    }

    fn expand(&self, input: &[u8]) -> Zeroizing<[u8; 64]> {
        let mut output = Zeroizing::new([0; 64]);
        Hkdf::<Sha256>::new(Some(self.chaining_key.as_slice()), input)
            .expand(&[], output.as_mut_slice())
            .expect("HKDF-SHA-256 gives up to 8160 bytes");
        output
    }
}

fn halves(output: &[u8; 64]) -> (&[u8; 32], &[u8; 32]) {
    let (first, second) = output.split_at(32);
    (
        first.first_chunk().expect("half of 64"),
        second.first_chunk().expect("half of 64"),
    )
}
