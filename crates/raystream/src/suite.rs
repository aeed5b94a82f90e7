//! The two cipher suites and what differs between them.

use crate::frame::Flags;

/// The AEAD of a session. The client chooses it by flag AESGCM of its INIT; there is no fallback.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Suite {
    /// ChaCha20-Poly1305 (RFC 8439).
    ChaChaPoly,
    /// AES-256-GCM (NIST SP 800-38D).
    AesGcm,
}

impl Suite {
    /// The name a hello uses.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ChaChaPoly => "chacha20-poly1305",
            Self::AesGcm => "aes-256-gcm",
        }
    }

    /// The suite a frame's flags stand for.
    #[must_use]
    pub fn of(flags: Flags) -> Self {
        if flags.contains(Flags::AESGCM) {
            Self::AesGcm
        } else {
            Self::ChaChaPoly
        }
    }

    /// The flag every frame of a session with this suite carries.
    #[must_use]
    pub fn flag(self) -> Flags {
        match self {
            Self::ChaChaPoly => Flags::NONE,
            Self::AesGcm => Flags::AESGCM,
        }
    }

    /// Frames one key may seal (protocol §6).
    #[must_use]
    pub fn max_frames(self) -> u32 {
        match self {
            Self::ChaChaPoly => 1 << 31,
            Self::AesGcm => 1 << 23,
        }
    }

    /// The name of the handshake: Noise NK, or `NKpsk0` for one that resumes.
    pub(crate) fn noise_name(self, resumes: bool) -> &'static [u8] {
        match (self, resumes) {
            (Self::ChaChaPoly, false) => b"Noise_NK_25519_ChaChaPoly_SHA256",
            (Self::AesGcm, false) => b"Noise_NK_25519_AESGCM_SHA256",
            (Self::ChaChaPoly, true) => b"Noise_NKpsk0_25519_ChaChaPoly_SHA256",
            (Self::AesGcm, true) => b"Noise_NKpsk0_25519_AESGCM_SHA256",
        }
    }

    /// One byte for it, in what this crate stores.
    pub(crate) fn id(self) -> u8 {
        match self {
            Self::ChaChaPoly => 1,
            Self::AesGcm => 2,
        }
    }

    pub(crate) fn from_id(id: u8) -> Option<Self> {
        match id {
            1 => Some(Self::ChaChaPoly),
            2 => Some(Self::AesGcm),
            _ => None,
        }
    }
}
