//! What waits to be sent on one carrier.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures::Sink;

/// What a gateway sends on a carrier that lasts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outbound {
    /// A frame.
    Frame(Vec<u8>),
    /// `rs1:pong`
    Pong,
    /// The end, with a WebSocket's close code (RFC 6455 §7.4).
    Close(u16),
}

/// The other side is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gone;

/// What waits to be sent, in the order it was sealed in: a WebSocket's client takes no other.
pub(crate) struct Outbox<S> {
    sink: Pin<Box<S>>,
    queue: VecDeque<Outbound>,
    bytes: usize,
    /// Whether everything that left the queue has left for good.
    flushed: bool,
    /// Grows with everything that leaves.
    sent: u64,
}

impl<S: Sink<Outbound>> Outbox<S> {
    /// Waiting frames beyond which nothing more is asked for. What is under way is still taken.
    const ROOM: usize = 32;
    const ROOM_BYTES: usize = 256 * 1024;

    pub fn new(sink: S) -> Self {
        Self {
            sink: Box::pin(sink),
            queue: VecDeque::new(),
            bytes: 0,
            flushed: true,
            sent: 0,
        }
    }

    pub fn push(&mut self, message: Outbound) {
        self.bytes += weight(&message);
        self.queue.push_back(message);
        self.flushed = false;
    }

    pub fn has_room(&self) -> bool {
        self.queue.len() < Self::ROOM && self.bytes < Self::ROOM_BYTES
    }

    pub fn is_empty(&self) -> bool {
        self.flushed
    }

    /// Tells a carrier that stands still from one that is slow.
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// Sends what can be sent; ready when nothing waits.
    pub fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Gone>> {
        while !self.queue.is_empty() {
            ready!(self.sink.as_mut().poll_ready(cx)).map_err(|_| Gone)?;
            if let Some(message) = self.queue.pop_front() {
                self.bytes -= weight(&message);
                self.sent += 1;
                self.sink.as_mut().start_send(message).map_err(|_| Gone)?;
            }
        }
        if !self.flushed {
            ready!(self.sink.as_mut().poll_flush(cx)).map_err(|_| Gone)?;
            self.flushed = true;
        }
        Poll::Ready(Ok(()))
    }
}

fn weight(message: &Outbound) -> usize {
    match message {
        Outbound::Frame(frame) => frame.len(),
        Outbound::Pong | Outbound::Close(_) => 0,
    }
}
