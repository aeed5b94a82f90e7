//! A message that has no sequence yet.

use crate::envelope::{Event, Heartbeat, RpcCall, RpcError, RpcResponse, Subscribe};
use crate::frame::{Flags, FrameBuf, MessageType};
use crate::id::CallId;
use crate::session::Credit;

/// What is to be sealed: [`Sealer::seal`](crate::Sealer::seal) does so at once,
/// [`Sealer::reserve`](crate::Sealer::reserve) lets the host's cipher do it.
#[derive(Debug, Clone)]
pub struct Draft {
    pub(crate) message_type: MessageType,
    pub(crate) call: CallId,
    pub(crate) flags: Flags,
    pub(crate) payload: FrameBuf,
}

impl Draft {
    /// A message of any kind, its payload as it is.
    #[must_use]
    pub fn new(message_type: MessageType, call: CallId, flags: Flags, payload: FrameBuf) -> Self {
        Self {
            message_type,
            call,
            flags,
            payload,
        }
    }

    /// A call: one frame, so also its last.
    #[must_use]
    pub fn call(id: CallId, call: &RpcCall<'_>) -> Self {
        let room = call.args.len() + 512;
        Self::write(MessageType::RpcCall, id, Flags::FIN, room, |b| {
            call.encode(b);
        })
    }

    /// A call's result.
    #[must_use]
    pub fn response(id: CallId, response: &RpcResponse<'_>) -> Self {
        let room = response.data.len() + 256;
        Self::write(MessageType::RpcResponse, id, Flags::FIN, room, |b| {
            response.encode(b);
        })
    }

    /// A call's or subscription's failure.
    #[must_use]
    pub fn error(id: CallId, error: &RpcError<'_>) -> Self {
        let room = error.message.len() + 256;
        Self::write(MessageType::RpcError, id, Flags::FIN, room, |b| {
            error.encode(b);
        })
    }

    /// A request for events.
    #[must_use]
    pub fn subscribe(id: CallId, subscribe: &Subscribe<'_>) -> Self {
        let room = subscribe.args.len() + 512;
        Self::write(MessageType::Subscribe, id, Flags::NONE, room, |b| {
            subscribe.encode(b);
        })
    }

    /// More credit for a subscription.
    #[must_use]
    pub fn credit(id: CallId, credit: Credit) -> Self {
        Self::write(MessageType::Subscribe, id, Flags::CREDIT, 32, |b| {
            credit.encode(b);
        })
    }

    /// The client's end of a subscription.
    #[must_use]
    pub fn unsubscribe(id: CallId) -> Self {
        Self::write(MessageType::Subscribe, id, Flags::FIN, 0, |_| ())
    }

    /// An event, the subscription's last or not.
    #[must_use]
    pub fn event(id: CallId, event: &Event<'_>, last: bool) -> Self {
        let flags = if last { Flags::FIN } else { Flags::NONE };
        let room = event.data.len() + 128;
        Self::write(MessageType::Event, id, flags, room, |b| event.encode(b))
    }

    /// A sign of life, or its answer.
    #[must_use]
    pub fn heartbeat(heartbeat: &Heartbeat) -> Self {
        let (kind, id) = (MessageType::Heartbeat, CallId::NONE);
        Self::write(kind, id, Flags::NONE, 64, |b| heartbeat.encode(b))
    }

    /// The end of the session.
    #[must_use]
    pub fn close() -> Self {
        Self::write(MessageType::Close, CallId::NONE, Flags::NONE, 0, |_| ())
    }

    /// The same, its length hidden among its neighbours' (flag PADDED).
    #[must_use]
    pub fn padded(mut self) -> Self {
        self.flags = self.flags | Flags::PADDED;
        self
    }

    fn write(
        message_type: MessageType,
        call: CallId,
        flags: Flags,
        room: usize,
        encode: impl FnOnce(&mut FrameBuf),
    ) -> Self {
        let mut payload = FrameBuf::with_capacity(room);
        encode(&mut payload);
        Self::new(message_type, call, flags, payload)
    }
}
