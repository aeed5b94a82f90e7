//! How long one operation takes, over many runs of a few hundred microseconds.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use serde::Serialize;

/// Runs so far. What happens between them is not counted.
pub struct Laps {
    wanted: Duration,
    elapsed: Duration,
    /// By the clock, of the run under way.
    lap: Duration,
    processor: Duration,
    operations: u64,
    /// Microseconds of one operation, by the clock, one entry for each run.
    runs: Vec<f64>,
}

/// Microseconds of one operation. `micros` is the processor's time over all runs, so what else the
/// machine does is not in it; the rest is by the clock.
#[derive(Debug, Serialize)]
pub struct Timing {
    pub micros: f64,
    pub p50: f64,
    pub p99: f64,
}

impl Laps {
    pub fn new(ms: u32) -> Self {
        Self {
            wanted: Duration::from_millis(ms.into()),
            elapsed: Duration::ZERO,
            lap: Duration::ZERO,
            processor: Duration::ZERO,
            operations: 0,
            runs: Vec::new(),
        }
    }

    pub fn go_on(&self) -> bool {
        self.elapsed < self.wanted
    }

    /// Times this many operations.
    pub fn run<T>(&mut self, operations: u32, work: impl FnOnce() -> T) -> T {
        let result = self.part(work);
        self.end(operations);
        result
    }

    /// Times a part of a run.
    pub fn part<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let (processor, clock) = (thread_time(), Instant::now());
        let result = work();
        self.lap += clock.elapsed();
        self.processor += thread_time().saturating_sub(processor);
        result
    }

    /// Ends a run of this many operations.
    pub fn end(&mut self, operations: u32) {
        let elapsed = std::mem::take(&mut self.lap);
        self.elapsed += elapsed;
        self.operations += u64::from(operations);
        self.runs
            .push(elapsed.as_secs_f64() * 1e6 / f64::from(operations));
    }

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "counts of one run stay far below 2^53"
    )]
    pub fn timing(mut self) -> Timing {
        self.runs.sort_by(f64::total_cmp);
        let at = |share: f64| self.runs[(self.runs.len() as f64 * share) as usize];
        Timing {
            micros: self.processor.as_secs_f64() * 1e6 / self.operations as f64,
            p50: at(0.5),
            p99: at(0.99),
        }
    }
}

fn thread_time() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        now.tv_sec.unsigned_abs(),
        u32::try_from(now.tv_nsec).unwrap_or_default(),
    )
}
