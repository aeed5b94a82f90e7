//! Writes the seeds: `cargo run --example seeds` in this folder. One of each kind of frame and
//! payload, and programs for the targets that read their input as one.

use std::fs;
use std::path::Path;

use kontract_raystream::{
    CallId, ClearCode, ClientHandshake, ClientHello, Credit, Direction, Draft, Event, FrameBuf,
    Heartbeat, Limits, RpcCall, RpcError, RpcResponse, Sealer, ServerHandshake, ServerHello,
    ServerParameters, SessionId, StaticKey, Subscribe, Suite, Transport,
};

fn main() {
    for (target, seeds) in [
        ("frame_parser", frames()),
        ("envelope", payloads()),
        ("hellos", hellos()),
        ("window", windows()),
        ("session", sessions()),
    ] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("corpus")
            .join(target);
        fs::create_dir_all(&folder).expect("a folder to write to");
        for (i, seed) in seeds.iter().enumerate() {
            fs::write(folder.join(format!("seed-{i:02}")), seed).expect("a file to write");
        }
    }
}

const CALL: CallId = CallId(5);

fn drafts() -> (Vec<Draft>, Vec<Draft>) {
    let beat = Heartbeat {
        timestamp: 1,
        server_time: Some(2),
    };
    let call = RpcCall {
        metadata: vec![("egroup", "v1"), ("traceparent", "00-0")],
        deadline_ms: 5000,
        schema_hash: 7,
        token: Some("a.b.c"),
        ..RpcCall::new("addTodo", b"milk", [3; 16])
    };
    let subscribe = Subscribe {
        metadata: vec![("k", "v")],
        resume_token: Some(b"42"),
        token: Some("a.b.c"),
        ..Subscribe::new("todos", b"", Credit::BUFFER)
    };
    let response = RpcResponse {
        data: b"done",
        status: 201,
        headers: vec![("a", "b")],
    };
    let error = RpcError {
        code: "NOT_FOUND",
        message: "gone",
        status: 404,
        stack: Some("at"),
    };
    let event = Event {
        data: b"row",
        resume_token: Some(b"43"),
        txid: Some(9),
    };
    let up = vec![
        Draft::call(CALL, &call),
        Draft::call(CALL, &call).padded(),
        Draft::subscribe(CALL, &subscribe),
        Draft::credit(CALL, Credit::BUFFER),
        Draft::unsubscribe(CALL),
        Draft::heartbeat(&beat),
        Draft::close(),
    ];
    let down = vec![
        Draft::response(CALL, &response),
        Draft::error(CALL, &error),
        Draft::event(CALL, &event, false),
        Draft::event(CALL, &event, true),
        Draft::heartbeat(&beat),
        Draft::close(),
    ];
    (up, down)
}

fn frames() -> Vec<Vec<u8>> {
    let (up, down) = drafts();
    let mut frames = vec![
        ClearCode::SessionExpired.to_frame(),
        ClearCode::ServiceUnavailable.to_frame(),
    ];
    for (direction, drafts) in [
        (Direction::ClientToServer, up),
        (Direction::ServerToClient, down),
    ] {
        for suite in [Suite::ChaChaPoly, Suite::AesGcm] {
            let sealer = Sealer::new(suite, direction, &[1; 32], Limits::default());
            let seal = |draft: &Draft| sealer.seal_draft(draft.clone()).expect("it fits");
            frames.extend(drafts.iter().map(seal));
        }
    }
    let (init, response) = handshake();
    frames.extend([init, response]);
    frames
}

fn payloads() -> Vec<Vec<u8>> {
    let (up, down) = drafts();
    let plain = |draft: Draft| {
        let direction = Direction::ClientToServer;
        let other = Direction::ServerToClient;
        [direction, other].into_iter().find_map(|direction| {
            let sealer = Sealer::new(Suite::ChaChaPoly, direction, &[1; 32], Limits::default());
            let reserved = sealer.reserve(draft.clone()).ok()?;
            Some(reserved.plaintext().to_vec())
        })
    };
    let mut payloads: Vec<_> = up.into_iter().chain(down).filter_map(plain).collect();
    payloads.extend([client_hello(), server_hello()]);
    payloads
}

fn hellos() -> Vec<Vec<u8>> {
    let (init, response) = handshake();
    let sealed = |suite: u8, hello: &[u8]| {
        let length = u16::try_from(hello.len()).expect("short").to_be_bytes();
        [&[3, suite], &length[..], hello].concat()
    };
    vec![
        [&[0, 0], &init[..]].concat(),
        [&[0, 0], &response[..]].concat(),
        vec![1, 0, 1, 0, 0, 40, 1],
        vec![1, 1, 1, 0, 0, 40, 0],
        vec![2, 0, 1, 0, 0, 60, 1],
        vec![2, 1, 0, 0, 50],
        sealed(0, &client_hello()),
        sealed(0, &server_hello()),
        sealed(1, &client_hello()),
        sealed(1, &server_hello()),
    ]
}

fn windows() -> Vec<Vec<u8>> {
    let near: Vec<u8> = (0..200_u32).map(|i| 4 + (i * 37 % 250) as u8).collect();
    vec![
        [&[0], &near[..]].concat(),
        [&[1], &[3; 20][..]].concat(),
        [&[0, 1, 4, 0, 2, 3, 255, 2, 4, 0, 2, 0, 1][..], &near].concat(),
        vec![0, 0, 255, 255, 255, 255, 3, 2, 3, 255, 0, 0, 0, 0, 0],
    ]
}

fn sessions() -> Vec<Vec<u8>> {
    let up = [0, 0, 0, 5, 0, 0, 0, 9, 0, 0];
    let down = [1, 1, 0, 5, 0, 0, 0, 9, 1, 1];
    let next = [7, 0, 7, 1];
    let sleep = [5, 0, 5, 1];
    let (again, flip) = ([2, 0, 0, 0], [3, 0, 0, 0, 2, 1, 0]);
    let reflect = [4, 0, 1, 0, 0];
    (0..4)
        .flat_map(|mode| {
            let mode = &[mode][..];
            [
                [mode, &up, &down, &next, &sleep, &up, &next, &again].concat(),
                [mode, &up, &up, &up, &next, &flip, &next, &[6, 0], &next].concat(),
                [mode, &down, &up, &reflect, &sleep, &down, &next, &[5, 7]].concat(),
            ]
        })
        .collect()
}

fn client_hello() -> Vec<u8> {
    let hello = ClientHello {
        version: ClientHello::VERSION,
        supported_ciphers: vec!["chacha20-poly1305", "aes-256-gcm"],
        transport: Transport::WebSocket,
        build_id: "build",
        last_txid: Some(3),
    };
    let mut buffer = FrameBuf::with_capacity(0);
    hello.encode(&mut buffer);
    buffer.payload().to_vec()
}

fn server_hello() -> Vec<u8> {
    let parameters = parameters();
    let hello = ServerHello {
        session_id: parameters.session_id,
        selected_cipher: Suite::ChaChaPoly,
        expires_at: parameters.expires_at,
        ttl_ms: parameters.ttl_ms,
        limits: parameters.limits,
        max_inflight: parameters.max_inflight,
        resumed: false,
        current_txid: Some(4),
    };
    let mut buffer = FrameBuf::with_capacity(0);
    hello.encode(&mut buffer);
    buffer.payload().to_vec()
}

fn handshake() -> (Vec<u8>, Vec<u8>) {
    let key = StaticKey::from_private([7; 32]);
    let (suite, transport) = (Suite::ChaChaPoly, Transport::Http);
    let (_, init) = ClientHandshake::start(suite, transport, key.public(), "fuzz", [8; 32])
        .expect("a good pin");
    let (server, _) = ServerHandshake::accept(&[key], &mut init.clone()).expect("a real INIT");
    let (_, response) = server.respond(parameters(), [9; 32]).expect("it fits");
    (init, response)
}

fn parameters() -> ServerParameters {
    ServerParameters {
        session_id: SessionId::new_v7(1_700_000_000_000, [1; 10]),
        expires_at: 1_700_000_300_000,
        ttl_ms: Limits::DEFAULT_TTL_MS,
        limits: Limits::default(),
        max_inflight: 8,
    }
}
