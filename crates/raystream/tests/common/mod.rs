//! A handshake between the two halves.
#![allow(dead_code, reason = "every test file takes what it needs")]

use kontract_raystream::{
    ClientHandshake, ClientSession, Limits, ServerHandshake, ServerParameters, ServerSession,
    SessionId, StaticKey, Suite, Transport,
};
use std::sync::atomic::{AtomicU8, Ordering};

pub const SUITES: [Suite; 2] = [Suite::ChaChaPoly, Suite::AesGcm];

pub fn gateway_key() -> StaticKey {
    StaticKey::from_private([0x11; 32])
}

pub fn parameters() -> ServerParameters {
    ServerParameters {
        session_id: SessionId::new_v7(1_700_000_000_000, [0x22; 10]),
        expires_at: 1_700_000_300_000,
        ttl_ms: Limits::DEFAULT_TTL_MS,
        limits: Limits::default(),
        max_inflight: 64,
    }
}

/// Both ends of a new session; no two have the same ephemeral keys.
pub fn open_session(suite: Suite) -> (ClientSession, ServerSession) {
    open_session_over(suite, Transport::Http)
}

/// The same over this transport.
pub fn open_session_over(suite: Suite, transport: Transport) -> (ClientSession, ServerSession) {
    static NEXT: AtomicU8 = AtomicU8::new(0);
    let mut ephemeral = [0x33; 32];
    ephemeral[1] = NEXT.fetch_add(1, Ordering::Relaxed);
    let key = gateway_key();
    let (client, mut init) =
        ClientHandshake::start(suite, transport, key.public(), "test", ephemeral).unwrap();
    let (server, hello) = ServerHandshake::accept(&[key], &mut init).unwrap();
    assert_eq!((hello.build_id, hello.transport), ("test", transport));
    let (server, mut response) = server.respond(parameters(), [0x44; 32]).unwrap();
    (client.finish(&mut response).unwrap(), server)
}
