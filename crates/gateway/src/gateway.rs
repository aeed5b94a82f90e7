//! The gateway: sessions open here, frames come in and go out.

use std::sync::{Arc, PoisonError, RwLock};

use kontract_raystream::{
    CallId, ClearCode, Limits, MessageType, ReceiveError, Request, RpcCall, RpcError,
    ServerHandshake, ServerParameters, SessionId,
};

use crate::call::{Answer, Call};
use crate::config::GatewayConfig;
use crate::deployment::Deployment;
use crate::host::{Clock, Entropy, Host};
use crate::identity::Authenticator;
use crate::manifest::{Manifest, ManifestError};
use crate::refusal::Refusal;
use crate::session::Session;
use crate::storage::Domains;

/// The gateway of one host. Shared by everything that receives frames.
pub struct Gateway<H: Host> {
    pub(crate) host: Arc<H>,
    pub(crate) config: GatewayConfig,
    pub(crate) authenticator: Authenticator,
    pub(crate) domains: Arc<Domains>,
    deployment: RwLock<Option<Arc<Deployment<H>>>>,
}

/// What carried a frame.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Carrier {
    /// Headers of the HTTP request, or of the WebSocket's upgrade: they become `ctx.headers`.
    pub headers: Vec<(String, String)>,
}

/// The answer to a handshake: a frame in any case, and a session if it came to one.
pub struct Handshake {
    /// To be sent.
    pub frame: Vec<u8>,
    /// To be kept under its id.
    pub session: Option<Arc<Session>>,
}

/// The answer to a frame of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// To be sent.
    pub frame: Vec<u8>,
    /// Whether the session lives on; otherwise the host forgets it (and closes its WebSocket).
    pub keep: bool,
}

impl<H: Host> Gateway<H> {
    /// A gateway without a build: until [`Gateway::deploy`] every call is `SERVICE_UNAVAILABLE`.
    #[must_use]
    pub fn new(host: Arc<H>, config: GatewayConfig) -> Self {
        Self {
            host,
            authenticator: Authenticator::new(&config),
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

    /// The host.
    pub fn host(&self) -> &Arc<H> {
        &self.host
    }

    /// Answers a `HANDSHAKE_INIT`. The frame is decrypted in place.
    #[must_use]
    pub fn handshake(&self, frame: &mut [u8]) -> Handshake {
        let clock = self.host.clock();
        let ttl_ms = u32::try_from(self.config.session_ttl.as_millis()).unwrap_or(u32::MAX);
        let opened =
            ServerHandshake::accept(&self.config.keys, frame).and_then(|(handshake, _)| {
                let (mut ephemeral, mut entropy) = ([0; 32], [0; 10]);
                self.host.entropy().fill(&mut ephemeral);
                self.host.entropy().fill(&mut entropy);
                let unix_ms = clock.unix_ms();
                let parameters = ServerParameters {
                    session_id: SessionId::new_v7(unix_ms, entropy),
                    expires_at: unix_ms + u64::from(ttl_ms),
                    ttl_ms,
                    limits: self.config.limits,
                    max_inflight: Limits::MAX_IN_FLIGHT,
                };
                handshake.respond(parameters, ephemeral)
            });
        match opened {
            Ok((wire, frame)) => {
                let session = Session::new(wire, ttl_ms.into(), clock.monotonic_ms());
                Handshake {
                    frame,
                    session: Some(Arc::new(session)),
                }
            }
            Err(error) => {
                tracing::debug!(%error, "handshake refused");
                Handshake {
                    frame: error.clear_code().to_frame(),
                    session: None,
                }
            }
        }
    }

    /// What a frame for a session that is not there is answered with: the same as for one that does
    /// not open, so that neither tells the other apart.
    #[must_use]
    pub fn unknown_session() -> Exchange {
        Exchange {
            frame: ClearCode::SessionExpired.to_frame(),
            keep: false,
        }
    }

    /// Answers one frame of a session. It is decrypted in place. The future may be dropped
    /// anywhere: the call then counts as never answered, and its client retries.
    pub async fn exchange(
        &self,
        session: &Session,
        frame: &mut [u8],
        carrier: &Carrier,
    ) -> Exchange {
        let clock = self.host.clock();
        let now_ms = clock.monotonic_ms();
        if session.is_over(now_ms, clock.unix_ms()) {
            session.close();
            return Self::unknown_session();
        }
        let request = match session.wire.open(frame) {
            Ok(request) => request,
            Err(error) => return Self::unreadable(session, now_ms, &error),
        };
        session.touch(now_ms);
        match request {
            Request::Call(id, call) => self.call(session, id, &call, carrier).await,
            Request::Heartbeat(heartbeat) => {
                let sealed = session.wire.seal_heartbeat(heartbeat, clock.unix_ms());
                sealed.map_or_else(
                    |_| Self::exhausted(session),
                    |frame| Exchange { frame, keep: true },
                )
            }
            Request::Subscribe(call, _) | Request::Credit(call, _) | Request::Unsubscribe(call) => {
                let message_type = MessageType::Subscribe;
                let error = ReceiveError::Unexpected { call, message_type };
                Self::unreadable(session, now_ms, &error)
            }
            Request::Close => {
                session.close();
                let sealed = session.wire.seal_close();
                sealed.map_or_else(
                    |_| Self::exhausted(session),
                    |frame| Exchange { frame, keep: false },
                )
            }
        }
    }

    async fn call(
        &self,
        session: &Session,
        id: CallId,
        call: &RpcCall<'_>,
        carrier: &Carrier,
    ) -> Exchange {
        let deployment = self
            .deployment
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let answer = match (session.enter(), deployment) {
            (Err(refusal), _) => Err(refusal),
            (Ok(_), None) => Err(Refusal::unavailable()),
            (Ok(in_flight), Some(deployment)) => {
                let answer = Call {
                    gateway: self,
                    session,
                    deployment,
                    request: call,
                    carrier,
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
            Ok(Some(frame)) => return Exchange { frame, keep: true },
            Ok(None) => Refusal::reply_too_large(),
            Err(refusal) => refusal,
        };
        let error = RpcError {
            code: &refusal.code,
            message: &refusal.message,
            status: refusal.status,
            stack: refusal.stack.as_deref().filter(|_| self.config.development),
        };
        let keep = !session.is_over(
            self.host.clock().monotonic_ms(),
            self.host.clock().unix_ms(),
        );
        match session.wire.seal_error(id, &error) {
            Ok(frame) => Exchange { frame, keep },
            Err(_) => Self::exhausted(session),
        }
    }

    /// A frame that does not open says nothing about why; one that does, and is malformed inside,
    /// is told so.
    fn unreadable(session: &Session, now_ms: u64, error: &ReceiveError) -> Exchange {
        tracing::debug!(%error, session = %session.id(), "frame refused");
        let call = match error {
            ReceiveError::Envelope { call, .. } | ReceiveError::Unexpected { call, .. } => *call,
            _ => {
                let keep = !session.wire.opener.is_dead();
                return Exchange {
                    frame: ClearCode::SessionExpired.to_frame(),
                    keep,
                };
            }
        };
        session.touch(now_ms);
        let message = error.to_string();
        let error = RpcError {
            code: "INVALID_REQUEST",
            message: &message,
            status: 400,
            stack: None,
        };
        let sealed = session.wire.seal_error(call, &error);
        sealed.map_or_else(
            |_| Self::exhausted(session),
            |frame| Exchange { frame, keep: true },
        )
    }

    /// The session's key has sealed all it may.
    fn exhausted(session: &Session) -> Exchange {
        session.close();
        Self::unknown_session()
    }
}
