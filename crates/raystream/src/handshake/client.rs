//! From a pinned key to a session, on the client.

use super::initiator::Initiator;
use crate::envelope::{ClientHello, ServerHello};
use crate::error::HandshakeError;
use crate::frame::{Direction, Incoming};
use crate::key::PublicKey;
use crate::limits::Limits;
use crate::session::ClientSession;
use crate::suite::Suite;
use crate::window::Transport;

/// A client's handshake under way.
pub struct ClientHandshake {
    initiator: Initiator,
    suite: Suite,
    transport: Transport,
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
        let hello = ClientHello {
            version: ClientHello::VERSION,
            supported_ciphers: vec![suite.name()],
            transport,
            build_id,
            last_txid: None,
        };
        let (initiator, frame) =
            Initiator::start(suite, pin, ephemeral, |buffer| hello.encode(buffer))?;
        Ok((
            Self {
                initiator,
                suite,
                transport,
            },
            frame,
        ))
    }

    /// Reads the server's answer, in place. When the session ends is in its hello.
    pub fn finish(self, response: &mut [u8]) -> Result<ClientSession, HandshakeError> {
        let response = Incoming::parse(response, Direction::ServerToClient, Limits::default())?;
        let (payload, output) = self.initiator.finish(response)?;
        let hello = ServerHello::decode(payload)?;
        if hello.selected_cipher != self.suite {
            return Err(HandshakeError::Suite);
        }
        let keys = output.into_keys(hello.session_id);
        Ok(ClientSession::new(self.suite, self.transport, &keys, hello))
    }
}
