//! What a session says and hears besides calls, and the rules its messages keep to.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use kontract_raystream::{
    CallId, ClearCode, Credit, Draft, EnvelopeError, Event, Flags, FrameBuf, Heartbeat,
    MessageType, Padding, ReceiveError, Reply, Request, RpcCall, RpcResponse, SealError, Subscribe,
    Suite, Transport,
};

mod common;
use common::{SUITES, open_session, open_session_over};

const ID: CallId = CallId(11);

fn draft(kind: MessageType, call: CallId, flags: Flags) -> Draft {
    Draft::new(kind, call, flags, FrameBuf::from_payload(b"x"))
}

#[test]
fn a_subscription_from_its_first_to_its_last_frame() {
    for suite in SUITES {
        let (client, server) = open_session_over(suite, Transport::WebSocket);
        let subscribe = Subscribe {
            metadata: vec![("egroup", "v1")],
            resume_token: Some(b"41"),
            schema_hash: 5,
            token: Some("a.b.c"),
            ..Subscribe::new(
                "todos",
                b"filter",
                Credit {
                    events: 2,
                    bytes: 8,
                },
            )
        };
        let mut frame = client.seal_subscribe(ID, &subscribe).unwrap();
        let read = server.open(&mut frame).unwrap();
        assert_eq!(read, Request::Subscribe(ID, subscribe.clone()));

        let event = Event {
            data: b"row",
            resume_token: Some(b"42"),
            txid: Some(7),
        };
        // Both sides count: two events or eight bytes, whichever ends first.
        let (mut mine, mut theirs) = (subscribe.credit, subscribe.credit);
        for _ in 0..2 {
            assert!(mine.spend(event.data.len()));
            let mut frame = server.seal_event(ID, &event, false).unwrap();
            let Reply::Event { call, event, last } = client.open(&mut frame).unwrap() else {
                panic!("no event")
            };
            assert_eq!((call, event.data, last), (ID, &b"row"[..], false));
            assert!(theirs.spend(event.data.len()));
        }
        assert!(!mine.spend(event.data.len()));
        let mut frame = client.seal_credit(ID, Credit::BUFFER).unwrap();
        let Request::Credit(ID, more) = server.open(&mut frame).unwrap() else {
            panic!("no credit")
        };
        mine.add(more);
        assert!(mine.spend(event.data.len()));
        let mut frame = server.seal_event(ID, &event, true).unwrap();
        assert!(matches!(
            client.open(&mut frame),
            Ok(Reply::Event { last: true, .. })
        ));
        let mut frame = client.seal_unsubscribe(ID).unwrap();
        assert_eq!(server.open(&mut frame), Ok(Request::Unsubscribe(ID)));
    }
}

#[test]
fn every_flipped_bit_is_counted_and_changes_nothing_else() {
    for suite in SUITES {
        let (client, server) = open_session(suite);
        let call = RpcCall::new("echo", b"args", [1; 16]);
        let frame = client.seal_call(ID, &call).unwrap();
        for bit in 0..frame.len() * 8 {
            let mut forged = frame.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            assert!(server.open(&mut forged).is_err(), "bit {bit}");
            assert_eq!(server.opener.failures() as usize, bit + 1);
            assert_eq!(server.sealer.sealed(), 0);
        }
        assert!(server.open(&mut frame.clone()).is_ok());
        assert!(
            server.open(&mut frame.clone()).is_err(),
            "now it has been seen"
        );
    }
}

#[test]
fn one_bad_frame_ends_a_websocket() {
    for bad in [vec![], vec![0; 44], ClearCode::SessionExpired.to_frame()] {
        let (client, server) = open_session_over(Suite::ChaChaPoly, Transport::WebSocket);
        assert!(server.open(&mut bad.clone()).is_err());
        assert!(server.opener.is_dead());
        let mut good = client.seal_close().unwrap();
        assert!(server.open(&mut good).is_err());
    }
}

#[test]
fn a_call_and_its_answer_are_one_frame_each() {
    let (client, server) = open_session(Suite::ChaChaPoly);
    let mut frame = client
        .sealer
        .seal_draft(draft(MessageType::RpcCall, ID, Flags::NONE))
        .unwrap();
    let unfinished = |call, message_type| Err(ReceiveError::Unexpected { call, message_type });
    assert_eq!(
        server.open(&mut frame),
        unfinished(ID, MessageType::RpcCall)
    );
    for kind in [MessageType::RpcResponse, MessageType::RpcError] {
        let sealed = server.sealer.seal_draft(draft(kind, ID, Flags::NONE));
        let read = client.open(&mut sealed.unwrap()).map(drop);
        assert_eq!(read, unfinished(ID, kind).map(|_: Request<'_>| ()));
    }
}

#[test]
fn close_and_unsubscribe_carry_nothing() {
    let (client, server) = open_session(Suite::ChaChaPoly);
    for draft in [
        draft(MessageType::Close, CallId::NONE, Flags::NONE),
        draft(MessageType::Subscribe, ID, Flags::FIN),
    ] {
        let mut frame = client.sealer.seal_draft(draft).unwrap();
        assert!(matches!(
            server.open(&mut frame),
            Err(ReceiveError::Envelope {
                error: EnvelopeError::Budget(_),
                ..
            })
        ));
    }
}

#[test]
fn flags_go_with_their_types() {
    let (client, server) = open_session(Suite::ChaChaPoly);
    for (kind, call, flags) in [
        (MessageType::Subscribe, ID, Flags::FIN | Flags::CREDIT),
        (MessageType::RpcCall, ID, Flags::FIN | Flags::CREDIT),
        (MessageType::RpcCall, ID, Flags::FIN | Flags::RESUME),
        (MessageType::RpcCall, ID, Flags::CLEAR),
        (MessageType::Heartbeat, CallId::NONE, Flags::FIN),
        (MessageType::Close, CallId::NONE, Flags::FIN),
        (MessageType::Heartbeat, ID, Flags::NONE),
        (MessageType::RpcCall, CallId::NONE, Flags::FIN),
        (MessageType::RpcResponse, ID, Flags::FIN),
        (MessageType::HandshakeInit, CallId::NONE, Flags::NONE),
    ] {
        let sealed = client.sealer.seal_draft(draft(kind, call, flags));
        assert!(
            matches!(sealed, Err(SealError::Message(_))),
            "{kind:?} {flags:?}"
        );
    }
    let clear = server
        .sealer
        .seal_draft(draft(MessageType::RpcError, ID, Flags::CLEAR));
    assert!(matches!(clear, Err(SealError::Message(_))));
    assert_eq!((client.sealer.sealed(), server.sealer.sealed()), (0, 0));
}

#[test]
fn padding_hides_lengths_when_asked_to() {
    for suite in SUITES {
        let (client, mut server) = open_session(suite);
        server.sealer.set_padding(Padding::Always);
        let mut lengths = Vec::new();
        for length in [0, 10, 100] {
            let data = vec![1; length];
            let response = RpcResponse {
                data: &data,
                status: 200,
                headers: vec![],
            };
            let mut frame = server.seal_response(ID, &response).unwrap();
            lengths.push(frame.len());
            assert_eq!(client.open(&mut frame), Ok(Reply::Response(ID, response)));
        }
        assert_eq!(lengths, [300; 3]);
        let beat = Heartbeat {
            timestamp: 1,
            server_time: None,
        };
        assert_eq!(server.seal_heartbeat(beat, 2).unwrap().len(), 300);

        // At the limit there is no byte left for it, and nothing to hide among.
        let room = server.parameters.limits.max_frame - 44;
        let full = |flags| {
            let payload = FrameBuf::from_payload(&vec![0; room]);
            let draft = Draft::new(MessageType::RpcResponse, ID, flags, payload);
            server.sealer.seal_draft(draft)
        };
        assert_eq!(full(Flags::FIN).unwrap().len(), room + 44);
        assert!(matches!(
            full(Flags::FIN | Flags::PADDED),
            Err(SealError::TooLarge { .. })
        ));
    }
}

#[test]
fn both_sides_export_one_secret_and_no_two_sessions_the_same() {
    let (client, server) = open_session(Suite::ChaChaPoly);
    let (_, other) = open_session(Suite::ChaChaPoly);
    assert_eq!(client.exporter(), server.exporter());
    assert_ne!(server.exporter(), other.exporter());
}
