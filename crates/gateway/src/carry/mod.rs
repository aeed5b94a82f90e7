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

use kontract_raystream::{Direction as FrameDirection, Flags, Header, MessageType, Request};

use crate::gateway::{Carrier, Exchange, Gateway};
use crate::host::{Clock, Host};
use crate::session::Session;
use crate::subscribe::Events;

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

/// What a frame came to.
enum Answered<H: Host> {
    Exchange(Exchange),
    Events(Box<Events<H>>),
}

enum Turn<H: Host> {
    Answered(Answered<H>),
    Event(Events<H>, Option<Vec<u8>>),
    Received(Option<Inbound>),
    Draining,
    Look,
    End(End),
}

impl<H: Host> Gateway<H> {
    /// Answers the frames of a session as they come, replies in any order.
    ///
    /// Calls under way go on whether or not the other side reads: they hold connections and mutexes.
    /// What is not read of `incoming` waits there while too much waits to be sent. `failed` is
    /// called for what is no frame of the session.
    pub(crate) async fn carry<S: Sink<Outbound>>(
        &self,
        session: &Arc<Session>,
        carrier: &Carrier,
        mut incoming: Pin<&mut impl Stream<Item = Inbound>>,
        outbox: &mut Outbox<S>,
        lasting: bool,
        failed: &impl Fn(),
    ) -> End {
        let clock = self.host.clock();
        let mut calls = FuturesUnordered::new();
        let mut events = FuturesUnordered::new();
        let mut listening = true;
        let mut draining = pin!(self.drain.started().fuse());
        let mut look = pin!(clock.sleep(self.patience(session)).fuse());
        let mut seen_sent = (outbox.sent(), clock.monotonic_ms());
        loop {
            let turn = poll_fn(|cx| {
                if outbox.poll_send(cx) == Poll::Ready(Err(Gone)) {
                    return Poll::Ready(Turn::End(End::Gone));
                }
                if let Poll::Ready(Some(answered)) = calls.poll_next_unpin(cx) {
                    return Poll::Ready(Turn::Answered(answered));
                }
                if look.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(Turn::Look);
                }
                if !draining.is_terminated() && draining.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(Turn::Draining);
                }
                // What is not asked for waits in its source.
                if outbox.has_room()
                    && let Poll::Ready(Some((from, frame))) = events.poll_next_unpin(cx)
                {
                    return Poll::Ready(Turn::Event(from, frame));
                }
                if listening
                    && outbox.has_room()
                    && let Poll::Ready(message) = incoming.as_mut().poll_next(cx)
                {
                    return Poll::Ready(Turn::Received(message));
                }
                let idle = calls.is_empty() && outbox.is_empty();
                match (idle, listening, draining.is_terminated()) {
                    (true, _, true) => Poll::Ready(Turn::End(End::Drained)),
                    (true, false, _) if events.is_empty() => Poll::Ready(Turn::End(End::Done)),
                    _ => Poll::Pending,
                }
            })
            .await;
            match turn {
                Turn::Answered(Answered::Events(subscription)) => events.push(step(*subscription)),
                Turn::Answered(Answered::Exchange(exchange)) => {
                    if let Some(end) = outbox.take(exchange, lasting) {
                        return end;
                    }
                }
                Turn::Event(subscription, Some(frame)) => {
                    outbox.push(Outbound::Frame(frame));
                    if !draining.is_terminated() {
                        events.push(step(subscription));
                    }
                }
                Turn::Event(_, None) => {}
                Turn::Received(Some(Inbound::Frame(frame))) => {
                    let mut call = Box::pin(self.answer_one(session, frame, carrier));
                    // At once: a WebSocket's frames open in the order they came in.
                    match futures::poll!(&mut call) {
                        Poll::Pending => calls.push(call),
                        Poll::Ready(Answered::Events(subscription)) => {
                            events.push(step(*subscription));
                        }
                        Poll::Ready(Answered::Exchange(exchange)) => {
                            if exchange.failed {
                                failed();
                            }
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
                    events.clear();
                    if let Ok(frame) = session.wire.seal_close() {
                        outbox.push(Outbound::Frame(frame));
                    }
                }
                Turn::Draining => events.clear(),
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

    async fn answer_one(
        &self,
        session: &Arc<Session>,
        mut frame: Vec<u8>,
        carrier: &Carrier,
    ) -> Answered<H> {
        let (id, refusal) = match self.open(session, &mut frame) {
            Err(exchange) => return Answered::Exchange(exchange),
            Ok(Request::Subscribe(id, request)) => {
                match self.subscribe(session, id, &request).await {
                    Ok(events) => return Answered::Events(Box::new(events)),
                    Err(refusal) => (id, refusal),
                }
            }
            Ok(request) => {
                return Answered::Exchange(self.reply(session, request, carrier).await);
            }
        };
        Answered::Exchange(self.refuse(session, id, &refusal))
    }

    /// A subscription by itself, for a carrier that takes one frame and sends events: the frame has
    /// to be a SUBSCRIBE of this session. `None`: it is not; how so is nobody's business.
    pub async fn events(
        &self,
        session: &Arc<Session>,
        frame: &mut [u8],
    ) -> Option<Result<Events<H>, Vec<u8>>> {
        // Nothing else may come this way, so nothing else is opened.
        let header = frame.first_chunk()?;
        let header = Header::parse(header, FrameDirection::ClientToServer).ok()?;
        let other = header.flags.contains(Flags::FIN) || header.flags.contains(Flags::CREDIT);
        if header.message_type != MessageType::Subscribe || other {
            return None;
        }
        let Ok(Request::Subscribe(id, request)) = self.open(session, frame) else {
            return None;
        };
        match self.subscribe(session, id, &request).await {
            Ok(events) => Some(Ok(events)),
            Err(refusal) => self.refuse(session, id, &refusal).frame.map(Err),
        }
    }

    /// Answers several frames of a session that came in one request: each reply as soon as it is
    /// there, in any order. Dropping the future gives up on the calls under way. `failed` is called
    /// for each that is no frame of the session: hosts count it against the sender's address.
    pub async fn batch(
        &self,
        session: &Arc<Session>,
        carrier: &Carrier,
        frames: Vec<Vec<u8>>,
        outgoing: impl Sink<Outbound>,
        failed: impl Fn(),
    ) {
        let mut outbox = Outbox::new(outgoing);
        let incoming = pin!(stream::iter(frames.into_iter().map(Inbound::Frame)));
        self.carry(session, carrier, incoming, &mut outbox, false, &failed)
            .await;
    }

    /// How long until the session has to be looked at again.
    fn patience(&self, session: &Session) -> Duration {
        let clock = self.host.clock();
        let left = session.patience_ms(clock.monotonic_ms(), clock.unix_ms());
        Duration::from_millis(left).min(LOOK)
    }
}

/// The next frame of a subscription, and the subscription.
async fn step<H: Host>(mut from: Events<H>) -> (Events<H>, Option<Vec<u8>>) {
    let frame = from.next().await.map(|(frame, _)| frame);
    (from, frame)
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
