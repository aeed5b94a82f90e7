//! A call's result, encoded, on its way into a frame or into `trxs`.

use kontract_raystream::{CallId, Flags, FrameBuf, Limits, MessageType, RpcResponse};

use crate::host::Reply;
use crate::refusal::Refusal;
use crate::session::Session;
use crate::storage::Stored;

/// An encoded `RPC_RESPONSE`.
pub(crate) struct Answer(FrameBuf);

impl Answer {
    pub fn of(reply: &Reply, limits: Limits) -> Result<Self, Refusal> {
        let headers = reply
            .headers
            .iter()
            .map(|(k, v)| (k.as_str(), v.as_str()))
            .collect();
        let mut buffer = FrameBuf::with_capacity(reply.data.len() + 256);
        RpcResponse {
            data: &reply.data,
            status: reply.status,
            headers,
        }
        .encode(&mut buffer);
        // Before the commit: a reply that cannot be sent must not take effect.
        if buffer.payload().len() + Limits::FRAME_OVERHEAD > limits.max_frame {
            return Err(Refusal::reply_too_large());
        }
        Ok(Self(buffer))
    }

    /// What an earlier attempt of the same request was answered with.
    pub fn stored(stored: &Stored, req_hash: &[u8]) -> Result<Self, Refusal> {
        if stored.req_hash != req_hash {
            return Err(Refusal::key_reused());
        }
        match &stored.reply {
            Some(reply) => Ok(Self(FrameBuf::from_payload(reply))),
            None => Err(Refusal::reply_not_kept()),
        }
    }

    pub fn payload(&self) -> &[u8] {
        self.0.payload()
    }

    pub fn seal(self, session: &Session, id: CallId) -> Option<Vec<u8>> {
        session
            .wire
            .sealer
            .seal(MessageType::RpcResponse, id, Flags::FIN, self.0)
            .ok()
    }
}
