//! Where the time of a compile goes.

use std::time::Instant;

/// Milliseconds of each step.
#[derive(Debug, Clone, Copy, Default)]
#[allow(
    clippy::struct_field_names,
    reason = "a unit in every name, as JavaScript sees them"
)]
pub struct Times {
    /// All of it.
    pub total_ms: f64,
    /// Finding, reading and hashing the sources.
    pub read_ms: f64,
    /// Comparing with the cache, and looking whether the output is unharmed.
    pub check_ms: f64,
    /// Compiling; 0 when nothing changed.
    pub compile_ms: f64,
    /// Writing the output and the cache; 0 when nothing changed.
    pub write_ms: f64,
}

/// A stop-watch with laps.
pub struct Clock {
    started: Instant,
    lap: Instant,
    times: Times,
}

impl Clock {
    pub fn start() -> Self {
        let now = Instant::now();
        Self {
            started: now,
            lap: now,
            times: Times::default(),
        }
    }

    /// Ends a lap; `note` puts it where it belongs.
    pub fn lap(&mut self, note: impl FnOnce(&mut Times, f64)) {
        let now = Instant::now();
        note(&mut self.times, millis(self.lap, now));
        self.lap = now;
    }

    pub fn stop(mut self) -> Times {
        self.times.total_ms = millis(self.started, Instant::now());
        self.times
    }
}

fn millis(from: Instant, to: Instant) -> f64 {
    to.duration_since(from).as_secs_f64() * 1000.0
}
