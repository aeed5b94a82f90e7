//! What ends the program: nothing here is expected to go wrong.

use std::io;

use kontract_raystream as raystream;

#[derive(Debug, thiserror::Error)]
pub enum CryptoError {
    #[error("the pipe: {0}")]
    Pipe(io::Error),
    #[error("the job is not understood: {0}")]
    Job(#[from] serde_json::Error),
    #[error("a frame is not base64: {0}")]
    Base64(#[from] base64::DecodeError),
    #[error("no random bytes: {0}")]
    Entropy(#[from] getrandom::Error),
    #[error("handshake: {0}")]
    Handshake(#[from] raystream::HandshakeError),
    #[error("sealing: {0}")]
    Seal(#[from] raystream::SealError),
    #[error("parsing: {0}")]
    Frame(#[from] raystream::FrameError),
    #[error("opening: {0}")]
    Open(#[from] raystream::OpenError),
    #[error("a frame opened to something else")]
    Different,
    #[error("events before a session")]
    NoSession,
}
