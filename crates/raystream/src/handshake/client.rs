//! From a pinned key to a session, on the client.

use super::initiator::Initiator;
use crate::envelope::{ClientHello, ServerHello};
use crate::error::HandshakeError;
use crate::frame::{Direction, Incoming};
use crate::id::SessionId;
use crate::key::PublicKey;
use crate::limits::Limits;
use crate::resume::ResumeTicket;
use crate::session::ClientSession;
use crate::suite::Suite;
use crate::window::Transport;

/// A client's handshake under way.
pub struct ClientHandshake {
    initiator: Initiator,
    suite: Suite,
    transport: Transport,
    resumes: Option<SessionId>,
}

impl ClientHandshake {
    /// Writes the INIT frame to be sent. `ephemeral` is 32 fresh random bytes, never used again;
    /// `build_id` names the client's build, for the gateway's logs and version checks.
    pub fn start(
        suite: Suite,
        transport: Transport,
        pin: PublicKey,
        build_id: &str,
        ephemeral: [u8; 32],
    ) -> Result<(Self, Vec<u8>), HandshakeError> {
        let hello = hello(suite, transport, build_id, None);
        let (initiator, frame) =
            Initiator::start(suite, pin, ephemeral, |buffer| hello.encode(buffer))?;
        let handshake = Self {
            initiator,
            suite,
            transport,
            resumes: None,
        };
        Ok((handshake, frame))
    }

    /// Writes the INIT frame that resumes a session, with its suite. `last_txid` is the newest
    /// transaction the client has seen. The ticket is used up: if this comes to nothing, a full
    /// handshake is next.
    pub fn resume(
        ticket: ResumeTicket,
        transport: Transport,
        pin: PublicKey,
        build_id: &str,
        last_txid: Option<u64>,
        ephemeral: [u8; 32],
    ) -> Result<(Self, Vec<u8>), HandshakeError> {
        let (suite, session) = (ticket.psk.suite(), ticket.session);
        let hello = hello(suite, transport, build_id, last_txid);
        let (initiator, frame) =
            Initiator::resume(ticket, pin, ephemeral, |buffer| hello.encode(buffer))?;
        let handshake = Self {
            initiator,
            suite,
            transport,
            resumes: Some(session),
        };
        Ok((handshake, frame))
    }

    /// Reads the server's answer, in place. When the session ends is in its hello.
    pub fn finish(self, response: &mut [u8]) -> Result<ClientSession, HandshakeError> {
        let response = Incoming::parse(response, Direction::ServerToClient, Limits::default())?;
        let (payload, output) = self.initiator.finish(response)?;
        let hello = ServerHello::decode(payload)?;
        if hello.selected_cipher != self.suite {
            return Err(HandshakeError::Suite);
        }
        if hello.resumed != self.resumes.is_some() || self.resumes == Some(hello.session_id) {
            return Err(HandshakeError::Unexpected);
        }
        let keys = output.into_keys(hello.session_id);
        Ok(ClientSession::new(self.suite, self.transport, keys, hello))
    }
}

fn hello(
    suite: Suite,
    transport: Transport,
    build_id: &str,
    last_txid: Option<u64>,
) -> ClientHello<'_> {
    ClientHello {
        version: ClientHello::VERSION,
        supported_ciphers: vec![suite.name()],
        transport,
        build_id,
        last_txid,
    }
}
