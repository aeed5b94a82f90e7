//! The Noise vectors of cacophony for the four protocols raystream uses, over the symmetric state
//! itself: their prologue and what they do with Split's keys are not raystream's.

use serde_json::Value;
use x25519_dalek::{PublicKey, StaticSecret};

use crate::cipher::AeadKey;
use crate::noise::Symmetric;
use crate::suite::Suite;

const PROTOCOLS: [(&str, Suite, bool); 4] = [
    ("Noise_NK_25519_ChaChaPoly_SHA256", Suite::ChaChaPoly, false),
    ("Noise_NK_25519_AESGCM_SHA256", Suite::AesGcm, false),
    (
        "Noise_NKpsk0_25519_ChaChaPoly_SHA256",
        Suite::ChaChaPoly,
        true,
    ),
    ("Noise_NKpsk0_25519_AESGCM_SHA256", Suite::AesGcm, true),
];

#[test]
fn every_message_comes_out_to_the_byte() {
    let file: Value =
        serde_json::from_str(include_str!("../tests/vectors/cacophony.json")).unwrap();
    let mut messages = 0;
    for (name, suite, has_psk) in PROTOCOLS {
        assert_eq!(suite.noise_name(has_psk), name.as_bytes());
        let vectors = file["vectors"].as_array().unwrap();
        let vector = vectors.iter().find(|v| v["protocol_name"] == name).unwrap();
        messages += run(vector, suite, has_psk);
    }
    assert_eq!(messages, 24);
}

fn run(vector: &Value, suite: Suite, has_psk: bool) -> usize {
    let secret = |name: &str| StaticSecret::from(array(&vector[name]));
    let server = secret("resp_static");
    let ephemerals = [secret("init_ephemeral"), secret("resp_ephemeral")];
    let publics = ephemerals.each_ref().map(|e| PublicKey::from(e).to_bytes());
    let pin: [u8; 32] = array(&vector["init_remote_static"]);
    assert_eq!(PublicKey::from(&server).to_bytes(), pin);

    let psk = has_psk.then(|| array(&vector["init_psks"][0]));
    let start = || {
        Symmetric::start(
            suite,
            &[&bytes(&vector["init_prologue"])],
            &pin,
            psk.as_ref(),
        )
    };
    let (mut client, mut other) = (start(), start());
    let messages = vector["messages"].as_array().unwrap();
    let texts = |i: usize| {
        (
            bytes(&messages[i]["payload"]),
            bytes(&messages[i]["ciphertext"]),
        )
    };

    // -> e, es
    let (plain, sealed) = texts(0);
    client.mix_ephemeral(&publics[0]);
    client.mix_dh(&ephemerals[0], &pin).unwrap();
    other.mix_ephemeral(&publics[0]);
    other.mix_dh(&server, &publics[0]).unwrap();
    travels(&mut client, &mut other, &publics[0], &plain, &sealed);
    // <- e, ee
    let (plain, sealed) = texts(1);
    other.mix_ephemeral(&publics[1]);
    other.mix_dh(&ephemerals[1], &publics[0]).unwrap();
    client.mix_ephemeral(&publics[1]);
    client.mix_dh(&ephemerals[0], &publics[1]).unwrap();
    travels(&mut other, &mut client, &publics[1], &plain, &sealed);

    let (keys, hash) = client.split();
    assert_eq!(hash[..], bytes(&vector["handshake_hash"]));
    assert_eq!((keys.clone(), hash), other.split());
    let (keys, _) = keys.as_chunks();
    let keys = [&keys[0], &keys[1]].map(|key| AeadKey::new(suite, key));
    for i in 2..messages.len() {
        let (mut plain, sealed) = texts(i);
        let number = u32::try_from(i / 2 - 1).unwrap();
        let tag = keys[i % 2].seal(&nonce(suite, number), &[], &mut plain);
        assert_eq!([&plain[..], &tag.unwrap()].concat(), sealed);
    }
    messages.len()
}

/// One handshake message, from one side to the other.
fn travels(from: &mut Symmetric, to: &mut Symmetric, e: &[u8; 32], plain: &[u8], message: &[u8]) {
    let mut payload = plain.to_vec();
    let tag = from.encrypt_and_hash(&mut payload);
    assert_eq!([e, &payload[..], &tag].concat(), message);
    to.decrypt_and_hash(&mut payload, &tag).unwrap();
    assert_eq!(payload, plain);
}

/// Noise §12.3 and §12.4: a counter, little-endian for `ChaChaPoly`, big-endian for `AESGCM`.
fn nonce(suite: Suite, number: u32) -> [u8; 12] {
    let mut nonce = [0; 12];
    match suite {
        Suite::ChaChaPoly => nonce[4..8].copy_from_slice(&number.to_le_bytes()),
        Suite::AesGcm => nonce[8..].copy_from_slice(&number.to_be_bytes()),
    }
    nonce
}

fn bytes(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap();
    let byte = |i| u8::from_str_radix(&text[i..i + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(byte).collect()
}

fn array(value: &Value) -> [u8; 32] {
    bytes(value).try_into().unwrap()
}
