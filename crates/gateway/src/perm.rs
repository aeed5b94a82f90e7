//! The three-bit permission mask of decorators, tokens, tables and fields.

use std::fmt;
use std::ops::BitAnd;

use serde::{Deserialize, Deserializer, de::Error as _};

/// Read 4, write 2, execute or delete 1.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Perm(u8);

impl Perm {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// get, query, iterate, subscribe
    pub const R: Self = Self(4);
    /// set, update, push
    pub const W: Self = Self(2);
    /// delete, pop, shift
    pub const X: Self = Self(1);
    /// read and write: a field's default
    pub const RW: Self = Self(6);
    /// read and delete: pop and shift
    pub const RX: Self = Self(5);
    /// Everything.
    pub const RWX: Self = Self(7);

    /// The mask of these bits, if it is one (0 to 7).
    #[must_use]
    pub const fn from_bits(bits: u8) -> Option<Self> {
        if bits <= 7 { Some(Self(bits)) } else { None }
    }

    /// The mask as a number.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether every bit of `other` is in this mask.
    #[must_use]
    pub const fn allows(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any bit of `other` is in this mask.
    #[must_use]
    pub const fn overlaps(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

impl BitAnd for Perm {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl fmt::Display for Perm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (bit, letter) in [(Self::R, "R"), (Self::W, "W"), (Self::X, "X")] {
            f.write_str(if self.allows(bit) { letter } else { "_" })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Perm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<'de> Deserialize<'de> for Perm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bits = u8::deserialize(deserializer)?;
        Self::from_bits(bits).ok_or_else(|| D::Error::custom("a permission mask is 0 to 7"))
    }
}
