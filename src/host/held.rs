//! Bodies of requests in memory, and how many bytes of them there may be.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::StreamExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The bytes there are for all bodies together.
pub struct Held {
    free: Arc<Semaphore>,
    all: usize,
    patience: Duration,
}

/// A body, and its share of the bytes for as long as it is answered.
pub struct Bodily {
    pub bytes: Vec<u8>,
    pub share: Option<OwnedSemaphorePermit>,
}

/// Why a body was not read.
pub enum Unread {
    /// Larger than it may be.
    TooLarge,
    /// The bytes are all taken.
    Busy,
    /// It did not come in time.
    Late,
    /// It broke off.
    Broken,
}

impl Held {
    pub fn new(bytes: u32, patience: Duration) -> Self {
        let bytes = usize::try_from(bytes).unwrap_or(Semaphore::MAX_PERMITS);
        let all = bytes.min(Semaphore::MAX_PERMITS);
        Self {
            free: Arc::new(Semaphore::new(all)),
            all,
            patience,
        }
    }

    /// Bytes held now.
    pub fn taken(&self) -> usize {
        self.all - self.free.available_permits()
    }

    /// Reads a body of at most so many bytes.
    pub async fn read(&self, body: Body, limit: usize) -> Result<Bodily, Unread> {
        tokio::time::timeout(self.patience, self.chunks(body, limit))
            .await
            .unwrap_or(Err(Unread::Late))
    }

    async fn chunks(&self, body: Body, limit: usize) -> Result<Bodily, Unread> {
        let mut chunks = body.into_data_stream();
        let mut held = Bodily {
            bytes: Vec::new(),
            share: None,
        };
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|_| Unread::Broken)?;
            if chunk.len() > limit - held.bytes.len() {
                return Err(Unread::TooLarge);
            }
            let length = u32::try_from(chunk.len()).map_err(|_| Unread::TooLarge)?;
            let share = Arc::clone(&self.free)
                .try_acquire_many_owned(length)
                .map_err(|_| Unread::Busy)?;
            match &mut held.share {
                Some(so_far) => so_far.merge(share),
                none => *none = Some(share),
            }
            // Most bodies are one chunk, and that is theirs alone.
            if held.bytes.is_empty() {
                held.bytes = chunk.into();
            } else {
                held.bytes.extend_from_slice(&chunk);
            }
        }
        Ok(held)
    }
}

impl IntoResponse for Unread {
    fn into_response(self) -> Response {
        match self {
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE.into_response(),
            Self::Busy => (
                StatusCode::SERVICE_UNAVAILABLE,
                [(header::RETRY_AFTER, "1")],
            )
                .into_response(),
            Self::Late => StatusCode::REQUEST_TIMEOUT.into_response(),
            Self::Broken => StatusCode::BAD_REQUEST.into_response(),
        }
    }
}
