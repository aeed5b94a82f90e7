//! Opening a connection over a socket, with TLS where the network is not this machine's own.

use std::net::IpAddr;
use std::sync::LazyLock;

use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Why a connection could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// Neither a URL nor key-value pairs, or the server did not take the connection.
    #[error("{}", reason(.0))]
    Database(#[from] tokio_postgres::Error),
    /// Nothing to check the server's certificate against.
    #[error("the system has no root certificates to check the database's against")]
    NoCertificates,
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
/// Off loopback the connection is encrypted and the server's certificate checked against the
/// system's roots (`SSL_CERT_FILE` names others), unless the address says `sslmode=disable`.
pub async fn connect(address: &Config) -> Result<Client, ConnectError> {
    if is_plain(address) {
        let (client, connection) = address.connect(NoTls).await?;
        drive(connection);
        return Ok(client);
    }
    let tls = TLS.clone().ok_or(ConnectError::NoCertificates)?;
    let mut address = address.clone();
    address.ssl_mode(SslMode::Require);
    let (client, connection) = address.connect(tls).await?;
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

static TLS: LazyLock<Option<MakeRustlsConnect>> =
    LazyLock::new(|| match MakeRustlsConnect::with_native_certs() {
        Ok((tls, _)) => Some(tls),
        Err(errors) => {
            tracing::warn!(?errors, "no root certificates");
            None
        }
    });

fn is_plain(address: &Config) -> bool {
    match address.get_ssl_mode() {
        SslMode::Disable => true,
        SslMode::Require => false,
        // `prefer` is also what an address that says nothing means.
        _ => {
            let hosts = address.get_hosts().iter().all(is_local);
            hosts && address.get_hostaddrs().iter().all(IpAddr::is_loopback)
        }
    }
}

fn is_local(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_goes_without_tls() {
        for (address, plain) in [
            ("postgres://u@127.0.0.1/db", true),
            ("postgres://u@[::1]:5433/db", true),
            ("postgres://u@localhost/db", true),
            ("host=/run/postgresql user=u", true),
            ("postgres://u@127.0.0.1/db?sslmode=require", false),
            ("postgres://u@10.0.0.1/db", false),
            ("postgres://u@localhost,db.example.com/db", false),
            ("host=localhost hostaddr=192.0.2.1 user=u", false),
            ("postgres://u@localhost.example.com/db", false),
            ("postgres://u@db/db?sslmode=disable", true),
        ] {
            let config: Config = address.parse().unwrap();
            assert_eq!(is_plain(&config), plain, "{address}");
        }
    }
}
