//! Requests: which of the protocol's two routes, and the frame in the body.

use futures::TryStreamExt;
use kontract_gateway::{Carrier, Gateway};
use kontract_raystream::{Limits, Transport};
use worker::{Env, Method, Request, Response};

use crate::host::WorkerHost;
use crate::sessions;
use crate::settings;

/// Answers one request: a frame for a frame, plain text for everything else.
pub async fn answer(mut request: Request, env: &Env) -> worker::Result<Response> {
    let path = request.path();
    #[cfg(feature = "kat")]
    if path == "/kat" {
        return crate::kat::answer(&mut request).await;
    }
    let Some(route) = Route::of(&path) else {
        return Response::error("Not found", 404);
    };
    if request.method() != Method::Post {
        return Response::error("Frames come by POST", 405);
    }
    let gateway = match settings::gateway(env) {
        Ok(gateway) => gateway,
        Err(error) => {
            worker::console_error!("{error}");
            return Response::error("Service unavailable", 503);
        }
    };
    let Some(mut frame) = body(&mut request, Limits::default()).await? else {
        return Response::error("Larger than a frame may be", 413);
    };
    let answer = match route {
        Route::Handshake => {
            let handshake = gateway.handshake(&mut frame, Transport::Http);
            if let Some(session) = handshake.session {
                sessions::insert(session);
            }
            Some(handshake.frame)
        }
        Route::Exchange(id) => match sessions::find(id) {
            None => Some(Gateway::<WorkerHost>::unknown_session()),
            Some(session) => {
                let carrier = Carrier {
                    headers: request.headers().entries().collect(),
                };
                let exchange = gateway.exchange(&session, &mut frame, &carrier).await;
                if !exchange.keep {
                    sessions::remove(id);
                }
                exchange.frame
            }
        },
    };
    match answer {
        Some(frame) => Response::from_bytes(frame),
        None => Ok(Response::empty()?.with_status(204)),
    }
}

enum Route<'a> {
    Handshake,
    Exchange(&'a str),
}

impl<'a> Route<'a> {
    fn of(path: &'a str) -> Option<Self> {
        let route = path.strip_prefix("/raystream/v1/")?;
        if route == "hs" {
            return Some(Self::Handshake);
        }
        route.strip_prefix("s/").map(Self::Exchange)
    }
}

/// The whole body, or `None` as soon as it is larger than a frame may be.
async fn body(request: &mut Request, limits: Limits) -> worker::Result<Option<Vec<u8>>> {
    let mut body = Vec::new();
    let mut chunks = request.stream()?;
    while let Some(chunk) = chunks.try_next().await? {
        if body.len() + chunk.len() > limits.max_frame {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}
