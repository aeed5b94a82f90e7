//! A session as the client has it.

use super::credit::Credit;
use super::draft::Draft;
use super::secrets::Secrets;
use super::{Opened, Opener, Sealer};
use crate::envelope::{Event, Heartbeat, RpcCall, RpcError, RpcResponse, ServerHello, Subscribe};
use crate::error::{ReceiveError, SealError};
use crate::frame::{ClearCode, Direction, Flags, Incoming, MessageType};
use crate::id::{CallId, SessionId};
use crate::resume::ResumeTicket;
use crate::schedule::SessionKeys;
use crate::suite::Suite;
use crate::window::Transport;

/// A session as the client has it. Shared by all its calls.
pub struct ClientSession {
    /// Sends to the server.
    pub sealer: Sealer,
    /// Receives from the server.
    pub opener: Opener,
    /// What the server said when it opened the session.
    pub hello: ServerHello,
    secrets: Secrets,
}

/// What a server answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply<'a> {
    /// The call's result.
    Response(CallId, RpcResponse<'a>),
    /// The call's or subscription's failure.
    Error(CallId, RpcError<'a>),
    /// Something a subscription waits for.
    Event {
        /// The subscription.
        call: CallId,
        /// What happened.
        event: Event<'a>,
        /// Whether nothing follows.
        last: bool,
    },
    /// The server is there.
    Heartbeat(Heartbeat),
    /// The server ends the session.
    Close,
    /// A hint anyone on the path could have written: try another handshake, believe nothing.
    Clear(ClearCode),
}

impl ClientSession {
    pub(crate) fn new(
        suite: Suite,
        transport: Transport,
        keys: SessionKeys,
        hello: ServerHello,
    ) -> Self {
        let direction = Direction::ClientToServer;
        Self {
            sealer: Sealer::new(suite, direction, &keys.client_to_server, hello.limits),
            opener: Opener::new(suite, transport, &keys.server_to_client),
            hello,
            secrets: Secrets::new(suite, keys),
        }
    }

    /// The session's name: its route is `/raystream/v1/s/{id}`.
    #[must_use]
    pub fn id(&self) -> SessionId {
        self.hello.session_id
    }

    /// What this session can be resumed with. There is one.
    #[must_use]
    pub fn take_ticket(&self) -> Option<ResumeTicket> {
        let session = self.id();
        self.secrets
            .take_resume()
            .map(|psk| ResumeTicket { session, psk })
    }

    /// Secret that ties something outside raystream to this session; both sides have the same.
    #[must_use]
    pub fn exporter(&self) -> &[u8; 32] {
        &self.secrets.exporter
    }

    /// Whether one of the two keys is half used up: time for a new session.
    #[must_use]
    pub fn wants_new_session(&self) -> bool {
        self.sealer.should_renew() || self.opener.should_renew()
    }

    /// A frame that calls. Each attempt is sealed anew; call id, idempotency key and request hash
    /// stay.
    pub fn seal_call(&self, id: CallId, call: &RpcCall<'_>) -> Result<Vec<u8>, SealError> {
        self.sealer.seal_draft(Draft::call(id, call))
    }

    /// A frame that asks for events.
    pub fn seal_subscribe(
        &self,
        id: CallId,
        subscribe: &Subscribe<'_>,
    ) -> Result<Vec<u8>, SealError> {
        self.sealer.seal_draft(Draft::subscribe(id, subscribe))
    }

    /// A frame that allows more events.
    pub fn seal_credit(&self, id: CallId, credit: Credit) -> Result<Vec<u8>, SealError> {
        self.sealer.seal_draft(Draft::credit(id, credit))
    }

    /// A frame that ends a subscription.
    pub fn seal_unsubscribe(&self, id: CallId) -> Result<Vec<u8>, SealError> {
        self.sealer.seal_draft(Draft::unsubscribe(id))
    }

    /// A frame that asks whether the server is there.
    pub fn seal_heartbeat(&self, timestamp: u64) -> Result<Vec<u8>, SealError> {
        let server_time = None;
        self.sealer.seal_draft(Draft::heartbeat(&Heartbeat {
            timestamp,
            server_time,
        }))
    }

    /// A frame that ends the session.
    pub fn seal_close(&self) -> Result<Vec<u8>, SealError> {
        self.sealer.seal_draft(Draft::close())
    }

    /// Opens and decodes what the server sent, in place.
    pub fn open<'a>(&self, frame: &'a mut [u8]) -> Result<Reply<'a>, ReceiveError> {
        let frame = Incoming::parse(frame, Direction::ServerToClient, self.hello.limits)
            .map_err(|error| self.opener.fail(error))?;
        if frame.header().is_clear() {
            let code = ClearCode::decode(frame.into_parts().payload);
            return code.map(Reply::Clear).map_err(|_| ReceiveError::Clear);
        }
        Self::decode(self.opener.open(frame)?)
    }

    /// Decodes what a frame carried.
    pub fn decode(opened: Opened<'_>) -> Result<Reply<'_>, ReceiveError> {
        let (call, payload) = (opened.call, opened.payload);
        let last = opened.flags.contains(Flags::FIN);
        let malformed = |error| ReceiveError::Envelope { call, error };
        match opened.message_type {
            MessageType::RpcResponse if last => Ok(Reply::Response(
                call,
                RpcResponse::decode(payload).map_err(malformed)?,
            )),
            MessageType::RpcError if last => Ok(Reply::Error(
                call,
                RpcError::decode(payload).map_err(malformed)?,
            )),
            MessageType::Event => Ok(Reply::Event {
                call,
                event: Event::decode(payload).map_err(malformed)?,
                last,
            }),
            MessageType::Heartbeat => Ok(Reply::Heartbeat(
                Heartbeat::decode(payload).map_err(malformed)?,
            )),
            MessageType::Close => opened.empty().map(|()| Reply::Close),
            message_type => Err(ReceiveError::Unexpected { call, message_type }),
        }
    }
}
