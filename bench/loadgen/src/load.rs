//! The closed loop: every client sends its next call when the last one is answered.

use std::time::Duration;

use hdrhistogram::Histogram;
use tokio::task::LocalSet;
use tokio::time::{Instant, timeout_at};

use crate::error::CallError;
use crate::job::Plan;

/// Longer than any answer may take; after that the run is a failure.
const PATIENCE: Duration = Duration::from_secs(10);

/// One client with one call under way at a time.
pub trait Client {
    /// Makes the next call and checks its reply.
    async fn call(&mut self) -> Result<(), CallError>;
}

/// What happened in the measured part of a run.
#[derive(Debug)]
pub struct Tally {
    /// Latency of every good call in nanoseconds; its length is the number of calls.
    pub latency: Histogram<u64>,
    /// Good calls, warm-up included.
    pub calls: u64,
    pub errors: u64,
    pub first_error: Option<CallError>,
}

impl Tally {
    #[expect(clippy::expect_used, reason = "constant bounds")]
    pub fn new() -> Self {
        let latency = Histogram::new_with_bounds(1_000, 60_000_000_000, 3)
            .expect("constant bounds are valid");
        Self {
            latency,
            calls: 0,
            errors: 0,
            first_error: None,
        }
    }

    pub fn fail(&mut self, error: CallError) {
        self.errors += 1;
        self.first_error.get_or_insert(error);
    }

    #[expect(clippy::expect_used, reason = "one constructor makes all histograms")]
    fn merge(&mut self, other: Self) {
        self.latency
            .add(other.latency)
            .expect("all histograms have the same bounds");
        self.calls += other.calls;
        self.errors += other.errors;
        self.first_error = self.first_error.take().or(other.first_error);
    }
}

/// Runs all clients for warm-up plus measured time. A client ends at its first error: a connection
/// in an unknown state measures nothing.
pub async fn run<C: Client + 'static>(plan: &Plan, clients: Vec<C>) -> Tally {
    let measure_from = Instant::now() + plan.warmup();
    let until = measure_from + plan.measured();
    let tasks = LocalSet::new();
    let running: Vec<_> = clients
        .into_iter()
        .map(|client| tasks.spawn_local(drive(client, measure_from, until)))
        .collect();
    let mut total = Tally::new();
    let joining = tasks.run_until(async {
        for task in running {
            match timeout_at(until + PATIENCE, task).await {
                Ok(Ok(tally)) => total.merge(tally),
                Ok(Err(_)) => total.fail(CallError::Panicked),
                Err(_) => total.fail(CallError::NoAnswer(PATIENCE)),
            }
        }
    });
    joining.await;
    total
}

async fn drive<C: Client>(mut client: C, measure_from: Instant, until: Instant) -> Tally {
    let mut tally = Tally::new();
    let mut started = Instant::now();
    loop {
        if let Err(error) = client.call().await {
            tally.fail(error);
            return tally;
        }
        tally.calls += 1;
        // One clock reading ends this call and starts the next: there is nothing between them.
        let now = Instant::now();
        if now > until {
            return tally;
        }
        if now >= measure_from {
            let nanos = u64::try_from((now - started).as_nanos()).unwrap_or(u64::MAX);
            tally.latency.saturating_record(nanos);
        }
        started = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Sleeper {
        calls: u32,
        fails_at: Option<u32>,
    }

    impl Client for Sleeper {
        async fn call(&mut self) -> Result<(), CallError> {
            tokio::time::sleep(Duration::from_millis(1)).await;
            self.calls += 1;
            if Some(self.calls) == self.fails_at {
                Err(CallError::Closed)
            } else {
                Ok(())
            }
        }
    }

    fn run_sleepers(fails_at: Option<u32>) -> Tally {
        let plan = Plan {
            clients: 4,
            warmup_seconds: 0.05,
            seconds: 0.2,
            hold: false,
        };
        let clients = (0..4).map(|_| Sleeper { calls: 0, fails_at }).collect();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(run(&plan, clients))
    }

    #[test]
    fn a_closed_loop_makes_no_more_calls_than_its_latency_allows() {
        let tally = run_sleepers(None);
        assert_eq!(tally.errors, 0);
        assert!(
            (4..=4 * 200).contains(&tally.latency.len()),
            "{}",
            tally.latency.len()
        );
        assert!(tally.latency.min() >= 990_000, "{}", tally.latency.min());
    }

    #[test]
    fn every_client_that_meets_an_error_counts_it_and_stops() {
        let tally = run_sleepers(Some(3));
        assert_eq!(tally.errors, 4);
        assert!(matches!(tally.first_error, Some(CallError::Closed)));
    }
}
