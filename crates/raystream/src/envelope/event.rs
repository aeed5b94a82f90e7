//! The payloads of SUBSCRIBE and EVENT.

use super::read::Table;
use super::rpc::{MAX_METHOD, MAX_TOKEN};
use super::write::{Field, Writer};
use crate::error::EnvelopeError;
use crate::frame::FrameBuf;
use crate::session::Credit;

const MAX_RESUME_TOKEN: usize = 512;

/// A request for events. The frame's call id names the subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscribe<'a> {
    /// What to follow.
    pub method: &'a str,
    /// Its arguments, encoded by its own schema.
    pub args: &'a [u8],
    /// As in a call.
    pub metadata: Vec<(&'a str, &'a str)>,
    /// What the client takes before it says more.
    pub credit: Credit,
    /// The last event's, to go on behind it.
    pub resume_token: Option<&'a [u8]>,
    /// Hash of the types as the client knows them; 0: not stated.
    pub schema_hash: u64,
    /// A JWT. Absent once the session knows its user.
    pub token: Option<&'a str>,
}

impl<'a> Subscribe<'a> {
    /// A subscription from now on.
    #[must_use]
    pub fn new(method: &'a str, args: &'a [u8], credit: Credit) -> Self {
        Self {
            method,
            args,
            metadata: Vec::new(),
            credit,
            resume_token: None,
            schema_hash: 0,
            token: None,
        }
    }

    /// Appends the request to a payload.
    pub fn encode(&self, buffer: &mut FrameBuf) {
        let (mut writer, root) = Writer::new(buffer);
        let fields = [
            Field::Child,
            Field::Child,
            Field::child_if(!self.metadata.is_empty()),
            Field::U32(self.credit.events),
            Field::U32(self.credit.bytes),
            Field::child_if(self.resume_token.is_some()),
            Field::U64(self.schema_hash),
            Field::child_if(self.token.is_some()),
        ];
        let [method, args, metadata, _, _, resume_token, _, token] = writer.table(root, fields);
        writer.text(method, self.method);
        writer.bytes(args, self.args);
        writer.pairs_if(metadata, &self.metadata);
        if let Some(bytes) = self.resume_token {
            writer.bytes(resume_token, bytes);
        }
        writer.text_if(token, self.token);
    }

    /// Reads a request.
    pub fn decode(payload: &'a [u8]) -> Result<Self, EnvelopeError> {
        let table = Table::root(payload, "Subscribe")?;
        let method = table.text(0, MAX_METHOD, "Subscribe.method")?;
        let credit = Credit {
            events: table.u32(3, "Subscribe.credit_events")?.unwrap_or_default(),
            bytes: table.u32(4, "Subscribe.credit_bytes")?.unwrap_or_default(),
        };
        Ok(Self {
            method: method.ok_or(EnvelopeError::Missing("Subscribe.method"))?,
            args: table.bytes(1, "Subscribe.args")?.unwrap_or_default(),
            metadata: table.pairs(2, "Subscribe.metadata")?,
            credit,
            resume_token: table.bytes_within(5, MAX_RESUME_TOKEN, "Subscribe.resume_token")?,
            schema_hash: table.u64(6, "Subscribe.schema_hash")?.unwrap_or_default(),
            token: table.text(7, MAX_TOKEN, "Subscribe.token")?,
        })
    }
}

impl Credit {
    /// Appends the credit to a payload.
    pub fn encode(&self, buffer: &mut FrameBuf) {
        let (mut writer, root) = Writer::new(buffer);
        writer.table(root, [Field::U32(self.events), Field::U32(self.bytes)]);
    }

    /// Reads a credit.
    pub fn decode(payload: &[u8]) -> Result<Self, EnvelopeError> {
        let table = Table::root(payload, "Credit")?;
        Ok(Self {
            events: table.u32(0, "Credit.events")?.unwrap_or_default(),
            bytes: table.u32(1, "Credit.bytes")?.unwrap_or_default(),
        })
    }
}

/// Something that happened. The frame's call id names the subscription, its flag FIN the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event<'a> {
    /// What happened, encoded by the source's own schema. Its length is what credit counts.
    pub data: &'a [u8],
    /// Names this place in the stream: what a later subscription goes on behind.
    pub resume_token: Option<&'a [u8]>,
    /// The transaction it tells of.
    pub txid: Option<u64>,
}

impl<'a> Event<'a> {
    /// Appends the event to a payload.
    pub fn encode(&self, buffer: &mut FrameBuf) {
        let (mut writer, root) = Writer::new(buffer);
        let resume_token = Field::child_if(self.resume_token.is_some());
        let fields = [Field::Child, resume_token, Field::u64_if(self.txid)];
        let [data, resume_token, _] = writer.table(root, fields);
        writer.bytes(data, self.data);
        if let Some(bytes) = self.resume_token {
            writer.bytes(resume_token, bytes);
        }
    }

    /// Reads an event.
    pub fn decode(payload: &'a [u8]) -> Result<Self, EnvelopeError> {
        let table = Table::root(payload, "Event")?;
        Ok(Self {
            data: table.bytes(0, "Event.data")?.unwrap_or_default(),
            resume_token: table.bytes_within(1, MAX_RESUME_TOKEN, "Event.resume_token")?,
            txid: table.u64(2, "Event.txid")?,
        })
    }
}
