//! `raystream-sessions.json`: handshakes, keys and frames as a second implementation has them
//! (`tests/vectors/generate.mjs`).

use serde_json::Value;

use super::Report;
use crate::{
    CallId, Direction, Draft, Flags, FrameBuf, HandshakeOutput, Incoming, Initiator, Limits,
    MessageType, Opener, Responder, ResumePsk, ResumeTicket, Sealer, SessionId, StaticKey, Suite,
    Transport,
};

pub fn run() -> Report {
    let mut report = Report::new("raystream's own sessions", 116);
    let text = include_str!("../tests/vectors/raystream-sessions.json");
    let sessions: Vec<Value> = serde_json::from_str(text).expect("JSON");
    for session in &sessions {
        let vector = Vector {
            session,
            suite: match text_of(&session["suite"]) {
                "aes-256-gcm" => Suite::AesGcm,
                _ => Suite::ChaChaPoly,
            },
        };
        handshake(&vector, &mut report);
        frames(&vector, &mut report);
    }
    report
}

struct Vector<'a> {
    session: &'a Value,
    suite: Suite,
}

impl Vector<'_> {
    fn bytes(&self, name: &str) -> Vec<u8> {
        bytes(&self.session[name])
    }

    fn array<const N: usize>(&self, name: &str) -> [u8; N] {
        array(&self.session[name])
    }

    fn check(&self, report: &mut Report, name: &str, value: &[u8]) {
        let suite = self.suite.name();
        report.check(value == self.bytes(name), || format!("{suite}: {name}"));
    }

    fn old_session(&self) -> Option<(SessionId, ResumePsk)> {
        let resumes = self.session["resumes"].as_object()?;
        let suite = match self.suite {
            Suite::ChaChaPoly => 1,
            Suite::AesGcm => 2,
        };
        let stored = [&[suite], &bytes(&resumes["psk"])[..]].concat();
        let psk = ResumePsk::from_stored(&stored).expect("a stored PSK");
        Some((SessionId(array(&resumes["session_id"])), psk))
    }
}

fn handshake(vector: &Vector<'_>, report: &mut Report) {
    let key = StaticKey::from_private(vector.array("static_priv"));
    vector.check(report, "static_pub", &key.public().0);
    vector.check(report, "key_id", &key.id().0);
    let (hello, ephemeral) = (
        vector.bytes("client_hello"),
        vector.array("client_eph_priv"),
    );
    let write = |buffer: &mut FrameBuf| buffer.extend(&hello);
    let started = match vector.old_session() {
        None => Initiator::start(vector.suite, key.public(), ephemeral, write),
        Some((session, psk)) => {
            let ticket = ResumeTicket::new(session, psk);
            Initiator::resume(ticket, key.public(), ephemeral, write)
        }
    };
    let (initiator, mut init) = started.expect("an INIT");
    vector.check(report, "init_frame", &init);

    let limits = Limits::default();
    let frame = Incoming::parse(&mut init, Direction::ClientToServer, limits).expect("a frame");
    let accepted = match vector.old_session() {
        None => Responder::accept(&[key], frame),
        Some((session, psk)) => {
            assert_eq!(frame.resumes(), Some(session));
            Responder::accept_resume(&[key], frame, psk)
        }
    };
    let (payload, responder) = accepted.expect("an INIT that opens");
    report.check(payload == hello, || "client_hello".into());
    let hello = vector.bytes("server_hello");
    let (mut response, server) = responder
        .respond(vector.array("server_eph_priv"), |b| b.extend(&hello))
        .expect("a RESPONSE");
    vector.check(report, "response_frame", &response);
    let frame = Incoming::parse(&mut response, Direction::ServerToClient, limits);
    let (payload, client) = initiator.finish(frame.expect("a frame")).expect("it opens");
    report.check(payload == hello, || "server_hello".into());
    keys(vector, client, report);
    keys(vector, server, report);
}

fn keys(vector: &Vector<'_>, output: HandshakeOutput, report: &mut Report) {
    vector.check(report, "handshake_hash", output.hash());
    let keys = output.into_keys(SessionId(vector.array("session_id")));
    vector.check(report, "k_c2s", keys.client_to_server.as_slice());
    vector.check(report, "k_s2c", keys.server_to_client.as_slice());
    vector.check(report, "resume_psk", keys.resume_psk.as_slice());
    vector.check(report, "exporter", keys.exporter.as_slice());
}

fn frames(vector: &Vector<'_>, report: &mut Report) {
    let limits = Limits::default();
    for (direction, name) in [
        (Direction::ClientToServer, "c2s"),
        (Direction::ServerToClient, "s2c"),
    ] {
        let key = vector.array(&format!("k_{name}"));
        let sealer = Sealer::new(vector.suite, direction, &key, limits);
        let opener = Opener::new(vector.suite, Transport::WebSocket, &key);
        let all = vector.session["frames"].as_array().expect("frames");
        for expected in all.iter().filter(|frame| frame["direction"] == name) {
            let number = |name: &str| expected[name].as_u64().expect("a number");
            let message_type = message_type(number("type"));
            let flags = u16::try_from(number("flags")).expect("16 bits");
            let flags = Flags::from_bits(flags).expect("flags");
            let call = CallId(number("call"));
            let plain = bytes(&expected["plain"]);
            let payload = FrameBuf::from_payload(&plain);
            let draft = Draft::new(message_type, call, flags, payload);
            let mut wire = sealer.seal_draft(draft).expect("a frame");
            let same = wire == bytes(&expected["frame"]);
            let frame = Incoming::parse(&mut wire, direction, limits).expect("a frame");
            let got = opener.open(frame).expect("it opens");
            let read = (got.message_type, got.call, got.payload);
            let passed = same && read == (message_type, call, &plain[..]);
            report.check(passed, || format!("{name} {message_type:?} {flags:?}"));
        }
    }
}

fn message_type(byte: u64) -> MessageType {
    [
        MessageType::RpcCall,
        MessageType::RpcResponse,
        MessageType::RpcError,
        MessageType::Subscribe,
        MessageType::Event,
        MessageType::Heartbeat,
        MessageType::Close,
    ]
    .into_iter()
    .find(|kind| u64::from(*kind as u8) == byte)
    .expect("a message type")
}

fn text_of(value: &Value) -> &str {
    value.as_str().expect("text")
}

fn bytes(value: &Value) -> Vec<u8> {
    let digits = text_of(value).as_bytes().chunks_exact(2);
    let byte = |pair| u8::from_str_radix(str::from_utf8(pair).expect("ASCII"), 16).expect("hex");
    digits.map(byte).collect()
}

fn array<const N: usize>(value: &Value) -> [u8; N] {
    bytes(value).try_into().expect("of this length")
}
