//! What raystream costs natively: seals, opens and handshakes, as fast as one core does them.
//!
//! Reads one [`job::Job`] per line from stdin, answers each with a line of JSON on stdout, and ends
//! with its input. It is also the server for those who measure another client: it answers their INIT
//! and seals what they open.
#![forbid(unsafe_code)]

mod error;
mod frames;
mod handshakes;
mod job;
mod peer;
mod timing;

use std::io::{self, BufRead as _, Write as _};
use std::process::ExitCode;

use serde_json::{Value, json};

use crate::error::CryptoError;
use crate::job::{Job, Side};
use crate::peer::Peer;

fn main() -> ExitCode {
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "kontract-crypto: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve() -> Result<(), CryptoError> {
    let mut peer = Peer::new()?;
    let mut output = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let job = serde_json::from_str(&line.map_err(CryptoError::Pipe)?)?;
        let answer = answer(&mut peer, job)?;
        writeln!(output, "{answer}").map_err(CryptoError::Pipe)?;
        output.flush().map_err(CryptoError::Pipe)?;
    }
    Ok(())
}

fn answer(peer: &mut Peer, job: Job) -> Result<Value, CryptoError> {
    Ok(match job {
        Job::Seal(load) => json!(frames::seal(&load)?),
        Job::Open(load) => json!(frames::open(&load)?),
        Job::Call(load) => json!(frames::call(&load)?),
        Job::HandshakeClient(load) => json!(handshakes::run(&load, Side::Client)?),
        Job::HandshakeServer(load) => json!(handshakes::run(&load, Side::Server)?),
        Job::Handshake(load) => json!(handshakes::run(&load, Side::Both)?),
        Job::Pin => json!({ "pin": peer.pin() }),
        Job::Respond { inits } => json!({ "responses": peer.respond(&inits)? }),
        Job::Events { size, count } => json!({ "frames": peer.events(size, count)? }),
    })
}
