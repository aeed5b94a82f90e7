//! A call's failure, as the client is told.

use std::borrow::Cow;

use crate::host::UserError;
use crate::perm::Perm;
use crate::storage::StorageError;

/// A call's failure, as the client is told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub(crate) struct Refusal {
    pub code: Cow<'static, str>,
    pub status: u16,
    pub message: Cow<'static, str>,
    pub stack: Option<String>,
}

impl Refusal {
    fn new(code: &'static str, status: u16, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code: code.into(),
            status,
            message: message.into(),
            stack: None,
        }
    }

    pub fn no_route(id: &str) -> Self {
        Self::new("NOT_FOUND", 404, format!("There is no route {id}"))
    }

    pub fn no_path() -> Self {
        Self::new("NOT_FOUND", 404, "There is nothing to call here")
    }

    pub fn not_json() -> Self {
        Self::new(
            "INVALID_REQUEST",
            415,
            "A call over plain HTTPS has content-type: application/json",
        )
    }

    pub fn not_found(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new("NOT_FOUND", 404, message)
    }

    pub fn no_stream() -> Self {
        Self::invalid("Events need a WebSocket, a request of several frames, or /stream")
    }

    pub fn slow_consumer() -> Self {
        let message = "More events wait than may be held back: go on from the last resume token";
        Self::new("SLOW_CONSUMER", 429, message)
    }

    pub fn event_too_large() -> Self {
        Self::new(
            "INTERNAL_ERROR",
            500,
            "The event is larger than a frame may be",
        )
    }

    pub fn version_skew(id: &str) -> Self {
        let message = format!("{id} has other types on the server: the client is of another build");
        Self::new("VERSION_SKEW", 409, message)
    }

    pub fn invalid(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new("INVALID_REQUEST", 400, message)
    }

    pub fn unauthorized(message: &'static str) -> Self {
        Self::new("UNAUTHORIZED", 401, message)
    }

    pub fn forbidden(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new("FORBIDDEN", 403, message)
    }

    pub fn beyond_token(route: &str, needs: Perm, has: Perm) -> Self {
        Self::forbidden(format!("{route} needs {needs}, the token gives {has}"))
    }

    pub fn key_reused() -> Self {
        Self::invalid("The idempotency key belongs to another request")
    }

    pub fn reply_not_kept() -> Self {
        let message = "The call has taken effect; its reply was too large to be kept for a retry";
        Self::new("CONFLICT", 409, message)
    }

    pub fn reply_too_large() -> Self {
        Self::new(
            "INTERNAL_ERROR",
            500,
            "The reply is larger than a frame may be",
        )
    }

    pub fn timeout() -> Self {
        Self::new("TIMEOUT", 504, "The call ran out of time")
    }

    pub fn unavailable() -> Self {
        Self::new("SERVICE_UNAVAILABLE", 503, "Service unavailable")
    }

    /// The caller may well be right: nobody can tell.
    pub fn no_token_keys() -> Self {
        Self::new(
            "SERVICE_UNAVAILABLE",
            503,
            "The keys that tokens are checked with cannot be fetched",
        )
    }

    pub fn too_many_calls() -> Self {
        Self::new(
            "SERVICE_UNAVAILABLE",
            503,
            "Too many calls at the same time",
        )
    }
}

impl From<UserError> for Refusal {
    fn from(error: UserError) -> Self {
        let UserError {
            code,
            status,
            message,
            stack,
        } = error;
        Self {
            code: code.into(),
            status,
            message: message.into(),
            stack,
        }
    }
}

impl From<StorageError> for Refusal {
    fn from(error: StorageError) -> Self {
        Self::new(error.code(), error.status(), error.to_string())
    }
}
