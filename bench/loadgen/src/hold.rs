//! Connections that do nothing, for as long as the harness looks at the server's memory.

use std::io::{self, Write as _};

use tokio::io::AsyncReadExt as _;

use crate::error::LoadError;
use crate::load::{Client, Tally};

/// Uses every connection once, says so, waits for the end of the input, and uses every one again: what
/// was looked at was there.
pub async fn run<C: Client>(mut clients: Vec<C>) -> Result<Tally, LoadError> {
    let mut tally = Tally::new();
    once(&mut clients, &mut tally).await;
    let held = clients.len();
    writeln!(io::stdout(), "{{\"held\":{held}}}").map_err(LoadError::Input)?;
    let mut rest = Vec::new();
    tokio::io::stdin()
        .read_to_end(&mut rest)
        .await
        .map_err(LoadError::Input)?;
    once(&mut clients, &mut tally).await;
    Ok(tally)
}

async fn once<C: Client>(clients: &mut [C], tally: &mut Tally) {
    for client in clients {
        match client.call().await {
            Ok(()) => tally.calls += 1,
            Err(error) => tally.fail(error),
        }
    }
}
