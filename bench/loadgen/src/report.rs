//! What came of a run: one line of JSON.

use std::time::Duration;

use serde::Serialize;

use crate::load::Tally;

/// The result of one run.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Good calls answered in the measured time.
    pub ops: u64,
    /// Good calls, warm-up included: what CPU time of the server is divided by.
    pub calls: u64,
    pub seconds: f64,
    pub ops_per_sec: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    /// Clients that met a wrong reply or a broken connection, warm-up included.
    pub errors: u64,
    pub first_error: Option<String>,
}

impl Report {
    pub fn new(tally: &Tally, measured: Duration) -> Self {
        let ops = tally.latency.len();
        let seconds = measured.as_secs_f64();
        Self {
            ops,
            calls: tally.calls,
            seconds,
            ops_per_sec: as_f64(ops) / seconds,
            p50_ms: as_f64(tally.latency.value_at_quantile(0.5)) / 1e6,
            p99_ms: as_f64(tally.latency.value_at_quantile(0.99)) / 1e6,
            errors: tally.errors,
            first_error: tally.first_error.as_ref().map(ToString::to_string),
        }
    }

    /// JSON with a line break at its end.
    #[expect(clippy::expect_used, reason = "a struct of numbers and strings")]
    pub fn to_line(&self) -> String {
        serde_json::to_string(self).expect("numbers and strings serialize") + "\n"
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts and nanoseconds of one run stay far below 2^53"
)]
fn as_f64(count: u64) -> f64 {
    count as f64
}
