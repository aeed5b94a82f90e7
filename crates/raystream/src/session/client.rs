//! A session as the client has it.

use super::{Opener, Sealer};
use crate::envelope::{Heartbeat, RpcCall, RpcError, RpcResponse, ServerHello};
use crate::error::{ReceiveError, SealError};
use crate::frame::{ClearCode, Direction, Flags, FrameBuf, Incoming, MessageType};
use crate::id::{CallId, SessionId};
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
}

/// What a server answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply<'a> {
    /// The call's result.
    Response(CallId, RpcResponse<'a>),
    /// The call's failure.
    Error(CallId, RpcError<'a>),
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
        keys: &SessionKeys,
        hello: ServerHello,
    ) -> Self {
        let direction = Direction::ClientToServer;
        Self {
            sealer: Sealer::new(suite, direction, &keys.client_to_server, hello.limits),
            opener: Opener::new(suite, transport, &keys.server_to_client),
            hello,
        }
    }

    /// The session's name: its route is `/raystream/v1/s/{id}`.
    #[must_use]
    pub fn id(&self) -> SessionId {
        self.hello.session_id
    }

    /// A frame that calls. Each attempt is sealed anew; call id, idempotency key and request hash
    /// stay.
    pub fn seal_call(&self, id: CallId, call: &RpcCall<'_>) -> Result<Vec<u8>, SealError> {
        let mut buffer = FrameBuf::with_capacity(call.args.len() + 512);
        call.encode(&mut buffer);
        self.sealer
            .seal(MessageType::RpcCall, id, Flags::FIN, buffer)
    }

    /// A frame that asks whether the server is there.
    pub fn seal_heartbeat(&self, timestamp: u64) -> Result<Vec<u8>, SealError> {
        let mut buffer = FrameBuf::with_capacity(64);
        Heartbeat {
            timestamp,
            server_time: None,
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

    /// Opens and decodes what the server sent, in place.
    pub fn open<'a>(&self, frame: &'a mut [u8]) -> Result<Reply<'a>, ReceiveError> {
        let frame = Incoming::parse(frame, Direction::ServerToClient, self.hello.limits)?;
        if frame.header().is_clear() {
            let code = ClearCode::decode(frame.into_parts().payload);
            return code.map(Reply::Clear).map_err(|_| ReceiveError::Clear);
        }
        let opened = self.opener.open(frame)?;
        let call = opened.call;
        let malformed = |error| ReceiveError::Envelope { call, error };
        match opened.message_type {
            MessageType::RpcResponse => Ok(Reply::Response(
                call,
                RpcResponse::decode(opened.payload).map_err(malformed)?,
            )),
            MessageType::RpcError => Ok(Reply::Error(
                call,
                RpcError::decode(opened.payload).map_err(malformed)?,
            )),
            MessageType::Heartbeat => Ok(Reply::Heartbeat(
                Heartbeat::decode(opened.payload).map_err(malformed)?,
            )),
            MessageType::Close => Ok(Reply::Close),
            message_type => Err(ReceiveError::Unexpected { call, message_type }),
        }
    }
}
