//! The client's side of Noise NK: `-> e, es` and `<- e, ee`.

use std::convert::Infallible;

use x25519_dalek as x25519;

use crate::error::{HandshakeError, SealError};
use crate::frame::{ClearCode, Flags, FrameBuf, Header, Incoming, MessageType};
use crate::id::CallId;
use crate::key::PublicKey;
use crate::limits::Limits;
use crate::noise::Symmetric;
use crate::schedule::HandshakeOutput;
use crate::suite::Suite;

/// A handshake whose INIT is on its way.
pub struct Initiator {
    state: Symmetric,
    init: Header,
    ephemeral: x25519::StaticSecret,
    public: [u8; 32],
}

impl Initiator {
    /// Writes the INIT frame. `ephemeral` is 32 fresh random bytes, never used again; `payload`
    /// writes what the server is to read.
    pub fn start(
        suite: Suite,
        pin: PublicKey,
        ephemeral: [u8; 32],
        payload: impl FnOnce(&mut FrameBuf),
    ) -> Result<(Self, Vec<u8>), HandshakeError> {
        let ephemeral = x25519::StaticSecret::from(ephemeral);
        let public = x25519::PublicKey::from(&ephemeral).to_bytes();
        let mut buffer = FrameBuf::from_payload(&public);
        payload(&mut buffer);
        let init = Header {
            message_type: MessageType::HandshakeInit,
            flags: suite.flag(),
            sequence: 0,
            payload_len: hello_len(&buffer)?,
            reserved: u32::from_be_bytes(pin.key_id().0),
        };
        let mut state = Symmetric::new(suite, &init, pin);
        state.mix_hash(&[&public]);
        state.mix_dh(&ephemeral, &pin.0)?;
        let frame = write_hello(buffer, init, &mut state);
        Ok((
            Self {
                state,
                init,
                ephemeral,
                public,
            },
            frame,
        ))
    }

    /// Reads the server's RESPONSE. Returns its payload, decrypted in place.
    pub fn finish(
        self,
        response: Incoming<'_>,
    ) -> Result<(&[u8], HandshakeOutput), HandshakeError> {
        let header = response.header();
        if header.is_clear() {
            let code = ClearCode::decode(response.into_parts().payload)?;
            return Err(HandshakeError::Refused(code));
        }
        let expected = self.init.flags | Flags::S2C;
        if header.message_type != MessageType::HandshakeResponse
            || header.flags != expected
            || header.reserved != self.init.reserved
        {
            return Err(HandshakeError::Unexpected);
        }
        let mut state = self.state;
        let parts = response.into_parts();
        let (server_public, payload) = parts
            .payload
            .split_first_chunk_mut::<32>()
            .ok_or(HandshakeError::Unexpected)?;
        state.mix_hash(&[server_public]);
        state.mix_dh(&self.ephemeral, server_public)?;
        state.decrypt_and_hash(payload, parts.tag)?;
        let (split, hash) = state.split();
        let output = HandshakeOutput {
            split,
            client_public: self.public,
            server_public: *server_public,
            hash,
        };
        Ok((payload, output))
    }
}

/// The payload's length for the header, if the frame is within a hello's limit.
pub(super) fn hello_len(buffer: &FrameBuf) -> Result<u32, HandshakeError> {
    let length = buffer.frame_len();
    if length > Limits::MAX_HELLO {
        let limit = Limits::MAX_HELLO;
        return Err(HandshakeError::TooLarge(SealError::TooLarge {
            length,
            limit,
        }));
    }
    Ok(u32::try_from(buffer.payload().len()).expect("a hello has at most 4 KiB"))
}

/// Encrypts what follows the public key and closes the frame.
pub(super) fn write_hello(buffer: FrameBuf, header: Header, state: &mut Symmetric) -> Vec<u8> {
    let Ok(frame) = buffer.finish(header, CallId::NONE, |_, _, payload| {
        Ok::<_, Infallible>(state.encrypt_and_hash(&mut payload[32..]))
    });
    frame
}
