//! A SUBSCRIBE frame becomes a subscription, if its sender may.

use std::sync::Arc;

use kontract_raystream::{CallId, Subscribe};

use crate::gateway::Gateway;
use crate::host::Host;
use crate::refusal::Refusal;
use crate::session::Session;
use crate::storage::TableFeed;
use crate::subscribe::Events;
use crate::subscribe::flow::OpenFlow;

/// What a table's changes are called on the wire.
const TABLE: &str = "table:";

impl<H: Host> Gateway<H> {
    /// Opens a subscription.
    pub(crate) async fn subscribe(
        &self,
        session: &Arc<Session>,
        id: CallId,
        request: &Subscribe<'_>,
    ) -> Result<Events<H>, Refusal> {
        if self.is_draining() {
            return Err(Refusal::unavailable());
        }
        let deployment = self.deployment().ok_or_else(Refusal::unavailable)?;
        // First of all: the client may send credit before it hears of us. Given back however this ends.
        let flow = OpenFlow::new(session, id, request.credit)?;
        let identity = self.identify(Some(session), request.token, request.method);
        let identity = identity.await?;
        let Some(table) = request.method.strip_prefix(TABLE) else {
            let what = format!("There is nothing to follow called {}", request.method);
            return Err(Refusal::not_found(what));
        };
        let source = TableFeed::open(
            Arc::clone(&self.host),
            Arc::clone(&self.domains),
            Arc::clone(&deployment.schema),
            table,
            identity.owner.as_str().into(),
            identity.perm,
            request.resume_token,
        )
        .await?;
        Ok(Events::new(Arc::clone(&self.host), flow, source))
    }
}
