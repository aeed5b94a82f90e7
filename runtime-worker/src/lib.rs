//! The Workers host of the gateway.
//!
//! So far: raystream over HTTP, sessions in the isolate's memory, and one built-in function, `echo`.
//! Durable Objects, the database and the user's functions come with the milestone that is theirs.

mod fetch;
mod functions;
mod host;
#[cfg(feature = "kat")]
mod kat;
mod sessions;
mod settings;

use worker::{Context, Env, Request, Response, event};

/// What workerd calls for every request.
#[event(fetch)]
async fn fetch(request: Request, env: Env, _context: Context) -> worker::Result<Response> {
    fetch::answer(request, &env).await
}
