//! The two hellos around Noise NK (protocol §3). `Initiator` and `Responder` know nothing of what
//! the hellos say; `ClientHandshake` and `ServerHandshake` put typed hellos in and take sessions out.

mod client;
mod initiator;
mod received;
mod responder;
mod server;

pub use crate::schedule::HandshakeOutput;
pub use client::ClientHandshake;
pub use initiator::Initiator;
pub use received::{ProvenResume, ReceivedInit};
pub use responder::Responder;
pub use server::{ServerHandshake, ServerParameters};
