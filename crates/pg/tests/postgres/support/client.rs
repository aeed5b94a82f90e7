//! The client's half of raystream, straight onto a gateway.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use kontract_gateway::{Carrier, Gateway, Session};
use kontract_raystream::{
    CallId, ClientHandshake, ClientSession, PublicKey, Reply, RpcCall, Suite, Transport,
};

use super::host::TestHost;

/// One client with one session.
pub struct Caller {
    gateway: Arc<Gateway<TestHost>>,
    pub session: Arc<Session>,
    pub client: ClientSession,
    next: AtomicU64,
    pub token: Option<String>,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Reply {
        text: String,
        status: u16,
    },
    Error {
        code: String,
        status: u16,
        message: String,
        stack: Option<String>,
    },
    Expired,
}

impl Outcome {
    pub fn text(self) -> String {
        match self {
            Self::Reply { text, .. } => text,
            other => panic!("{other:?}"),
        }
    }

    pub fn code(self) -> String {
        match self {
            Self::Error { code, .. } => code,
            other => panic!("{other:?}"),
        }
    }
}

impl Caller {
    pub fn connect(gateway: Arc<Gateway<TestHost>>, key: PublicKey) -> Self {
        let mut ephemeral = [0; 32];
        getrandom::fill(&mut ephemeral).unwrap();
        let (handshake, mut init) =
            ClientHandshake::start(Suite::ChaChaPoly, Transport::Http, key, "test", ephemeral)
                .unwrap();
        let mut answer = gateway.handshake(&mut init, Transport::Http);
        let client = handshake.finish(&mut answer.frame).unwrap();
        let session = answer.session.unwrap();
        assert_eq!(client.id(), session.id());
        Self {
            gateway,
            session,
            client,
            next: AtomicU64::new(1),
            token: None,
        }
    }

    /// A call with a key of its own.
    pub async fn call(&self, route: &str, args: &str) -> Outcome {
        let mut key = [0; 16];
        getrandom::fill(&mut key).unwrap();
        self.call_with(route, args, key, |_| {}).await
    }

    pub async fn call_with(
        &self,
        route: &str,
        args: &str,
        key: [u8; 16],
        change: impl FnOnce(&mut RpcCall<'_>),
    ) -> Outcome {
        let id = CallId(self.next.fetch_add(1, Ordering::Relaxed));
        let mut call = RpcCall::new(route, args.as_bytes(), key);
        call.token = self.token.as_deref();
        change(&mut call);
        let mut frame = self.client.seal_call(id, &call).unwrap();
        self.send(&mut frame).await
    }

    pub async fn send(&self, frame: &mut [u8]) -> Outcome {
        let carrier = Carrier {
            headers: vec![("host".to_owned(), "test".to_owned())],
        };
        let mut answer = self.gateway.exchange(&self.session, frame, &carrier).await;
        match self.client.open(answer.frame.as_mut().unwrap()).unwrap() {
            Reply::Response(_, response) => Outcome::Reply {
                text: String::from_utf8(response.data.to_vec()).unwrap(),
                status: response.status,
            },
            Reply::Error(_, error) => Outcome::Error {
                code: error.code.to_owned(),
                status: error.status,
                message: error.message.to_owned(),
                stack: error.stack.map(str::to_owned),
            },
            Reply::Clear(_) => Outcome::Expired,
            other => panic!("{other:?}"),
        }
    }
}
