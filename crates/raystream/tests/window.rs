//! The replay window against the obvious model: the set of everything seen.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;

use kontract_raystream::{ReplayWindow, Transport};
use proptest::prelude::*;

const WIDTH: u32 = 1024;

/// Mostly near the last one, sometimes far away, sometimes at the ends.
fn steps() -> impl Strategy<Value = Vec<i64>> {
    let step = prop_oneof![
        8 => -40_i64..40,
        2 => -1100_i64..1100,
        1 => -5000_i64..5000,
        1 => prop_oneof![Just(i64::from(u32::MAX)), Just(-i64::from(u32::MAX))],
    ];
    prop::collection::vec(step, 1..400)
}

fn sequences(steps: Vec<i64>) -> impl Iterator<Item = u32> {
    let mut at = 1_i64;
    steps.into_iter().map(move |step| {
        at = (at + step).clamp(0, u32::MAX.into());
        u32::try_from(at).unwrap()
    })
}

proptest! {
    #[test]
    fn the_sliding_window_is_a_set_with_a_horizon(steps in steps()) {
        let mut window = ReplayWindow::new(Transport::Http);
        let mut seen = BTreeSet::new();
        for sequence in sequences(steps) {
            let highest = seen.last().copied().unwrap_or(0);
            let recent = sequence > highest || highest - sequence < WIDTH;
            let expected = sequence > 0 && recent && !seen.contains(&sequence);
            prop_assert_eq!(window.accepts(sequence), expected, "{}", sequence);
            prop_assert_eq!(window.commit(sequence), expected, "{}", sequence);
            if expected {
                seen.insert(sequence);
            }
        }
    }

    #[test]
    fn the_exact_window_counts(steps in steps()) {
        let mut window = ReplayWindow::new(Transport::WebSocket);
        let mut last = 0;
        for sequence in sequences(steps) {
            let expected = sequence == last + 1;
            prop_assert_eq!(window.accepts(sequence), expected);
            prop_assert_eq!(window.commit(sequence), expected);
            if expected {
                last = sequence;
            }
        }
    }
}
