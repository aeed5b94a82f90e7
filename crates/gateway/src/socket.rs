//! A WebSocket's life: handshake, frames, close (`docs/raystream.md`, section 11).

use std::pin::pin;
use std::time::Duration;

use futures::future::{Either, select};
use futures::{Sink, Stream, StreamExt as _};
use kontract_raystream::{ClearCode, Limits, Transport};

use crate::carry::{End, Inbound, Outbound, Outbox, flush};
use crate::gateway::{Carrier, Gateway};
use crate::handshake::Handshake;
use crate::host::{Clock, Host};

/// Close codes: RFC 6455 §7.4.1, and one of the private ones.
mod code {
    pub const NORMAL: u16 = 1000;
    pub const GOING_AWAY: u16 = 1001;
    pub const UNSUPPORTED: u16 = 1003;
    pub const POLICY: u16 = 1008;
    pub const TRY_AGAIN: u16 = 1013;
    pub const EXPIRED: u16 = 4401;
}

/// How long the last words may take.
const LAST_WORDS: Duration = Duration::from_secs(5);

impl<H: Host> Gateway<H> {
    /// Serves one WebSocket from its first message to its last. Messages go in and out; the socket
    /// is the host's, and so is closing it when this is over.
    ///
    /// The first message is a `HANDSHAKE_INIT`, within ten seconds; from then on every message is a
    /// frame. Dropping the future gives up on the calls under way. False if what came was no
    /// handshake or no frame of the session: hosts count that against the sender's address.
    pub async fn socket(
        &self,
        carrier: &Carrier,
        incoming: impl Stream<Item = Inbound>,
        outgoing: impl Sink<Outbound>,
    ) -> bool {
        let mut incoming = pin!(incoming);
        let mut outbox = Outbox::new(outgoing);
        let limit = self
            .host
            .clock()
            .sleep(Duration::from_millis(Limits::HANDSHAKE_MS.into()));
        let first = match select(incoming.next(), pin!(limit)).await {
            Either::Left((first, _)) => first,
            Either::Right(((), _)) => {
                self.part(outbox, code::POLICY).await;
                return false;
            }
        };
        let handshake = match first {
            Some(Inbound::Frame(mut frame)) => self.handshake(&mut frame, Transport::WebSocket),
            Some(Inbound::Ping | Inbound::Other) => {
                self.part(outbox, code::UNSUPPORTED).await;
                return false;
            }
            None => return true,
        };
        let Handshake { frame, session } = handshake;
        let expired = frame == ClearCode::SessionExpired.to_frame();
        outbox.push(Outbound::Frame(frame));
        let Some(session) = session else {
            let code = if expired {
                code::EXPIRED
            } else {
                code::TRY_AGAIN
            };
            self.part(outbox, code).await;
            return self.is_draining();
        };
        let end = self
            .carry(&session, carrier, incoming, &mut outbox, true, &|| {})
            .await;
        session.end();
        match end {
            End::Done | End::Gone => {}
            End::Closed => self.part(outbox, code::NORMAL).await,
            End::Expired => {
                outbox.push(Outbound::Frame(Self::unknown_session()));
                self.part(outbox, code::EXPIRED).await;
            }
            End::Refused | End::Failed => self.part(outbox, code::EXPIRED).await,
            End::Other => self.part(outbox, code::UNSUPPORTED).await,
            End::Drained => self.part(outbox, code::GOING_AWAY).await,
        }
        !matches!(end, End::Failed | End::Other)
    }

    async fn part<S: Sink<Outbound>>(&self, mut outbox: Outbox<S>, code: u16) {
        outbox.push(Outbound::Close(code));
        let limit = self.host.clock().sleep(LAST_WORDS);
        // Whoever does not listen misses it.
        let _ = select(pin!(flush(&mut outbox)), pin!(limit)).await;
    }
}
