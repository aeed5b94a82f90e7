//! The symmetric state of Noise NK and `NKpsk0` with SHA-256 (Noise revision 34, §5.2 and §9).

use hkdf::Hkdf;
use sha2::{Digest, Sha256};
use x25519_dalek as x25519;
use zeroize::Zeroizing;

use crate::cipher::{AeadKey, TAG_LEN};
use crate::error::HandshakeError;
use crate::frame::Header;
use crate::id::SessionId;
use crate::key::PublicKey;
use crate::resume::ResumePsk;
use crate::suite::Suite;

/// In NK every key encrypts exactly one payload before the next replaces it, so the nonce is always
/// zero, which is the same bytes for both AEADs.
const FIRST_NONCE: [u8; 12] = [0; 12];
const PROLOGUE: &[u8] = b"raystream-v1";

/// X25519, unless the result is zero (RFC 7748 §6.1).
pub(crate) fn shared_secret(
    secret: &x25519::StaticSecret,
    public: &[u8; 32],
) -> Option<x25519::SharedSecret> {
    let shared = secret.diffie_hellman(&x25519::PublicKey::from(*public));
    shared.was_contributory().then_some(shared)
}

pub(crate) struct Symmetric {
    suite: Suite,
    hash: [u8; 32],
    chaining_key: Zeroizing<[u8; 32]>,
    key: Option<AeadKey>,
    /// With a PSK every ephemeral key is mixed into the chain too (§9.2).
    has_psk: bool,
}

impl Symmetric {
    /// NK after the pre-message `<- s`: both sides know the responder's static key.
    pub(crate) fn full(suite: Suite, init: &Header, responder: PublicKey) -> Self {
        Self::start(suite, &[PROLOGUE, &init.to_bytes()], &responder.0, None)
    }

    /// `NKpsk0` after the pre-message and the token `psk`.
    pub(crate) fn resuming(
        init: &Header,
        session: SessionId,
        psk: &ResumePsk,
        responder: PublicKey,
    ) -> Self {
        let prologue = [PROLOGUE, &init.to_bytes(), &session.0];
        Self::start(psk.suite(), &prologue, &responder.0, Some(psk.secret()))
    }

    pub(crate) fn start(
        suite: Suite,
        prologue: &[&[u8]],
        responder: &[u8; 32],
        psk: Option<&[u8; 32]>,
    ) -> Self {
        let name = suite.noise_name(psk.is_some());
        let mut hash = [0; 32];
        match hash.get_mut(..name.len()) {
            Some(short) => short.copy_from_slice(name),
            None => hash = Sha256::digest(name).into(),
        }
        let mut state = Self {
            suite,
            hash,
            chaining_key: Zeroizing::new(hash),
            key: None,
            has_psk: psk.is_some(),
        };
        state.mix_hash(prologue);
        state.mix_hash(&[responder]);
        if let Some(psk) = psk {
            state.mix_psk(psk);
        }
        state
    }

    pub(crate) fn mix_hash(&mut self, parts: &[&[u8]]) {
        let mut sha = Sha256::new().chain_update(self.hash);
        for part in parts {
            sha.update(part);
        }
        self.hash = sha.finalize().into();
    }

    /// Token `e`, sent or received.
    pub(crate) fn mix_ephemeral(&mut self, public: &[u8; 32]) {
        self.mix_hash(&[public]);
        if self.has_psk {
            self.mix_key(public);
        }
    }

    /// DH and `MixKey`. A result of zero means a public key of small order: no secret at all.
    pub(crate) fn mix_dh(
        &mut self,
        secret: &x25519::StaticSecret,
        public: &[u8; 32],
    ) -> Result<(), HandshakeError> {
        let shared = shared_secret(secret, public).ok_or(HandshakeError::ZeroSharedSecret)?;
        self.mix_key(shared.as_bytes());
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

    /// `MixKeyAndHash`.
    fn mix_psk(&mut self, psk: &[u8; 32]) {
        let output = self.expand::<96>(psk);
        let (parts, _) = output.as_chunks();
        let [chaining_key, hash, key] = parts else {
            unreachable!("96 bytes are three times 32")
        };
        self.chaining_key.copy_from_slice(chaining_key);
        self.mix_hash(&[hash]);
        self.key = Some(AeadKey::new(self.suite, key));
    }

    /// `MixKey`.
    fn mix_key(&mut self, input: &[u8; 32]) {
        let output = self.expand::<64>(input);
        let (parts, _) = output.as_chunks();
        let [chaining_key, key] = parts else {
            unreachable!("64 bytes are twice 32")
        };
        self.chaining_key.copy_from_slice(chaining_key);
        self.key = Some(AeadKey::new(self.suite, key));
    }

    /// Noise's HKDF with `N / 32` outputs, which is RFC 5869's with empty info.
    fn expand<const N: usize>(&self, input: &[u8]) -> Zeroizing<[u8; N]> {
        let mut output = Zeroizing::new([0; N]);
        Hkdf::<Sha256>::new(Some(self.chaining_key.as_slice()), input)
            .expand(&[], output.as_mut_slice())
            .expect("HKDF-SHA-256 gives up to 8160 bytes");
        output
    }
}
