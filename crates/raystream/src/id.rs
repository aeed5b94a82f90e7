//! Newtypes for what frames and hellos are named by.

use std::fmt::{self, Display, Write as _};
use std::str::FromStr;

/// The logical call a frame belongs to: chosen by the client, increasing, kept across retries and
/// echoed in replies. The first eight bytes of the nonce. Zero is for frames that belong to no call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub u64);

impl CallId {
    /// What HEARTBEAT and CLOSE carry.
    pub const NONE: Self = Self(0);
}

/// The first four bytes of SHA-256("raystream-v1 gateway-key" ‖ public key): tells a gateway which
/// of its keys a client has pinned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId(pub [u8; 4]);

impl Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A session's name: a UUID version 7 (RFC 9562), in the route and in the key schedule. Not a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub [u8; 16]);

impl SessionId {
    /// A `UUIDv7` from the time in Unix milliseconds and ten random bytes (six of their bits make
    /// room for version and variant).
    #[must_use]
    pub fn new_v7(unix_ms: u64, entropy: [u8; 10]) -> Self {
        let mut bytes = [0; 16];
        bytes[..6].copy_from_slice(&unix_ms.to_be_bytes()[2..]);
        bytes[6..].copy_from_slice(&entropy);
        bytes[6] = bytes[6] & 0x0f | 0x70;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        Self(bytes)
    }
}

impl Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, byte) in self.0.iter().enumerate() {
            if matches!(i, 4 | 6 | 8 | 10) {
                f.write_char('-')?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

/// The text is not a session id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a session id is a lower-case UUID")]
pub struct InvalidSessionId;

impl FromStr for SessionId {
    type Err = InvalidSessionId;

    /// Only the form [`Display`] writes: one spelling per session, so that a route cannot be varied.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.as_bytes();
        if text.len() != 36 {
            return Err(InvalidSessionId);
        }
        let mut bytes = [0_u8; 16];
        let mut digits = 0;
        for (i, &c) in text.iter().enumerate() {
            let dash = matches!(i, 8 | 13 | 18 | 23);
            let value = match c {
                b'-' if dash => continue,
                b'0'..=b'9' if !dash => c - b'0',
                b'a'..=b'f' if !dash => c - b'a' + 10,
                _ => return Err(InvalidSessionId),
            };
            bytes[digits / 2] = bytes[digits / 2] << 4 | value;
            digits += 1;
        }
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_id_reads_back_and_has_one_spelling() {
        let id = SessionId::new_v7(0x0198_f3c0_a1b2, [0xff; 10]);
        assert_eq!(id.to_string(), "0198f3c0-a1b2-7fff-bfff-ffffffffffff");
        assert_eq!(id.to_string().parse(), Ok(id));
        for wrong in [
            "0198F3C0-a1b2-7fff-bfff-ffffffffffff",
            "0198f3c0a1b27fffbfffffffffffffff",
            "0198f3c0-a1b2-7fff-bfff-fffffffffff",
            "0198f3c0-a1b2-7fff-bfff-fffffffffff-",
            "-198f3c0-a1b2-7fff-bfff-ffffffffffff",
        ] {
            assert!(wrong.parse::<SessionId>().is_err(), "{wrong}");
        }
    }
}
