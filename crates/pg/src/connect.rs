//! Opening a connection over a socket, with TLS where the network is not this machine's own.

use tokio_postgres::Client;
use tokio_postgres::NoTls;
use tokio_postgres::config::SslMode;
use tokio_rustls::rustls;

use crate::address::{Address, Protection};
use crate::tls;

/// Why a connection could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The server cannot be reached, or did not take the connection.
    #[error("{}", reason(.0))]
    Database(#[from] tokio_postgres::Error),
    /// The server's certificate was refused.
    #[error("{0}")]
    Certificate(String),
    /// The server does not speak TLS, and the address does not allow plain text.
    #[error(
        "the database does not speak TLS: switch it on there (ssl = on), or say sslmode=disable in \
         the address if nobody else is on the network between"
    )]
    NoTls,
    /// The address's own root certificates cannot be used.
    #[error("sslrootcert: {0}")]
    Roots(String),
    /// Nothing to check the server's certificate against.
    #[error(
        "this system has no root certificates to check the database's against: name a file of them \
         in the address, sslrootcert=/path/to/ca.pem"
    )]
    NoCertificates,
}

impl ConnectError {
    /// Of errors while TLS was set up, what can be done about them.
    fn of_tls(error: tokio_postgres::Error) -> Self {
        use std::error::Error as _;
        let cause = error.source();
        let io = cause.and_then(|cause| cause.downcast_ref::<std::io::Error>());
        let tls = io
            .and_then(std::io::Error::get_ref)
            .and_then(|cause| cause.downcast_ref::<rustls::Error>());
        if let Some(advice) = tls.and_then(tls::advice) {
            return Self::Certificate(advice);
        }
        // tokio-postgres has only this text for it.
        if cause.is_some_and(|cause| cause.to_string() == "server does not support TLS") {
            return Self::NoTls;
        }
        Self::Database(error)
    }
}

/// tokio-postgres says "db error"; what the server said is behind it.
pub(crate) fn reason(error: &tokio_postgres::Error) -> String {
    use std::error::Error as _;
    match (error.as_db_error(), error.source()) {
        (Some(refused), _) => format!("{}: {}", refused.code().code(), refused.message()),
        (None, Some(source)) => format!("{error}: {source}"),
        (None, None) => error.to_string(),
    }
}

/// Connects, and drives the connection in a task of its own until the client is dropped.
///
/// Off loopback the connection is encrypted and the server's certificate checked, its name
/// included, unless the address says something else ([`Address`]).
pub async fn connect(address: &Address) -> Result<Client, ConnectError> {
    let mut config = address.config.clone();
    if address.protection == Protection::Plain {
        config.ssl_mode(SslMode::Disable);
        let (client, connection) = config.connect(NoTls).await?;
        drive(connection);
        return Ok(client);
    }
    let tls = tls::connector(address.protection, &address.roots)?;
    config.ssl_mode(SslMode::Require);
    let connecting = config.connect(tls).await;
    let (client, connection) = connecting.map_err(ConnectError::of_tls)?;
    drive(connection);
    Ok(client)
}

fn drive<T>(connection: T)
where
    T: Future<Output = Result<(), tokio_postgres::Error>> + Send + 'static,
{
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a database connection ended");
        }
    });
}
