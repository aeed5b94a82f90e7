//! Carriers that misbehave: sockets nobody reads, requests that go away. No database is needed.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use futures::channel::mpsc;
use futures::{SinkExt as _, StreamExt as _};
use kontract_gateway::{Carrier, Clock as _, Gateway, GatewayConfig, Inbound, Outbound, Session};
use kontract_raystream::{
    CallId, ClientHandshake, ClientSession, Credit, PublicKey, Reply, StaticKey, Subscribe, Suite,
    Transport,
};

use crate::support::{Caller, Closures, MANIFEST, TestHost};

struct Place {
    host: Arc<TestHost>,
    gateway: Arc<Gateway<TestHost>>,
    key: PublicKey,
}

/// A gateway whose database is at this address.
fn place(database: &str) -> Place {
    let host = Arc::new(TestHost::new(database));
    let key = StaticKey::from_private([7; 32]);
    let mut config = GatewayConfig::new(key.clone());
    config.dev_identity = Some("alice".to_owned());
    let gateway = Arc::new(Gateway::new(host.clone(), config));
    gateway.deploy(MANIFEST, Closures::default()).unwrap();
    Place {
        host,
        gateway,
        key: key.public(),
    }
}

/// A socket with a session on it, and what `serve` says when it is over.
struct Socket {
    client: ClientSession,
    to: mpsc::UnboundedSender<Inbound>,
    from: mpsc::Receiver<Outbound>,
    served: tokio::task::JoinHandle<bool>,
}

async fn socket(place: &Place) -> Socket {
    let (to, incoming) = mpsc::unbounded();
    // One message is on its way, the next has to wait for somebody to read.
    let (outgoing, mut from) = mpsc::channel(0);
    let gateway = Arc::clone(&place.gateway);
    let served = tokio::spawn(async move {
        gateway
            .socket(&Carrier::default(), incoming, outgoing)
            .await
    });
    let mut ephemeral = [0; 32];
    getrandom::fill(&mut ephemeral).unwrap();
    let (suite, transport) = (Suite::ChaChaPoly, Transport::WebSocket);
    let (handshake, init) =
        ClientHandshake::start(suite, transport, place.key, "test", ephemeral).unwrap();
    to.unbounded_send(Inbound::Frame(init)).unwrap();
    let Some(Outbound::Frame(mut response)) = from.next().await else {
        panic!("no response")
    };
    let client = handshake.finish(&mut response).unwrap();
    Socket {
        client,
        to,
        from,
        served,
    }
}

impl Socket {
    fn beat(&self) {
        let frame = self.client.seal_heartbeat(1).unwrap();
        // A socket that is over takes no more.
        let _ = self.to.unbounded_send(Inbound::Frame(frame));
    }
}

/// Half a minute passes in a third of a second.
const SPEED: u32 = 100;

#[tokio::test]
async fn a_socket_that_reads_nothing_for_thirty_seconds_is_left() {
    let place = place(NOWHERE);
    place.host.clock.hurry(SPEED);
    let stalled = socket(&place).await;
    let from_ms = place.host.clock.monotonic_ms();
    for _ in 0..8 {
        stalled.beat();
    }
    // It is no failure of the address: networks break.
    assert!(stalled.served.await.unwrap());
    let after_ms = place.host.clock.monotonic_ms() - from_ms;
    assert!(after_ms > 30_000, "after {after_ms} ms");
}

#[tokio::test]
async fn a_socket_that_reads_slowly_is_kept() {
    let place = place(NOWHERE);
    place.host.clock.hurry(SPEED);
    let mut slow = socket(&place).await;
    for _ in 0..8 {
        slow.beat();
    }
    for _ in 0..8 {
        place.host.clock.sleep(Duration::from_secs(14)).await;
        assert!(!slow.served.is_finished());
        let Some(Outbound::Frame(mut frame)) = slow.from.next().await else {
            panic!("it is over")
        };
        let reply = slow.client.open(&mut frame).unwrap();
        assert!(matches!(reply, Reply::Heartbeat(_)), "{reply:?}");
    }
}

/// Accepts connections, and never says a word.
struct Silence {
    _listener: TcpListener,
    url: String,
}

fn silence() -> Silence {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    Silence {
        _listener: listener,
        url: format!("postgres://nobody:nothing@127.0.0.1:{port}/nothing"),
    }
}

const NOWHERE: &str = "postgres://nobody:nothing@127.0.0.1:1/nothing";

fn subscribe(caller: &Caller, id: u64, method: &str) -> Vec<u8> {
    let credit = Credit {
        events: 8,
        bytes: 1024,
    };
    let request = Subscribe::new(method, &[], credit);
    caller.client.seal_subscribe(CallId(id), &request).unwrap()
}

/// Sends frames in one request until so many answers are there, then goes away.
async fn batch(
    place: &Place,
    session: &Arc<Session>,
    frames: Vec<Vec<u8>>,
    answers: usize,
) -> Vec<Vec<u8>> {
    let (outgoing, incoming) = mpsc::unbounded();
    let gateway = Arc::clone(&place.gateway);
    let carrier = Carrier::default();
    let outgoing = outgoing.sink_map_err(|_| ());
    let mut answering = Box::pin(gateway.batch(session, &carrier, frames, outgoing, || {}));
    let reading = incoming
        .filter_map(async |message| match message {
            Outbound::Frame(frame) => Some(frame),
            Outbound::Pong | Outbound::Close(_) => None,
        })
        .take(answers)
        .collect();
    if answers == 0 {
        assert!(futures::poll!(&mut answering).is_pending());
        return Vec::new();
    }
    let mut reading = std::pin::pin!(reading);
    tokio::select! {
        read = &mut reading => read,
        () = &mut answering => reading.await,
    }
}

fn code(caller: &Caller, mut frame: Vec<u8>) -> String {
    match caller.client.open(&mut frame).unwrap() {
        Reply::Error(_, error) => error.code.to_owned(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_subscription_whose_request_goes_away_while_it_opens_gives_its_place_back() {
    let silence = silence();
    let place = place(&silence.url);
    let caller = Caller::connect(place.gateway.clone(), place.key);
    // The database does not answer: it is opening for as long as the request is there.
    for round in 0..300 {
        let frame = subscribe(&caller, 1, "table:notes");
        batch(&place, &caller.session, vec![frame], 0).await;
        if round % 100 != 0 {
            continue;
        }
        let frame = subscribe(&caller, 1, "table:nothing");
        let answers = batch(&place, &caller.session, vec![frame], 1).await;
        let codes: Vec<_> = answers
            .into_iter()
            .map(|frame| code(&caller, frame))
            .collect();
        assert_eq!(codes, ["NOT_FOUND"], "its id is free");
    }
}

#[tokio::test]
async fn an_opening_subscription_can_be_ended_and_its_id_is_free() {
    let silence = silence();
    let place = place(&silence.url);
    let caller = Caller::connect(place.gateway.clone(), place.key);
    let frames = vec![
        subscribe(&caller, 1, "table:notes"),
        subscribe(&caller, 1, "table:notes"),
        caller.client.seal_unsubscribe(CallId(1)).unwrap(),
        subscribe(&caller, 1, "table:nothing"),
    ];
    let answers = batch(&place, &caller.session, frames, 2).await;
    let codes: Vec<_> = answers
        .into_iter()
        .map(|frame| code(&caller, frame))
        .collect();
    assert_eq!(codes, ["INVALID_REQUEST", "NOT_FOUND"]);
}

/// Garbage in a list of frames counts as often as it is there.
#[tokio::test]
async fn each_frame_of_a_batch_that_is_none_counts() {
    let place = place(NOWHERE);
    let caller = Caller::connect(place.gateway.clone(), place.key);
    let good = caller.client.seal_heartbeat(1).unwrap();
    let failures = std::sync::atomic::AtomicU32::new(0);
    let frames = vec![vec![0; 44], good.clone(), good, b"x".to_vec()];
    let carrier = Carrier::default();
    let (outgoing, incoming) = mpsc::unbounded();
    place
        .gateway
        .batch(
            &caller.session,
            &carrier,
            frames,
            outgoing.sink_map_err(|_| ()),
            || {
                failures.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            },
        )
        .await;
    assert_eq!(incoming.count().await, 4);
    assert_eq!(failures.into_inner(), 3);
}
