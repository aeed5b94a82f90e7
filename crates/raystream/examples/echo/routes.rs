//! What the echo server can be asked for.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use kontract_raystream::{RpcCall, RpcError, RpcResponse};

/// What a request for events is answered with.
pub const REFUSED: RpcError<'static> = RpcError {
    code: "INVALID_REQUEST",
    message: "no events here",
    status: 400,
    stack: None,
};

/// What a route answers.
pub enum Answer {
    Data(Vec<u8>, Vec<(String, String)>),
    Error(RpcError<'static>),
}

/// The routes and what they remember.
#[derive(Default)]
pub struct Routes {
    handshakes: AtomicU32,
    attempts: Mutex<HashMap<[u8; 16], u32>>,
}

impl Routes {
    pub fn count_handshake(&self) {
        self.handshakes.fetch_add(1, Ordering::Relaxed);
    }

    pub fn run(&self, call: &RpcCall<'_>) -> Answer {
        let attempt = {
            let mut attempts = self.attempts.lock().unwrap();
            let attempt = attempts.entry(call.idempotency_key).or_default();
            *attempt += 1;
            *attempt
        };
        match call.method {
            "echo" | "forget" => Answer::Data(call.args.to_vec(), headers(call)),
            "handshakes" => text(&self.handshakes.load(Ordering::Relaxed).to_string()),
            "token" => text(call.token.unwrap_or("none")),
            "schema" => text(&format!("{:016x}", call.schema_hash)),
            "missing" => error("NOT_FOUND", 404),
            // Works the third time.
            "flaky" if attempt < 3 => error("SERVICE_UNAVAILABLE", 503),
            // Answers in time only when asked again, however slow the machine is.
            "slow" if attempt == 1 => {
                std::thread::sleep(Duration::from_mins(1));
                text("1")
            }
            "flaky" | "slow" => text(&attempt.to_string()),
            "sleepy" => {
                std::thread::sleep(Duration::from_secs(2));
                text("late")
            }
            _ => error("INTERNAL_ERROR", 500),
        }
    }
}

/// The answer as a reply's payload.
pub fn response<'a>(data: &'a [u8], headers: &'a [(String, String)]) -> RpcResponse<'a> {
    let headers = headers
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect();
    RpcResponse {
        data,
        status: 201,
        headers,
    }
}

/// The call's metadata comes back as headers.
fn headers(call: &RpcCall<'_>) -> Vec<(String, String)> {
    call.metadata
        .iter()
        .map(|(key, value)| (format!("x-{key}"), (*value).to_owned()))
        .collect()
}

fn text(text: &str) -> Answer {
    Answer::Data(text.as_bytes().to_vec(), Vec::new())
}

fn error(code: &'static str, status: u16) -> Answer {
    Answer::Error(RpcError {
        code,
        message: "as asked for",
        status,
        stack: None,
    })
}
