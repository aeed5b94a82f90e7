//! The frame: `header[16] ‖ nonce[12] ‖ ciphertext ‖ tag[16]` (protocol §1).

mod buffer;
mod clear;
mod flags;
mod header;
mod incoming;

pub use buffer::FrameBuf;
pub(crate) use buffer::{NONCE, PAYLOAD};
pub use clear::ClearCode;
pub use flags::Flags;
pub use header::{Direction, Header, MessageType};
pub use incoming::Incoming;
