//! Many frames of one session on one carrier: a WebSocket, or a request with several frames.

mod outbox;

pub use outbox::Outbound;
pub(crate) use outbox::{Gone, Outbox};

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::future::FusedFuture as _;
use futures::stream::FuturesUnordered;
use futures::{FutureExt as _, Sink, Stream, StreamExt as _, stream};

use crate::gateway::{Carrier, Exchange, Gateway};
use crate::host::{Clock, Host};
use crate::session::Session;

/// What comes in on a carrier that lasts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inbound {
    /// A frame.
    Frame(Vec<u8>),
    /// `rs1:ping`
    Ping,
    /// Anything else: nothing of this protocol.
    Other,
}

/// Why no more frames are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// All that came is answered, and no more comes.
    Done,
    /// The client closed the session.
    Closed,
    /// The session's time is up.
    Expired,
    /// So is it, and the client has been told why.
    Refused,
    /// What came is no frame of this session, and the client has been told.
    Failed,
    /// Something came that is no frame.
    Other,
    /// The other side is gone, or has stopped reading.
    Gone,
    /// The host is going, and all calls are answered.
    Drained,
}

/// How long the other side may take to read anything of what waits for it.
const STALLED: Duration = Duration::from_secs(30);
/// The longest a carrier goes without a look at the clock.
const LOOK: Duration = Duration::from_secs(15);

enum Turn {
    Answered(Exchange),
    Received(Option<Inbound>),
    Draining,
    Look,
    End(End),
}

impl<H: Host> Gateway<H> {
    /// Answers the frames of a session as they come, replies in any order.
    ///
    /// Calls under way go on whether or not the other side reads: they hold connections and mutexes.
    /// What is not read of `incoming` waits there while too much waits to be sent.
    pub(crate) async fn carry<S: Sink<Outbound>>(
        &self,
        session: &Arc<Session>,
        carrier: &Carrier,
        mut incoming: Pin<&mut impl Stream<Item = Inbound>>,
        outbox: &mut Outbox<S>,
        lasting: bool,
    ) -> End {
        let clock = self.host.clock();
        let mut calls = FuturesUnordered::new();
        let mut listening = true;
        let mut draining = pin!(self.drain.started().fuse());
        let mut look = pin!(clock.sleep(self.patience(session)).fuse());
        let mut seen_sent = (outbox.sent(), clock.monotonic_ms());
        loop {
            let turn = poll_fn(|cx| {
                if outbox.poll_send(cx) == Poll::Ready(Err(Gone)) {
                    return Poll::Ready(Turn::End(End::Gone));
                }
                if let Poll::Ready(Some(exchange)) = calls.poll_next_unpin(cx) {
                    return Poll::Ready(Turn::Answered(exchange));
                }
                if look.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(Turn::Look);
                }
                if !draining.is_terminated() && draining.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(Turn::Draining);
                }
                if listening
                    && outbox.has_room()
                    && let Poll::Ready(message) = incoming.as_mut().poll_next(cx)
                {
                    return Poll::Ready(Turn::Received(message));
                }
                let idle = calls.is_empty() && outbox.is_empty();
                match (idle, listening, draining.is_terminated()) {
                    (true, false, _) => Poll::Ready(Turn::End(End::Done)),
                    (true, _, true) => Poll::Ready(Turn::End(End::Drained)),
                    _ => Poll::Pending,
                }
            })
            .await;
            match turn {
                Turn::Answered(exchange) => {
                    if let Some(end) = outbox.take(exchange, lasting) {
                        return end;
                    }
                }
                Turn::Received(Some(Inbound::Frame(mut frame))) => {
                    let mut call =
                        Box::pin(async move { self.exchange(session, &mut frame, carrier).await });
                    // At once: a WebSocket's frames open in the order they came in.
                    match futures::poll!(&mut call) {
                        Poll::Pending => calls.push(call),
                        Poll::Ready(exchange) => {
                            if let Some(end) = outbox.take(exchange, lasting) {
                                return end;
                            }
                        }
                    }
                }
                Turn::Received(Some(Inbound::Ping)) => outbox.push(Outbound::Pong),
                Turn::Received(Some(Inbound::Other)) => return End::Other,
                Turn::Received(None) if lasting => return End::Gone,
                Turn::Received(None) => listening = false,
                Turn::Draining if lasting => {
                    if let Ok(frame) = session.wire.seal_close() {
                        outbox.push(Outbound::Frame(frame));
                    }
                }
                Turn::Draining => {}
                Turn::Look => {
                    let now_ms = clock.monotonic_ms();
                    if outbox.is_empty() || outbox.sent() != seen_sent.0 {
                        seen_sent = (outbox.sent(), now_ms);
                    } else if u128::from(now_ms - seen_sent.1) > STALLED.as_millis() {
                        return End::Gone;
                    }
                    if session.is_over(now_ms, clock.unix_ms()) {
                        session.end();
                        return End::Expired;
                    }
                    look.set(clock.sleep(self.patience(session)).fuse());
                }
                Turn::End(end) => return end,
            }
        }
    }

    /// Answers several frames of a session that came in one request: each reply as soon as it is
    /// there, in any order. Dropping the future gives up on the calls under way.
    pub async fn batch(
        &self,
        session: &Arc<Session>,
        carrier: &Carrier,
        frames: Vec<Vec<u8>>,
        outgoing: impl Sink<Outbound>,
    ) {
        let mut outbox = Outbox::new(outgoing);
        let incoming = pin!(stream::iter(frames.into_iter().map(Inbound::Frame)));
        self.carry(session, carrier, incoming, &mut outbox, false)
            .await;
    }

    /// How long until the session has to be looked at again.
    fn patience(&self, session: &Session) -> Duration {
        let clock = self.host.clock();
        let left = session.patience_ms(clock.monotonic_ms(), clock.unix_ms());
        Duration::from_millis(left).min(LOOK)
    }
}

impl<S: Sink<Outbound>> Outbox<S> {
    /// Queues an answer; the end, if it is the last.
    fn take(&mut self, exchange: Exchange, lasting: bool) -> Option<End> {
        let end = match exchange.frame {
            _ if exchange.failed => End::Failed,
            Some(_) => End::Refused,
            None => End::Closed,
        };
        if let Some(frame) = exchange.frame {
            self.push(Outbound::Frame(frame));
        }
        (lasting && !exchange.keep).then_some(end)
    }
}

/// Sends all that waits, for as long as it takes.
pub(crate) async fn flush<S: Sink<Outbound>>(outbox: &mut Outbox<S>) -> Result<(), Gone> {
    poll_fn(|cx: &mut Context<'_>| outbox.poll_send(cx)).await
}
