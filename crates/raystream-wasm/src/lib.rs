//! raystream's client half for wasm32, behind a small C ABI.
//!
//! JavaScript writes a request into the input buffer, calls one exported function with the lengths
//! of its parts, and reads what it needs from the input (opened in place), the output buffer and the
//! view, an array of `u32`. No glue is generated; `lib/client/engine.ts` is the other side. Entropy
//! comes from there.
#![allow(
    clippy::expect_used,
    reason = "each one states the invariant that keeps it from happening"
)]

mod abi;
mod code;
mod engine;
mod events;
mod open;
#[cfg(test)]
mod tests;

pub use code::Code;
pub use engine::{CallParts, Engine, VIEW_LEN};
pub use events::SubscribeParts;
