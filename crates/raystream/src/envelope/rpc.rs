//! The payload of `RPC_CALL`.

use sha2::{Digest, Sha256};

use super::read::Table;
use super::write::{Field, Writer};
use crate::error::EnvelopeError;
use crate::frame::FrameBuf;

pub(super) const MAX_METHOD: usize = 256;
pub(super) const MAX_TOKEN: usize = 16 * 1024;

/// One attempt of one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RpcCall<'a> {
    /// The route id.
    pub method: &'a str,
    /// The arguments, encoded by the route's own schema.
    pub args: &'a [u8],
    /// Such as the egroup and trace ids; nothing that grants anything.
    pub metadata: Vec<(&'a str, &'a str)>,
    /// Random, the same for every attempt: a gateway runs a mutating call once per key.
    pub idempotency_key: [u8; 16],
    /// See [`request_hash`]: the same key with another hash is an error.
    pub request_hash: [u8; 32],
    /// Milliseconds the caller still waits; 0: not stated.
    pub deadline_ms: u32,
    /// Hash of the route's types as the client knows them; 0: not stated.
    pub schema_hash: u64,
    /// A JWT. Absent once the session knows its user.
    pub token: Option<&'a str>,
}

/// What stays the same between the attempts of a call:
/// SHA-256("raystream-v1 request" ‖ u32 length of the method ‖ method ‖ args).
#[must_use]
pub fn request_hash(method: &str, args: &[u8]) -> [u8; 32] {
    let length = u32::try_from(method.len()).unwrap_or(u32::MAX);
    Sha256::new()
        .chain_update(b"raystream-v1 request")
        .chain_update(length.to_be_bytes())
        .chain_update(method)
        .chain_update(args)
        .finalize()
        .into()
}

impl<'a> RpcCall<'a> {
    /// A call with nothing but what every call needs.
    #[must_use]
    pub fn new(method: &'a str, args: &'a [u8], idempotency_key: [u8; 16]) -> Self {
        Self {
            method,
            args,
            metadata: Vec::new(),
            idempotency_key,
            request_hash: request_hash(method, args),
            deadline_ms: 0,
            schema_hash: 0,
            token: None,
        }
    }

    /// Appends the call to a payload.
    pub fn encode(&self, buffer: &mut FrameBuf) {
        let (mut writer, root) = Writer::new(buffer);
        let fields = [
            Field::Child,
            Field::Child,
            Field::child_if(!self.metadata.is_empty()),
            Field::Child,
            Field::Child,
            Field::U32(self.deadline_ms),
            Field::U64(self.schema_hash),
            Field::child_if(self.token.is_some()),
        ];
        let [method, args, metadata, key, hash, _, _, token] = writer.table(root, fields);
        writer.text(method, self.method);
        writer.bytes(args, self.args);
        writer.pairs_if(metadata, &self.metadata);
        writer.bytes(key, &self.idempotency_key);
        writer.bytes(hash, &self.request_hash);
        writer.text_if(token, self.token);
    }

    /// Reads a call.
    pub fn decode(payload: &'a [u8]) -> Result<Self, EnvelopeError> {
        let table = Table::root(payload, "RPCCall")?;
        let method = table.text(0, MAX_METHOD, "RPCCall.method")?;
        Ok(Self {
            method: method.ok_or(EnvelopeError::Missing("RPCCall.method"))?,
            args: table.bytes(1, "RPCCall.args")?.unwrap_or_default(),
            metadata: table.pairs(2, "RPCCall.metadata")?,
            idempotency_key: table.array(3, "RPCCall.idempotency_key")?,
            request_hash: table.array(4, "RPCCall.request_hash")?,
            deadline_ms: table.u32(5, "RPCCall.deadline_ms")?.unwrap_or_default(),
            schema_hash: table.u64(6, "RPCCall.schema_hash")?.unwrap_or_default(),
            token: table.text(7, MAX_TOKEN, "RPCCall.token")?,
        })
    }
}
