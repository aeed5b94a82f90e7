//! raystream v1: the frames, handshake, keys, replay window and payloads of an encrypted call.
//!
//! No I/O, no clock and no source of randomness: bytes, times and entropy are arguments. The wire
//! is hostile: every decoder checks bounds and budgets before it allocates, and nothing of a
//! session changes before a frame has proved itself.
//!
//! - server: [`ServerHandshake::accept`] → [`ServerHandshake::respond`] → [`ServerSession`]
//! - client: [`ClientHandshake::start`] → [`ClientHandshake::finish`] → [`ClientSession`]
//! - both: [`Incoming::parse`] → [`Opener::open`], and [`Sealer::seal`]
//!
//! The protocol is described in `docs/raystream.md`; the handshake is
//! [Noise](https://noiseprotocol.org/noise.html) `NK` (revision 34), the payloads are `FlatBuffers`
//! after `raystream.fbs`.
#![forbid(unsafe_code)]
#![allow(
    clippy::expect_used,
    reason = "each one states the invariant that keeps it from happening"
)]

#[cfg(test)]
mod cacophony;
mod cipher;
mod envelope;
mod error;
mod frame;
mod handshake;
mod id;
#[cfg(test)]
mod kat;
mod key;
mod limits;
mod noise;
#[cfg(any(test, feature = "primitives"))]
#[doc(hidden)]
pub mod primitives;
mod resume;
mod schedule;
mod session;
mod suite;
#[cfg(test)]
#[path = "../vectors/mod.rs"]
mod vectors;
mod window;

pub use envelope::{
    ClientHello, Event, Heartbeat, RpcCall, RpcError, RpcResponse, ServerHello, Subscribe,
    request_hash,
};
pub use error::{EnvelopeError, FrameError, HandshakeError, OpenError, ReceiveError, SealError};
pub use frame::{ClearCode, Direction, Flags, FrameBuf, Header, Incoming, MessageType};
pub use handshake::{
    ClientHandshake, HandshakeOutput, Initiator, ProvenResume, ReceivedInit, Responder,
    ServerHandshake, ServerParameters,
};
pub use id::{CallId, KeyId, SessionId};
pub use key::{PublicKey, StaticKey};
pub use limits::Limits;
pub use resume::{ResumePsk, ResumeStore, ResumeTicket};
pub use schedule::SessionKeys;
pub use session::{
    Asleep, Attachment, Awake, ClientSession, Credit, Draft, Opened, Opener, Opening, Padding,
    Reply, Request, Reserved, Sealer, ServerSession, StateError, WakeError,
};
pub use suite::Suite;
pub use window::{ReplayWindow, Transport};
