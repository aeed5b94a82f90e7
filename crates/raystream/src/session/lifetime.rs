//! A key at the end of its life: counters no test can reach by sealing.

use super::{Draft, Opener, Sealer};
use crate::error::{OpenError, SealError};
use crate::frame::{Direction, Incoming};
use crate::limits::Limits;
use crate::suite::Suite;
use crate::window::{ReplayWindow, Transport};

const KEY: [u8; 32] = [3; 32];
const SUITES: [(Suite, u32); 2] = [(Suite::ChaChaPoly, 1 << 31), (Suite::AesGcm, 1 << 23)];

fn sealer(suite: Suite, sealed: u32) -> Sealer {
    let direction = Direction::ClientToServer;
    Sealer::after(suite, direction, &KEY, Limits::default(), sealed)
}

fn opener(suite: Suite, highest: u32) -> Opener {
    let window = ReplayWindow::read(Transport::WebSocket, &highest.to_be_bytes()).unwrap();
    Opener::after(suite, &KEY, window, 0)
}

#[test]
fn half_of_a_keys_frames_are_time_for_a_new_session() {
    for (suite, frames) in SUITES {
        assert_eq!(suite.max_frames(), frames);
        assert!(!sealer(suite, frames / 2 - 1).should_renew());
        assert!(sealer(suite, frames / 2).should_renew());
        assert!(!opener(suite, frames / 2 - 1).should_renew());
        assert!(opener(suite, frames / 2).should_renew());
    }
}

#[test]
fn a_key_seals_and_opens_so_many_frames_and_no_more() {
    for (suite, frames) in SUITES {
        let (out, into) = (sealer(suite, frames - 1), opener(suite, frames - 1));
        let mut last = out.seal_draft(Draft::close()).unwrap();
        for _ in 0..3 {
            assert_eq!(out.seal_draft(Draft::close()), Err(SealError::Exhausted));
        }
        assert_eq!(out.sealed(), frames);
        let parse = |frame| Incoming::parse(frame, Direction::ClientToServer, Limits::default());
        assert!(into.open(parse(&mut last).unwrap()).is_ok());

        // A peer that goes on regardless is not listened to.
        let mut beyond = sealer_beyond(suite, frames);
        let refused = into.open(parse(&mut beyond).unwrap()).map(drop);
        assert_eq!(refused, Err(OpenError::Exhausted));
    }
}

/// A properly encrypted frame one above the last.
fn sealer_beyond(suite: Suite, frames: u32) -> Vec<u8> {
    let reserved = sealer(suite, 0).reserve(Draft::close()).unwrap();
    let mut bytes = [reserved.aad(), reserved.nonce(), &[]].concat();
    let sequence = (frames + 1).to_be_bytes();
    bytes[4..8].copy_from_slice(&sequence);
    bytes[24..28].copy_from_slice(&sequence);
    let nonce = bytes[16..28].try_into().unwrap();
    let key = crate::cipher::AeadKey::new(suite, &KEY);
    let tag = key.seal(&nonce, &bytes[..16], &mut []).unwrap();
    bytes.extend_from_slice(&tag);
    bytes
}
