//! A session's two directions, and the messages that go over them.

mod client;
mod credit;
mod draft;
#[cfg(test)]
mod lifetime;
mod opener;
mod opening;
mod padding;
mod reserved;
mod sealer;
mod secrets;
mod server;
mod sleep;
mod state;

pub use client::{ClientSession, Reply};
pub use credit::Credit;
pub use draft::Draft;
pub use opener::{Opened, Opener};
pub use opening::Opening;
pub use padding::Padding;
pub use reserved::Reserved;
pub use sealer::Sealer;
pub use server::{Request, ServerSession};
pub use sleep::{Asleep, Attachment, Awake, WakeError};
pub use state::StateError;
