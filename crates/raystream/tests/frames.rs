//! What a session must refuse, and that it survives being asked.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use kontract_raystream::{
    CallId, Direction, Flags, FrameBuf, Incoming, Limits, MessageType, OpenError, Opener,
    ReceiveError, RpcCall, SealError, Sealer, Suite, Transport,
};
use proptest::prelude::*;

mod common;
use common::{SUITES, open_session};

const KEY: [u8; 32] = [7; 32];

fn ends(suite: Suite, transport: Transport) -> (Sealer, Opener) {
    let limits = Limits::default();
    let sealer = Sealer::new(suite, Direction::ClientToServer, &KEY, limits);
    (sealer, Opener::new(suite, transport, &KEY))
}

fn seal(sealer: &Sealer, flags: Flags) -> Vec<u8> {
    let payload = FrameBuf::from_payload(b"an envelope");
    sealer
        .seal(MessageType::RpcCall, CallId(9), flags, payload)
        .unwrap()
}

fn open(opener: &Opener, mut frame: Vec<u8>) -> Result<Vec<u8>, ReceiveError> {
    let frame = Incoming::parse(&mut frame, Direction::ClientToServer, Limits::default())?;
    Ok(opener.open(frame)?.payload.to_vec())
}

#[test]
fn every_flipped_bit_is_refused_and_changes_nothing() {
    for suite in SUITES {
        let (sealer, opener) = ends(suite, Transport::Http);
        for flags in [Flags::FIN, Flags::PADDED] {
            let frame = seal(&sealer, flags);
            for bit in 0..frame.len() * 8 {
                let mut forged = frame.clone();
                forged[bit / 8] ^= 1 << (bit % 8);
                assert!(
                    open(&opener, forged).is_err(),
                    "{suite:?}: bit {bit} went unnoticed"
                );
            }
            assert_eq!(open(&opener, frame).unwrap(), b"an envelope");
        }
    }
}

#[test]
fn every_truncation_and_extension_is_refused() {
    let (sealer, opener) = ends(Suite::ChaChaPoly, Transport::Http);
    let frame = seal(&sealer, Flags::FIN);
    for length in 0..frame.len() {
        assert!(open(&opener, frame[..length].to_vec()).is_err());
    }
    let longer = [frame.as_slice(), &[0]].concat();
    assert!(open(&opener, longer).is_err());
    assert!(open(&opener, frame).is_ok());
}

#[test]
fn a_frame_opens_once() {
    for transport in [Transport::Http, Transport::WebSocket] {
        let (sealer, opener) = ends(Suite::ChaChaPoly, transport);
        let frame = seal(&sealer, Flags::FIN);
        assert!(open(&opener, frame.clone()).is_ok());
        assert_eq!(open(&opener, frame), Err(OpenError::Replay(1).into()));
    }
}

#[test]
fn order_matters_to_websockets_only() {
    let (sealer, http) = ends(Suite::AesGcm, Transport::Http);
    let websocket = Opener::new(Suite::AesGcm, Transport::WebSocket, &KEY);
    let (first, second) = (seal(&sealer, Flags::NONE), seal(&sealer, Flags::NONE));
    assert!(open(&http, second.clone()).is_ok());
    assert!(open(&http, first.clone()).is_ok());
    assert_eq!(
        open(&websocket, second.clone()),
        Err(OpenError::Replay(2).into())
    );
    // Nobody else can interfere with a stream, so this ends the session.
    assert!(websocket.is_dead() && !http.is_dead());
    assert_eq!(open(&websocket, first), Err(OpenError::Exhausted.into()));
}

#[test]
fn frames_do_not_travel_between_directions_sessions_or_suites() {
    for suite in SUITES {
        let (client, server) = open_session(suite);
        let (other_client, other_server) = open_session(suite);
        let call = RpcCall::new("echo", b"args", [1; 16]);
        let frame = client.seal_call(CallId(1), &call).unwrap();

        // Reflection: the client's own frame, as it is and with the direction's flag set.
        assert!(client.open(&mut frame.clone()).is_err());
        let mut turned = frame.clone();
        (turned[1], turned[3]) = (0x11, turned[3] | 1);
        assert_eq!(client.open(&mut turned), Err(OpenError::Decryption.into()));

        assert_eq!(
            other_server.open(&mut frame.clone()),
            Err(OpenError::Decryption.into())
        );
        assert!(server.open(&mut frame.clone()).is_ok());
        drop(other_client);
    }
    let (chacha, _) = ends(Suite::ChaChaPoly, Transport::Http);
    let (_, aes) = ends(Suite::AesGcm, Transport::Http);
    assert_eq!(
        open(&aes, seal(&chacha, Flags::NONE)),
        Err(OpenError::Kind.into())
    );
}

#[test]
fn sizes_have_limits_on_both_sides() {
    let limits = Limits::with_max_frame(0);
    assert_eq!(limits.max_frame, Limits::MAX_HELLO);
    let sealer = Sealer::new(Suite::ChaChaPoly, Direction::ClientToServer, &KEY, limits);
    let payload = |length| FrameBuf::from_payload(&vec![0; length]);
    let room = limits.max_frame - Limits::FRAME_OVERHEAD;
    let seal = |length| {
        sealer.seal(
            MessageType::RpcCall,
            CallId(1),
            Flags::NONE,
            payload(length),
        )
    };
    assert!(matches!(seal(room + 1), Err(SealError::TooLarge { .. })));
    let mut frame = seal(room).unwrap();
    assert_eq!(frame.len(), limits.max_frame);
    assert!(Incoming::parse(&mut frame, Direction::ClientToServer, limits).is_ok());

    let big = Sealer::new(
        Suite::ChaChaPoly,
        Direction::ClientToServer,
        &KEY,
        Limits::default(),
    );
    let mut frame = big
        .seal(
            MessageType::RpcCall,
            CallId(1),
            Flags::NONE,
            payload(room + 1),
        )
        .unwrap();
    assert!(Incoming::parse(&mut frame, Direction::ClientToServer, limits).is_err());
}

#[test]
fn sealing_from_many_threads_never_repeats_a_sequence() {
    let (sealer, opener) = ends(Suite::ChaChaPoly, Transport::Http);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..200 {
                    open(&opener, seal(&sealer, Flags::NONE)).unwrap();
                }
            });
        }
    });
    assert_eq!(opener.failures(), 0);
}

#[test]
fn a_session_that_fails_too_often_is_dead() {
    let (sealer, opener) = ends(Suite::ChaChaPoly, Transport::Http);
    let good = seal(&sealer, Flags::NONE);
    let mut bad = good.clone();
    *bad.last_mut().unwrap() ^= 1;
    for _ in 0..Limits::MAX_FAILURES {
        assert!(open(&opener, bad.clone()).is_err());
    }
    assert_eq!(open(&opener, good), Err(OpenError::Exhausted.into()));
}

proptest! {
    #[test]
    fn random_bytes_do_no_harm(
        mut bytes in prop::collection::vec(any::<u8>(), 0..200),
        shape in prop::option::of((0_u8..8, any::<bool>())),
    ) {
        // Half of them look like a frame from afar, or the first byte would end almost every case.
        if let (Some((kind, to_server)), true) = (shape, bytes.len() >= 44) {
            let types = [0x01, 0x02, 0x10, 0x11, 0x12, 0x20, 0x30, 0xff];
            let length = u32::try_from(bytes.len() - 44).unwrap();
            bytes[..4].copy_from_slice(&[1, types[usize::from(kind)], 0, u8::from(!to_server)]);
            bytes[4..8].copy_from_slice(&1_u32.to_be_bytes());
            bytes[8..12].copy_from_slice(&length.to_be_bytes());
            bytes[12..16].fill(0);
            bytes[24..28].copy_from_slice(&1_u32.to_be_bytes());
        }
        let (client, server) = open_session(Suite::ChaChaPoly);
        prop_assert!(server.open(&mut bytes.clone()).is_err());
        prop_assert!(client.open(&mut bytes).is_err());
    }

    #[test]
    fn what_is_sealed_opens(payload in prop::collection::vec(any::<u8>(), 0..3000), padded: bool) {
        for suite in SUITES {
            let (sealer, opener) = ends(suite, Transport::Http);
            let flags = if padded { Flags::PADDED } else { Flags::NONE };
            let buffer = FrameBuf::from_payload(&payload);
            let frame = sealer.seal(MessageType::RpcCall, CallId(1), flags, buffer).unwrap();
            prop_assert_eq!(open(&opener, frame).unwrap(), payload.clone());
        }
    }
}
