//! The payload of HEARTBEAT.

use super::read::Table;
use super::write::{Field, Writer};
use crate::error::EnvelopeError;
use crate::frame::FrameBuf;

/// A sign of life, or its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heartbeat {
    /// Whatever the asking side put in: its time in milliseconds.
    pub timestamp: u64,
    /// The server's time in Unix milliseconds, in answers.
    pub server_time: Option<u64>,
}

impl Heartbeat {
    /// Appends the heartbeat to a payload.
    pub fn encode(&self, buffer: &mut FrameBuf) {
        let (mut writer, root) = Writer::new(buffer);
        writer.table(
            root,
            [Field::U64(self.timestamp), Field::u64_if(self.server_time)],
        );
    }

    /// Reads a heartbeat.
    pub fn decode(payload: &[u8]) -> Result<Self, EnvelopeError> {
        let table = Table::root(payload, "Heartbeat")?;
        Ok(Self {
            timestamp: table.u64(0, "Heartbeat.timestamp")?.unwrap_or_default(),
            server_time: table.u64(1, "Heartbeat.server_time")?,
        })
    }
}
