//! Who wants to know that a domain has a new commit: told after those of this process, and by a look
//! at the database about once a second for everybody else's.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::Poll;
use std::time::Duration;

use futures::future::{Either, poll_fn, select};
use futures::task::AtomicWaker;

use crate::host::{Clock, Connection, Database, Host};
use crate::storage::domain::{Domain, Txid};
use crate::storage::statement::Statement;

/// Everyone who listens, by domain.
#[derive(Debug, Default)]
pub(crate) struct Listeners {
    ears: Mutex<HashMap<Domain, Vec<Weak<Ear>>>>,
    /// When the database was last looked at, on the monotonic clock.
    looked_ms: AtomicU64,
    looking: AtomicBool,
}

/// One listener. Nobody tells it any more when it is dropped.
#[derive(Debug)]
pub(super) struct Ear {
    domain: Domain,
    /// Something was committed here.
    told: AtomicBool,
    /// The newest commit the database has shown.
    newest: AtomicI64,
    waker: AtomicWaker,
}

/// How long a commit of another process may stay unseen, roughly.
const LOOK: Duration = Duration::from_secs(1);

impl Listeners {
    /// Listens to a domain from now on.
    pub(super) fn listen(&self, domain: Domain) -> Arc<Ear> {
        let ear = Arc::new(Ear {
            domain: domain.clone(),
            told: AtomicBool::new(false),
            newest: AtomicI64::new(0),
            waker: AtomicWaker::new(),
        });
        let mut ears = self.ears();
        let listening = ears.entry(domain).or_default();
        listening.retain(|ear| ear.strong_count() > 0);
        listening.push(Arc::downgrade(&ear));
        ear
    }

    /// Forgets those who listen no more. A look does as well, but there is none when nobody listens.
    pub(crate) fn sweep(&self) {
        self.ears().retain(|_, listening| {
            listening.retain(|ear| ear.strong_count() > 0);
            !listening.is_empty()
        });
    }

    /// Domains that are listened to, or were until lately.
    pub(crate) fn len(&self) -> usize {
        self.ears().len()
    }

    /// These domains have a new commit.
    pub(super) fn tell(&self, domains: &[Domain]) {
        let ears = self.ears();
        let listening = domains.iter().filter_map(|domain| ears.get(domain));
        for ear in listening.flatten().filter_map(Weak::upgrade) {
            ear.told.store(true, Ordering::Release);
            ear.waker.wake();
        }
    }

    /// Waits for a commit behind this one. May be dropped at any time.
    pub(super) async fn wait<H: Host>(&self, host: &H, ear: &Ear, seen: Txid) {
        loop {
            let told = poll_fn(|cx| {
                ear.waker.register(cx.waker());
                let new = ear.told.swap(false, Ordering::AcqRel)
                    || ear.newest.load(Ordering::Acquire) > seen.0;
                if new { Poll::Ready(()) } else { Poll::Pending }
            });
            let timer = std::pin::pin!(host.clock().sleep(LOOK));
            match select(told, timer).await {
                Either::Left(((), _)) => return,
                Either::Right(((), _)) => self.look(host).await,
            }
        }
    }

    /// One look serves every listener of the process.
    async fn look<H: Host>(&self, host: &H) {
        let now_ms = host.clock().monotonic_ms();
        let looked_ms = self.looked_ms.load(Ordering::Acquire);
        let fresh = now_ms.saturating_sub(looked_ms) < LOOK.as_millis().try_into().unwrap_or(0);
        if (looked_ms != 0 && fresh) || self.looking.swap(true, Ordering::AcqRel) {
            return;
        }
        let _looking = Looking(&self.looking);
        self.looked_ms.store(now_ms.max(1), Ordering::Release);
        self.sweep();
        let domains = self.ears().keys().cloned().collect();
        let Ok(mut connection) = host.database().acquire().await else {
            return;
        };
        let outcome = connection.run(&[Statement::Snapshots { domains }]).await;
        // A look that fails is made again in a second.
        let Some(Ok(rows)) = outcome.into_iter().next() else {
            return;
        };
        let ears = self.ears();
        for (domain, listening) in ears.iter() {
            let row = rows.iter().find(|row| row.text(0) == Some(domain.name()));
            let Some(newest) = row.and_then(|row| row.int(1)) else {
                continue;
            };
            for ear in listening.iter().filter_map(Weak::upgrade) {
                ear.newest.fetch_max(newest, Ordering::AcqRel);
                ear.waker.wake();
            }
        }
    }

    fn ears(&self) -> MutexGuard<'_, HashMap<Domain, Vec<Weak<Ear>>>> {
        self.ears.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ear {
    pub(super) fn domain(&self) -> &Domain {
        &self.domain
    }
}

/// Whoever looks may be dropped while it does.
struct Looking<'a>(&'a AtomicBool);

impl Drop for Looking<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}
