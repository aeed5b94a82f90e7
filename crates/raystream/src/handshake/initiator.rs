//! The client's side of Noise NK, `-> e, es` and `<- e, ee`, or of `NKpsk0`, `-> psk, e, es` and
//! `<- e, ee`.

use std::convert::Infallible;

use x25519_dalek as x25519;

use crate::error::{HandshakeError, SealError};
use crate::frame::{ClearCode, Flags, FrameBuf, Header, Incoming, MessageType};
use crate::id::{CallId, SessionId};
use crate::key::PublicKey;
use crate::limits::Limits;
use crate::noise::Symmetric;
use crate::resume::ResumeTicket;
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
        let state = |init: &Header| Symmetric::full(suite, init, pin);
        Self::init(suite.flag(), None, pin, ephemeral, payload, state)
    }

    /// Writes the INIT frame that resumes a session. The ticket is used up, whatever comes of it.
    pub fn resume(
        ticket: ResumeTicket,
        pin: PublicKey,
        ephemeral: [u8; 32],
        payload: impl FnOnce(&mut FrameBuf),
    ) -> Result<(Self, Vec<u8>), HandshakeError> {
        let ResumeTicket { session, psk } = ticket;
        let flags = psk.suite().flag() | Flags::RESUME;
        let state = |init: &Header| Symmetric::resuming(init, session, &psk, pin);
        Self::init(flags, Some(session), pin, ephemeral, payload, state)
    }

    fn init(
        flags: Flags,
        session: Option<SessionId>,
        pin: PublicKey,
        ephemeral: [u8; 32],
        payload: impl FnOnce(&mut FrameBuf),
        state: impl FnOnce(&Header) -> Symmetric,
    ) -> Result<(Self, Vec<u8>), HandshakeError> {
        let ephemeral = x25519::StaticSecret::from(ephemeral);
        let public = x25519::PublicKey::from(&ephemeral).to_bytes();
        let mut buffer = FrameBuf::with_capacity(256);
        if let Some(session) = session {
            buffer.extend(&session.0);
        }
        buffer.extend(&public);
        let in_front = buffer.payload().len();
        payload(&mut buffer);
        let init = Header {
            message_type: MessageType::HandshakeInit,
            flags,
            sequence: 0,
            payload_len: hello_len(&buffer)?,
            reserved: u32::from_be_bytes(pin.key_id().0),
        };
        let mut state = state(&init);
        state.mix_ephemeral(&public);
        state.mix_dh(&ephemeral, &pin.0)?;
        let frame = write_hello(buffer, init, in_front, &mut state);
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
        state.mix_ephemeral(server_public);
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

/// Encrypts what follows the bytes in front, the public key the last of them, and closes the frame.
pub(super) fn write_hello(
    buffer: FrameBuf,
    header: Header,
    in_front: usize,
    state: &mut Symmetric,
) -> Vec<u8> {
    let Ok(frame) = buffer.finish(header, CallId::NONE, |payload| {
        Ok::<_, Infallible>(state.encrypt_and_hash(&mut payload[in_front..]))
    });
    frame
}
