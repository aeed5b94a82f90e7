//! Keep-alive HTTP/1.1, as little of it as a load generator needs.

mod client;
mod connection;
mod head;

pub use client::clients;
pub use connection::Connection;
