//! A session's two ends without the cost of a handshake for every input.

use std::cell::RefCell;
use std::convert::Infallible;

use kontract_raystream::{
    Attachment, Awake, ClientHandshake, ClientSession, Direction, FrameBuf, Incoming, Limits,
    Opener, Responder, Sealer, ServerHandshake, ServerParameters, SessionId, SessionKeys,
    StaticKey, Suite, Transport,
};

use super::message::Message;

/// The one place a session's state lies in.
#[derive(Default)]
pub struct Slot(pub RefCell<Vec<u8>>);

impl Attachment for Slot {
    type Error = Infallible;

    fn load(&self) -> Result<Vec<u8>, Infallible> {
        Ok(self.0.borrow().clone())
    }

    fn store(&self, state: &[u8]) -> Result<(), Infallible> {
        *self.0.borrow_mut() = state.to_vec();
        Ok(())
    }
}

/// A session's two ends right after the handshake, which is too slow to run for every input.
pub struct Template {
    suite: Suite,
    transport: Transport,
    keys: SessionKeys,
    pub state: Vec<u8>,
}

/// The client's end, from its keys.
pub struct Client {
    pub sealer: Sealer,
    pub opener: Opener,
}

impl Template {
    pub fn new(mode: u8) -> Self {
        let suite = if mode & 1 == 0 {
            Suite::ChaChaPoly
        } else {
            Suite::AesGcm
        };
        let transport = if mode & 2 == 0 {
            Transport::Http
        } else {
            Transport::WebSocket
        };
        let gateway = [StaticKey::from_private([7; 32])];
        let pin = gateway[0].public();
        let (_, mut init) =
            ClientHandshake::start(suite, transport, pin, "fuzz", [8; 32]).expect("a good pin");
        let parameters = ServerParameters {
            session_id: SessionId::new_v7(1_700_000_000_000, [1; 10]),
            expires_at: 1_700_000_300_000,
            ttl_ms: Limits::DEFAULT_TTL_MS,
            limits: limits(),
            max_inflight: 8,
        };
        let mut copy = init.clone();
        let (server, _) = ServerHandshake::accept(&gateway, &mut copy).expect("a real INIT");
        let (server, mut response) = server.respond(parameters, [9; 32]).expect("it fits");
        let slot = Slot::default();
        let awake = Awake::new(server, &slot).expect("a slot keeps");
        let Ok(_) = awake.sleep(&slot);

        // The same handshake once more, for its keys: the hello is the one that was answered.
        let parse = |bytes, direction| Incoming::parse(bytes, direction, limits()).expect("ours");
        let hello = |buffer: &mut FrameBuf| {
            let client = ClientHandshake::start(suite, transport, pin, "fuzz", [8; 32]);
            let session = client.expect("a good pin").0.finish(&mut response);
            session.expect("a real RESPONSE").hello.encode(buffer);
        };
        let frame = parse(&mut init, Direction::ClientToServer);
        let (_, responder) = Responder::accept(&gateway, frame).expect("a real INIT");
        let (_, output) = responder.respond([9; 32], hello).expect("it fits");
        Self {
            suite,
            transport,
            keys: output.into_keys(parameters.session_id),
            state: slot.0.take(),
        }
    }

    pub fn client(&self) -> Client {
        let (up, down) = (&self.keys.client_to_server, &self.keys.server_to_client);
        let direction = Direction::ClientToServer;
        Client {
            sealer: Sealer::new(self.suite, direction, up, limits()),
            opener: Opener::new(self.suite, self.transport, down),
        }
    }
}

impl Client {
    /// What it reads, and whether the bytes were a frame at all.
    pub fn open(&self, bytes: &mut [u8]) -> (bool, Option<Message>) {
        let direction = Direction::ServerToClient;
        let Ok(frame) = Incoming::parse(bytes, direction, limits()) else {
            return (false, None);
        };
        let opened = self.opener.open(frame).ok();
        let reply = opened.map(|opened| ClientSession::decode(opened).expect("as written"));
        (true, reply.map(Message::of_reply))
    }
}

fn limits() -> Limits {
    Limits::with_max_frame(0)
}
