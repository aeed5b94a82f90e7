//! What JavaScript configures a server with.

use std::time::Duration;

use kontract_gateway::{GatewayConfig, PlainEntry};
use kontract_raystream::Limits;
use napi::bindgen_prelude::Result;
use napi_derive::napi;

use super::tokens::TokenOptions;
use crate::keys;

/// Options of `NodeGateway.start`.
#[napi(object)]
pub struct GatewayOptions {
    /// Address to listen on, such as `127.0.0.1`.
    pub host: String,
    /// Port; 0 takes a free one.
    pub port: u16,
    /// The gateway's login.
    pub database_url: String,
    /// The gateway's private key, base64url.
    pub private_key: String,
    /// The private key that is to follow it: clients may have pinned either.
    pub next_key: Option<String>,
    /// Text of `manifest.json`.
    pub manifest: String,
    /// Folder of the bundled page.
    pub public_dir: Option<String>,
    /// Stack traces in replies, the reload stream, and pages of any port of this machine.
    pub development: bool,
    /// Calls without a token act as this owner.
    pub dev_identity: Option<String>,
    /// Secret that tokens are signed with (HS256).
    pub jwt_secret: Option<String>,
    /// Which other tokens are believed.
    pub tokens: Option<TokenOptions>,
    /// Ids of the routes that may be called as JSON over HTTPS; `*`: all; absent: none.
    pub plain_routes: Option<Vec<String>>,
    /// Largest frame in bytes; default 1 MiB, at most 16 MiB.
    pub max_frame: Option<u32>,
    /// Who else's pages may call, such as `https://app.example.com`; `*` is everyone's.
    pub origins: Option<Vec<String>>,
    /// Serve TLS itself.
    pub tls: Option<TlsOptions>,
    /// Addresses or networks (`10.0.0.0/8`) of proxies whose `x-forwarded-for` is believed.
    pub trust_proxy: Option<Vec<String>>,
    /// How much of everything.
    pub limits: Option<LimitOptions>,
    /// How long calls under way get when the server is closed, in milliseconds; default 5 s.
    pub drain_ms: Option<u32>,
    /// How long what nobody can see any more is kept, in hours; default 24, at least 1.
    pub retention_hours: Option<u32>,
}

/// Where certificate and key are.
#[napi(object)]
pub struct TlsOptions {
    /// PEM file of the certificate, followed by those between it and a root.
    pub cert: String,
    /// PEM file of its private key.
    pub key: String,
}

/// How much of everything a server takes before it says no.
#[napi(object)]
#[derive(Clone, Default)]
pub struct LimitOptions {
    /// Connections at the same time; more wait to be accepted. Default 10 000.
    pub connections: Option<u32>,
    /// Sessions at the same time. Default 100 000.
    pub sessions: Option<u32>,
    /// Bytes of requests' bodies held at the same time. Default 256 MiB.
    pub body_bytes: Option<u32>,
    /// Handshakes of one address. Default 600.
    pub handshakes_per_minute: Option<u32>,
    /// Frames and handshakes of one address that are none. Default 600.
    pub failures_per_minute: Option<u32>,
    /// Seconds a request may take to arrive. Default 30.
    pub read_seconds: Option<u32>,
}

impl GatewayOptions {
    /// The gateway's part of the options.
    pub fn config(&self) -> Result<GatewayConfig> {
        let mut config = GatewayConfig::new(keys::parse(&self.private_key)?);
        if let Some(bytes) = self.max_frame {
            config.limits = Limits::with_max_frame(bytes.try_into().unwrap_or(usize::MAX));
        }
        config.development = self.development;
        config.dev_identity.clone_from(&self.dev_identity);
        config.jwt_secret = self
            .jwt_secret
            .as_ref()
            .map(|secret| secret.as_bytes().to_vec());
        if let Some(next) = &self.next_key {
            config.keys.push(keys::parse(next)?);
        }
        if let Some(ids) = &self.plain_routes {
            config.plain = if ids.iter().any(|id| id == "*") {
                PlainEntry::Open
            } else {
                PlainEntry::Routes(ids.clone())
            };
        }
        if let Some(tokens) = &self.tokens {
            config.tokens = tokens.config()?;
        }
        Ok(config)
    }

    /// How long calls under way get when the server is closed.
    pub fn drain(&self) -> Duration {
        Duration::from_millis(self.drain_ms.unwrap_or(5_000).into())
    }

    /// How long what nobody can see any more is kept.
    pub fn retention(&self) -> Duration {
        Duration::from_hours(self.retention_hours.unwrap_or(24).max(1).into())
    }
}
