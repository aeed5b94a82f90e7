//! A session's two directions, and the messages that go over them.

mod client;
mod opener;
mod padding;
mod sealer;
mod server;

pub use client::{ClientSession, Reply};
pub use opener::{Opened, Opener};
pub use sealer::Sealer;
pub use server::{Request, ServerSession};
