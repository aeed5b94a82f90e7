//! Calls sealed by raystream over HTTP: `POST /raystream/v1/hs`, then `POST /raystream/v1/s/{id}`.

mod client;
mod session;
mod target;

pub use client::clients;
