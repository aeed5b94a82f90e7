//! The known-answer session: every value of `raystream-kat.json`, which two independent
//! implementations agree on.
#![allow(
    clippy::similar_names,
    reason = "initiator and responder have the names of their trade"
)]

use serde_json::Value;

use crate::{
    CallId, Direction, Flags, FrameBuf, Incoming, Initiator, Limits, MessageType, Opener,
    Responder, Sealer, SessionId, StaticKey, Suite, Transport,
};

struct Vector(Value);

impl Vector {
    fn load() -> Self {
        Self(serde_json::from_str(include_str!("../tests/vectors/raystream-kat.json")).unwrap())
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        let text = self.0[name]
            .as_str()
            .unwrap_or_else(|| panic!("no vector {name}"));
        (0..text.len())
            .step_by(2)
            .map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap())
            .collect()
    }

    fn array<const N: usize>(&self, name: &str) -> [u8; N] {
        self.bytes(name).try_into().unwrap()
    }
}

fn append(payload: &[u8]) -> impl FnOnce(&mut FrameBuf) {
    move |buffer| buffer.bytes_mut().extend_from_slice(payload)
}

#[test]
fn the_known_session_comes_out_to_the_byte() {
    let v = Vector::load();
    let key = StaticKey::from_private(v.array("static_priv"));
    assert_eq!(key.public().0, v.array("static_pub"));
    assert_eq!(key.id().0, v.array("key_id"));
    assert_eq!(key.private().as_slice(), v.bytes("static_priv"));

    let client_hello = v.bytes("client_hello");
    let (initiator, mut init) = Initiator::start(
        Suite::ChaChaPoly,
        key.public(),
        v.array("client_eph_priv"),
        append(&client_hello),
    )
    .unwrap();
    assert_eq!(init, v.bytes("init_frame"));

    let limits = Limits::default();
    let frame = Incoming::parse(&mut init, Direction::ClientToServer, limits).unwrap();
    let (payload, responder) = Responder::accept(&[key], frame).unwrap();
    assert_eq!(payload, client_hello);
    let server_hello = v.bytes("server_hello");
    let (mut response, server) = responder
        .respond(v.array("server_eph_priv"), append(&server_hello))
        .unwrap();
    assert_eq!(response, v.bytes("response_frame"));

    let frame = Incoming::parse(&mut response, Direction::ServerToClient, limits).unwrap();
    let (payload, client) = initiator.finish(frame).unwrap();
    assert_eq!(payload, server_hello);

    let session = SessionId(v.array("session_id"));
    for side in [client, server] {
        assert_eq!(side.hash(), &v.array("handshake_hash"));
        assert_eq!(side.split[..32], v.bytes("split1"));
        assert_eq!(side.split[32..], v.bytes("split2"));
        let keys = side.into_keys(session);
        assert_eq!(*keys.client_to_server, v.array("k_c2s"));
        assert_eq!(*keys.server_to_client, v.array("k_s2c"));
        assert_eq!(*keys.resume_psk, v.array("resume_psk"));
        assert_eq!(*keys.exporter, v.array("exporter"));
    }
}

#[test]
fn the_known_frames_come_out_to_the_byte() {
    let v = Vector::load();
    let limits = Limits::default();
    for (direction, message_type, key, plain, frame) in [
        (
            Direction::ClientToServer,
            MessageType::RpcCall,
            "k_c2s",
            "rpc_call_plain",
            "rpc_call_frame",
        ),
        (
            Direction::ServerToClient,
            MessageType::RpcResponse,
            "k_s2c",
            "rpc_response_plain",
            "rpc_response_frame",
        ),
    ] {
        let plain = v.bytes(plain);
        let sealer = Sealer::new(Suite::ChaChaPoly, direction, &v.array(key), limits);
        let payload = FrameBuf::from_payload(&plain);
        let mut sealed = sealer
            .seal(message_type, CallId(1), Flags::NONE, payload)
            .unwrap();
        assert_eq!(sealed, v.bytes(frame));

        let opener = Opener::new(Suite::ChaChaPoly, Transport::Http, &v.array(key));
        let opened = opener
            .open(Incoming::parse(&mut sealed, direction, limits).unwrap())
            .unwrap();
        assert_eq!(opened.payload, plain);
        assert_eq!(
            (opened.message_type, opened.call),
            (message_type, CallId(1))
        );
    }
}
