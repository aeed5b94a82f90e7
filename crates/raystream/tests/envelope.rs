//! Our `FlatBuffers` against the `flatbuffers` crate, both ways, and against noise.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use flatbuffers::{FlatBufferBuilder, ForwardsUOffset, Vector, Verifier, VerifierOptions};
use kontract_raystream::{
    ClientHello, Credit, EnvelopeError, Event, FrameBuf, Heartbeat, Limits, RpcCall, RpcError,
    RpcResponse, ServerHello, Subscribe, Suite, Transport, request_hash,
};
use proptest::prelude::*;

mod common;
use common::parameters;

/// Field `slot`'s place in a vtable.
fn vt(slot: u16) -> u16 {
    4 + 2 * slot
}

type Table<'a> = ForwardsUOffset<&'a str>;
type Bytes<'a> = ForwardsUOffset<Vector<'a, u8>>;

/// The `flatbuffers` crate's verifier over the root table.
fn verify(payload: &[u8], fields: impl FnOnce(flatbuffers::TableVerifier<'_, '_, '_>)) {
    let options = VerifierOptions::default();
    let mut verifier = Verifier::new(&options, payload);
    let root = usize::try_from(u32::from_le_bytes(payload[..4].try_into().unwrap())).unwrap();
    fields(verifier.visit_table(root).unwrap());
}

fn encoded(encode: impl FnOnce(&mut FrameBuf)) -> Vec<u8> {
    let mut buffer = FrameBuf::with_capacity(0);
    encode(&mut buffer);
    buffer.payload().to_vec()
}

#[test]
fn the_reference_verifier_accepts_what_we_write() {
    let call = RpcCall {
        metadata: vec![("egroup", "v1"), ("k", "")],
        deadline_ms: 1,
        schema_hash: 2,
        token: Some("t"),
        ..RpcCall::new("addTodo", &[1, 2, 3], [4; 16])
    };
    verify(&encoded(|b| call.encode(b)), |table| {
        table
            .visit_field::<Table>("method", vt(0), true)
            .and_then(|t| t.visit_field::<Bytes>("args", vt(1), true))
            .and_then(|t| t.visit_field::<Bytes>("idempotency_key", vt(3), true))
            .and_then(|t| t.visit_field::<Bytes>("request_hash", vt(4), true))
            .and_then(|t| t.visit_field::<u32>("deadline_ms", vt(5), true))
            .and_then(|t| t.visit_field::<u64>("schema_hash", vt(6), true))
            .and_then(|t| t.visit_field::<Table>("token", vt(7), true))
            .unwrap()
            .finish();
    });
    let hello = server_hello();
    verify(&encoded(|b| hello.encode(b)), |table| {
        table
            .visit_field::<u8>("version", vt(0), true)
            .and_then(|t| t.visit_field::<Bytes>("session_id", vt(1), true))
            .and_then(|t| t.visit_field::<Table>("selected_cipher", vt(2), true))
            .and_then(|t| t.visit_field::<u64>("expires_at", vt(3), true))
            .and_then(|t| t.visit_field::<u32>("ttl_ms", vt(4), true))
            .and_then(|t| t.visit_field::<u32>("max_frame", vt(5), true))
            .and_then(|t| t.visit_field::<u32>("max_inflight", vt(6), true))
            .and_then(|t| t.visit_field::<bool>("resumed", vt(7), true))
            .and_then(|t| t.visit_field::<u64>("current_txid", vt(8), false))
            .unwrap()
            .finish();
    });
    let hello = client_hello();
    verify(&encoded(|b| hello.encode(b)), |table| {
        type Texts<'a> = ForwardsUOffset<Vector<'a, ForwardsUOffset<&'a str>>>;
        table
            .visit_field::<u8>("version", vt(0), true)
            .and_then(|t| t.visit_field::<Texts>("supported_ciphers", vt(1), true))
            .and_then(|t| t.visit_field::<Table>("transport", vt(2), true))
            .and_then(|t| t.visit_field::<Table>("build_id", vt(3), true))
            .and_then(|t| t.visit_field::<u64>("last_txid", vt(4), true))
            .unwrap()
            .finish();
    });
    let response = RpcResponse {
        data: b"x",
        status: 204,
        headers: vec![],
    };
    verify(&encoded(|b| response.encode(b)), |table| {
        table
            .visit_field::<Bytes>("data", vt(0), true)
            .and_then(|t| t.visit_field::<u16>("status", vt(1), true))
            .unwrap()
            .finish();
    });
}

#[test]
fn the_reference_verifier_accepts_our_subscriptions_and_events() {
    let subscribe = Subscribe {
        metadata: vec![("egroup", "v1")],
        resume_token: Some(b"41"),
        schema_hash: 2,
        token: Some("t"),
        ..Subscribe::new("todos", &[1, 2, 3], Credit::BUFFER)
    };
    verify(&encoded(|b| subscribe.encode(b)), |table| {
        table
            .visit_field::<Table>("method", vt(0), true)
            .and_then(|t| t.visit_field::<Bytes>("args", vt(1), true))
            .and_then(|t| t.visit_field::<u32>("credit_events", vt(3), true))
            .and_then(|t| t.visit_field::<u32>("credit_bytes", vt(4), true))
            .and_then(|t| t.visit_field::<Bytes>("resume_token", vt(5), true))
            .and_then(|t| t.visit_field::<u64>("schema_hash", vt(6), true))
            .and_then(|t| t.visit_field::<Table>("token", vt(7), true))
            .unwrap()
            .finish();
    });
    verify(&encoded(|b| Credit::BUFFER.encode(b)), |table| {
        table
            .visit_field::<u32>("events", vt(0), true)
            .and_then(|t| t.visit_field::<u32>("bytes", vt(1), true))
            .unwrap()
            .finish();
    });
    let event = Event {
        data: b"x",
        resume_token: Some(b"42"),
        txid: Some(7),
    };
    verify(&encoded(|b| event.encode(b)), |table| {
        table
            .visit_field::<Bytes>("data", vt(0), true)
            .and_then(|t| t.visit_field::<Bytes>("resume_token", vt(1), true))
            .and_then(|t| t.visit_field::<u64>("txid", vt(2), true))
            .unwrap()
            .finish();
    });
    let long = [0; 513];
    let event = Event {
        resume_token: Some(&long),
        ..event
    };
    let refused = Event::decode(&encoded(|b| event.encode(b))).map(|_| ());
    assert_eq!(refused, Err(EnvelopeError::Budget("Event.resume_token")));
}

#[test]
fn we_read_what_the_reference_builder_writes() {
    let mut builder = FlatBufferBuilder::new();
    let key = builder.create_string("egroup");
    let value = builder.create_string("v1");
    let pair = builder.start_table();
    builder.push_slot_always(vt(0), key);
    builder.push_slot_always(vt(1), value);
    let pair = builder.end_table(pair);
    let metadata = builder.create_vector(&[pair, pair]);
    let method = builder.create_string("listTodos");
    let args = builder.create_vector(&[1_u8, 2, 3]);
    let idempotency_key = builder.create_vector(&[9_u8; 16]);
    let hash = builder.create_vector(&request_hash("listTodos", &[1, 2, 3]));
    let call = builder.start_table();
    builder.push_slot_always(vt(6), 77_u64);
    builder.push_slot_always(vt(0), method);
    builder.push_slot_always(vt(1), args);
    builder.push_slot_always(vt(2), metadata);
    builder.push_slot_always(vt(3), idempotency_key);
    builder.push_slot_always(vt(4), hash);
    // A field of a later version.
    builder.push_slot_always(vt(9), 5_u32);
    let call = builder.end_table(call);
    builder.finish_minimal(call);

    let expected = RpcCall {
        metadata: vec![("egroup", "v1"), ("egroup", "v1")],
        schema_hash: 77,
        ..RpcCall::new("listTodos", &[1, 2, 3], [9; 16])
    };
    assert_eq!(RpcCall::decode(builder.finished_data()), Ok(expected));
}

#[test]
fn hellos_and_heartbeats_read_back() {
    let hello = client_hello();
    assert_eq!(
        ClientHello::decode(&encoded(|b| hello.encode(b))),
        Ok(hello)
    );
    let hello = server_hello();
    assert_eq!(
        ServerHello::decode(&encoded(|b| hello.encode(b))),
        Ok(hello)
    );
    let beat = Heartbeat {
        timestamp: 1,
        server_time: None,
    };
    assert_eq!(Heartbeat::decode(&encoded(|b| beat.encode(b))), Ok(beat));
}

#[test]
fn budgets_are_kept() {
    let long = "x".repeat(300);
    let call = RpcCall::new(&long, &[], [0; 16]);
    let refused = RpcCall::decode(&encoded(|b| call.encode(b))).map(drop);
    assert_eq!(refused, Err(EnvelopeError::Budget("RPCCall.method")));

    let many = vec![("k", "v"); 65];
    let call = RpcCall {
        metadata: many,
        ..RpcCall::new("m", &[], [0; 16])
    };
    let refused = RpcCall::decode(&encoded(|b| call.encode(b))).map(drop);
    assert_eq!(refused, Err(EnvelopeError::Budget("RPCCall.metadata")));

    // An error's texts are cut instead, at a character's edge.
    let long = "é".repeat(20_000);
    let error = RpcError {
        code: "X",
        message: &long,
        status: 500,
        stack: Some(&long),
    };
    let bytes = encoded(|b| error.encode(b));
    let read = RpcError::decode(&bytes).unwrap();
    assert_eq!(read.message.len(), 16 * 1024);
    assert_eq!(read.stack, Some(long.as_str()));
}

proptest! {
    #[test]
    fn calls_read_back(
        method in "[a-zA-Z.]{1,40}",
        args in prop::collection::vec(any::<u8>(), 0..400),
        metadata in prop::collection::vec((".{1,20}", ".{0,40}"), 0..8),
        key: [u8; 16],
        deadline_ms: u32,
        schema_hash: u64,
        token in prop::option::of("[a-z.]{0,80}"),
    ) {
        let call = RpcCall {
            metadata: metadata.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect(),
            deadline_ms,
            schema_hash,
            token: token.as_deref(),
            ..RpcCall::new(&method, &args, key)
        };
        let bytes = encoded(|b| call.encode(b));
        prop_assert_eq!(RpcCall::decode(&bytes), Ok(call));
    }

    #[test]
    fn noise_in_a_call_does_no_harm(at in 0_usize..300, noise in prop::collection::vec(any::<u8>(), 1..8)) {
        let call = RpcCall {
            metadata: vec![("a", "b"); 3],
            token: Some("token"),
            ..RpcCall::new("method", &[1; 40], [2; 16])
        };
        let mut bytes = encoded(|b| call.encode(b));
        let at = at % bytes.len();
        let end = (at + noise.len()).min(bytes.len());
        bytes[at..end].copy_from_slice(&noise[..end - at]);
        for payload in [&bytes[..], &bytes[..at]] {
            let _ = RpcCall::decode(payload);
            let _ = RpcResponse::decode(payload);
            let _ = RpcError::decode(payload);
            let _ = ClientHello::decode(payload);
            let _ = ServerHello::decode(payload);
            let _ = Heartbeat::decode(payload);
        }
    }

    #[test]
    fn random_bytes_are_no_envelope(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = RpcCall::decode(&bytes);
        let _ = RpcResponse::decode(&bytes);
        let _ = RpcError::decode(&bytes);
        let _ = ServerHello::decode(&bytes);
        let _ = ClientHello::decode(&bytes);
    }
}

fn client_hello() -> ClientHello<'static> {
    ClientHello {
        version: ClientHello::VERSION,
        supported_ciphers: vec!["chacha20-poly1305", "aes-256-gcm"],
        transport: Transport::WebSocket,
        build_id: "build",
        last_txid: Some(3),
    }
}

fn server_hello() -> ServerHello {
    let parameters = parameters();
    ServerHello {
        session_id: parameters.session_id,
        selected_cipher: Suite::AesGcm,
        expires_at: parameters.expires_at,
        ttl_ms: parameters.ttl_ms,
        limits: Limits::default(),
        max_inflight: parameters.max_inflight,
        resumed: false,
        current_txid: None,
    }
}
