//! `/readyz`: whether this process should get requests.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use kontract_gateway::{Clock as _, Connection as _, Database as _, Host as _, Statement};
use tokio::sync::Mutex;

use super::Node;

/// How long an answer stands: whoever asks often does not load the database.
const STANDS_MS: u64 = 1_000;
const PATIENCE: Duration = Duration::from_secs(2);

/// What the last look found.
#[derive(Default)]
pub struct Readiness(Mutex<Option<(u64, bool)>>);

/// 200 if the database answers and the server is not about to go, else 503.
pub async fn readyz(State(node): State<Arc<Node>>) -> (StatusCode, &'static str) {
    if node.gateway.is_draining() {
        return (StatusCode::SERVICE_UNAVAILABLE, "draining");
    }
    if node.is_reachable().await {
        (StatusCode::OK, "ready")
    } else {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            "the database does not answer",
        )
    }
}

impl Node {
    async fn is_reachable(&self) -> bool {
        let host = self.gateway.host();
        // One look at a time: the others wait for what it finds.
        let mut last = self.ready.0.lock().await;
        let now_ms = host.clock().monotonic_ms();
        if let Some((at, reachable)) = *last
            && now_ms < at + STANDS_MS
        {
            return reachable;
        }
        let look = async {
            let mut connection = host.database().acquire().await.ok()?;
            let batch = [Statement::BeginRead, Statement::Commit];
            let outcome = connection.run(&batch).await;
            Some(outcome.iter().all(Result::is_ok))
        };
        let found = tokio::time::timeout(PATIENCE, look).await;
        let reachable = found.ok().flatten().unwrap_or(false);
        *last = Some((host.clock().monotonic_ms(), reachable));
        reachable
    }
}
