//! Garbage collection, once an hour.

use std::sync::Arc;
use std::time::Duration;

use kontract_gateway::{Entropy as _, Host as _};

use super::Node;

/// Between two collections.
const EVERY: Duration = Duration::from_hours(1);

impl Node {
    /// Collects what is older than `retention`, for as long as the server lives. The first time some
    /// minutes after the start, at random, so that servers started together do not collect together.
    pub async fn collect(self: Arc<Self>, retention: Duration) {
        let mut random = [0; 2];
        self.gateway.host().entropy().fill(&mut random);
        let first = 60 + u64::from(u16::from_be_bytes(random)) % 600;
        tokio::time::sleep(Duration::from_secs(first)).await;
        loop {
            match self.gateway.collect(retention).await {
                Ok(gone) if gone.commits + gone.versions > 0 => tracing::info!(
                    domains = gone.domains,
                    commits = gone.commits,
                    versions = gone.versions,
                    "collected garbage"
                ),
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, "garbage could not be collected"),
            }
            tokio::time::sleep(EVERY).await;
        }
    }
}
