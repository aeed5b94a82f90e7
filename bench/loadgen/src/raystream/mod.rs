//! Calls sealed by raystream, over HTTP or a WebSocket.

mod carrier;
mod client;
mod target;

pub use client::clients;
