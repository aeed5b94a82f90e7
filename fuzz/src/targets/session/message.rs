//! What a frame says, as the model keeps it.

use kontract_raystream::{
    CallId, Credit, Draft, Event, Heartbeat, Reply, Request, RpcCall, RpcError, RpcResponse,
    Subscribe,
};

/// What a frame says: its kind, its call, and a number that is in its payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message {
    pub kind: u8,
    pub call: u64,
    pub value: u32,
}

impl Message {
    /// Kind 0 to 5; the session's own have no call, and only some carry the number.
    pub fn upwards(self) -> Self {
        let session_wide = self.kind >= 4;
        let call = if session_wide { 0 } else { self.call };
        let value = if matches!(self.kind, 3 | 5) {
            0
        } else {
            self.value
        };
        Self {
            call,
            value,
            ..self
        }
    }

    pub fn downwards(self) -> Self {
        // An event's last or not is its kind: 2 or 3.
        let session_wide = self.kind >= 4;
        let call = if session_wide { 0 } else { self.call };
        let value = if self.kind == 5 { 0 } else { self.value };
        Self {
            call,
            value,
            ..self
        }
    }

    pub fn to_server(self) -> Draft {
        let (id, bytes) = (CallId(self.call), self.value.to_be_bytes());
        let credit = Credit {
            events: self.value,
            bytes: self.value,
        };
        match self.kind {
            0 => Draft::call(id, &RpcCall::new("m", &bytes, [1; 16])),
            1 => Draft::subscribe(id, &Subscribe::new("m", &bytes, credit)),
            2 => Draft::credit(id, credit),
            3 => Draft::unsubscribe(id),
            4 => Draft::heartbeat(&self.beat()),
            _ => Draft::close(),
        }
    }

    pub fn to_client(self) -> Draft {
        let (id, bytes) = (CallId(self.call), self.value.to_be_bytes());
        let event = Event {
            data: &bytes,
            resume_token: Some(&bytes),
            txid: Some(self.value.into()),
        };
        let response = RpcResponse {
            data: &bytes,
            status: 200,
            headers: vec![("a", "b")],
        };
        let message = self.value.to_string();
        let error = RpcError {
            code: "X",
            message: &message,
            status: 400,
            stack: None,
        };
        match self.kind {
            0 => Draft::response(id, &response),
            1 => Draft::error(id, &error),
            2 => Draft::event(id, &event, false),
            3 => Draft::event(id, &event, true),
            4 => Draft::heartbeat(&self.beat()),
            _ => Draft::close(),
        }
    }

    fn beat(self) -> Heartbeat {
        Heartbeat {
            timestamp: self.value.into(),
            server_time: None,
        }
    }

    pub fn of_request(request: Request<'_>) -> Self {
        let of = |kind, call: CallId, value| Self {
            kind,
            call: call.0,
            value,
        };
        match request {
            Request::Call(id, call) => of(0, id, number(call.args)),
            Request::Subscribe(id, subscribe) => of(1, id, subscribe.credit.events),
            Request::Credit(id, credit) => of(2, id, credit.bytes),
            Request::Unsubscribe(id) => of(3, id, 0),
            Request::Heartbeat(beat) => of(4, CallId::NONE, beat.timestamp as u32),
            Request::Close => of(5, CallId::NONE, 0),
        }
    }

    pub fn of_reply(reply: Reply<'_>) -> Self {
        let of = |kind, call: CallId, value| Self {
            kind,
            call: call.0,
            value,
        };
        match reply {
            Reply::Response(id, response) => of(0, id, number(response.data)),
            Reply::Error(id, error) => of(1, id, error.message.parse().expect("as written")),
            Reply::Event { call, event, last } => {
                of(if last { 3 } else { 2 }, call, number(event.data))
            }
            Reply::Heartbeat(beat) => of(4, CallId::NONE, beat.timestamp as u32),
            Reply::Close => of(5, CallId::NONE, 0),
            Reply::Clear(code) => panic!("{code:?} out of nothing"),
        }
    }
}

fn number(bytes: &[u8]) -> u32 {
    u32::from_be_bytes(bytes.try_into().expect("as written"))
}
