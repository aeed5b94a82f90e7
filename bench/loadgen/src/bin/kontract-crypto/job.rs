//! What to do, as the harness says it on stdin.

use kontract_raystream::Suite;
use serde::Deserialize;

/// One line of input.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Job {
    /// Payloads to frames.
    Seal(Load),
    /// Frames to payloads.
    Open(Load),
    /// Arguments to frames of calls, their request hashes included.
    Call(Load),
    HandshakeClient(Load),
    HandshakeServer(Load),
    /// Both sides, one after the other.
    Handshake(Load),
    /// The key another client's handshakes go to.
    Pin,
    /// Answers another client's handshakes (base64); the last one's session is the one events go to.
    Respond {
        inits: Vec<String>,
    },
    /// Frames for that client to open.
    Events {
        size: usize,
        count: usize,
    },
}

/// How much, and with what.
#[derive(Debug, Deserialize)]
pub struct Load {
    #[serde(default)]
    pub suite: SuiteName,
    /// Bytes of payload; handshakes have none.
    #[serde(default)]
    pub size: usize,
    /// How long, in milliseconds of what is measured.
    pub ms: u32,
}

/// A suite by the name hellos use.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub enum SuiteName {
    #[default]
    #[serde(rename = "chacha20-poly1305")]
    ChaChaPoly,
    #[serde(rename = "aes-256-gcm")]
    AesGcm,
}

impl From<SuiteName> for Suite {
    fn from(name: SuiteName) -> Self {
        match name {
            SuiteName::ChaChaPoly => Self::ChaChaPoly,
            SuiteName::AesGcm => Self::AesGcm,
        }
    }
}

/// Whose part of a handshake counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Client,
    Server,
    Both,
}
