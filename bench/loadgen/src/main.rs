//! Closed-loop load generator: N clients, one connection each, every reply checked.
//!
//! Reads one [`job::Job`] as JSON from stdin and prints one [`report::Report`] as JSON on stdout:
//!
//! - `http-json`: requests over keep-alive HTTP/1.1, one [`http::HttpClient`] per connection
//! - `raystream`: sealed calls, one handshake and session per connection
//! - `ceiling`: either of them against a server that does nothing, in a thread of this process: what
//!   the generator itself can do on this machine
//!
//! One thread makes the load: on a small machine a second one would only take the core that the
//! system under test needs.
#![forbid(unsafe_code)]

mod ceiling;
mod error;
mod expect;
mod http;
mod job;
mod load;
mod raystream;
mod report;

use std::io::{self, Read as _, Write as _};
use std::process::ExitCode;

use crate::error::LoadError;
use crate::job::{Job, Target};
use crate::report::Report;

const HELP: &str = "Usage: kontract-loadgen < job.json

Reads a job as JSON from stdin, prints one line of JSON:
  { \"ops\", \"calls\", \"seconds\", \"opsPerSec\", \"p50Ms\", \"p99Ms\", \"errors\", \"firstError\" }

A job:
  { \"plan\": { \"clients\": 64, \"warmupSeconds\": 1, \"seconds\": 3 }, \"target\": TARGET }
A target, one of:
  { \"mode\": \"http-json\", \"address\": \"127.0.0.1:4400\",
    \"requests\": [{ \"method\", \"path\", \"body\"?, \"expect\" }] }
  { \"mode\": \"raystream\", \"address\", \"pin\": base64url, \"route\", \"schemaHash\"?: 16 hex digits,
    \"calls\": [{ \"args\": base64, \"expect\" }] }
  { \"mode\": \"ceiling\", \"body\": \"…\", \"sealed\": false }

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
    io::stdin()
        .read_to_string(&mut text)
        .map_err(LoadError::Input)?;
    let job: Job = serde_json::from_str(&text)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(LoadError::Runtime)?;
    runtime.block_on(execute(job)).map(Output::Report)
}

async fn execute(job: Job) -> Result<Report, LoadError> {
    let plan = job.plan;
    let tally = match job.target {
        Target::HttpJson(target) => {
            load::run(&plan, http::clients(&target, plan.clients).await?).await
        }
        Target::Raystream(target) => {
            load::run(&plan, raystream::clients(&target, plan.clients).await?).await
        }
        Target::Ceiling(target) if target.sealed => {
            let target = ceiling::start_sealed(&target)?;
            load::run(&plan, raystream::clients(&target, plan.clients).await?).await
        }
        Target::Ceiling(target) => {
            let target = ceiling::start_plain(&target)?;
            load::run(&plan, http::clients(&target, plan.clients).await?).await
        }
    };
    Ok(Report::new(&tally, plan.measured()))
}
