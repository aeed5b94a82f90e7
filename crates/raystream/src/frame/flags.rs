//! The header's 16 flag bits.

use std::ops::BitOr;

/// A set of flags. Bits 7 to 15 are never set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Flags(u16);

impl Flags {
    /// No flag.
    pub const NONE: Self = Self(0);
    /// From server to client.
    pub const S2C: Self = Self(1);
    /// A handshake that resumes a session.
    pub const RESUME: Self = Self(1 << 1);
    /// The session's suite is AES-256-GCM.
    pub const AESGCM: Self = Self(1 << 2);
    /// Last frame of its call.
    pub const FIN: Self = Self(1 << 3);
    /// The plaintext is followed by `80 00*`.
    pub const PADDED: Self = Self(1 << 4);
    /// Not encrypted: an error from before there were keys.
    pub const CLEAR: Self = Self(1 << 5);
    /// A SUBSCRIBE that only adds credit.
    pub const CREDIT: Self = Self(1 << 6);

    /// The flags of these bits, unless a reserved one is set.
    #[must_use]
    pub fn from_bits(bits: u16) -> Option<Self> {
        (bits < 1 << 7).then_some(Self(bits))
    }

    /// The bits as the header has them.
    #[must_use]
    pub fn bits(self) -> u16 {
        self.0
    }

    /// Whether all of these are set.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether none is set that is not among these.
    #[must_use]
    pub fn is_within(self, allowed: Self) -> bool {
        self.0 & !allowed.0 == 0
    }
}

impl BitOr for Flags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}
