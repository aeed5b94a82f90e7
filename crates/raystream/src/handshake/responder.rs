//! The server's side of Noise NK and `NKpsk0`.

use x25519_dalek as x25519;

use super::initiator::{hello_len, write_hello};
use crate::error::HandshakeError;
use crate::frame::{Flags, FrameBuf, Header, Incoming, MessageType};
use crate::id::{KeyId, SessionId};
use crate::key::StaticKey;
use crate::noise::Symmetric;
use crate::resume::ResumePsk;
use crate::schedule::HandshakeOutput;
use crate::suite::Suite;

/// A handshake whose INIT has been read.
pub struct Responder {
    state: Symmetric,
    init: Header,
    client_public: [u8; 32],
}

impl Responder {
    /// Reads an INIT with the one of our keys it names. Returns its payload, decrypted in place.
    /// The payload may be a replay: act on it only once a frame of the new session has opened.
    pub fn accept<'a>(
        keys: &[StaticKey],
        init: Incoming<'a>,
    ) -> Result<(&'a [u8], Self), HandshakeError> {
        let header = init.header();
        if header.flags.contains(Flags::RESUME) {
            return Err(HandshakeError::ResumeUnavailable);
        }
        let key = named(keys, header)?;
        let state = Symmetric::full(Suite::of(header.flags), &header, key.public());
        Self::read(key, header, init.into_parts().whole(), state)
    }

    /// Reads an INIT that resumes a session, with that session's PSK. The PSK is gone afterwards,
    /// whatever comes of it.
    pub fn accept_resume<'a>(
        keys: &[StaticKey],
        init: Incoming<'a>,
        psk: ResumePsk,
    ) -> Result<(&'a [u8], Self), HandshakeError> {
        let header = init.header();
        let key = named(keys, header)?;
        let (Some(session), true) = (init.resumes(), psk.suite() == Suite::of(header.flags)) else {
            return Err(HandshakeError::ResumeUnavailable);
        };
        let state = Symmetric::resuming(&header, session, &psk, key.public());
        drop(psk);
        let (payload, tag) = init.into_parts().whole();
        let payload = payload
            .get_mut(size_of::<SessionId>()..)
            .ok_or(HandshakeError::Unexpected)?;
        Self::read(key, header, (payload, tag), state)
    }

    fn read<'a>(
        key: &StaticKey,
        init: Header,
        (payload, tag): (&'a mut [u8], &[u8; 16]),
        mut state: Symmetric,
    ) -> Result<(&'a [u8], Self), HandshakeError> {
        let (client_public, payload) = payload
            .split_first_chunk_mut::<32>()
            .ok_or(HandshakeError::Unexpected)?;
        let client_public = *client_public;
        state.mix_ephemeral(&client_public);
        state.mix_dh(key.secret(), &client_public)?;
        state.decrypt_and_hash(payload, tag)?;
        Ok((
            payload,
            Self {
                state,
                init,
                client_public,
            },
        ))
    }

    /// The suite the client chose.
    #[must_use]
    pub fn suite(&self) -> Suite {
        Suite::of(self.init.flags)
    }

    /// Writes the RESPONSE frame. `ephemeral` is 32 fresh random bytes, never used again.
    pub fn respond(
        mut self,
        ephemeral: [u8; 32],
        payload: impl FnOnce(&mut FrameBuf),
    ) -> Result<(Vec<u8>, HandshakeOutput), HandshakeError> {
        let ephemeral = x25519::StaticSecret::from(ephemeral);
        let server_public = x25519::PublicKey::from(&ephemeral).to_bytes();
        let mut buffer = FrameBuf::from_payload(&server_public);
        payload(&mut buffer);
        let header = Header {
            message_type: MessageType::HandshakeResponse,
            flags: self.init.flags | Flags::S2C,
            sequence: 0,
            payload_len: hello_len(&buffer)?,
            reserved: self.init.reserved,
        };
        self.state.mix_ephemeral(&server_public);
        self.state.mix_dh(&ephemeral, &self.client_public)?;
        let frame = write_hello(buffer, header, server_public.len(), &mut self.state);
        let (split, hash) = self.state.split();
        let client_public = self.client_public;
        Ok((
            frame,
            HandshakeOutput {
                split,
                client_public,
                server_public,
                hash,
            },
        ))
    }
}

/// The one of our keys an INIT names.
fn named(keys: &[StaticKey], init: Header) -> Result<&StaticKey, HandshakeError> {
    if init.message_type != MessageType::HandshakeInit {
        return Err(HandshakeError::Unexpected);
    }
    let id = KeyId(init.reserved.to_be_bytes());
    keys.iter()
        .find(|key| key.id() == id)
        .ok_or(HandshakeError::UnknownKey)
}
