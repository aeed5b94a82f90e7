//! Hellos: any bytes as INIT and as RESPONSE, and real ones with bytes changed. The keys are fixed;
//! what a fuzzer cannot forge is sealed for it, so that it gets to the hellos inside.

use kontract_raystream::{
    ClientHandshake, Direction, FrameBuf, Incoming, Initiator, Limits, PublicKey, ReceivedInit,
    Responder, ServerHandshake, ServerParameters, SessionId, StaticKey, Suite, Transport,
};

use super::input::Input;

pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let (mode, suite) = (input.byte() % 4, suite(input.byte()));
    let key = StaticKey::from_private([7; 32]);
    match mode {
        0 => raw(&key, data.get(2..).unwrap_or_default()),
        1 => changed_init(&key, suite, &mut input),
        2 => changed_response(&key, suite, &mut input),
        _ => sealed(&key, suite, &mut input),
    }
}

/// Bytes as they are, to both sides.
fn raw(key: &StaticKey, bytes: &[u8]) {
    if let Ok(init) = ReceivedInit::parse(&mut bytes.to_vec()) {
        let _ = init.resumes();
        let _ = init.accept(std::slice::from_ref(key));
    }
    let (client, _) = start(Suite::ChaChaPoly, key.public());
    let _ = client.finish(&mut bytes.to_vec());
}

/// A real INIT, some bytes of it changed: accepted only if nothing changed.
fn changed_init(key: &StaticKey, suite: Suite, input: &mut Input<'_>) {
    let (_, init) = start(suite, key.public());
    let mut changed = init.clone();
    change(&mut changed, input);
    let same = changed == init;
    let accepted = ServerHandshake::accept(std::slice::from_ref(key), &mut changed).is_ok();
    assert_eq!(accepted, same);
}

/// The same for the RESPONSE.
fn changed_response(key: &StaticKey, suite: Suite, input: &mut Input<'_>) {
    let (client, mut init) = start(suite, key.public());
    let keys = std::slice::from_ref(key);
    let (server, _) = ServerHandshake::accept(keys, &mut init).expect("a real INIT");
    let (_, response) = server.respond(parameters(), [9; 32]).expect("it fits");
    let mut changed = response.clone();
    change(&mut changed, input);
    let same = changed == response;
    assert_eq!(client.finish(&mut changed).is_ok(), same);
}

/// Any hello, properly sealed, in both directions.
fn sealed(key: &StaticKey, suite: Suite, input: &mut Input<'_>) {
    let length = usize::from(input.u16());
    let hello = input.bytes(length);
    let write = |buffer: &mut FrameBuf| buffer.extend(hello);
    let Ok((initiator, mut init)) = Initiator::start(suite, key.public(), [8; 32], write) else {
        return;
    };
    let keys = std::slice::from_ref(key);
    if let Ok((server, read)) = ServerHandshake::accept(keys, &mut init.clone()) {
        assert!(read.supported_ciphers.contains(&suite.name()));
        assert_eq!(server.suite(), suite);
        assert!(server.resumes().is_none());
    }
    let frame = Incoming::parse(&mut init, Direction::ClientToServer, Limits::default());
    let (read, responder) = Responder::accept(keys, frame.expect("our own")).expect("our own");
    assert_eq!(read, hello);
    let Ok((mut response, _)) = responder.respond([9; 32], write) else {
        return;
    };
    let frame = Incoming::parse(&mut response, Direction::ServerToClient, Limits::default());
    let (read, _) = initiator.finish(frame.expect("our own")).expect("our own");
    assert_eq!(read, hello);

    // And to the client that reads what the hello says.
    let (client, mut init) = start(suite, key.public());
    let frame = Incoming::parse(&mut init, Direction::ClientToServer, Limits::default());
    let (_, responder) = Responder::accept(keys, frame.expect("our own")).expect("our own");
    let (mut response, _) = responder.respond([9; 32], write).expect("it did fit");
    if let Ok(session) = client.finish(&mut response) {
        assert_eq!(session.hello.selected_cipher, suite);
        assert!(session.hello.limits.max_frame <= Limits::MAX_FRAME);
        assert!((1..=Limits::MAX_IN_FLIGHT).contains(&session.hello.max_inflight));
        assert!(!session.hello.resumed);
    }
}

/// Up to four bytes overwritten, or the end cut off.
fn change(bytes: &mut Vec<u8>, input: &mut Input<'_>) {
    if input.byte() == 0 {
        let length = input.index(bytes.len() + 1);
        bytes.truncate(length);
        return;
    }
    for _ in 0..=input.byte() % 4 {
        let at = input.index(bytes.len());
        bytes[at] ^= input.byte();
    }
}

fn start(suite: Suite, pin: PublicKey) -> (ClientHandshake, Vec<u8>) {
    ClientHandshake::start(suite, Transport::Http, pin, "fuzz", [8; 32]).expect("a good pin")
}

fn suite(byte: u8) -> Suite {
    if byte & 1 == 0 {
        Suite::ChaChaPoly
    } else {
        Suite::AesGcm
    }
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
