//! The gateway: sessions open here, frames come in and go out.

use std::sync::atomic::AtomicU32;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use kontract_raystream::{CallId, ClearCode, ReceiveError, Request, RpcCall, RpcError, SealError};

use crate::call::{Answer, Call, Caller};
use crate::config::GatewayConfig;
use crate::deployment::Deployment;
use crate::drain::Drain;
use crate::host::{Clock, Encoding, Host};
use crate::identity::{Authenticator, Issuer};
use crate::manifest::{Manifest, ManifestError};
use crate::refusal::Refusal;
use crate::resume::Resumes;
use crate::session::Session;
use crate::storage::{Collected, Domains, StorageError, collect_tables};

/// The gateway of one host. Shared by everything that receives frames.
pub struct Gateway<H: Host> {
    pub(crate) host: Arc<H>,
    pub(crate) config: GatewayConfig,
    pub(crate) authenticator: Authenticator,
    pub(crate) issuer: Arc<Issuer>,
    pub(crate) plain_in_flight: AtomicU32,
    pub(crate) domains: Arc<Domains>,
    pub(crate) resumes: Resumes,
    pub(crate) drain: Drain,
    deployment: RwLock<Option<Arc<Deployment<H>>>>,
}

/// What carried a frame.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Carrier {
    /// Headers of the HTTP request, or of the WebSocket's upgrade: they become `ctx.headers`.
    pub headers: Vec<(String, String)>,
}

/// The answer to a frame of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// To be sent; `None` for a frame that has no answer.
    pub frame: Option<Vec<u8>>,
    /// Whether the session lives on; otherwise the host forgets it (and closes its WebSocket).
    pub keep: bool,
    /// Whether it was no frame of this session: hosts count that against the sender's address.
    pub failed: bool,
}

impl<H: Host> Gateway<H> {
    /// A gateway without a build: until [`Gateway::deploy`] every call is `SERVICE_UNAVAILABLE`.
    #[must_use]
    pub fn new(host: Arc<H>, config: GatewayConfig) -> Self {
        Self {
            host,
            authenticator: Authenticator::new(&config),
            issuer: Arc::new(Issuer::new(&config)),
            plain_in_flight: AtomicU32::new(0),
            resumes: Resumes::new(&config),
            drain: Drain::default(),
            config,
            domains: Arc::default(),
            deployment: RwLock::new(None),
        }
    }

    /// Swaps to a build, manifest and functions at once. Calls under way finish on the one they
    /// started with.
    pub fn deploy(&self, manifest: &str, functions: H::Functions) -> Result<(), ManifestError> {
        let deployment = Deployment::new(&Manifest::parse(manifest)?, functions)?;
        let deployment = Some(Arc::new(deployment));
        *self
            .deployment
            .write()
            .unwrap_or_else(PoisonError::into_inner) = deployment;
        Ok(())
    }

    /// Lets go of the build: from now on every call is `SERVICE_UNAVAILABLE`.
    pub fn undeploy(&self) {
        *self
            .deployment
            .write()
            .unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The build that new calls run on.
    pub(crate) fn deployment(&self) -> Option<Arc<Deployment<H>>> {
        self.deployment
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The host.
    pub fn host(&self) -> &Arc<H> {
        &self.host
    }

    /// Fetches the keys that tokens are checked with whenever a call needs them. A host that
    /// configures an address runs this beside its calls, once; without an address it ends at once.
    pub async fn keep_keys(&self) {
        self.authenticator.keep_keys(&*self.host).await;
    }

    /// Before the host goes: no new sessions and no new calls, sockets tell their clients and end
    /// once the calls under way are answered.
    pub fn drain(&self) {
        self.drain.start();
    }

    /// Whether [`Gateway::drain`] was called.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.drain.is_started()
    }

    /// Forgets what has run out. Hosts call it every few seconds.
    pub fn sweep(&self) {
        let clock = self.host.clock();
        self.resumes.sweep(clock.monotonic_ms(), clock.unix_ms());
        self.domains.listeners.sweep();
    }

    /// Sessions that can be resumed now, each by 32 bytes of key and who it belongs to.
    #[must_use]
    pub fn resumable(&self) -> usize {
        self.resumes.len()
    }

    /// Domains somebody listens to.
    #[must_use]
    pub fn listened(&self) -> usize {
        self.domains.listeners.len()
    }

    /// Collects what ended longer than `retention` ago, in every domain of the database
    /// ([`collect`](crate::collect)). Hosts call it about once an hour; several may at once.
    pub async fn collect(&self, retention: Duration) -> Result<Collected, StorageError> {
        let deployment = self.deployment().ok_or(StorageError::Unavailable)?;
        collect_tables(self.host.database(), &deployment.schema, retention).await
    }

    /// What a frame for a session that is not there is answered with: the same as for one that does
    /// not open, so that neither tells the other apart.
    #[must_use]
    pub fn unknown_session() -> Vec<u8> {
        ClearCode::SessionExpired.to_frame()
    }

    /// Answers one frame of a session. It is decrypted in place. The future may be dropped
    /// anywhere: the call then counts as never answered, and its client retries.
    ///
    /// A SUBSCRIBE is refused: its events need a carrier that lasts ([`Gateway::socket`],
    /// [`Gateway::batch`], [`Gateway::events`]).
    pub async fn exchange(
        &self,
        session: &Session,
        frame: &mut [u8],
        carrier: &Carrier,
    ) -> Exchange {
        match self.open(session, frame) {
            Err(exchange) => exchange,
            Ok(Request::Subscribe(id, _)) => self.refuse(session, id, &Refusal::no_stream()),
            Ok(request) => self.reply(session, request, carrier).await,
        }
    }

    /// Opens a frame, or says what its sender gets instead.
    pub(crate) fn open<'f>(
        &self,
        session: &Session,
        frame: &'f mut [u8],
    ) -> Result<Request<'f>, Exchange> {
        let clock = self.host.clock();
        let now_ms = clock.monotonic_ms();
        if session.is_over(now_ms, clock.unix_ms()) {
            session.end();
            return Err(Exchange::expired(false));
        }
        let request = session.wire.open(frame);
        let request = request.map_err(|error| self.unreadable(session, now_ms, &error))?;
        self.proven(session, now_ms);
        Ok(request)
    }

    /// Answers what is no SUBSCRIBE.
    pub(crate) async fn reply(
        &self,
        session: &Session,
        request: Request<'_>,
        carrier: &Carrier,
    ) -> Exchange {
        match request {
            Request::Call(id, call) => return self.call(session, id, &call, carrier).await,
            Request::Heartbeat(heartbeat) => {
                let now = self.host.clock().unix_ms();
                return Exchange::sealed(session, session.wire.seal_heartbeat(heartbeat, now));
            }
            Request::Subscribe(id, _) => return self.refuse(session, id, &Refusal::no_stream()),
            Request::Credit(id, more) => session.flows.credit(id, more),
            Request::Unsubscribe(id) => session.flows.end(id),
            Request::Close => session.close(),
        }
        Exchange {
            frame: None,
            keep: !session.is_closed(),
            failed: false,
        }
    }

    async fn call(
        &self,
        session: &Session,
        id: CallId,
        call: &RpcCall<'_>,
        carrier: &Carrier,
    ) -> Exchange {
        let answer = match (session.enter(), self.deployment()) {
            (Err(refusal), _) => Err(refusal),
            (Ok(_), Some(_)) if self.is_draining() => Err(Refusal::unavailable()),
            (Ok(_), None) => Err(Refusal::unavailable()),
            (Ok(in_flight), Some(deployment)) => {
                let answer = Call {
                    gateway: self,
                    caller: Caller::Session(session),
                    deployment,
                    request: call,
                    carrier,
                    encoding: Encoding::FlatBuffers,
                }
                .run()
                .await;
                drop(in_flight);
                answer
            }
        };
        self.answer(session, id, answer)
    }

    fn answer(&self, session: &Session, id: CallId, answer: Result<Answer, Refusal>) -> Exchange {
        let refusal = match answer.map(|answer| answer.seal(session, id)) {
            Ok(Some(frame)) => {
                return Exchange::answer(frame);
            }
            Ok(None) => Refusal::reply_too_large(),
            Err(refusal) => refusal,
        };
        self.refuse(session, id, &refusal)
    }

    /// A call or a subscription is told no.
    pub(crate) fn refuse(&self, session: &Session, id: CallId, refusal: &Refusal) -> Exchange {
        let error = RpcError {
            code: &refusal.code,
            message: &refusal.message,
            status: refusal.status,
            stack: refusal.stack.as_deref().filter(|_| self.config.development),
        };
        let clock = self.host.clock();
        let over = session.is_over(clock.monotonic_ms(), clock.unix_ms());
        let mut exchange = Exchange::sealed(session, session.wire.seal_error(id, &error));
        exchange.keep &= !over;
        exchange
    }

    /// A frame that does not open says nothing about why; one that does, and is malformed inside,
    /// is told so.
    fn unreadable(&self, session: &Session, now_ms: u64, error: &ReceiveError) -> Exchange {
        tracing::debug!(%error, session = %session.id(), "frame refused");
        let call = match error {
            ReceiveError::Envelope { call, .. } | ReceiveError::Unexpected { call, .. } => *call,
            _ => {
                return Exchange {
                    failed: true,
                    ..Exchange::expired(!session.wire.opener.is_dead())
                };
            }
        };
        self.proven(session, now_ms);
        // A malformed HEARTBEAT or CLOSE belongs to no call that could be told.
        if call == CallId::NONE {
            session.close();
            return Exchange::expired(false);
        }
        let message = error.to_string();
        let error = RpcError {
            code: "INVALID_REQUEST",
            message: &message,
            status: 400,
            stack: None,
        };
        Exchange::sealed(session, session.wire.seal_error(call, &error))
    }

    /// A frame of the session opened: it lives on, and from its first on it can be resumed.
    fn proven(&self, session: &Session, now_ms: u64) {
        if session.touch(now_ms) {
            self.resumes.keep(session);
        }
    }
}

impl Exchange {
    /// The one answer to all that is not a frame of this session.
    fn expired(keep: bool) -> Self {
        Self {
            frame: Some(ClearCode::SessionExpired.to_frame()),
            keep,
            failed: false,
        }
    }

    fn answer(frame: Vec<u8>) -> Self {
        Self {
            frame: Some(frame),
            keep: true,
            failed: false,
        }
    }

    fn sealed(session: &Session, frame: Result<Vec<u8>, SealError>) -> Self {
        if let Ok(frame) = frame {
            return Self::answer(frame);
        }
        // The session's key has sealed all it may.
        session.end();
        Self::expired(false)
    }
}
