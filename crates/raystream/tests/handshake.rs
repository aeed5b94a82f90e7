//! The handshake: what it opens, and against those who should not get through.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use kontract_raystream::{
    CallId, ClearCode, ClientHandshake, FrameBuf, HandshakeError, Initiator, Limits, PublicKey,
    Reply, Request, RpcCall, RpcError, RpcResponse, ServerHandshake, StaticKey, Suite, Transport,
};

mod common;
use common::{SUITES, gateway_key, open_session, parameters};

const HEADER: usize = 28;

#[test]
fn a_session_carries_calls_and_every_kind_of_answer() {
    for suite in SUITES {
        let (client, server) = open_session(suite);
        assert_eq!(client.id(), server.id());
        assert_eq!(client.hello.max_inflight, 64);

        let call = RpcCall {
            metadata: vec![("egroup", "v1"), ("trace", "")],
            deadline_ms: 5,
            schema_hash: u64::MAX,
            token: Some("a.b.c"),
            ..RpcCall::new("addTodo", b"\x01\x02", [8; 16])
        };
        let mut frame = client.seal_call(CallId(7), &call).unwrap();
        assert_eq!(server.open(&mut frame), Ok(Request::Call(CallId(7), call)));

        let response = RpcResponse {
            data: b"done",
            status: 201,
            headers: vec![("a", "b")],
        };
        let mut frame = server.seal_response(CallId(7), &response).unwrap();
        assert_eq!(
            client.open(&mut frame),
            Ok(Reply::Response(CallId(7), response))
        );

        let error = RpcError {
            code: "NOT_FOUND",
            message: "gone",
            status: 404,
            stack: Some("at"),
        };
        let mut frame = server.seal_error(CallId(8), &error).unwrap();
        assert_eq!(client.open(&mut frame), Ok(Reply::Error(CallId(8), error)));

        let mut frame = client.seal_heartbeat(12).unwrap();
        let Ok(Request::Heartbeat(asked)) = server.open(&mut frame) else {
            panic!("no heartbeat")
        };
        let mut frame = server.seal_heartbeat(asked, 34).unwrap();
        let Ok(Reply::Heartbeat(answer)) = client.open(&mut frame) else {
            panic!("no heartbeat")
        };
        assert_eq!((answer.timestamp, answer.server_time), (12, Some(34)));

        let mut frame = client.seal_close().unwrap();
        assert_eq!(server.open(&mut frame), Ok(Request::Close));
    }
}

#[test]
fn another_key_with_the_right_id_gets_nowhere() {
    let key = gateway_key();
    let (_, mut init) = start(key.public());
    // What a thief of the key id, but not of the key, sees.
    let thief = StaticKey::from_private([0x99; 32]);
    init[12..16].copy_from_slice(&thief.id().0);
    let refused = ServerHandshake::accept(&[thief], &mut init).map(drop);
    assert_eq!(refused, Err(HandshakeError::Decryption));
}

#[test]
fn an_unknown_key_and_a_resumption_are_told_so_in_the_clear() {
    let (client, mut init) = start(PublicKey([3; 32]));
    let error = ServerHandshake::accept(&[gateway_key()], &mut init)
        .map(drop)
        .unwrap_err();
    assert_eq!(error, HandshakeError::UnknownKey);
    let mut answer = error.clear_code().to_frame();
    let refused = client.finish(&mut answer).map(drop);
    assert_eq!(
        refused,
        Err(HandshakeError::Refused(ClearCode::ServiceUnavailable))
    );

    let (_, mut init) = start(gateway_key().public());
    init[3] |= 0b10;
    let error = ServerHandshake::accept(&[gateway_key()], &mut init)
        .map(drop)
        .unwrap_err();
    assert_eq!(error, HandshakeError::ResumeUnavailable);
    assert_eq!(error.clear_code(), ClearCode::SessionExpired);
}

#[test]
fn every_flipped_bit_of_a_handshake_is_refused() {
    let key = gateway_key();
    for suite in SUITES {
        let (_, init) =
            ClientHandshake::start(suite, Transport::Http, key.public(), "test", [5; 32]).unwrap();
        for bit in 0..init.len() * 8 {
            let mut forged = init.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            // The top bit of an X25519 coordinate is ignored (RFC 7748 §5); the hash is not.
            assert!(
                ServerHandshake::accept(std::slice::from_ref(&key), &mut forged).is_err(),
                "bit {bit}"
            );
        }
        let (server, _) =
            ServerHandshake::accept(std::slice::from_ref(&key), &mut init.clone()).unwrap();
        let (_, response) = server.respond(parameters(), [6; 32]).unwrap();
        for bit in 0..response.len() * 8 {
            let (client, _) =
                ClientHandshake::start(suite, Transport::Http, key.public(), "test", [5; 32])
                    .unwrap();
            let mut forged = response.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            assert!(client.finish(&mut forged).is_err(), "bit {bit}");
        }
    }
}

#[test]
fn points_of_small_order_are_refused_on_both_sides() {
    for point in [[0; 32], {
        let mut one = [0; 32];
        one[0] = 1;
        one
    }] {
        let key = gateway_key();
        let started = ClientHandshake::start(
            Suite::ChaChaPoly,
            Transport::Http,
            PublicKey(point),
            "test",
            [5; 32],
        );
        assert_eq!(started.map(drop), Err(HandshakeError::ZeroSharedSecret));

        let (client, mut init) = start(key.public());
        let mut forged = init.clone();
        forged[HEADER..HEADER + 32].copy_from_slice(&point);
        let accepted = ServerHandshake::accept(std::slice::from_ref(&key), &mut forged).map(drop);
        assert_eq!(accepted, Err(HandshakeError::ZeroSharedSecret));

        let (server, _) = ServerHandshake::accept(std::slice::from_ref(&key), &mut init).unwrap();
        let (_, mut response) = server.respond(parameters(), [6; 32]).unwrap();
        response[HEADER..HEADER + 32].copy_from_slice(&point);
        assert_eq!(
            client.finish(&mut response).map(drop),
            Err(HandshakeError::ZeroSharedSecret)
        );
    }
}

#[test]
fn a_hello_that_does_not_fit_is_not_sent() {
    let started = Initiator::start(
        Suite::ChaChaPoly,
        gateway_key().public(),
        [5; 32],
        |buffer| {
            *buffer = FrameBuf::from_payload(&[0; Limits::MAX_HELLO]);
        },
    );
    assert!(matches!(
        started.map(drop),
        Err(HandshakeError::TooLarge(_))
    ));
}

fn start(pin: PublicKey) -> (ClientHandshake, Vec<u8>) {
    ClientHandshake::start(Suite::ChaChaPoly, Transport::Http, pin, "test", [5; 32]).unwrap()
}
