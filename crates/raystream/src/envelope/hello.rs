//! The payloads of the handshake.

use super::read::Table;
use super::write::{Field, Writer};
use crate::error::EnvelopeError;
use crate::frame::FrameBuf;
use crate::id::SessionId;
use crate::limits::Limits;
use crate::suite::Suite;
use crate::window::Transport;

const MAX_CIPHERS: usize = 8;
const MAX_NAME: usize = 128;

/// What a client says of itself. It can be replayed, so nothing may follow from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientHello<'a> {
    /// The protocol version inside the encryption; see [`ClientHello::VERSION`].
    pub version: u8,
    /// Names of the suites the client would speak; the one in use is the INIT's.
    pub supported_ciphers: Vec<&'a str>,
    /// How the session's frames will travel.
    pub transport: Transport,
    /// Names the client's build.
    pub build_id: &'a str,
    /// The last transaction the client saw, when it resumes.
    pub last_txid: Option<u64>,
}

impl<'a> ClientHello<'a> {
    /// The version this is.
    pub const VERSION: u8 = 1;

    /// Appends the hello to a payload.
    pub fn encode(&self, buffer: &mut FrameBuf) {
        let (mut writer, root) = Writer::new(buffer);
        let fields = [
            Field::U8(self.version),
            Field::Child,
            Field::Child,
            Field::Child,
            Field::u64_if(self.last_txid),
        ];
        let [_, ciphers, transport, build_id, _] = writer.table(root, fields);
        writer.texts(ciphers, &self.supported_ciphers);
        writer.text(transport, transport_name(self.transport));
        writer.text(build_id, self.build_id);
    }

    /// Reads a hello.
    pub fn decode(payload: &'a [u8]) -> Result<Self, EnvelopeError> {
        let table = Table::root(payload, "ClientHello")?;
        let version = table.u8(0, "ClientHello.version")?;
        let version = version
            .filter(|&version| version == Self::VERSION)
            .ok_or(EnvelopeError::Missing("ClientHello.version"))?;
        let ciphers = "ClientHello.supported_ciphers";
        let transport = table
            .text(2, MAX_NAME, "ClientHello.transport")?
            .and_then(transport_named)
            .ok_or(EnvelopeError::Missing("ClientHello.transport"))?;
        Ok(Self {
            version,
            supported_ciphers: table.texts(1, MAX_CIPHERS, MAX_NAME, ciphers)?,
            transport,
            build_id: table
                .text(3, MAX_NAME, "ClientHello.build_id")?
                .unwrap_or_default(),
            last_txid: table.u64(4, "ClientHello.last_txid")?,
        })
    }
}

/// What the server decided about the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerHello {
    /// The session's name.
    pub session_id: SessionId,
    /// The suite of the handshake, said once more.
    pub selected_cipher: Suite,
    /// When the session ends, in Unix milliseconds by the server's clock.
    pub expires_at: u64,
    /// How long that is from now, in milliseconds.
    pub ttl_ms: u32,
    /// The largest frames the session takes.
    pub limits: Limits,
    /// Calls it takes at the same time.
    pub max_inflight: u32,
    /// Whether an earlier session lives on in this one.
    pub resumed: bool,
    /// The newest transaction, when resumed.
    pub current_txid: Option<u64>,
}

impl ServerHello {
    /// Appends the hello to a payload.
    pub fn encode(&self, buffer: &mut FrameBuf) {
        let max_frame = u32::try_from(self.limits.max_frame).unwrap_or(u32::MAX);
        let (mut writer, root) = Writer::new(buffer);
        let fields = [
            Field::U8(ClientHello::VERSION),
            Field::Child,
            Field::Child,
            Field::U64(self.expires_at),
            Field::U32(self.ttl_ms),
            Field::U32(max_frame),
            Field::U32(self.max_inflight),
            Field::U8(self.resumed.into()),
            Field::u64_if(self.current_txid),
        ];
        let [_, session_id, cipher, ..] = writer.table(root, fields);
        writer.bytes(session_id, &self.session_id.0);
        writer.text(cipher, self.selected_cipher.name());
    }

    /// Reads a hello.
    pub fn decode(payload: &[u8]) -> Result<Self, EnvelopeError> {
        let table = Table::root(payload, "ServerHello")?;
        if table.u8(0, "ServerHello.version")? != Some(ClientHello::VERSION) {
            return Err(EnvelopeError::Missing("ServerHello.version"));
        }
        let cipher = table.text(2, MAX_NAME, "ServerHello.selected_cipher")?;
        let selected_cipher = [Suite::ChaChaPoly, Suite::AesGcm]
            .into_iter()
            .find(|suite| cipher == Some(suite.name()))
            .ok_or(EnvelopeError::Missing("ServerHello.selected_cipher"))?;
        let max_frame = table.u32(5, "ServerHello.max_frame")?;
        let max_frame = max_frame
            .and_then(|bytes| usize::try_from(bytes).ok())
            .unwrap_or(Limits::DEFAULT_MAX_FRAME);
        Ok(Self {
            session_id: SessionId(table.array(1, "ServerHello.session_id")?),
            selected_cipher,
            expires_at: table.u64(3, "ServerHello.expires_at")?.unwrap_or_default(),
            ttl_ms: table
                .u32(4, "ServerHello.ttl_ms")?
                .unwrap_or(Limits::DEFAULT_TTL_MS),
            limits: Limits::with_max_frame(max_frame),
            max_inflight: table
                .u32(6, "ServerHello.max_inflight")?
                .unwrap_or(Limits::MAX_IN_FLIGHT)
                .clamp(1, Limits::MAX_IN_FLIGHT),
            resumed: table.u8(7, "ServerHello.resumed")? == Some(1),
            current_txid: table.u64(8, "ServerHello.current_txid")?,
        })
    }
}

fn transport_name(transport: Transport) -> &'static str {
    match transport {
        Transport::Http => "http",
        Transport::WebSocket => "websocket",
    }
}

fn transport_named(name: &str) -> Option<Transport> {
    [Transport::Http, Transport::WebSocket]
        .into_iter()
        .find(|t| transport_name(*t) == name)
}
