//! Why not the specification as it is written: each attack works on a small model of it, and not
//! here.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::HashMap;

use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};
use hkdf::Hkdf;
use kontract_raystream::{
    CallId, ClientHandshake, HandshakeError, Header, OpenError, ReceivedInit, RpcCall, RpcResponse,
    ServerHandshake, StaticKey, Suite, Transport,
};
use sha2::Sha256;
use x25519_dalek::{PublicKey, StaticSecret};

mod common;
use common::{SUITES, gateway_key, open_session, parameters};

/// The specification's 8.1: anonymous X25519, one key, nonce `txid ‖ counter`, no associated data.
mod spec {
    use super::*;

    pub fn key(mine: &StaticSecret, theirs: &PublicKey, session: &[u8]) -> [u8; 32] {
        let shared = mine.diffie_hellman(theirs);
        let mut key = [0; 32];
        Hkdf::<Sha256>::new(Some(b"raystream-v1"), shared.as_bytes())
            .expand(session, &mut key)
            .unwrap();
        key
    }

    pub fn nonce(txid: u64, counter: u32) -> Nonce {
        let mut nonce = [0; 12];
        nonce[..8].copy_from_slice(&txid.to_be_bytes());
        nonce[8..].copy_from_slice(&counter.to_be_bytes());
        nonce.into()
    }

    /// `header[16] ‖ nonce ‖ ciphertext ‖ tag`, the header outside of the AEAD.
    pub fn seal(key: &[u8; 32], kind: u8, nonce: Nonce, plain: &[u8]) -> Vec<u8> {
        let mut frame = vec![0; 28];
        (frame[0], frame[1]) = (1, kind);
        frame[16..].copy_from_slice(&nonce);
        frame.extend(cipher(key).encrypt(&nonce, plain).unwrap());
        frame
    }

    /// The type the header names, and the plaintext.
    pub fn open(key: &[u8; 32], frame: &[u8]) -> Option<(u8, Vec<u8>)> {
        let nonce = Nonce::try_from(&frame[16..28]).unwrap();
        let plain = cipher(key).decrypt(&nonce, &frame[28..]).ok()?;
        Some((frame[1], plain))
    }

    fn cipher(key: &[u8; 32]) -> ChaCha20Poly1305 {
        ChaCha20Poly1305::new(key.into())
    }
}

fn xor(a: &[u8], b: &[u8]) -> Vec<u8> {
    a.iter().zip(b).map(|(a, b)| a ^ b).collect()
}

/// A frame's ciphertext.
fn ciphertext(frame: &[u8]) -> &[u8] {
    &frame[28..frame.len() - 16]
}

#[test]
fn anyone_on_the_path_is_the_server_of_an_anonymous_exchange() {
    let [client, server, mallory] = [1, 2, 3].map(|i| StaticSecret::from([i; 32]));
    let public = |secret: &StaticSecret| PublicKey::from(secret);
    // Each side has exchanged keys with Mallory, and cannot tell.
    let session = b"session";
    let of_client = spec::key(&client, &public(&mallory), session);
    let secret = b"my password";
    let frame = spec::seal(&of_client, 0x10, spec::nonce(1, 1), secret);
    let stolen = spec::key(&mallory, &public(&client), session);
    let (_, read) = spec::open(&stolen, &frame).unwrap();
    assert_eq!(read, secret);
    let passed_on = spec::key(&mallory, &public(&server), session);
    let frame = spec::seal(&passed_on, 0x10, spec::nonce(1, 1), &read);
    let of_server = spec::key(&server, &public(&mallory), session);
    assert_eq!(spec::open(&of_server, &frame).unwrap().1, secret);

    // Here the client has the server's key beforehand. Mallory cannot read the INIT under a key of
    // her own, and what she answers does not open.
    for suite in SUITES {
        let pin = gateway_key().public();
        let start =
            |pin| ClientHandshake::start(suite, Transport::Http, pin, "b", [5; 32]).unwrap();
        let (client, init) = start(pin);
        let mallory = StaticKey::from_private([3; 32]);
        let mut taken = init.clone();
        taken[12..16].copy_from_slice(&mallory.id().0);
        let read = ServerHandshake::accept(std::slice::from_ref(&mallory), &mut taken).map(drop);
        assert_eq!(read, Err(HandshakeError::Decryption));
        // A handshake she can answer, her answer dressed up as the gateway's.
        let (_, mut hers) = start(mallory.public());
        let (server, _) = ServerHandshake::accept(&[mallory], &mut hers).unwrap();
        let (_, mut response) = server.respond(parameters(), [6; 32]).unwrap();
        response[12..16].copy_from_slice(&pin.key_id().0);
        assert_eq!(
            client.finish(&mut response).map(drop),
            Err(HandshakeError::Decryption)
        );
    }
}

#[test]
fn one_key_for_both_directions_gives_the_plaintexts_away() {
    let (request, reply) = (b"transfer 100 to alice", b"ok: new balance is 42");
    let key = [7; 32];
    // A reply has its request's txid, and is the first message of its side.
    let there = spec::seal(&key, 0x10, spec::nonce(9, 1), request);
    let back = spec::seal(&key, 0x11, spec::nonce(9, 1), reply);
    let leaked = xor(ciphertext(&there), ciphertext(&back));
    assert_eq!(leaked, xor(request, reply));
    assert_eq!(
        xor(&leaked, request),
        reply,
        "who knows one reads the other"
    );
    // And the client takes its own request for an answer.
    assert!(spec::open(&key, &there).is_some());

    for suite in SUITES {
        let (client, server) = open_session(suite);
        let call = RpcCall::new("m", request, [1; 16]);
        let there = client.seal_call(CallId(9), &call).unwrap();
        let response = RpcResponse {
            data: reply,
            status: 200,
            headers: vec![],
        };
        let back = server.seal_response(CallId(9), &response).unwrap();
        assert_eq!(there[16..28], back[16..28], "the nonces are the same");
        let plain = |sealed: &[u8], open: &dyn Fn(&mut [u8]) -> bool| {
            let mut frame = sealed.to_vec();
            assert!(open(&mut frame));
            ciphertext(&frame).to_vec()
        };
        let plain_there = plain(&there, &|frame| server.open(frame).is_ok());
        let plain_back = plain(&back, &|frame| client.open(frame).is_ok());
        assert_ne!(
            xor(ciphertext(&there), ciphertext(&back)),
            xor(&plain_there, &plain_back)
        );
        // Nor does a frame that has come back open, its header turned around.
        let mut reflected = client.seal_call(CallId(9), &call).unwrap();
        (reflected[1], reflected[3]) = (0x11, reflected[3] | 1);
        assert_eq!(
            client.open(&mut reflected),
            Err(OpenError::Decryption.into())
        );
    }
}

#[test]
fn a_header_nobody_vouches_for_can_be_rewritten() {
    let key = [7; 32];
    let mut error = spec::seal(&key, 0x12, spec::nonce(9, 1), b"refused");
    error[1] = 0x11;
    // The refusal has become a result.
    assert_eq!(spec::open(&key, &error), Some((0x11, b"refused".to_vec())));

    for suite in SUITES {
        let (client, server) = open_session(suite);
        let call = RpcCall::new("m", b"x", [1; 16]);
        let frame = client.seal_call(CallId(9), &call).unwrap();
        for bit in 0..Header::LEN * 8 {
            let mut changed = frame.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(server.open(&mut changed).is_err(), "bit {bit}");
        }
        assert!(server.open(&mut frame.clone()).is_ok());
    }
}

#[test]
fn a_retry_under_the_same_nonce_gives_both_attempts_away() {
    let (first, second) = (b"deadline 30000, token abc", b"deadline 10000, token xyz");
    let key = [7; 32];
    // A retry has its call's txid, and the counter starts with the call.
    let attempts = [first, second].map(|plain| spec::seal(&key, 0x10, spec::nonce(9, 0), plain));
    let [one, two] = &attempts;
    assert_eq!(xor(ciphertext(one), ciphertext(two)), xor(first, second));

    for suite in SUITES {
        let (client, server) = open_session(suite);
        let attempt = |deadline_ms| {
            let call = RpcCall {
                deadline_ms,
                ..RpcCall::new("m", b"x", [1; 16])
            };
            client.seal_call(CallId(9), &call).unwrap()
        };
        let (mut one, mut two) = (attempt(30_000), attempt(10_000));
        assert_ne!(one[16..28], two[16..28]);
        let sealed = xor(ciphertext(&one), ciphertext(&two));
        assert!(server.open(&mut one).is_ok() && server.open(&mut two).is_ok());
        assert_ne!(sealed, xor(ciphertext(&one), ciphertext(&two)));
    }
}

#[test]
fn a_resumption_that_proves_nothing_is_anyones() {
    // The specification's server knows sessions by their id, and resumes them for who names one.
    let sessions = HashMap::from([("id in a url", "ada")]);
    let resume = |session_id: &str| sessions.get(session_id).copied();
    assert_eq!(resume("id in a url"), Some("ada"), "Mallory is Ada now");

    // Here the id without the PSK is worth nothing: see resume.rs for every bit of it.
    let (ada, server_of_ada) = open_session(Suite::ChaChaPoly);
    let (mallory, _) = open_session(Suite::ChaChaPoly);
    let pin = gateway_key().public();
    let ticket = mallory.take_ticket().unwrap();
    let (_, mut init) =
        ClientHandshake::resume(ticket, Transport::Http, pin, "b", None, [5; 32]).unwrap();
    init[28..44].copy_from_slice(&ada.id().0);
    let psk = server_of_ada.take_resume_psk();
    let received = ReceivedInit::parse(&mut init).unwrap();
    assert_eq!(received.resumes(), Some(ada.id()));
    let answer = received.accept_resume(&[gateway_key()], psk).map(drop);
    assert_eq!(answer, Err(HandshakeError::Decryption));
}
