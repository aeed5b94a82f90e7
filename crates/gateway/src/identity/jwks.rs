//! An issuer's keys, read from where it publishes them, kept while they are fresh.
//!
//! Calls never fetch: they ask the keeper ([`Jwks::keep`], one future the host runs beside its
//! calls) and wait for it, so that a caller who hangs up takes no fetch along, and any number of
//! calls make one fetch.

use std::future::poll_fn;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use futures::channel::oneshot;
use futures::future::{Either, select};
use futures::task::AtomicWaker;
use jsonwebtoken::Algorithm;
use serde::Deserialize;

use super::key::TokenKey;
use crate::host::{Clock, Document, Fetch, Host};
use crate::refusal::Refusal;

/// Sets of keys are a few kilobytes.
const MAX_BYTES: usize = 256 * 1024;
const MAX_KEYS: usize = 100;
const FETCH: Duration = Duration::from_secs(5);
/// An unknown key id, a stale set or a failure leads to one fetch in this time at most.
const BETWEEN_MS: u64 = 30_000;
/// The same while no keys are known at all: nobody can call meanwhile.
const BETWEEN_FIRST_MS: u64 = 5_000;
/// How long a set is fresh when its answer does not say.
const FRESH_S: u64 = 600;
const FRESH_S_RANGE: (u64, u64) = (60, 86_400);
/// How long a set that is no longer fresh is used while its address does not answer.
const STALE_MS: u64 = 86_400_000;
/// Calls that wait for a fetch at the same time; more are sent away.
const MAX_WAITING: usize = 10_000;

/// Where an issuer publishes its keys: https, or http on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JwksUrl(String);

/// The address is not one that keys may come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("keys are fetched over https; http is for addresses of this machine only")]
pub struct JwksUrlError;

impl FromStr for JwksUrl {
    type Err = JwksUrlError;

    fn from_str(url: &str) -> Result<Self, JwksUrlError> {
        let plain = url.strip_prefix("http://").map(is_loopback);
        let host = url.strip_prefix("https://").map(|rest| !rest.is_empty());
        let readable = !url.contains(|c: char| c.is_whitespace() || c.is_control());
        if readable && plain.or(host).unwrap_or(false) {
            Ok(Self(url.to_owned()))
        } else {
            Err(JwksUrlError)
        }
    }
}

/// Whether what follows `http://` starts with this machine's own address and nothing before it.
fn is_loopback(rest: &str) -> bool {
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(bracketed) => bracketed.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    !authority.contains('@')
        && (host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback()))
}

/// The keys behind an address.
pub(super) struct Jwks {
    url: JwksUrl,
    state: Mutex<State>,
    keeper: AtomicWaker,
}

/// Times are the monotonic clock's, in milliseconds.
#[derive(Default)]
struct State {
    keys: Arc<[TokenKey]>,
    fresh_until: u64,
    /// 0: never fetched.
    usable_until: u64,
    next_fetch: u64,
    wanted: bool,
    fetching: bool,
    waiting: Vec<oneshot::Sender<()>>,
}

impl State {
    fn knows(&self, now: u64, algorithm: Algorithm, id: Option<&str>) -> bool {
        now < self.usable_until && self.keys.iter().any(|key| key.suits(algorithm, id))
    }
}

impl Jwks {
    pub fn new(url: JwksUrl) -> Self {
        let state = State {
            // Before the first call, so that a wrong address is known early.
            wanted: true,
            ..State::default()
        };
        Self {
            url,
            state: Mutex::new(state),
            keeper: AtomicWaker::new(),
        }
    }

    /// The issuer's keys; a key this token could be signed with is among them if the issuer has one.
    pub async fn keys<C: Clock>(
        &self,
        algorithm: Algorithm,
        id: Option<&str>,
        clock: &C,
    ) -> Result<Arc<[TokenKey]>, Refusal> {
        let fetched = {
            let now = clock.monotonic_ms();
            let mut state = self.state();
            let known = state.knows(now, algorithm, id);
            if known && now < state.fresh_until {
                return Ok(state.keys.clone());
            }
            let soon = state.wanted || state.fetching || now >= state.next_fetch;
            if soon && !state.fetching {
                state.wanted = true;
                self.keeper.wake();
            }
            if known {
                return Ok(state.keys.clone());
            }
            if soon {
                if state.waiting.len() >= MAX_WAITING {
                    return Err(Refusal::unavailable());
                }
                let (done, fetched) = oneshot::channel();
                state.waiting.push(done);
                Some(fetched)
            } else {
                None
            }
        };
        if let Some(fetched) = fetched {
            // The keeper answers within FETCH; a host that runs none must not hang its callers.
            let limit = std::pin::pin!(clock.sleep(FETCH * 2));
            select(fetched, limit).await;
        }
        let state = self.state();
        if clock.monotonic_ms() >= state.usable_until {
            return Err(Refusal::no_token_keys());
        }
        Ok(state.keys.clone())
    }

    /// Fetches whenever a call needs it, for as long as it is polled. One per gateway.
    pub async fn keep<H: Host>(&self, host: &H) {
        loop {
            poll_fn(|context| {
                self.keeper.register(context.waker());
                if std::mem::take(&mut self.state().wanted) {
                    Poll::Ready(())
                } else {
                    Poll::Pending
                }
            })
            .await;
            let fetching = Fetching::start(self);
            let result = self.fetch(host).await;
            fetching.finish(result, host.clock().monotonic_ms());
        }
    }

    async fn fetch<H: Host>(&self, host: &H) -> Result<Fetched, String> {
        let get = std::pin::pin!(host.fetch().get(&self.url.0, MAX_BYTES));
        let limit = std::pin::pin!(host.clock().sleep(FETCH));
        match select(get, limit).await {
            Either::Left((Ok(document), _)) => parse(&document),
            Either::Left((Err(error), _)) => Err(error.to_string()),
            Either::Right(_) => Err(format!("no answer within {} s", FETCH.as_secs())),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A fetch under way; dropped without an end it counts as one that failed.
struct Fetching<'a>(&'a Jwks);

impl<'a> Fetching<'a> {
    fn start(jwks: &'a Jwks) -> Self {
        jwks.state().fetching = true;
        Self(jwks)
    }

    fn finish(self, result: Result<Fetched, String>, now: u64) {
        let mut state = self.0.state();
        match result {
            Ok(fetched) => {
                state.keys = fetched.keys.into();
                state.fresh_until = now.saturating_add(fetched.fresh_ms);
                state.usable_until = state.fresh_until.saturating_add(STALE_MS);
                state.next_fetch = now.saturating_add(BETWEEN_MS);
            }
            Err(error) => {
                tracing::warn!(url = %self.0.url.0, %error, "the keys for tokens were not fetched");
                let between = if now < state.usable_until {
                    BETWEEN_MS
                } else {
                    BETWEEN_FIRST_MS
                };
                state.next_fetch = now.saturating_add(between);
            }
        }
    }
}

impl Drop for Fetching<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.fetching = false;
        // What came in meanwhile has its answer.
        state.wanted = false;
        for waiting in state.waiting.drain(..) {
            // A caller that no longer waits is fine.
            let _ = waiting.send(());
        }
    }
}

struct Fetched {
    keys: Vec<TokenKey>,
    fresh_ms: u64,
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<serde_json::Value>,
}

fn parse(document: &Document) -> Result<Fetched, String> {
    if document.status != 200 {
        return Err(format!("HTTP {}", document.status));
    }
    if document.body.len() > MAX_BYTES {
        return Err(format!("more than {MAX_BYTES} bytes"));
    }
    let set: Set = serde_json::from_slice(&document.body)
        .map_err(|_| "it is not a JSON Web Key Set".to_owned())?;
    if set.keys.len() > MAX_KEYS {
        return Err(format!("more than {MAX_KEYS} keys"));
    }
    // A set may hold keys for other purposes.
    let usable = set.keys.into_iter().filter_map(|key| {
        TokenKey::from_value(key)
            .inspect_err(|error| tracing::debug!(%error, "a key is passed over"))
            .ok()
    });
    let keys: Vec<_> = usable.collect();
    if keys.is_empty() {
        return Err("it has no key for RS256, ES256 or EdDSA".to_owned());
    }
    let fresh_ms = freshness(document.cache_control.as_deref()) * 1000;
    Ok(Fetched { keys, fresh_ms })
}

/// Seconds a set may be used without asking again (RFC 9111 section 5.2.2), within bounds.
fn freshness(cache_control: Option<&str>) -> u64 {
    let (least, most) = FRESH_S_RANGE;
    let Some(directives) = cache_control else {
        return FRESH_S;
    };
    let directives: Vec<_> = directives
        .split(',')
        .map(|directive| directive.trim().to_ascii_lowercase())
        .collect();
    if directives
        .iter()
        .any(|name| name == "no-store" || name == "no-cache")
    {
        return least;
    }
    directives
        .iter()
        .find_map(|directive| {
            directive
                .strip_prefix("max-age=")?
                .trim_matches('"')
                .parse()
                .ok()
        })
        .map_or(FRESH_S, |seconds: u64| seconds.clamp(least, most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_over_https_or_from_this_machine() {
        for (url, fine) in [
            ("https://issuer.example/keys", true),
            ("http://127.0.0.1:8080/keys", true),
            ("http://localhost/keys", true),
            ("http://[::1]:8080/keys", true),
            ("http://issuer.example/keys", false),
            ("http://localhost.example/keys", false),
            ("http://localhost@issuer.example/keys", false),
            ("http://127.0.0.1@issuer.example/keys", false),
            ("http://issuer.example\\@127.0.0.1/keys", false),
            ("http://issuer.example#@127.0.0.1/keys", false),
            ("https://", false),
            ("https://issuer .example", false),
            ("ftp://127.0.0.1/keys", false),
            ("file:///etc/keys", false),
            ("", false),
        ] {
            assert_eq!(url.parse::<JwksUrl>().is_ok(), fine, "{url}");
        }
    }

    #[test]
    fn freshness_has_bounds() {
        for (header, seconds) in [
            (None, 600),
            (Some(""), 600),
            (Some("public, max-age=3600"), 3600),
            (Some("Max-Age=\"900\""), 900),
            (Some("max-age=1"), 60),
            (Some("max-age=99999999"), 86_400),
            (Some("max-age=99999999999999999999999"), 600),
            (Some("no-store, max-age=3600"), 60),
            (Some("no-cache"), 60),
        ] {
            assert_eq!(freshness(header), seconds, "{header:?}");
        }
    }
}
