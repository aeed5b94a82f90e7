//! What the C ABI calls: several sessions, one input buffer, one output buffer, one view.

use kontract_raystream::{
    CallId, ClientHandshake, ClientSession, PublicKey, RpcCall, Suite, Transport,
};

use crate::code::Code;

/// Words of the view.
pub const VIEW_LEN: usize = 12;

/// The largest input: a frame at the protocol's limit, with room for what describes a call.
const MAX_INPUT: usize = 17 * 1024 * 1024;

pub(crate) enum Slot {
    Free,
    Handshake(Box<ClientHandshake>),
    Session(Box<ClientSession>),
}

/// How the input of a call is divided: `method ‖ token ‖ metadata ‖ idempotency key[16] ‖ args`.
/// Metadata is a sequence of `u16 key length ‖ u16 value length ‖ key ‖ value`, little-endian.
#[derive(Debug, Clone, Copy)]
pub struct CallParts {
    /// The logical call.
    pub call: CallId,
    /// Bytes of the method.
    pub method: usize,
    /// Bytes of the token; 0 for none.
    pub token: usize,
    /// Bytes of the metadata.
    pub metadata: usize,
    /// Milliseconds the caller still waits.
    pub deadline_ms: u32,
    /// The route's schema hash.
    pub schema_hash: u64,
}

/// All sessions of one client, and the buffers they share.
#[derive(Default)]
pub struct Engine {
    pub(crate) slots: Vec<Slot>,
    pub(crate) input: Vec<u8>,
    pub(crate) output: Vec<u8>,
    pub(crate) view: [u32; VIEW_LEN],
}

impl Engine {
    /// The input buffer, emptied and given this length. Its old content is wiped: it may hold
    /// plaintext.
    pub fn input(&mut self, length: usize) -> Option<&mut [u8]> {
        if length > MAX_INPUT {
            return None;
        }
        self.input.clear();
        self.input.resize(length, 0);
        Some(&mut self.input)
    }

    /// The input buffer as it is: after [`Engine::open`] it holds the plaintext.
    #[must_use]
    pub fn input_bytes(&self) -> &[u8] {
        &self.input
    }

    /// The output buffer.
    #[must_use]
    pub fn output(&self) -> &[u8] {
        &self.output
    }

    /// The view: numbers, and places in the input.
    #[must_use]
    pub fn view(&self) -> &[u32; VIEW_LEN] {
        &self.view
    }

    /// Starts a handshake. Input: `pin[32] ‖ ephemeral[32] ‖ build id`. Output: the INIT frame.
    /// Returns the handle.
    pub fn start(&mut self, suite: Suite, transport: Transport) -> Result<usize, Code> {
        let (pin, ephemeral, build_id) = hello(&self.input)?;
        let started = ClientHandshake::start(suite, transport, pin, build_id, ephemeral);
        Ok(self.begin(started?))
    }

    /// Starts a handshake that resumes this session, which can be done once and leaves the session
    /// as it is. Input, output and result as of [`Engine::start`]; `Code::Handle` if there is nothing
    /// left to resume with.
    pub fn resume(
        &mut self,
        handle: usize,
        transport: Transport,
        last_txid: Option<u64>,
    ) -> Result<usize, Code> {
        let (pin, ephemeral, build_id) = hello(&self.input)?;
        let ticket = session(&self.slots, handle)?.take_ticket();
        let ticket = ticket.ok_or(Code::Handle)?;
        let started =
            ClientHandshake::resume(ticket, transport, pin, build_id, last_txid, ephemeral);
        Ok(self.begin(started?))
    }

    fn begin(&mut self, (handshake, frame): (ClientHandshake, Vec<u8>)) -> usize {
        self.output = frame;
        // The ephemeral secret must not outlive the handshake.
        self.input.fill(0);
        let free = self
            .slots
            .iter()
            .position(|slot| matches!(slot, Slot::Free));
        let handle = free.unwrap_or_else(|| {
            self.slots.push(Slot::Free);
            self.slots.len() - 1
        });
        self.slots[handle] = Slot::Handshake(Box::new(handshake));
        handle
    }

    /// Ends a handshake, one way or the other. Input: the RESPONSE frame. Output: the session id as
    /// text. View: ttl in ms, largest frame, calls in flight, whether resumed, whether there is a
    /// current transaction, and which (low, high). A failed handshake frees the handle.
    pub fn finish(&mut self, handle: usize) -> Result<(), Code> {
        let slot = self.slots.get_mut(handle).ok_or(Code::Handle)?;
        let handshake = match std::mem::replace(slot, Slot::Free) {
            Slot::Handshake(handshake) => handshake,
            other => {
                *slot = other;
                return Err(Code::Handle);
            }
        };
        let session = handshake.finish(&mut self.input)?;
        self.output = session.id().to_string().into_bytes();
        self.view = [0; _];
        self.view[0] = session.hello.ttl_ms;
        self.view[1] = place(session.hello.limits.max_frame);
        self.view[2] = session.hello.max_inflight;
        self.view[3] = session.hello.resumed.into();
        self.view[4] = session.hello.current_txid.is_some().into();
        [self.view[5], self.view[6]] = halves(session.hello.current_txid.unwrap_or_default());
        *slot = Slot::Session(Box::new(session));
        Ok(())
    }

    /// Seals a call. Input: see [`CallParts`]. Output: the frame.
    pub fn call(&mut self, handle: usize, parts: CallParts) -> Result<(), Code> {
        let session = session(&self.slots, handle)?;
        let (method, rest) = split(&self.input, parts.method)?;
        let (token, rest) = split(rest, parts.token)?;
        let (metadata, rest) = split(rest, parts.metadata)?;
        let (key, args) = rest.split_first_chunk::<16>().ok_or(Code::Input)?;
        let call = RpcCall {
            metadata: pairs(metadata)?,
            deadline_ms: parts.deadline_ms,
            schema_hash: parts.schema_hash,
            token: (!token.is_empty()).then(|| text(token)).transpose()?,
            ..RpcCall::new(text(method)?, args, *key)
        };
        self.output = session.seal_call(parts.call, &call)?;
        Ok(())
    }

    /// Seals a heartbeat. Output: the frame.
    pub fn heartbeat(&mut self, handle: usize, timestamp: u64) -> Result<(), Code> {
        self.output = session(&self.slots, handle)?.seal_heartbeat(timestamp)?;
        Ok(())
    }

    /// Seals the end of the session. Output: the frame.
    pub fn close(&mut self, handle: usize) -> Result<(), Code> {
        self.output = session(&self.slots, handle)?.seal_close()?;
        Ok(())
    }

    /// Whether half of the session's frames are used, in either direction.
    #[must_use]
    pub fn should_renew(&self, handle: usize) -> bool {
        session(&self.slots, handle).is_ok_and(ClientSession::wants_new_session)
    }

    /// Forgets a session or handshake and wipes its keys.
    pub fn free(&mut self, handle: usize) {
        if let Some(slot) = self.slots.get_mut(handle) {
            *slot = Slot::Free;
        }
        self.input.fill(0);
    }
}

/// `pin[32] ‖ ephemeral[32] ‖ build id`
fn hello(input: &[u8]) -> Result<(PublicKey, [u8; 32], &str), Code> {
    let (pin, rest) = input.split_first_chunk().ok_or(Code::Input)?;
    let (ephemeral, build_id) = rest.split_first_chunk().ok_or(Code::Input)?;
    Ok((PublicKey(*pin), *ephemeral, text(build_id)?))
}

pub(crate) fn session(slots: &[Slot], handle: usize) -> Result<&ClientSession, Code> {
    match slots.get(handle) {
        Some(Slot::Session(session)) => Ok(session),
        _ => Err(Code::Handle),
    }
}

pub(crate) fn split(bytes: &[u8], at: usize) -> Result<(&[u8], &[u8]), Code> {
    bytes.split_at_checked(at).ok_or(Code::Input)
}

pub(crate) fn text(bytes: &[u8]) -> Result<&str, Code> {
    std::str::from_utf8(bytes).map_err(|_| Code::Input)
}

pub(crate) fn pairs(mut bytes: &[u8]) -> Result<Vec<(&str, &str)>, Code> {
    let mut pairs = Vec::new();
    while !bytes.is_empty() {
        let ([k0, k1, v0, v1], rest) = bytes.split_first_chunk().ok_or(Code::Input)?;
        let (key, rest) = split(rest, u16::from_le_bytes([*k0, *k1]).into())?;
        let (value, rest) = split(rest, u16::from_le_bytes([*v0, *v1]).into())?;
        pairs.push((text(key)?, text(value)?));
        bytes = rest;
    }
    Ok(pairs)
}

pub(crate) fn write_pairs(output: &mut Vec<u8>, pairs: &[(&str, &str)]) {
    for (key, value) in pairs {
        for text in [key, value] {
            let length = u16::try_from(text.len()).expect("the decoder's budget is 8 KiB");
            output.extend_from_slice(&length.to_le_bytes());
        }
        output.extend_from_slice(key.as_bytes());
        output.extend_from_slice(value.as_bytes());
    }
}

/// A place or length in the input, which is below 17 MiB.
pub(crate) fn place(value: usize) -> u32 {
    u32::try_from(value).expect("buffers are far below 4 GiB")
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the low half is what is wanted"
)]
pub(crate) fn halves(value: u64) -> [u32; 2] {
    [value as u32, (value >> 32) as u32]
}
