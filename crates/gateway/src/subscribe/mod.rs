//! Subscriptions: events of a source, as many as the client takes, each in a frame of its own.

mod events;
mod flow;
mod open;

pub use events::Events;
pub(crate) use flow::Flows;

use std::future::Future;

use kontract_raystream::Credit;

/// Where events come from.
pub(crate) trait Source {
    /// Why there are no more.
    type Error;

    /// Resolves when there may be something to read. May be dropped at any time.
    fn ready(&mut self) -> impl Future<Output = ()>;

    /// Whether it has told all there was at some time: what comes now happens now.
    fn is_live(&self) -> bool;

    /// What comes next, about as much as this.
    fn read(&mut self, most: Credit) -> impl Future<Output = Result<Vec<Occurrence>, Self::Error>>;

    /// The event's data without what makes it too large for a frame.
    fn cut(occurrence: &Occurrence) -> Option<Vec<u8>>;
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Occurrence {
    /// What, in the source's own encoding.
    pub data: Vec<u8>,
    /// Names the place behind it; absent where nobody can go on.
    pub token: Option<Vec<u8>>,
    /// The commit it belongs to.
    pub txid: Option<u64>,
}
