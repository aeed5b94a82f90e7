//! From a finished handshake to a session's keys (protocol §4).

use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::id::SessionId;

/// The four secrets of a session. Wiped when dropped.
pub struct SessionKeys {
    /// Key of frames from client to server.
    pub client_to_server: Zeroizing<[u8; 32]>,
    /// Key of frames from server to client.
    pub server_to_client: Zeroizing<[u8; 32]>,
    /// Pre-shared key of the one handshake that may resume this session.
    pub resume_psk: Zeroizing<[u8; 32]>,
    /// Secret that ties something outside raystream to this session.
    pub exporter: Zeroizing<[u8; 32]>,
}

impl std::fmt::Debug for SessionKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionKeys").finish_non_exhaustive()
    }
}

/// What both sides know once the Noise handshake is through.
pub struct HandshakeOutput {
    /// `Split()`'s two keys, one after the other.
    pub(crate) split: Zeroizing<[u8; 64]>,
    pub(crate) client_public: [u8; 32],
    pub(crate) server_public: [u8; 32],
    pub(crate) hash: [u8; 32],
}

impl HandshakeOutput {
    /// The handshake hash: names this handshake, and is no secret.
    #[must_use]
    pub fn hash(&self) -> &[u8; 32] {
        &self.hash
    }

    /// The session's keys. Consumes the output: Split's keys are gone once these are there.
    #[must_use]
    pub fn into_keys(self, session: SessionId) -> SessionKeys {
        let prk = Hkdf::<Sha256>::new(Some(b"raystream-v1"), self.split.as_slice());
        let derive = |label: &[u8]| {
            let info = [
                &session.0,
                self.client_public.as_slice(),
                &self.server_public,
                &self.hash,
                label,
            ];
            let mut key = Zeroizing::new([0; 32]);
            prk.expand_multi_info(&info, key.as_mut_slice())
                .expect("HKDF-SHA-256 gives up to 8160 bytes");
            key
        };
        SessionKeys {
            client_to_server: derive(b"rs1 c2s key"),
            server_to_client: derive(b"rs1 s2c key"),
            resume_psk: derive(b"rs1 resume psk"),
            exporter: derive(b"rs1 exporter"),
        }
    }
}

impl std::fmt::Debug for HandshakeOutput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HandshakeOutput").finish_non_exhaustive()
    }
}
