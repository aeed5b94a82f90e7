//! Closed-loop load generator: N clients, one connection each, every reply checked.
//!
//! Reads one [`job::Job`] as JSON from stdin and prints one [`report::Report`] as JSON on stdout:
//!
//! - `http-json`: requests over keep-alive HTTP/1.1, one [`http::HttpClient`] per connection
//! - `raystream`: sealed calls over HTTP or a WebSocket, one handshake and session per connection
//! - `trpc-ws`: tRPC's JSON over a WebSocket
//! - `ceiling`: either of them against a server that does nothing, in a thread of this process: what
//!   the generator itself can do on this machine
//!
//! With `hold` in its plan it makes no load: it opens the connections, uses each once, says so with
//! the line `{"held":N}`, and uses each once more when its input ends.
//!
//! One thread makes the load: on a small machine a second one would only take the core that the
//! system under test needs.
#![forbid(unsafe_code)]

mod ceiling;
mod error;
mod expect;
mod hold;
mod http;
mod job;
mod load;
mod raystream;
mod report;
mod socket;
mod trpc;

use std::io::{self, Write as _};
use std::process::ExitCode;

use crate::error::LoadError;
use crate::job::{Job, Plan, Target};
use crate::load::Client;
use crate::report::Report;

const HELP: &str = "Usage: kontract-loadgen < job.json

Reads a job as one line of JSON from stdin, prints one line of JSON:
  { \"ops\", \"calls\", \"seconds\", \"opsPerSec\", \"p50Ms\", \"p99Ms\", \"errors\", \"firstError\" }

A job:
  { \"plan\": { \"clients\": 64, \"warmupSeconds\": 1, \"seconds\": 3, \"hold\"?: true }, \"target\": TARGET }
A target, one of:
  { \"mode\": \"http-json\", \"address\": \"127.0.0.1:4400\",
    \"requests\": [{ \"method\", \"path\", \"body\"?, \"expect\" }] }
  { \"mode\": \"raystream\", \"address\", \"pin\": base64url, \"route\", \"schemaHash\"?: 16 hex digits,
    \"websocket\"?: true,
    \"calls\": [{ \"args\": base64, \"expect\" }] }
  { \"mode\": \"trpc-ws\", \"address\", \"requests\": [{ \"method\", \"path\", \"input\", \"expect\" }] }
  { \"mode\": \"ceiling\", \"body\": \"…\", \"sealed\": false, \"websocket\"?: true }

`expect` is a text that a good reply's body contains. Ends with 1 when a reply was wrong.
";

fn main() -> ExitCode {
    let answer = if std::env::args().len() > 1 {
        Ok(Output::Help)
    } else {
        measure()
    };
    let (text, code) = match answer {
        Ok(Output::Help) => (HELP.to_owned(), ExitCode::SUCCESS),
        Ok(Output::Report(report)) => {
            let code = if report.errors == 0 {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            };
            (report.to_line(), code)
        }
        Err(error) => {
            let _ = writeln!(io::stderr(), "kontract-loadgen: {error}");
            return ExitCode::FAILURE;
        }
    };
    match io::stdout().write_all(text.as_bytes()) {
        Ok(()) => code,
        Err(_) => ExitCode::FAILURE,
    }
}

enum Output {
    Help,
    Report(Report),
}

fn measure() -> Result<Output, LoadError> {
    let mut text = String::new();
    io::stdin().read_line(&mut text).map_err(LoadError::Input)?;
    let job: Job = serde_json::from_str(&text)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(LoadError::Runtime)?;
    runtime.block_on(execute(job)).map(Output::Report)
}

async fn execute(job: Job) -> Result<Report, LoadError> {
    let plan = job.plan;
    let count = plan.clients;
    match job.target {
        Target::HttpJson(target) => run(&plan, http::clients(&target, count).await?).await,
        Target::Raystream(target) => run(&plan, raystream::clients(&target, count).await?).await,
        Target::TrpcWs(target) => run(&plan, trpc::clients(&target, count).await?).await,
        Target::Ceiling(target) if target.sealed => {
            let target = ceiling::start_sealed(&target)?;
            run(&plan, raystream::clients(&target, count).await?).await
        }
        Target::Ceiling(target) => {
            let target = ceiling::start_plain(&target)?;
            run(&plan, http::clients(&target, count).await?).await
        }
    }
}

async fn run<C: Client + 'static>(plan: &Plan, clients: Vec<C>) -> Result<Report, LoadError> {
    let tally = if plan.hold {
        hold::run(clients).await?
    } else {
        load::run(plan, clients).await
    };
    Ok(Report::new(&tally, plan.measured()))
}
