//! Documents of others: the keys that tokens are signed with.

use std::future::Future;

/// Reads documents from the network.
pub trait Fetch {
    /// GETs `url` (https, or http to this machine), without following redirects, without cookies
    /// or credentials. A body longer than `limit` bytes is a [`FetchError`], met before it is held.
    /// The gateway bounds the time by dropping the future.
    fn get(&self, url: &str, limit: usize) -> impl Future<Output = Result<Document, FetchError>>;
}

/// What a GET was answered with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Document {
    /// HTTP's status code.
    pub status: u16,
    /// The header `cache-control`.
    pub cache_control: Option<String>,
    /// At most as long as was asked for.
    pub body: Vec<u8>,
}

/// No document came.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FetchError(pub String);
