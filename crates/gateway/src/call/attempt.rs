//! Running a call until it stands: attempts, backoff, pinning.

use std::sync::Arc;
use std::time::Duration;

use futures::future::{Either, select};

use crate::call::{Answer, Call};
use crate::deployment::Route;
use crate::host::{Clock, Context, Entropy, Functions, Host, Invocation};
use crate::identity::Issuing;
use crate::refusal::Refusal;
use crate::storage::{CallKey, Committed, Mode, StorageError, Transaction};

impl<H: Host> Call<'_, H> {
    /// Attempts the call until it commits, fails, or the caller's time is up (the future is
    /// dropped then).
    pub(super) async fn attempts(
        &self,
        route: &Route,
        context: Arc<Context>,
        issuing: Issuing,
        key: Option<CallKey>,
    ) -> Result<Answer, Refusal> {
        let args: Arc<[u8]> = self.request.args.into();
        let mut attempt = 0;
        let mut conflicts = 0;
        loop {
            attempt += 1;
            let pinned = key.is_some() && conflicts >= self.gateway.config.optimistic_attempts;
            let mode = if pinned {
                Mode::Pinned
            } else {
                Mode::Optimistic
            };
            let transaction = Open(Arc::new(Transaction::new(
                self.gateway.host.clone(),
                self.deployment.schema.clone(),
                self.gateway.domains.clone(),
                context.owner.as_str().into(),
                context.perm,
                key.clone(),
                mode,
            )));
            let invocation = Invocation {
                route: route.id.clone(),
                args: args.clone(),
                encoding: self.encoding,
                attempt,
                context: context.clone(),
                transaction: transaction.0.clone(),
                issuing: issuing.clone(),
            };
            match self.attempt(&transaction.0, invocation, mode).await {
                Err(Failed::Again(error)) => {
                    tracing::debug!(route = &*route.id, attempt, %error, "run again");
                    conflicts += 1;
                }
                Err(Failed::For(refusal)) => return Err(refusal),
                Ok(answer) => return Ok(answer),
            }
            drop(transaction);
            self.back_off(conflicts).await;
        }
    }

    async fn attempt(
        &self,
        transaction: &Arc<Transaction<H>>,
        invocation: Invocation<H>,
        mode: Mode,
    ) -> Result<Answer, Failed> {
        if mode == Mode::Optimistic {
            return self.run_and_commit(transaction, invocation).await;
        }
        if let Err(error) = transaction.pin().await {
            return match transaction.stored() {
                Some(stored) => Ok(Answer::stored(&stored, self.req_hash())?),
                None => Err(error.into()),
            };
        }
        // Others wait for the mutexes from here on.
        let limit = self.gateway.config.pinned_timeout;
        let run = std::pin::pin!(self.run_and_commit(transaction, invocation));
        let timer = std::pin::pin!(self.gateway.host.clock().sleep(limit));
        match select(run, timer).await {
            Either::Left((answer, _)) => answer,
            Either::Right(((), _)) => Err(Failed::For(Refusal::timeout())),
        }
    }

    async fn run_and_commit(
        &self,
        transaction: &Arc<Transaction<H>>,
        invocation: Invocation<H>,
    ) -> Result<Answer, Failed> {
        let result = self.deployment.functions.call(invocation).await;
        if let Some(stored) = transaction.stored() {
            return Ok(Answer::stored(&stored, self.req_hash())?);
        }
        // What the handler made of a doomed transaction's errors does not matter.
        if let Some(doom) = transaction.doom() {
            return Err(doom.into());
        }
        let reply = result.map_err(Refusal::from)?;
        let answer = Answer::of(&reply, self.limits())?;
        let kept = Some(answer.payload())
            .filter(|payload| payload.len() <= self.gateway.config.max_stored_reply)
            .map(<[u8]>::to_vec);
        match transaction.commit(kept).await {
            Ok(Committed::ReadOnly | Committed::Written) => Ok(answer),
            Ok(Committed::Earlier(stored)) => Ok(Answer::stored(&stored, self.req_hash())?),
            Err(error) => Err(error.into()),
        }
    }

    fn req_hash(&self) -> &[u8] {
        &self.request.request_hash
    }

    /// Full jitter: a random part of 5 ms, doubled with each conflict, at most 80 ms.
    async fn back_off(&self, conflicts: u32) {
        let mut random = [0; 4];
        self.gateway.host.entropy().fill(&mut random);
        let most = 5_000_u64 << conflicts.min(4);
        let micros = (u64::from(u32::from_be_bytes(random)) * most) >> 32;
        self.gateway
            .host
            .clock()
            .sleep(Duration::from_micros(micros))
            .await;
    }
}

/// Closes the transaction however its attempt ends, a dropped future included.
struct Open<H: Host>(Arc<Transaction<H>>);

impl<H: Host> Drop for Open<H> {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// An attempt that came to no answer.
enum Failed {
    /// Another one may.
    Again(StorageError),
    /// So is the call.
    For(Refusal),
}

impl From<StorageError> for Failed {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Conflict | StorageError::SnapshotTooOld => Self::Again(error),
            other => Self::For(other.into()),
        }
    }
}

impl From<Refusal> for Failed {
    fn from(refusal: Refusal) -> Self {
        Self::For(refusal)
    }
}
