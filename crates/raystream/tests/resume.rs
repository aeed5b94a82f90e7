//! One session goes on in the next: `NKpsk0`, and a PSK that works once.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::cell::RefCell;
use std::collections::HashMap;

use kontract_raystream::{
    CallId, ClientHandshake, ClientSession, HandshakeError, ReceivedInit, Request, ResumePsk,
    ResumeStore, ResumeTicket, RpcCall, ServerHandshake, ServerParameters, ServerSession,
    SessionId, StaticKey, Suite, Transport,
};

mod common;
use common::{SUITES, gateway_key, open_session, parameters};

/// PSKs in memory, in the form they are stored in.
#[derive(Default)]
struct Store(RefCell<HashMap<SessionId, Vec<u8>>>);

impl Store {
    fn keep(&self, session: &ServerSession) {
        let stored = session.take_resume_psk().unwrap().into_stored().to_vec();
        self.0.borrow_mut().insert(session.id(), stored);
    }
}

impl ResumeStore for Store {
    fn look_up(&self, session: SessionId) -> Option<ResumePsk> {
        ResumePsk::from_stored(self.0.borrow().get(&session)?)
    }

    fn claim(&self, session: SessionId) -> bool {
        self.0.borrow_mut().remove(&session).is_some()
    }
}

fn next_parameters() -> ServerParameters {
    ServerParameters {
        session_id: SessionId::new_v7(1_700_000_100_000, [0x23; 10]),
        ..parameters()
    }
}

/// A session, and what it leaves behind on both sides.
fn ended(suite: Suite, store: &Store) -> ResumeTicket {
    let (client, server) = open_session(suite);
    store.keep(&server);
    assert!(server.take_resume_psk().is_none(), "there is one PSK");
    let ticket = client.take_ticket().unwrap();
    assert!(client.take_ticket().is_none(), "there is one ticket");
    ticket
}

fn resume(ticket: ResumeTicket) -> (ClientHandshake, Vec<u8>) {
    let pin = gateway_key().public();
    ClientHandshake::resume(ticket, Transport::Http, pin, "test", Some(41), [0x55; 32]).unwrap()
}

fn accept(init: &mut [u8], store: &Store) -> Result<ServerHandshake, HandshakeError> {
    ServerHandshake::accept_with(&[gateway_key()], init, store).map(|(server, _)| server)
}

fn refused(init: &mut [u8], store: &Store) -> HandshakeError {
    accept(init, store).map(drop).unwrap_err()
}

fn calls_work(client: &ClientSession, server: &ServerSession) {
    let call = RpcCall::new("echo", b"x", [1; 16]);
    let mut frame = client.seal_call(CallId(1), &call).unwrap();
    assert!(matches!(server.open(&mut frame), Ok(Request::Call(..))));
}

#[test]
fn a_session_goes_on_in_the_next() {
    for suite in SUITES {
        let store = Store::default();
        let ticket = ended(suite, &store);
        let old = ticket.session();
        let (client, mut init) = resume(ticket);
        let (server, hello) =
            ServerHandshake::accept_with(&[gateway_key()], &mut init, &store).unwrap();
        assert_eq!((hello.last_txid, server.suite()), (Some(41), suite));
        assert_eq!(server.resumes(), Some(old));
        let (server, mut response) = server
            .with_current_txid(Some(43))
            .respond(next_parameters(), [0x66; 32])
            .unwrap();
        let client = client.finish(&mut response).unwrap();
        assert!(client.hello.resumed && client.hello.current_txid == Some(43));
        assert_eq!(client.exporter(), server.exporter());
        assert_ne!(client.id(), old);
        calls_work(&client, &server);

        // And so on: the new session leaves a PSK of its own.
        store.keep(&server);
        let (_, mut init) = resume(client.take_ticket().unwrap());
        assert!(accept(&mut init, &store).is_ok());
    }
}

#[test]
fn a_psk_works_once() {
    let store = Store::default();
    let (client, init) = resume(ended(Suite::ChaChaPoly, &store));
    let server = accept(&mut init.clone(), &store).unwrap();
    // A recorded INIT, sent again.
    assert_eq!(
        refused(&mut init.clone(), &store),
        HandshakeError::ResumeUnavailable
    );
    let (_, mut response) = server.respond(next_parameters(), [6; 32]).unwrap();
    assert!(client.finish(&mut response).is_ok());
}

#[test]
fn of_two_copies_of_one_init_one_goes_on() {
    let store = Store::default();
    let ticket = ended(Suite::AesGcm, &store);
    let session = ticket.session();
    let (_, init) = resume(ticket);
    let keys = [gateway_key()];
    // Both have looked the PSK up before either deletes it.
    let (mut first, mut second) = (init.clone(), init);
    let [first, second] = [&mut first, &mut second].map(|init| {
        let init = ReceivedInit::parse(init).unwrap();
        assert_eq!(init.resumes(), Some(session));
        let (proven, _) = init.accept_resume(&keys, store.look_up(session)).unwrap();
        assert_eq!(proven.session(), session);
        proven
    });
    assert!(second.claimed(store.claim(session)).is_ok());
    let late = first.claimed(store.claim(session)).map(drop);
    assert_eq!(late, Err(HandshakeError::ResumeUnavailable));
}

#[test]
fn who_knows_a_session_id_uses_up_nothing() {
    let store = Store::default();
    let (_, init) = resume(ended(Suite::ChaChaPoly, &store));
    // All of the INIT is public but what the PSK seals; every bit of it is vouched for.
    for bit in 0..init.len() * 8 {
        let mut forged = init.clone();
        forged[bit / 8] ^= 1 << (bit % 8);
        assert!(accept(&mut forged, &store).is_err(), "bit {bit}");
        assert_eq!(store.0.borrow().len(), 1, "bit {bit} used up the PSK");
    }
    assert!(accept(&mut init.clone(), &store).is_ok());
}

#[test]
fn another_psk_another_suite_or_another_key_proves_nothing() {
    let store = Store::default();
    let mine = ended(Suite::ChaChaPoly, &store);
    let session = mine.session();
    // A ticket of a session the thief did have, sent under the name of mine.
    let (thief, _) = open_session(Suite::ChaChaPoly);
    let (_, mut init) = resume(thief.take_ticket().unwrap());
    init[28..44].copy_from_slice(&session.0);
    assert_eq!(refused(&mut init, &store), HandshakeError::Decryption);

    let (_, mut init) = resume(mine);
    let stored = store.0.borrow().get(&session).cloned().unwrap();
    store.0.borrow_mut().get_mut(&session).unwrap()[0] = 2;
    let other_suite = refused(&mut init.clone(), &store);
    assert_eq!(other_suite, HandshakeError::ResumeUnavailable);
    store.0.borrow_mut().insert(session, stored);

    let other = StaticKey::from_private([0x12; 32]);
    let unknown = ServerHandshake::accept_with(&[other], &mut init.clone(), &store).map(drop);
    assert_eq!(unknown, Err(HandshakeError::UnknownKey));
    // A gateway that keeps no PSKs says what it says of one it has lost.
    let lost = ServerHandshake::accept(&[gateway_key()], &mut init.clone()).map(drop);
    assert_eq!(lost, Err(HandshakeError::ResumeUnavailable));
    assert!(accept(&mut init, &store).is_ok());
}

#[test]
fn the_answer_must_be_that_of_a_resumption() {
    let store = Store::default();
    for suite in SUITES {
        let (client, mut init) = resume(ended(suite, &store));
        // A full handshake's answer does not fit one that resumes, nor the old id a new session.
        let server = accept(&mut init, &store).unwrap();
        let same_id = parameters();
        let (_, mut response) = server.respond(same_id, [6; 32]).unwrap();
        assert_eq!(
            client.finish(&mut response).map(drop),
            Err(HandshakeError::Unexpected)
        );
    }
}

#[test]
fn stored_psks_read_back_and_others_do_not() {
    let (_, server) = open_session(Suite::AesGcm);
    let psk = server.take_resume_psk().unwrap();
    assert_eq!(psk.suite(), Suite::AesGcm);
    assert!(!format!("{psk:?}").contains("secret"));
    let stored = psk.into_stored();
    assert!(ResumePsk::from_stored(stored.as_slice()).is_some());
    for wrong in [&stored[..32], &[0; 33], &[1; 34], &[]] {
        assert!(ResumePsk::from_stored(wrong).is_none());
    }
}
