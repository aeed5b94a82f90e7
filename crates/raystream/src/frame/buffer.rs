//! A frame under construction: the payload is written where it will be encrypted and sent.

use std::ops::Range;

use super::header::Header;
use crate::id::CallId;
use crate::limits::Limits;

pub(crate) const NONCE: Range<usize> = 16..28;
pub(crate) const PAYLOAD: usize = 28;

/// A buffer with room for header and nonce in front of the payload.
#[derive(Debug, Clone)]
pub struct FrameBuf {
    bytes: Vec<u8>,
}

impl FrameBuf {
    /// An empty payload with room for this many bytes.
    #[must_use]
    pub fn with_capacity(payload: usize) -> Self {
        let mut bytes = Vec::with_capacity(payload + Limits::FRAME_OVERHEAD);
        bytes.resize(PAYLOAD, 0);
        Self { bytes }
    }

    /// A copy of a finished payload.
    #[must_use]
    pub fn from_payload(payload: &[u8]) -> Self {
        let mut buffer = Self::with_capacity(payload.len());
        buffer.bytes.extend_from_slice(payload);
        buffer
    }

    /// What has been written so far.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.bytes[PAYLOAD..]
    }

    /// Appends to the payload.
    pub fn extend(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Where to write the payload: the end of the vector; its first 28 bytes are not the payload's.
    pub(crate) fn bytes_mut(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Bytes the finished frame will have.
    pub(crate) fn frame_len(&self) -> usize {
        self.bytes.len() - PAYLOAD + Limits::FRAME_OVERHEAD
    }

    /// Writes header and nonce, lets `seal(payload)` encrypt, appends its tag.
    pub(crate) fn finish<E>(
        self,
        header: Header,
        call: CallId,
        seal: impl FnOnce(&mut [u8]) -> Result<[u8; 16], E>,
    ) -> Result<Vec<u8>, E> {
        let mut bytes = self.place(header, call);
        let tag = seal(&mut bytes[PAYLOAD..])?;
        bytes.extend_from_slice(&tag);
        Ok(bytes)
    }

    /// Writes header and nonce in front of the payload: all of a frame but its tag.
    pub(crate) fn place(mut self, header: Header, call: CallId) -> Vec<u8> {
        self.bytes[..Header::LEN].copy_from_slice(&header.to_bytes());
        let (id, counter) = self.bytes[NONCE].split_at_mut(8);
        id.copy_from_slice(&call.0.to_be_bytes());
        counter.copy_from_slice(&header.sequence.to_be_bytes());
        self.bytes
    }
}
