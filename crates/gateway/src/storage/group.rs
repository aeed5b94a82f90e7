//! Group commit: calls of one domain that end at the same time share a transaction, and with it the
//! wait for the disk.
//!
//! A domain commits one transaction after another anyway: its mutex is held until a commit is
//! durable. Whoever comes while one is under way waits here instead of at the mutex, and the first of
//! those who waited commits for all. Each is checked after the ones before it, in the database, which
//! sees their rows. Nothing depends on this being the only process that commits.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures::channel::oneshot;
use futures::future::{Either, select};
use futures::lock::Mutex as AsyncMutex;

use crate::host::{Connection, Database, Host};
use crate::storage::apply::Apply;
use crate::storage::commit::{Failure, ended};
use crate::storage::domain::Domain;
use crate::storage::error::StorageError;
use crate::storage::schema::Domains;
use crate::storage::statement::Statement;

/// How a commit in company ended.
#[derive(Debug)]
pub(super) enum Group {
    Ended(Result<(), Failure>),
    /// Nothing took effect, or nothing is known, and the reason may be somebody else's.
    Alone,
}

/// The commits that wait, by domain.
#[derive(Debug, Default)]
pub(super) struct Groups {
    queues: Mutex<HashMap<Domain, Arc<Queue>>>,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: Mutex<Vec<Waiting>>,
    /// Whoever holds it commits for those who wait.
    lead: AsyncMutex<()>,
}

#[derive(Debug)]
struct Waiting {
    apply: Arc<Apply>,
    answer: oneshot::Sender<Group>,
}

impl Groups {
    /// Commits in company, or by itself if nobody else is there.
    pub async fn commit<H: Host>(
        &self,
        known: &Domains,
        host: &H,
        domain: &Domain,
        apply: &Arc<Apply>,
    ) -> Group {
        let queue = self.queue(domain);
        let (answer, mut answered) = oneshot::channel();
        queue.push(apply.clone(), answer);
        let result = match select(&mut answered, queue.lead.lock()).await {
            Either::Left((group, _)) => group,
            Either::Right((lead, _)) => {
                let group = loop {
                    match answered.try_recv() {
                        Ok(None) => queue.run(known, host, domain).await,
                        Ok(Some(group)) => break Ok(group),
                        Err(canceled) => break Err(canceled),
                    }
                };
                drop(lead);
                group
            }
        };
        self.leave(domain, queue);
        // Whoever committed for us was dropped on the way.
        result.unwrap_or(Group::Ended(Err(Failure::Lost)))
    }

    fn queue(&self, domain: &Domain) -> Arc<Queue> {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        queues.entry(domain.clone()).or_default().clone()
    }

    /// Forgets the queue if nobody else is in it.
    fn leave(&self, domain: &Domain, queue: Arc<Queue>) {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        drop(queue);
        if queues
            .get(domain)
            .is_some_and(|queue| Arc::strong_count(queue) == 1)
        {
            queues.remove(domain);
        }
    }
}

impl Queue {
    /// Most calls, and bytes, that commit together.
    const MAX_CALLS: usize = 64;
    const MAX_BYTES: usize = 1024 * 1024;

    fn push(&self, apply: Arc<Apply>, answer: oneshot::Sender<Group>) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push(Waiting { apply, answer });
    }

    /// Those who came first. Whoever has gone in the meantime is left out: a commit that nobody waits
    /// for any more need not happen.
    fn take(&self) -> Vec<Waiting> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.retain(|waiting| !waiting.answer.is_canceled());
        let mut bytes = 0;
        let fits = waiting.iter().take(Self::MAX_CALLS).take_while(|waiting| {
            let first = bytes == 0;
            bytes += waiting.apply.size();
            first || bytes <= Self::MAX_BYTES
        });
        let count = fits.count();
        waiting.drain(..count).collect()
    }

    /// Commits for some of those who wait, and tells them.
    async fn run<H: Host>(&self, known: &Domains, host: &H, domain: &Domain) {
        let members = self.take();
        let domains = std::slice::from_ref(domain);
        let mut batch = known.ensure(domains);
        let company = members.len() > 1;
        if company {
            batch.push(Statement::BeginWrite);
        }
        batch.extend(members.iter().map(|m| Statement::Apply(m.apply.clone())));
        if company {
            batch.push(Statement::Commit);
        }
        let outcome = match host.database().acquire().await {
            Ok(mut connection) => connection.run(&batch).await,
            Err(error) => {
                let error = StorageError::from(error);
                for member in members {
                    let failure = Failure::Storage(error.clone());
                    let _ = member.answer.send(Group::Ended(Err(failure)));
                }
                return;
            }
        };
        match ended(&batch, &outcome) {
            Ok(results) => {
                for (member, result) in members.into_iter().zip(results) {
                    let _ = member.answer.send(Group::Ended(result));
                }
            }
            Err(failure) => {
                for member in members {
                    let _ = member.answer.send(failure.clone().of_one(company));
                }
            }
        }
    }
}

impl Failure {
    /// What a batch's failure means for one of its calls.
    fn of_one(self, company: bool) -> Group {
        match self {
            // Nobody's row: the wait for the mutex was too long for all of them.
            Self::Storage(StorageError::Conflict | StorageError::Timeout) => {
                Group::Ended(Err(self))
            }
            Self::Storage(_) if company => Group::Alone,
            other => Group::Ended(Err(other)),
        }
    }
}
