//! Who may come in: pages of allowed origins, addresses that have not failed too often.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use kontract_gateway::{Clock as _, Host as _};
use tower_http::cors::{AllowHeaders, AllowOrigin, Any, CorsLayer};

use super::Node;
use super::held::Held;
use super::listen::Peer;
use super::options::{GatewayOptions, LimitOptions};
use super::proxies::Proxies;
use super::rate::Rate;

/// The address a request comes from, past the proxies we know.
#[derive(Clone, Copy)]
pub struct Client(pub IpAddr);

/// Who may come in.
pub struct Front {
    origins: Origins,
    proxies: Proxies,
    pub handshakes: Rate,
    pub failures: Rate,
    pub held: Held,
}

/// Whose pages may call, besides our own.
#[derive(Clone)]
struct Origins {
    listed: Arc<[String]>,
    /// Pages of any port of this machine: what a bundler's development server serves.
    loopback: bool,
}

impl Front {
    pub fn new(options: &GatewayOptions, limits: &LimitOptions) -> Result<Self, String> {
        let patience = Duration::from_secs(limits.read_seconds.unwrap_or(30).into());
        Ok(Self {
            origins: Origins {
                listed: options.origins.clone().unwrap_or_default().into(),
                loopback: options.development,
            },
            proxies: Proxies::parse(options.trust_proxy.as_deref().unwrap_or_default())?,
            handshakes: Rate::per_minute(limits.handshakes_per_minute.unwrap_or(600)),
            failures: Rate::per_minute(limits.failures_per_minute.unwrap_or(600)),
            held: Held::new(limits.body_bytes.unwrap_or(256 << 20), patience),
        })
    }

    /// Answers preflights, and tells browsers who may read answers.
    pub fn cors(&self) -> CorsLayer {
        let origins = self.origins.clone();
        let allowed = AllowOrigin::predicate(move |origin: &HeaderValue, parts: &Parts| {
            origins.allow(origin, &parts.headers, &parts.uri)
        });
        CorsLayer::new()
            .allow_origin(allowed)
            .allow_methods([Method::GET, Method::POST])
            .allow_headers(AllowHeaders::mirror_request())
            // A function's own headers too: where `origins` lets a page call, it may read the answer.
            .expose_headers(Any)
            .max_age(Duration::from_hours(24))
    }

    /// Addresses that are remembered, for one thing or the other.
    pub fn addresses(&self) -> usize {
        self.handshakes.len().max(self.failures.len())
    }

    /// Forgets addresses that are quiet.
    pub fn sweep(&self, now_ms: u64) {
        self.handshakes.sweep(now_ms);
        self.failures.sweep(now_ms);
    }
}

/// What every request passes: a page of another origin gets no further, even with a request that
/// needs no preflight or a WebSocket, which knows none; nor does an address that fails too often.
pub async fn admit(State(node): State<Arc<Node>>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<Peer>().map(|peer| peer.0);
    let Some(peer) = peer else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let client = node.front.proxies.client(peer, request.headers());
    request.extensions_mut().insert(Client(client));
    if !is_call(request.method(), request.uri().path()) {
        return next.run(request).await;
    }
    if let Some(origin) = request.headers().get(header::ORIGIN)
        && !node
            .front
            .origins
            .allow(origin, request.headers(), request.uri())
    {
        let reason = "pages of this origin may not call: see \"origins\" in kontract.config.json";
        return (StatusCode::FORBIDDEN, reason).into_response();
    }
    let now_ms = node.gateway.host().clock().monotonic_ms();
    if node.front.failures.is_spent(client, now_ms) {
        return (
            StatusCode::TOO_MANY_REQUESTS,
            [(header::RETRY_AFTER, "10")],
            "too many failures",
        )
            .into_response();
    }
    next.run(request).await
}

/// Whether a request may reach handlers: the page, health and the reload stream are only looked at.
fn is_call(method: &Method, path: &str) -> bool {
    let looks = *method == Method::GET || *method == Method::HEAD;
    !looks || path.starts_with("/raystream/") || path == "/stream"
}

impl Origins {
    fn allow(&self, origin: &HeaderValue, headers: &HeaderMap, uri: &Uri) -> bool {
        let Ok(origin) = origin.to_str() else {
            return false;
        };
        let listed = self
            .listed
            .iter()
            .any(|listed| listed == "*" || listed.eq_ignore_ascii_case(origin));
        listed || is_own(origin, headers, uri) || (self.loopback && is_loopback(origin))
    }
}

/// Whether the page is from here: a proxy may have taken TLS off, so the scheme says nothing.
fn is_own(origin: &str, headers: &HeaderMap, uri: &Uri) -> bool {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .or_else(|| uri.authority().map(axum::http::uri::Authority::as_str));
    let page = origin
        .strip_prefix("https://")
        .or_else(|| origin.strip_prefix("http://"));
    match (page, host) {
        (Some(page), Some(host)) => page.eq_ignore_ascii_case(host),
        _ => false,
    }
}

fn is_loopback(origin: &str) -> bool {
    let host = origin.parse::<Uri>().ok();
    let host = host.as_ref().and_then(Uri::host).unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host.ends_with(".localhost")
        || address
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}
