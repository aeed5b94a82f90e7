//! From an INIT to a session, on the server.

use super::responder::Responder;
use crate::envelope::{ClientHello, ServerHello};
use crate::error::HandshakeError;
use crate::frame::{Direction, Incoming};
use crate::id::SessionId;
use crate::key::StaticKey;
use crate::limits::Limits;
use crate::session::ServerSession;
use crate::suite::Suite;
use crate::window::Transport;

/// What a gateway decides about a new session.
#[derive(Debug, Clone, Copy)]
pub struct ServerParameters {
    /// The session's name; see [`SessionId::new_v7`].
    pub session_id: SessionId,
    /// When the session ends, in Unix milliseconds.
    pub expires_at: u64,
    /// How long that is from now, in milliseconds.
    pub ttl_ms: u32,
    /// The largest frames the session takes.
    pub limits: Limits,
    /// Calls it takes at the same time.
    pub max_inflight: u32,
}

/// A handshake whose INIT has been read and makes sense.
pub struct ServerHandshake {
    responder: Responder,
    transport: Transport,
}

impl ServerHandshake {
    /// Reads an INIT, in place. The hello may be a replay: it is good for logs and for refusing,
    /// not for acting on.
    pub fn accept<'a>(
        keys: &[StaticKey],
        init: &'a mut [u8],
    ) -> Result<(Self, ClientHello<'a>), HandshakeError> {
        let init = Incoming::parse(init, Direction::ClientToServer, Limits::default())?;
        let (payload, responder) = Responder::accept(keys, init)?;
        let hello = ClientHello::decode(payload)?;
        if !hello.supported_ciphers.contains(&responder.suite().name()) {
            return Err(HandshakeError::Suite);
        }
        Ok((
            Self {
                responder,
                transport: hello.transport,
            },
            hello,
        ))
    }

    /// The suite the client chose.
    #[must_use]
    pub fn suite(&self) -> Suite {
        self.responder.suite()
    }

    /// Writes the RESPONSE frame to be sent, and opens the session. `ephemeral` is 32 fresh random
    /// bytes, never used again.
    pub fn respond(
        self,
        parameters: ServerParameters,
        ephemeral: [u8; 32],
    ) -> Result<(ServerSession, Vec<u8>), HandshakeError> {
        let suite = self.suite();
        let hello = ServerHello {
            session_id: parameters.session_id,
            selected_cipher: suite,
            expires_at: parameters.expires_at,
            ttl_ms: parameters.ttl_ms,
            limits: parameters.limits,
            max_inflight: parameters.max_inflight,
            resumed: false,
            current_txid: None,
        };
        let (frame, output) = self
            .responder
            .respond(ephemeral, |buffer| hello.encode(buffer))?;
        let keys = output.into_keys(parameters.session_id);
        let session = ServerSession::new(suite, self.transport, &keys, parameters);
        Ok((session, frame))
    }
}
