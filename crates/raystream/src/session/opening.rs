//! A frame that may be opened and has not been yet.

use super::opener::{Opened, Opener};
use super::padding;
use crate::cipher::AeadKey;
use crate::error::OpenError;
use crate::frame::{Flags, Header, Incoming, NONCE, PAYLOAD};

/// A frame whose sequence is new, for a cipher that is not this crate's. Nothing of the session has
/// changed; dropping it changes nothing either.
#[must_use = "the session has not seen this frame until it is complete"]
pub struct Opening<'o, 'a> {
    opener: &'o Opener,
    frame: Incoming<'a>,
}

impl<'o, 'a> Opening<'o, 'a> {
    pub(super) fn new(opener: &'o Opener, frame: Incoming<'a>) -> Self {
        Self { opener, frame }
    }

    /// The AEAD's nonce.
    #[must_use]
    pub fn nonce(&self) -> &[u8] {
        &self.frame.bytes()[NONCE]
    }

    /// The AEAD's associated data: the header.
    #[must_use]
    pub fn aad(&self) -> &[u8] {
        &self.frame.bytes()[..Header::LEN]
    }

    /// `ciphertext ‖ tag`.
    #[must_use]
    pub fn sealed(&self) -> &[u8] {
        &self.frame.bytes()[PAYLOAD..]
    }

    /// Step 5, after the host's cipher has verified the tag and given this plaintext.
    pub fn complete(self, plaintext: &[u8]) -> Result<Opened<'_>, OpenError> {
        let header = self.frame.header();
        let right = usize::try_from(header.payload_len) == Ok(plaintext.len());
        let call = self.frame.call_id();
        let opened = if right {
            Ok(())
        } else {
            Err(OpenError::Decryption)
        };
        opened
            .and_then(|()| self.opener.commit(header.sequence))
            .and_then(|()| unpadded(header, plaintext))
            .map(|payload| Opened {
                message_type: header.message_type,
                flags: header.flags,
                call,
                payload,
            })
            .map_err(|error| self.opener.fail(error))
    }

    /// The host's cipher has refused the tag.
    #[must_use]
    pub fn fail(self) -> OpenError {
        self.opener.fail(OpenError::Decryption)
    }

    pub(super) fn decrypt(self, key: &AeadKey) -> Result<Opened<'a>, OpenError> {
        let Self { opener, frame } = self;
        let (header, call) = (frame.header(), frame.call_id());
        let parts = frame.into_parts();
        key.open(parts.nonce, parts.aad, parts.payload, parts.tag)
            .map_err(|_| OpenError::Decryption)
            .and_then(|()| opener.commit(header.sequence))
            .and_then(|()| unpadded(header, parts.payload))
            .map(|payload| Opened {
                message_type: header.message_type,
                flags: header.flags,
                call,
                payload,
            })
            .map_err(|error| opener.fail(error))
    }
}

fn unpadded(header: Header, payload: &[u8]) -> Result<&[u8], OpenError> {
    if header.flags.contains(Flags::PADDED) {
        padding::strip(payload).ok_or(OpenError::Padding)
    } else {
        Ok(payload)
    }
}
