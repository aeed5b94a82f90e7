//! A session as the server has it.

use super::credit::Credit;
use super::draft::Draft;
use super::secrets::Secrets;
use super::{Opened, Opener, Sealer};
use crate::envelope::{Event, Heartbeat, RpcCall, RpcError, RpcResponse, Subscribe};
use crate::error::{ReceiveError, SealError};
use crate::frame::{Direction, Flags, Incoming, MessageType};
use crate::handshake::ServerParameters;
use crate::id::{CallId, SessionId};
use crate::resume::ResumePsk;
use crate::schedule::SessionKeys;
use crate::suite::Suite;
use crate::window::Transport;

/// A session as the server has it. Shared by all requests that name it; no method needs more than
/// `&self`.
pub struct ServerSession {
    /// Sends to the client.
    pub sealer: Sealer,
    /// Receives from the client.
    pub opener: Opener,
    /// What was decided when the session opened.
    pub parameters: ServerParameters,
    pub(super) secrets: Secrets,
}

/// What a client asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request<'a> {
    /// A call.
    Call(CallId, RpcCall<'a>),
    /// Events from now on, under this id.
    Subscribe(CallId, Subscribe<'a>),
    /// More credit for a subscription.
    Credit(CallId, Credit),
    /// No more events.
    Unsubscribe(CallId),
    /// Whether the server is there.
    Heartbeat(Heartbeat),
    /// The client ends the session.
    Close,
}

impl ServerSession {
    pub(crate) fn new(
        suite: Suite,
        transport: Transport,
        keys: SessionKeys,
        parameters: ServerParameters,
    ) -> Self {
        let direction = Direction::ServerToClient;
        Self {
            sealer: Sealer::new(suite, direction, &keys.server_to_client, parameters.limits),
            opener: Opener::new(suite, transport, &keys.client_to_server),
            parameters,
            secrets: Secrets::new(suite, keys),
        }
    }

    /// The session's name.
    #[must_use]
    pub fn id(&self) -> SessionId {
        self.parameters.session_id
    }

    /// What the client may resume this session with: for a [`ResumeStore`](crate::ResumeStore).
    /// There is one.
    #[must_use]
    pub fn take_resume_psk(&self) -> Option<ResumePsk> {
        self.secrets.take_resume()
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

    /// Opens and decodes what the client sent, in place. Whatever goes wrong before the frame has
    /// proved itself is answered with [`ClearCode::SessionExpired`](crate::ClearCode).
    pub fn open<'a>(&self, frame: &'a mut [u8]) -> Result<Request<'a>, ReceiveError> {
        Self::decode(self.opener.open(self.parse(frame)?)?)
    }

    /// Step 1 of receiving, for a host that decrypts by itself:
    /// [`Opener::begin`] comes next, [`ServerSession::decode`] last.
    pub fn parse<'a>(&self, frame: &'a mut [u8]) -> Result<Incoming<'a>, ReceiveError> {
        Incoming::parse(frame, Direction::ClientToServer, self.parameters.limits)
            .map_err(|error| self.opener.fail(error).into())
    }

    /// Decodes what a frame carried.
    pub fn decode(opened: Opened<'_>) -> Result<Request<'_>, ReceiveError> {
        let (call, payload) = (opened.call, opened.payload);
        let last = opened.flags.contains(Flags::FIN);
        let malformed = |error| ReceiveError::Envelope { call, error };
        match opened.message_type {
            MessageType::RpcCall if last => Ok(Request::Call(
                call,
                RpcCall::decode(payload).map_err(malformed)?,
            )),
            MessageType::Subscribe if last => opened.empty().map(|()| Request::Unsubscribe(call)),
            MessageType::Subscribe if opened.flags.contains(Flags::CREDIT) => Ok(Request::Credit(
                call,
                Credit::decode(payload).map_err(malformed)?,
            )),
            MessageType::Subscribe => Ok(Request::Subscribe(
                call,
                Subscribe::decode(payload).map_err(malformed)?,
            )),
            MessageType::Heartbeat => Ok(Request::Heartbeat(
                Heartbeat::decode(payload).map_err(malformed)?,
            )),
            MessageType::Close => opened.empty().map(|()| Request::Close),
            message_type => Err(ReceiveError::Unexpected { call, message_type }),
        }
    }

    /// A frame with a call's result.
    pub fn seal_response(
        &self,
        id: CallId,
        response: &RpcResponse<'_>,
    ) -> Result<Vec<u8>, SealError> {
        self.sealer.seal_draft(Draft::response(id, response))
    }

    /// A frame with a call's or subscription's failure.
    pub fn seal_error(&self, id: CallId, error: &RpcError<'_>) -> Result<Vec<u8>, SealError> {
        self.sealer.seal_draft(Draft::error(id, error))
    }

    /// A frame with an event, the subscription's last or not.
    pub fn seal_event(
        &self,
        id: CallId,
        event: &Event<'_>,
        last: bool,
    ) -> Result<Vec<u8>, SealError> {
        self.sealer.seal_draft(Draft::event(id, event, last))
    }

    /// A frame that answers a heartbeat with the server's time in Unix milliseconds.
    pub fn seal_heartbeat(&self, asked: Heartbeat, now_ms: u64) -> Result<Vec<u8>, SealError> {
        let server_time = Some(now_ms);
        let answer = Heartbeat {
            server_time,
            ..asked
        };
        self.sealer.seal_draft(Draft::heartbeat(&answer))
    }

    /// A frame that ends the session.
    pub fn seal_close(&self) -> Result<Vec<u8>, SealError> {
        self.sealer.seal_draft(Draft::close())
    }
}
