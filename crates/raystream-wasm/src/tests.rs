//! The engine against the server half, as JavaScript drives it.

use kontract_raystream::{
    CallId, Credit, Event, Limits, ReceivedInit, Request, RpcError, RpcResponse, ServerHandshake,
    ServerParameters, ServerSession, SessionId, StaticKey, Suite, Transport,
};

use crate::{CallParts, Code, Engine, SubscribeParts};

fn put(engine: &mut Engine, parts: &[&[u8]]) {
    let bytes = parts.concat();
    engine.input(bytes.len()).unwrap().copy_from_slice(&bytes);
}

fn open_session(engine: &mut Engine) -> (usize, ServerSession) {
    let key = StaticKey::from_private([1; 32]);
    put(engine, &[&key.public().0, &[2; 32], b"build"]);
    let handle = engine.start(Suite::ChaChaPoly, Transport::Http).unwrap();
    assert!(engine.input(0).unwrap().is_empty());
    let mut init = engine.output().to_vec();
    let (server, hello) = ServerHandshake::accept(&[key], &mut init).unwrap();
    assert_eq!(hello.build_id, "build");
    let parameters = ServerParameters {
        session_id: SessionId::new_v7(1, [3; 10]),
        expires_at: 2,
        ttl_ms: 1000,
        limits: Limits::default(),
        max_inflight: 7,
    };
    let (server, response) = server.respond(parameters, [4; 32]).unwrap();
    put(engine, &[&response]);
    engine.finish(handle).unwrap();
    assert_eq!(engine.output(), server.id().to_string().as_bytes());
    assert_eq!(engine.view()[..3], [1000, 1024 * 1024, 7]);
    (handle, server)
}

fn parts(method: &str, token: &str, metadata: usize) -> CallParts {
    CallParts {
        call: CallId(1 << 40 | 5),
        method: method.len(),
        token: token.len(),
        metadata,
        deadline_ms: 9,
        schema_hash: u64::MAX,
    }
}

fn part(engine: &mut Engine, word: usize, input: &[u8]) -> Vec<u8> {
    let at = |word: usize| usize::try_from(engine.view()[word]).unwrap();
    input[at(word)..at(word) + at(word + 1)].to_vec()
}

#[test]
fn a_call_and_its_answers() {
    let mut engine = Engine::default();
    let (handle, server) = open_session(&mut engine);
    let metadata = [6, 0, 2, 0, b'e', b'g', b'r', b'o', b'u', b'p', b'v', b'1'];
    put(
        &mut engine,
        &[b"addTodo", b"jwt", &metadata, &[8; 16], b"args"],
    );
    engine
        .call(handle, parts("addTodo", "jwt", metadata.len()))
        .unwrap();
    let mut frame = engine.output().to_vec();
    let Ok(Request::Call(id, call)) = server.open(&mut frame) else {
        panic!("no call")
    };
    assert_eq!(
        (call.method, call.args, call.token),
        ("addTodo", &b"args"[..], Some("jwt"))
    );
    assert_eq!((call.deadline_ms, call.schema_hash), (9, u64::MAX));
    assert_eq!(call.metadata, [("egroup", "v1")]);

    let response = RpcResponse {
        data: b"reply",
        status: 201,
        headers: vec![("a", "b")],
    };
    let sealed = server.seal_response(id, &response).unwrap();
    put(&mut engine, &[&sealed]);
    assert_eq!(engine.open(handle), Ok(1));
    assert_eq!(engine.view()[..3], [5, 1 << 8, 201]);
    assert_eq!(engine.output(), [1, 0, 1, 0, b'a', b'b']);
    // Opened in place: the input holds the plaintext where the view says.
    let opened = engine.input_bytes().to_vec();
    assert_eq!(part(&mut engine, 3, &opened), b"reply");

    let error = RpcError {
        code: "X",
        message: "why",
        status: 404,
        stack: None,
    };
    let sealed = server.seal_error(id, &error).unwrap();
    put(&mut engine, &[&sealed]);
    assert_eq!(engine.open(handle), Ok(2));
    let opened = engine.input_bytes().to_vec();
    assert_eq!(part(&mut engine, 3, &opened), b"X");
    assert_eq!(part(&mut engine, 5, &opened), b"why");
    assert_eq!(engine.view()[8], 0);

    put(&mut engine, &[&sealed]);
    assert_eq!(engine.open(handle), Err(Code::Replay));
}

#[test]
fn sessions_do_not_mix_and_handles_are_checked() {
    let mut engine = Engine::default();
    let (first, server) = open_session(&mut engine);
    let (second, _) = open_session(&mut engine);
    assert_ne!(first, second);
    engine.heartbeat(first, 3).unwrap();
    let mut beat = engine.output().to_vec();
    assert!(matches!(server.open(&mut beat), Ok(Request::Heartbeat(_))));

    engine.free(first);
    assert_eq!(engine.close(first), Err(Code::Handle));
    assert_eq!(engine.finish(second), Err(Code::Handle));
    assert!(engine.close(second).is_ok());
    assert_eq!(open_session(&mut engine).0, first);
    assert_eq!(engine.close(99), Err(Code::Handle));
}

#[test]
fn lengths_that_do_not_fit_are_refused() {
    let mut engine = Engine::default();
    let (handle, _) = open_session(&mut engine);
    put(&mut engine, &[b"m", &[0; 16]]);
    for (method, token, metadata) in [(18, 0, 0), (1, 1, 0), (1, 0, 17), (usize::MAX, 1, 1)] {
        let parts = CallParts {
            method,
            token,
            metadata,
            ..parts("", "", 0)
        };
        assert_eq!(engine.call(handle, parts), Err(Code::Input));
    }
    assert!(engine.input(usize::MAX).is_none());
    put(&mut engine, &[&[0; 63]]);
    assert_eq!(
        engine.start(Suite::ChaChaPoly, Transport::Http),
        Err(Code::Input)
    );
}

#[test]
fn events_come_and_go() {
    let mut engine = Engine::default();
    let (handle, server) = open_session(&mut engine);
    let credit = Credit {
        events: 3,
        bytes: 100,
    };
    put(&mut engine, &[b"todos", b"jwt", b"41", b"args"]);
    let parts = SubscribeParts {
        call: CallId(6),
        method: 5,
        token: 3,
        metadata: 0,
        resume_token: 2,
        credit,
        schema_hash: 8,
    };
    engine.subscribe(handle, parts).unwrap();
    let mut frame = engine.output().to_vec();
    let Ok(Request::Subscribe(id, subscribe)) = server.open(&mut frame) else {
        panic!("no subscription")
    };
    assert_eq!((id, subscribe.credit), (CallId(6), credit));
    assert_eq!((subscribe.method, subscribe.args), ("todos", &b"args"[..]));
    assert_eq!(subscribe.resume_token, Some(&b"41"[..]));

    let event = Event {
        data: b"row",
        resume_token: Some(b"42"),
        txid: Some(1 << 32 | 9),
    };
    let sealed = server.seal_event(id, &event, true).unwrap();
    put(&mut engine, &[&sealed]);
    assert_eq!(engine.open(handle), Ok(5));
    assert_eq!(engine.view()[..3], [6, 0, 1]);
    assert_eq!([7, 8, 10].map(|word| engine.view()[word]), [1, 9, 1]);
    let opened = engine.input_bytes().to_vec();
    assert_eq!(part(&mut engine, 3, &opened), b"row");
    assert_eq!(part(&mut engine, 5, &opened), b"42");

    engine.credit(handle, id, credit).unwrap();
    let mut frame = engine.output().to_vec();
    assert_eq!(server.open(&mut frame), Ok(Request::Credit(id, credit)));
    engine.unsubscribe(handle, id).unwrap();
    let mut frame = engine.output().to_vec();
    assert_eq!(server.open(&mut frame), Ok(Request::Unsubscribe(id)));
}

#[test]
fn a_session_is_resumed_once() {
    let mut engine = Engine::default();
    let (old, server) = open_session(&mut engine);
    let key = StaticKey::from_private([1; 32]);
    let pin = key.public().0;
    put(&mut engine, &[&pin, &[5; 32], b"build"]);
    let new = engine.resume(old, Transport::WebSocket, Some(3)).unwrap();
    assert!(engine.input_bytes().iter().all(|&byte| byte == 0));
    let mut init = engine.output().to_vec();
    let init = ReceivedInit::parse(&mut init).unwrap();
    assert_eq!(init.resumes(), Some(server.id()));
    let (proven, hello) = init
        .accept_resume(&[key], server.take_resume_psk())
        .unwrap();
    assert_eq!(hello.last_txid, Some(3));
    assert_eq!(hello.transport, Transport::WebSocket);
    let handshake = proven.claimed(true).unwrap();
    let parameters = ServerParameters {
        session_id: SessionId::new_v7(2, [3; 10]),
        ..server.parameters
    };
    let handshake = handshake.with_current_txid(Some(1 << 32 | 4));
    let (_, response) = handshake.respond(parameters, [6; 32]).unwrap();
    put(&mut engine, &[&response]);
    engine.finish(new).unwrap();
    assert_eq!(engine.view()[3..7], [1, 1, 4, 1]);

    put(&mut engine, &[&pin, &[7; 32], b"build"]);
    let again = engine.resume(old, Transport::Http, None);
    assert_eq!(again, Err(Code::Handle));
    assert!(engine.close(old).is_ok(), "the old session is still there");
}
