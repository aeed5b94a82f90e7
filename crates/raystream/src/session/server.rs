//! A session as the server has it.

use super::{Opener, Sealer};
use crate::envelope::{Heartbeat, RpcCall, RpcError, RpcResponse};
use crate::error::{ReceiveError, SealError};
use crate::frame::{Direction, Flags, FrameBuf, Incoming, MessageType};
use crate::handshake::ServerParameters;
use crate::id::{CallId, SessionId};
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
}

/// What a client asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request<'a> {
    /// A call.
    Call(CallId, RpcCall<'a>),
    /// Whether the server is there.
    Heartbeat(Heartbeat),
    /// The client ends the session.
    Close,
}

impl ServerSession {
    pub(crate) fn new(
        suite: Suite,
        transport: Transport,
        keys: &SessionKeys,
        parameters: ServerParameters,
    ) -> Self {
        let direction = Direction::ServerToClient;
        Self {
            sealer: Sealer::new(suite, direction, &keys.server_to_client, parameters.limits),
            opener: Opener::new(suite, transport, &keys.client_to_server),
            parameters,
        }
    }

    /// The session's name.
    #[must_use]
    pub fn id(&self) -> SessionId {
        self.parameters.session_id
    }

    /// Opens and decodes what the client sent, in place. Whatever goes wrong before the frame has
    /// proved itself is answered with [`ClearCode::SessionExpired`](crate::ClearCode).
    pub fn open<'a>(&self, frame: &'a mut [u8]) -> Result<Request<'a>, ReceiveError> {
        let limits = self.parameters.limits;
        let frame = Incoming::parse(frame, Direction::ClientToServer, limits)?;
        let opened = self.opener.open(frame)?;
        let call = opened.call;
        let malformed = |error| ReceiveError::Envelope { call, error };
        match opened.message_type {
            MessageType::RpcCall => Ok(Request::Call(
                call,
                RpcCall::decode(opened.payload).map_err(malformed)?,
            )),
            MessageType::Heartbeat => Ok(Request::Heartbeat(
                Heartbeat::decode(opened.payload).map_err(malformed)?,
            )),
            MessageType::Close => Ok(Request::Close),
            message_type => Err(ReceiveError::Unexpected { call, message_type }),
        }
    }

    /// A frame with a call's result.
    pub fn seal_response(
        &self,
        id: CallId,
        response: &RpcResponse<'_>,
    ) -> Result<Vec<u8>, SealError> {
        let mut buffer = FrameBuf::with_capacity(response.data.len() + 256);
        response.encode(&mut buffer);
        self.sealer
            .seal(MessageType::RpcResponse, id, Flags::FIN, buffer)
    }

    /// A frame with a call's failure.
    pub fn seal_error(&self, id: CallId, error: &RpcError<'_>) -> Result<Vec<u8>, SealError> {
        let mut buffer = FrameBuf::with_capacity(error.message.len() + 256);
        error.encode(&mut buffer);
        self.sealer
            .seal(MessageType::RpcError, id, Flags::FIN, buffer)
    }

    /// A frame that answers a heartbeat with the server's time in Unix milliseconds.
    pub fn seal_heartbeat(&self, asked: Heartbeat, now_ms: u64) -> Result<Vec<u8>, SealError> {
        let mut buffer = FrameBuf::with_capacity(64);
        Heartbeat {
            server_time: Some(now_ms),
            ..asked
        }
        .encode(&mut buffer);
        self.sealer
            .seal(MessageType::Heartbeat, CallId::NONE, Flags::NONE, buffer)
    }

    /// A frame that ends the session.
    pub fn seal_close(&self) -> Result<Vec<u8>, SealError> {
        let buffer = FrameBuf::with_capacity(0);
        self.sealer
            .seal(MessageType::Close, CallId::NONE, Flags::NONE, buffer)
    }
}
