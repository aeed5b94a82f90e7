//! From an INIT to a session, on the server.

use super::received::ReceivedInit;
use super::responder::Responder;
use crate::envelope::{ClientHello, ServerHello};
use crate::error::HandshakeError;
use crate::id::SessionId;
use crate::key::StaticKey;
use crate::limits::Limits;
use crate::resume::ResumeStore;
use crate::session::ServerSession;
use crate::suite::Suite;
use crate::window::Transport;

/// What a gateway decides about a new session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    resumes: Option<SessionId>,
    current_txid: Option<u64>,
}

impl ServerHandshake {
    pub(super) fn new(
        responder: Responder,
        transport: Transport,
        resumes: Option<SessionId>,
    ) -> Self {
        Self {
            responder,
            transport,
            resumes,
            current_txid: None,
        }
    }

    /// Reads an INIT, in place, for a server that keeps no PSKs. The hello may be a replay: it is
    /// good for logs and for refusing, not for acting on.
    pub fn accept<'a>(
        keys: &[StaticKey],
        init: &'a mut [u8],
    ) -> Result<(Self, ClientHello<'a>), HandshakeError> {
        ReceivedInit::parse(init)?.accept(keys)
    }

    /// Reads an INIT, in place, and uses up the PSK of the session it resumes, if it does.
    pub fn accept_with<'a>(
        keys: &[StaticKey],
        init: &'a mut [u8],
        store: &impl ResumeStore,
    ) -> Result<(Self, ClientHello<'a>), HandshakeError> {
        let init = ReceivedInit::parse(init)?;
        let Some(session) = init.resumes() else {
            return init.accept(keys);
        };
        let (proven, hello) = init.accept_resume(keys, store.look_up(session))?;
        let handshake = proven.claimed(store.claim(session))?;
        Ok((handshake, hello))
    }

    /// The suite the client chose.
    #[must_use]
    pub fn suite(&self) -> Suite {
        self.responder.suite()
    }

    /// How the session's frames will travel.
    #[must_use]
    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// The session that lives on in the new one: identity and subscriptions are its.
    #[must_use]
    pub fn resumes(&self) -> Option<SessionId> {
        self.resumes
    }

    /// Tells a client that resumes which transaction is the newest.
    #[must_use]
    pub fn with_current_txid(mut self, txid: Option<u64>) -> Self {
        self.current_txid = txid;
        self
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
            resumed: self.resumes.is_some(),
            current_txid: self.current_txid.filter(|_| self.resumes.is_some()),
        };
        let (frame, output) = self
            .responder
            .respond(ephemeral, |buffer| hello.encode(buffer))?;
        let keys = output.into_keys(parameters.session_id);
        let session = ServerSession::new(suite, self.transport, keys, parameters);
        Ok((session, frame))
    }
}
