//! The gateway's static key pair and what a client pins of it.

use sha2::{Digest, Sha256};
use x25519_dalek as x25519;
use zeroize::{Zeroize, Zeroizing};

use crate::id::KeyId;

/// A gateway's public key: what a client bundle pins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey(pub [u8; 32]);

impl PublicKey {
    /// What an INIT names this key by.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        let digest = Sha256::new()
            .chain_update(b"raystream-v1 gateway-key")
            .chain_update(self.0)
            .finalize();
        let [a, b, c, d, ..] = digest.0;
        KeyId([a, b, c, d])
    }
}

/// A gateway's static key pair. The private half is wiped when dropped and never printed.
#[derive(Clone)]
pub struct StaticKey {
    secret: x25519::StaticSecret,
    public: PublicKey,
    id: KeyId,
}

impl StaticKey {
    /// The pair of this private key. Any 32 bytes are one (RFC 7748 §5 clamps them), so a new pair
    /// is 32 random bytes.
    #[must_use]
    pub fn from_private(mut private: [u8; 32]) -> Self {
        let secret = x25519::StaticSecret::from(private);
        private.zeroize();
        let public = PublicKey(x25519::PublicKey::from(&secret).to_bytes());
        Self {
            secret,
            public,
            id: public.key_id(),
        }
    }

    /// The half that clients pin.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        self.public
    }

    /// What an INIT names this key by.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// The private half, to be stored as a secret.
    #[must_use]
    pub fn private(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.secret.to_bytes())
    }

    pub(crate) fn secret(&self) -> &x25519::StaticSecret {
        &self.secret
    }
}

impl std::fmt::Debug for StaticKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StaticKey")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
