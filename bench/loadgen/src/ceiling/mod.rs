//! Servers that do nothing: what is measured against them is the generator and the machine.

mod gateway;
mod server;

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use kontract_raystream::StaticKey;

use self::gateway::Gateway;
use self::server::Service;
use crate::error::{CallError, LoadError};
use crate::job::{CeilingTarget, HttpRequest, HttpTarget, RaystreamCall, RaystreamTarget};

/// What the plain server answers, and what its replies are checked for.
const ANSWER: &str = r#"{"ok":true}"#;

/// Starts a server that answers every request with the same text.
pub fn start_plain(target: &CeilingTarget) -> Result<HttpTarget, LoadError> {
    let address = start(Service::Plain(ANSWER.as_bytes()))?;
    let request = HttpRequest {
        method: "POST".to_owned(),
        path: "/".to_owned(),
        body: Some(target.body.clone()),
        expect: ANSWER.to_owned(),
    };
    Ok(HttpTarget {
        address,
        requests: vec![request],
    })
}

/// Starts a gateway that opens every call and seals its arguments as the reply.
pub fn start_sealed(target: &CeilingTarget) -> Result<RaystreamTarget, LoadError> {
    let mut private = [0; 32];
    getrandom::fill(&mut private).map_err(CallError::from)?;
    let key = StaticKey::from_private(private);
    let pin = URL_SAFE_NO_PAD.encode(key.public().0);
    let gateway = Gateway::new(key);
    let address = start(if target.websocket {
        Service::Socket(gateway)
    } else {
        Service::Sealed(gateway)
    })?;
    let call = RaystreamCall {
        args: STANDARD.encode(&target.body),
        expect: target.body.clone(),
    };
    Ok(RaystreamTarget {
        address,
        websocket: target.websocket,
        pin,
        route: "echo".to_owned(),
        schema_hash: None,
        calls: vec![call],
    })
}

/// Serves in a thread of its own, which ends with the process.
fn start(service: Service) -> Result<SocketAddr, LoadError> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(LoadError::Ceiling)?;
    listener.set_nonblocking(true).map_err(LoadError::Ceiling)?;
    let address = listener.local_addr().map_err(LoadError::Ceiling)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(LoadError::Runtime)?;
    thread::spawn(move || server::serve(&runtime, listener, service));
    Ok(address)
}
