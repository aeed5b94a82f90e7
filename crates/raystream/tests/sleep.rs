//! A session that sleeps never uses a counter twice, whatever its host does.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::convert::Infallible;

use kontract_raystream::{
    Asleep, Attachment, Awake, CallId, Draft, Heartbeat, Request, RpcCall, RpcResponse, StateError,
    Suite, Transport, WakeError,
};
use proptest::prelude::*;

mod common;
use common::{SUITES, open_session_over};

#[derive(Default)]
struct Slot {
    state: RefCell<Vec<u8>>,
    /// A host that says it stored and did not.
    forgets: Cell<bool>,
}

impl Attachment for Slot {
    type Error = Infallible;

    fn load(&self) -> Result<Vec<u8>, Infallible> {
        Ok(self.state.borrow().clone())
    }

    fn store(&self, state: &[u8]) -> Result<(), Infallible> {
        if !self.forgets.get() {
            *self.state.borrow_mut() = state.to_vec();
        }
        Ok(())
    }
}

type Woken = Result<Awake, WakeError<Infallible>>;

fn error(woken: Woken) -> WakeError<Infallible> {
    woken.map(drop).unwrap_err()
}

#[test]
fn a_session_goes_on_after_sleep() {
    for suite in SUITES {
        for transport in [Transport::Http, Transport::WebSocket] {
            let (client, server) = open_session_over(suite, transport);
            let (id, exporter) = (server.id(), *server.exporter());
            let slot = Slot::default();
            let mut server = Awake::new(server, &slot).unwrap();
            for round in 0..6_u64 {
                let call = RpcCall::new("echo", b"x", [1; 16]);
                let mut frame = client.seal_call(CallId(round + 1), &call).unwrap();
                let copy = frame.clone();
                assert!(matches!(server.open(&mut frame), Ok(Request::Call(..))));
                let response = RpcResponse {
                    data: b"y",
                    status: 200,
                    headers: vec![],
                };
                let mut frame = server.seal_response(CallId(round + 1), &response).unwrap();
                assert!(client.open(&mut frame).is_ok());

                let Ok(asleep) = server.sleep(&slot);
                assert!(slot.state.borrow().len() <= 512);
                server = if round % 2 == 0 {
                    drop(asleep);
                    Awake::from_attachment(&slot).unwrap()
                } else {
                    asleep.wake(&slot).unwrap()
                };
                assert_eq!((server.id(), *server.exporter()), (id, exporter));
                assert_eq!(u64::from(server.sealer.sealed()), round + 1);
                if transport == Transport::Http {
                    assert!(
                        server.open(&mut copy.clone()).is_err(),
                        "it forgot its window"
                    );
                }
            }
            // The resume PSK came along, once.
            assert!(server.take_resume_psk().is_some());
            let Ok(asleep) = server.sleep(&slot);
            drop(asleep);
            let server = Awake::from_attachment(&slot).unwrap();
            assert!(server.take_resume_psk().is_none());
        }
    }
}

#[test]
fn a_session_interrupted_while_awake_is_lost() {
    let (_, server) = open_session_over(Suite::ChaChaPoly, Transport::WebSocket);
    let slot = Slot::default();
    let server = Awake::new(server, &slot).unwrap();
    // What stands there holds no key.
    assert_eq!(slot.state.borrow().as_slice(), b"rs\x01\x01");
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _server = server;
        panic!("in the middle of a call");
    }));
    assert!(panicked.is_err());
    assert_eq!(
        error(Awake::from_attachment(&slot)),
        WakeError::State(StateError::Dirty)
    );
}

#[test]
fn one_state_wakes_one_session() {
    let (_, server) = open_session_over(Suite::ChaChaPoly, Transport::WebSocket);
    let slot = Slot::default();
    let Ok(asleep) = Awake::new(server, &slot).unwrap().sleep(&slot);
    let woken = Awake::from_attachment(&slot).unwrap();
    assert_eq!(
        error(Awake::from_attachment(&slot)),
        WakeError::State(StateError::Dirty)
    );
    // It goes on and sleeps in a newer state, which the first one must not take for its own.
    woken.seal_close().unwrap();
    let Ok(_newer) = woken.sleep(&slot);
    assert_eq!(error(asleep.wake(&slot)), WakeError::Superseded);
}

#[test]
fn a_host_that_does_not_keep_what_it_is_given_gets_no_session() {
    let (_, server) = open_session_over(Suite::AesGcm, Transport::Http);
    let slot = Slot::default();
    let Ok(asleep) = Awake::new(server, &slot).unwrap().sleep(&slot);
    slot.forgets.set(true);
    assert_eq!(error(Awake::from_attachment(&slot)), WakeError::NotKept);
    assert_eq!(error(asleep.wake(&slot)), WakeError::NotKept);
}

#[test]
fn damaged_states_do_not_wake() {
    let (_, server) = open_session_over(Suite::ChaChaPoly, Transport::Http);
    let slot = Slot::default();
    let Ok(_asleep) = Awake::new(server, &slot).unwrap().sleep(&slot);
    let state = slot.state.borrow().clone();
    let wakes = |state: Vec<u8>| {
        let slot = Slot::default();
        *slot.state.borrow_mut() = state;
        Awake::from_attachment(&slot).map(drop)
    };
    for bit in 0..state.len() * 8 {
        let mut damaged = state.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(wakes(damaged).is_err(), "bit {bit}");
    }
    for length in 0..state.len() {
        assert!(wakes(state[..length].to_vec()).is_err(), "{length} bytes");
    }
    assert_eq!(wakes(state), Ok(()));
}

/// What may happen to a session, in any order.
#[derive(Debug, Clone, Copy)]
enum Step {
    Seal,
    Retry,
    Reserve,
    TooLarge,
    Panic,
    Sleep,
    Crash,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => Just(Step::Seal),
        3 => Just(Step::Retry),
        3 => Just(Step::Reserve),
        1 => Just(Step::TooLarge),
        2 => Just(Step::Panic),
        6 => Just(Step::Sleep),
        1 => Just(Step::Crash),
    ];
    prop::collection::vec(step, 1..60)
}

struct World {
    slot: Slot,
    awake: Option<Awake>,
    asleep: Option<Asleep>,
    nonces: HashSet<[u8; 12]>,
}

impl World {
    /// False once the session is lost.
    fn step(&mut self, step: Step, keep: bool) -> bool {
        if self.awake.is_none() {
            let woken = match self.asleep.take() {
                Some(asleep) if keep => asleep.wake(&self.slot),
                _ => Awake::from_attachment(&self.slot),
            };
            self.awake = woken.ok();
        }
        let Some(server) = self.awake.take() else {
            return false;
        };
        let beat = Heartbeat {
            timestamp: 7,
            server_time: None,
        };
        match step {
            Step::Seal => self.used(&server.seal_heartbeat(beat, 8).unwrap()[16..28]),
            // The same message again is a new frame.
            Step::Retry => {
                for _ in 0..3 {
                    self.used(&server.seal_heartbeat(beat, 8).unwrap()[16..28]);
                }
            }
            // Taken, and the cipher never answers.
            Step::Reserve => {
                let reserved = server.sealer.reserve(Draft::heartbeat(&beat)).unwrap();
                self.used(reserved.nonce());
            }
            Step::TooLarge => {
                let data = vec![0; server.parameters.limits.max_frame];
                let response = RpcResponse {
                    data: &data,
                    status: 200,
                    headers: vec![],
                };
                assert!(server.seal_response(CallId(1), &response).is_err());
            }
            // A handler dies with a frame reserved; the session outlives it.
            Step::Panic => {
                let nonce = Cell::new([0; 12]);
                let run = std::panic::AssertUnwindSafe(|| {
                    let reserved = server.sealer.reserve(Draft::close()).unwrap();
                    nonce.set(*reserved.nonce());
                    std::panic::resume_unwind(Box::new(()));
                });
                assert!(std::panic::catch_unwind(run).is_err());
                self.used(&nonce.get());
            }
            Step::Sleep => {
                let Ok(asleep) = server.sleep(&self.slot);
                self.asleep = Some(asleep);
                return true;
            }
            Step::Crash => return true,
        }
        self.awake = Some(server);
        true
    }

    fn used(&mut self, nonce: &[u8]) {
        let nonce = nonce.try_into().unwrap();
        assert!(self.nonces.insert(nonce), "a nonce was used twice");
    }
}

proptest! {
    #[test]
    fn no_nonce_repeats(steps in steps(), keep: bool, websocket: bool, aes: bool) {
        let transport = if websocket { Transport::WebSocket } else { Transport::Http };
        let suite = if aes { Suite::AesGcm } else { Suite::ChaChaPoly };
        let (_, server) = open_session_over(suite, transport);
        let slot = Slot::default();
        let mut world = World {
            awake: Some(Awake::new(server, &slot).unwrap()),
            slot,
            asleep: None,
            nonces: HashSet::new(),
        };
        let mut crashed = false;
        for step in steps {
            let lives = world.step(step, keep);
            prop_assert_eq!(lives, !crashed, "a session that was in use is gone, no other is");
            if !lives {
                break;
            }
            crashed |= matches!(step, Step::Crash);
        }
    }
}
