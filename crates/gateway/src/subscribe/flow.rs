//! What a client says about its subscriptions while they run: more credit, no more events.

use std::collections::HashMap;
use std::future::poll_fn;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use futures::task::AtomicWaker;
use kontract_raystream::{CallId, Credit, Limits};

use crate::refusal::Refusal;
use crate::session::Session;

/// The subscriptions of one session.
#[derive(Default)]
pub(crate) struct Flows(Mutex<HashMap<CallId, Arc<Flow>>>);

/// One subscription, as frames of its session reach it.
pub(crate) struct Flow {
    state: Mutex<State>,
    waker: AtomicWaker,
}

struct State {
    credit: Credit,
    ended: bool,
}

/// A subscription's place among its session's, until it is dropped.
pub(crate) struct OpenFlow {
    session: Arc<Session>,
    id: CallId,
    flow: Arc<Flow>,
}

impl OpenFlow {
    /// Takes the place of this id: credit reaches it from now on.
    pub fn new(session: &Arc<Session>, id: CallId, credit: Credit) -> Result<Self, Refusal> {
        let flow = session.flows.open(id, credit)?;
        Ok(Self {
            session: Arc::clone(session),
            id,
            flow,
        })
    }

    pub fn session(&self) -> &Session {
        &self.session
    }

    pub fn id(&self) -> CallId {
        self.id
    }
}

impl Deref for OpenFlow {
    type Target = Flow;

    fn deref(&self) -> &Flow {
        &self.flow
    }
}

impl Drop for OpenFlow {
    fn drop(&mut self) {
        self.session.flows.forget(self.id, &self.flow);
    }
}

impl Flows {
    fn open(&self, id: CallId, credit: Credit) -> Result<Arc<Flow>, Refusal> {
        let mut flows = self.flows();
        if flows.contains_key(&id) {
            return Err(Refusal::invalid("There is a subscription of this id"));
        }
        if flows.len() >= usize::try_from(Limits::MAX_IN_FLIGHT).unwrap_or(usize::MAX) {
            return Err(Refusal::too_many_calls());
        }
        let flow = Arc::new(Flow {
            state: Mutex::new(State {
                credit,
                ended: false,
            }),
            waker: AtomicWaker::new(),
        });
        flows.insert(id, Arc::clone(&flow));
        Ok(flow)
    }

    /// More credit; one that has ended needs none.
    pub fn credit(&self, id: CallId, more: Credit) {
        if let Some(flow) = self.flows().get(&id) {
            flow.state().credit.add(more);
            flow.waker.wake();
        }
    }

    /// The client wants no more.
    pub fn end(&self, id: CallId) {
        if let Some(flow) = self.flows().remove(&id) {
            flow.state().ended = true;
            flow.waker.wake();
        }
    }

    /// The subscription is over on this side: its id is free if it still is this one's.
    fn forget(&self, id: CallId, flow: &Arc<Flow>) {
        let mut flows = self.flows();
        if flows.get(&id).is_some_and(|there| Arc::ptr_eq(there, flow)) {
            flows.remove(&id);
        }
    }

    fn flows(&self) -> MutexGuard<'_, HashMap<CallId, Arc<Flow>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Flow {
    pub fn is_ended(&self) -> bool {
        self.state().ended
    }

    /// Pays for an event of this length.
    pub fn spend(&self, length: usize) -> bool {
        self.state().credit.spend(length)
    }

    /// Resolves when the client wants no more, or takes an event of this length.
    pub async fn moved(&self, length: Option<usize>) {
        poll_fn(|cx| {
            self.waker.register(cx.waker());
            let state = self.state();
            let mut credit = state.credit;
            if state.ended || length.is_some_and(|length| credit.spend(length)) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
