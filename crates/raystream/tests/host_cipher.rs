//! A cipher that is not this crate's and answers later, as workerd's `crypto.subtle` does.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::similar_names, reason = "sealer and sealed, opener and opened")]

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use kontract_raystream::{
    CallId, Direction, Draft, Flags, FrameBuf, Heartbeat, Incoming, Limits, MessageType, OpenError,
    Opener, RpcCall, SealError, Sealer, Suite, Transport,
};

const KEY: [u8; 32] = [9; 32];

fn host() -> Aes256Gcm {
    Aes256Gcm::new(&KEY.into())
}

fn sealer() -> Sealer {
    let limits = Limits::default();
    Sealer::new(Suite::AesGcm, Direction::ClientToServer, &KEY, limits)
}

fn opener(transport: Transport) -> Opener {
    Opener::new(Suite::AesGcm, transport, &KEY)
}

fn draft(value: &[u8]) -> Draft {
    Draft::call(CallId(3), &RpcCall::new("m", value, [1; 16]))
}

fn parse(frame: &mut [u8]) -> Incoming<'_> {
    Incoming::parse(frame, Direction::ClientToServer, Limits::default()).unwrap()
}

fn encrypt(nonce: &[u8], aad: &[u8], msg: &[u8]) -> Vec<u8> {
    let nonce = Nonce::try_from(nonce).unwrap();
    host().encrypt(&nonce, Payload { msg, aad }).unwrap()
}

fn decrypt(nonce: &[u8], aad: &[u8], msg: &[u8]) -> Option<Vec<u8>> {
    let nonce = Nonce::try_from(nonce).unwrap();
    host().decrypt(&nonce, Payload { msg, aad }).ok()
}

#[test]
fn its_frames_are_the_same_to_the_byte() {
    let (ours, theirs) = (sealer(), sealer());
    for padded in [false, true] {
        let draft = || {
            let draft = draft(b"value");
            if padded { draft.padded() } else { draft }
        };
        let reserved = theirs.reserve(draft()).unwrap();
        let sealed = encrypt(reserved.nonce(), reserved.aad(), reserved.plaintext());
        let frame = reserved.finish(&sealed).unwrap();
        assert_eq!(frame, ours.seal_draft(draft()).unwrap());
    }
}

#[test]
fn the_sequence_is_taken_before_the_cipher_answers() {
    let (sealer, opener) = (sealer(), opener(Transport::Http));
    let slow = sealer.reserve(draft(b"slow")).unwrap();
    let lost = sealer.reserve(draft(b"lost")).unwrap();
    let mut quick = sealer.seal_draft(draft(b"quick")).unwrap();
    drop(lost);
    assert_eq!(sealer.sealed(), 3);
    assert!(opener.open(parse(&mut quick)).is_ok());
    let sealed = encrypt(slow.nonce(), slow.aad(), slow.plaintext());
    let mut slow = slow.finish(&sealed).unwrap();
    assert_eq!(slow[4..8], 1_u32.to_be_bytes());
    assert!(opener.open(parse(&mut slow)).is_ok());

    let reserved = sealer.reserve(draft(b"x")).unwrap();
    assert_eq!(reserved.finish(&sealed[1..]), Err(SealError::Cipher));
}

#[test]
fn a_frame_counts_when_it_is_complete() {
    let (sealer, opener) = (sealer(), opener(Transport::Http));
    let mut frame = sealer.seal_draft(draft(b"value").padded()).unwrap();
    let mut copy = frame.clone();

    // Begun and dropped: nothing has happened.
    drop(opener.begin(parse(&mut frame)).unwrap());
    // Two copies at once: one gets through.
    let first = opener.begin(parse(&mut frame)).unwrap();
    let second = opener.begin(parse(&mut copy)).unwrap();
    let plain = decrypt(second.nonce(), second.aad(), second.sealed()).unwrap();
    let opened = second.complete(&plain).unwrap();
    assert_eq!(
        (opened.message_type, opened.call),
        (MessageType::RpcCall, CallId(3))
    );
    assert!(opened.payload.len() < plain.len(), "the padding came off");
    assert_eq!(first.complete(&plain), Err(OpenError::Replay(1)));
    assert_eq!(opener.failures(), 1);
}

#[test]
fn what_the_cipher_refuses_changes_nothing_but_the_count() {
    let (sealer, opener) = (sealer(), opener(Transport::Http));
    let mut frame = sealer.seal_draft(draft(b"value")).unwrap();
    let mut forged = frame.clone();
    *forged.last_mut().unwrap() ^= 1;
    let opening = opener.begin(parse(&mut forged)).unwrap();
    assert_eq!(
        decrypt(opening.nonce(), opening.aad(), opening.sealed()),
        None
    );
    assert_eq!(opening.fail(), OpenError::Decryption);
    // A plaintext that cannot be this frame's.
    let opening = opener.begin(parse(&mut frame)).unwrap();
    assert_eq!(opening.complete(b"short"), Err(OpenError::Decryption));
    assert_eq!(opener.failures(), 2);
    assert!(opener.open(parse(&mut frame)).is_ok());
}

#[test]
fn a_message_of_the_other_side_takes_no_sequence() {
    let sealer = sealer();
    let beat = Heartbeat {
        timestamp: 1,
        server_time: None,
    };
    assert!(sealer.reserve(Draft::heartbeat(&beat)).is_ok());
    let response = Draft::new(
        MessageType::RpcResponse,
        CallId(1),
        Flags::FIN,
        FrameBuf::with_capacity(0),
    );
    assert!(matches!(
        sealer.reserve(response),
        Err(SealError::Message(_))
    ));
    let nameless = Draft::call(CallId::NONE, &RpcCall::new("m", b"", [1; 16]));
    assert!(matches!(
        sealer.reserve(nameless),
        Err(SealError::Message(_))
    ));
    assert_eq!(sealer.sealed(), 1);
}
