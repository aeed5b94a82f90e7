//! One subscription's frames, from its first event to its last.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{Either, select};
use kontract_raystream::{Credit, Event, Limits, RpcError, SealError};

use crate::host::{Clock, Host};
use crate::refusal::Refusal;
use crate::storage::{StorageError, TableFeed};
use crate::subscribe::flow::OpenFlow;
use crate::subscribe::{Occurrence, Source as _};

/// A subscription. Its frames are to be sent in the order they come.
pub struct Events<H: Host> {
    host: Arc<H>,
    flow: OpenFlow,
    source: TableFeed<H>,
    /// What has no credit yet.
    held: VecDeque<Occurrence>,
    held_bytes: usize,
    over: bool,
}

/// How long until a database that was away is asked again.
const AGAIN: Duration = Duration::from_secs(1);

/// What an event's frame has beside its data and its token.
const ENVELOPE: usize = 256;

impl<H: Host> Events<H> {
    pub(super) fn new(host: Arc<H>, flow: OpenFlow, source: TableFeed<H>) -> Self {
        Self {
            host,
            flow,
            source,
            held: VecDeque::new(),
            held_bytes: 0,
            over: false,
        }
    }

    /// The next frame, and the resume token in it; `None` after the last. Nothing is lost if the
    /// future is dropped.
    ///
    /// An event without credit is held back. What is read ahead while events are held back is what
    /// happens now, and when that is more than may be held the subscription ends: the client goes on
    /// from its last token. A client that is behind is never ended for it: history waits.
    pub async fn next(&mut self) -> Option<(Vec<u8>, Option<Vec<u8>>)> {
        loop {
            if self.over || self.flow.is_ended() {
                return None;
            }
            let length = self.held.front().map(|event| event.data.len());
            if let Some(length) = length
                && self.flow.spend(length)
            {
                return self.send();
            }
            let room = Credit {
                events: Credit::BUFFER.events.saturating_sub(count(self.held.len())),
                bytes: Credit::BUFFER.bytes.saturating_sub(count(self.held_bytes)),
            };
            if length.is_some() && !self.source.is_live() {
                self.flow.moved(length).await;
                continue;
            }
            {
                let moved = pin!(self.flow.moved(length));
                if let Either::Left(_) = select(moved, pin!(self.source.ready())).await {
                    continue;
                }
            }
            if room.events == 0 || room.bytes == 0 {
                return self.end(&Refusal::slow_consumer());
            }
            let read = {
                // Credit can wait for the read; the end cannot.
                let ended = pin!(self.flow.moved(None));
                match select(ended, pin!(self.source.read(room))).await {
                    Either::Left(_) => continue,
                    Either::Right((read, _)) => read,
                }
            };
            match read {
                Ok(found) => {
                    for event in found {
                        self.hold(event);
                    }
                }
                Err(StorageError::Unavailable | StorageError::Timeout) => {
                    let ended = pin!(self.flow.moved(None));
                    select(ended, pin!(self.host.clock().sleep(AGAIN))).await;
                }
                Err(error) => return self.end(&error.into()),
            }
        }
    }

    fn hold(&mut self, mut event: Occurrence) {
        let token = event.token.as_ref().map_or(0, Vec::len);
        let limit = self.flow.session().wire.parameters.limits.max_frame;
        if event.data.len() + token + ENVELOPE + Limits::FRAME_OVERHEAD > limit
            && let Some(cut) = TableFeed::<H>::cut(&event)
        {
            event.data = cut;
        }
        self.held_bytes += event.data.len();
        self.held.push_back(event);
    }

    fn send(&mut self) -> Option<(Vec<u8>, Option<Vec<u8>>)> {
        let event = self.held.pop_front()?;
        self.held_bytes -= event.data.len();
        let envelope = Event {
            data: &event.data,
            resume_token: event.token.as_deref(),
            txid: event.txid,
        };
        match self
            .flow
            .session()
            .wire
            .seal_event(self.flow.id(), &envelope, false)
        {
            Ok(frame) => Some((frame, event.token)),
            Err(SealError::TooLarge { .. }) => self.end(&Refusal::event_too_large()),
            // The session's key is used up: the client opens another and goes on from its last token.
            Err(_) => {
                self.over = true;
                self.flow.session().end();
                None
            }
        }
    }

    fn end(&mut self, refusal: &Refusal) -> Option<(Vec<u8>, Option<Vec<u8>>)> {
        self.over = true;
        let error = RpcError {
            code: &refusal.code,
            message: &refusal.message,
            status: refusal.status,
            stack: None,
        };
        let frame = self
            .flow
            .session()
            .wire
            .seal_error(self.flow.id(), &error)
            .ok()?;
        Some((frame, None))
    }
}

fn count(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}
