//! The payloads of `RPC_RESPONSE` and `RPC_ERROR`.

use super::read::Table;
use super::write::{Field, Writer};
use crate::error::EnvelopeError;
use crate::frame::FrameBuf;

const MAX_CODE: usize = 64;
const MAX_MESSAGE: usize = 16 * 1024;
const MAX_STACK: usize = 64 * 1024;

/// A call's result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RpcResponse<'a> {
    /// The value, encoded by the route's own schema.
    pub data: &'a [u8],
    /// HTTP status.
    pub status: u16,
    /// HTTP headers.
    pub headers: Vec<(&'a str, &'a str)>,
}

impl<'a> RpcResponse<'a> {
    /// Appends the response to a payload.
    pub fn encode(&self, buffer: &mut FrameBuf) {
        let (mut writer, root) = Writer::new(buffer);
        let headers = Field::child_if(!self.headers.is_empty());
        let fields = [Field::Child, Field::U16(self.status), headers];
        let [data, _, headers] = writer.table(root, fields);
        writer.bytes(data, self.data);
        writer.pairs_if(headers, &self.headers);
    }

    /// Reads a response.
    pub fn decode(payload: &'a [u8]) -> Result<Self, EnvelopeError> {
        let table = Table::root(payload, "RPCResponse")?;
        Ok(Self {
            data: table.bytes(0, "RPCResponse.data")?.unwrap_or_default(),
            status: table.u16(1, "RPCResponse.status")?.unwrap_or(200),
            headers: table.pairs(2, "RPCResponse.headers")?,
        })
    }
}

/// A call's failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RpcError<'a> {
    /// Names the error, such as `NOT_FOUND`.
    pub code: &'a str,
    /// For people.
    pub message: &'a str,
    /// HTTP status.
    pub status: u16,
    /// Where it was thrown; in development only.
    pub stack: Option<&'a str>,
}

impl<'a> RpcError<'a> {
    /// Appends the error to a payload. Texts beyond their budget are cut, or no client would read
    /// the error.
    pub fn encode(&self, buffer: &mut FrameBuf) {
        let (mut writer, root) = Writer::new(buffer);
        let stack = Field::child_if(self.stack.is_some());
        let fields = [Field::Child, Field::Child, Field::U16(self.status), stack];
        let [code, message, _, stack] = writer.table(root, fields);
        writer.text(code, cut(self.code, MAX_CODE));
        writer.text(message, cut(self.message, MAX_MESSAGE));
        writer.text_if(stack, self.stack.map(|stack| cut(stack, MAX_STACK)));
    }

    /// Reads an error.
    pub fn decode(payload: &'a [u8]) -> Result<Self, EnvelopeError> {
        let table = Table::root(payload, "RPCError")?;
        let code = table.text(0, MAX_CODE, "RPCError.error_code")?;
        Ok(Self {
            code: code.ok_or(EnvelopeError::Missing("RPCError.error_code"))?,
            message: table
                .text(1, MAX_MESSAGE, "RPCError.error_message")?
                .unwrap_or_default(),
            status: table.u16(2, "RPCError.status")?.unwrap_or(500),
            stack: table.text(3, MAX_STACK, "RPCError.stack_trace")?,
        })
    }
}

fn cut(text: &str, budget: usize) -> &str {
    &text[..text.floor_char_boundary(budget)]
}
