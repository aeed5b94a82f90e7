//! What a server holds for its clients, counted: whether it grows is not for the size of the process
//! to say, in which two garbage collectors and an allocator have their part.

use napi_derive::napi;

use super::Node;

/// Things held. All of them end by themselves.
#[napi(object)]
pub struct Stock {
    /// Sessions over HTTP: until CLOSE, their TTL, or ten seconds without a first frame.
    pub sessions: u32,
    /// Sockets, with a session or about to have one.
    pub sockets: u32,
    /// Keys that resume a session: for an hour after its last frame, unless it was closed.
    pub resumable: u32,
    /// Domains whose commits somebody waits for.
    pub listened: u32,
    /// Addresses whose handshakes or failures count: for a minute.
    pub addresses: u32,
    /// Bytes of requests: while they are answered.
    pub body_bytes: u32,
    /// Connections, sockets, batches under way.
    pub tasks: u32,
}

impl Stock {
    pub(super) fn of(node: &Node) -> Self {
        let (sessions, sockets) = node.sessions.count();
        Self {
            sessions: count(sessions),
            sockets: count(sockets),
            resumable: count(node.gateway.resumable()),
            listened: count(node.gateway.listened()),
            addresses: count(node.front.addresses()),
            body_bytes: count(node.front.held.taken()),
            tasks: count(node.tasks.len()),
        }
    }
}

fn count(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}
