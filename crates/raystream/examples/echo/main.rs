//! A gateway without functions, for the client's tests: real handshakes, real frames, and routes
//! that misbehave on demand. Prints its address and public key, and serves until it is killed.
#![allow(
    clippy::unwrap_used,
    reason = "a test's helper: whatever goes wrong ends the test"
)]

mod http;
mod routes;

use std::collections::HashMap;
use std::io::Write;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use kontract_raystream::{
    ClearCode, Limits, Request, ServerHandshake, ServerParameters, ServerSession, SessionId,
    StaticKey,
};

struct Server {
    keys: Vec<StaticKey>,
    sessions: Mutex<HashMap<String, Arc<ServerSession>>>,
    routes: routes::Routes,
}

fn main() {
    let server = Arc::new(Server {
        keys: vec![StaticKey::from_private(random())],
        sessions: Mutex::default(),
        routes: routes::Routes::default(),
    });
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let pin = BASE64_URL_SAFE_NO_PAD.encode(server.keys[0].public().0);
    let mut out = std::io::stdout();
    writeln!(out, "http://{} {pin}", listener.local_addr().unwrap()).unwrap();
    out.flush().unwrap();
    for stream in listener.incoming().flatten() {
        let server = Arc::clone(&server);
        std::thread::spawn(move || http::serve(stream, |path, body| server.answer(path, body)));
    }
}

impl Server {
    fn answer(&self, path: &str, body: &mut [u8]) -> Vec<u8> {
        if path == "/raystream/v1/hs" {
            return self.handshake(body);
        }
        let id = path.strip_prefix("/raystream/v1/s/").unwrap_or_default();
        let session = self.sessions.lock().unwrap().get(id).cloned();
        session.map_or_else(
            || ClearCode::SessionExpired.to_frame(),
            |s| self.exchange(&s, body),
        )
    }

    fn handshake(&self, init: &mut [u8]) -> Vec<u8> {
        let unix_ms = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_millis();
        let unix_ms = u64::try_from(unix_ms).unwrap();
        let parameters = ServerParameters {
            session_id: SessionId::new_v7(unix_ms, random()),
            expires_at: unix_ms + u64::from(Limits::DEFAULT_TTL_MS),
            ttl_ms: Limits::DEFAULT_TTL_MS,
            limits: Limits::default(),
            max_inflight: Limits::MAX_IN_FLIGHT,
        };
        let opened = ServerHandshake::accept(&self.keys, init)
            .and_then(|(handshake, _)| handshake.respond(parameters, random()));
        match opened {
            Ok((session, frame)) => {
                self.routes.count_handshake();
                let id = session.id().to_string();
                self.sessions.lock().unwrap().insert(id, Arc::new(session));
                frame
            }
            Err(error) => error.clear_code().to_frame(),
        }
    }

    fn exchange(&self, session: &ServerSession, frame: &mut [u8]) -> Vec<u8> {
        match session.open(frame) {
            Ok(Request::Call(id, call)) => {
                if call.method == "forget" {
                    self.sessions.lock().unwrap().clear();
                }
                let reply = self.routes.run(&call);
                match &reply {
                    routes::Answer::Data(data, headers) => {
                        session.seal_response(id, &routes::response(data, headers))
                    }
                    routes::Answer::Error(error) => session.seal_error(id, error),
                }
                .unwrap()
            }
            Ok(Request::Heartbeat(asked)) => session.seal_heartbeat(asked, 0).unwrap(),
            Ok(Request::Close) => session.seal_close().unwrap(),
            Ok(Request::Subscribe(id, _) | Request::Credit(id, _) | Request::Unsubscribe(id)) => {
                session.seal_error(id, &routes::REFUSED).unwrap()
            }
            Err(_) => ClearCode::SessionExpired.to_frame(),
        }
    }
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).unwrap();
    bytes
}
