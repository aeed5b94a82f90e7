//! `/@kontract/reload`: tells open pages of a development server to reload.

use std::convert::Infallible;

use axum::response::sse::{Event, KeepAlive, Sse};
use futures::{Stream, StreamExt as _};
use tokio::sync::broadcast;
use tokio_stream::wrappers::BroadcastStream;

/// Everyone who wants to know of a new page.
#[derive(Clone)]
pub struct Reload(broadcast::Sender<()>);

impl Reload {
    pub fn new() -> Self {
        Self(broadcast::channel(4).0)
    }

    /// Tells every open page. Nobody listening is fine.
    pub fn notify(&self) {
        let _ = self.0.send(());
    }

    /// One page's event stream, for as long as the server runs.
    pub fn stream<E: Future<Output = ()> + Send + 'static>(
        &self,
        end: E,
    ) -> Sse<impl Stream<Item = Result<Event, Infallible>> + use<E>> {
        // A lagging page missed several reloads: one is enough.
        let events =
            BroadcastStream::new(self.0.subscribe()).map(|_| Ok(Event::default().data("reload")));
        Sse::new(events.take_until(end)).keep_alive(KeepAlive::default())
    }
}
