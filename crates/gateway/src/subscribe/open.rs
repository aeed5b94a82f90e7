//! A SUBSCRIBE frame becomes a subscription, if its sender may.

use std::sync::Arc;

use kontract_raystream::{CallId, Subscribe};

use crate::gateway::Gateway;
use crate::host::Host;
use crate::refusal::Refusal;
use crate::session::Session;
use crate::storage::TableFeed;
use crate::subscribe::Events;

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
        let identity = self.identify(Some(session), request.token, request.method);
        let identity = identity.await?;
        let Some(table) = request.method.strip_prefix(TABLE) else {
            let what = format!("There is nothing to follow called {}", request.method);
            return Err(Refusal::not_found(what));
        };
        // Held while it opens, so that one id opens once.
        let flow = session.flows.open(id, request.credit)?;
        let source = TableFeed::open(
            Arc::clone(&self.host),
            Arc::clone(&self.domains),
            Arc::clone(&deployment.schema),
            table,
            identity.owner.as_str().into(),
            identity.perm,
            request.resume_token,
        )
        .await;
        match source {
            Ok(source) => Ok(Events::new(
                Arc::clone(&self.host),
                Arc::clone(session),
                id,
                flow,
                source,
            )),
            Err(error) => {
                session.flows.forget(id, &flow);
                Err(error.into())
            }
        }
    }
}
