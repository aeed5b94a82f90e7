//! The operating system's time and randomness.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use kontract_gateway::{Clock, Entropy};

/// Wall clock, monotonic clock and timers of tokio.
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    pub fn new() -> Self {
        Self {
            started: Instant::now(),
        }
    }
}

impl Clock for SystemClock {
    fn unix_ms(&self) -> u64 {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }

    fn monotonic_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// `getrandom`.
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        #[allow(
            clippy::expect_used,
            reason = "fails only before the system has booted; without entropy nothing is safe"
        )]
        getrandom::fill(bytes).expect("the operating system has entropy");
    }
}
