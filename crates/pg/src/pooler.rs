//! Whether a pooler stands between: pgbouncer and its like hand a server connection on after each
//! transaction, and with it the statements prepared there.

use std::future::{Ready, ready};
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream};
use tokio_postgres::{Client, Error};

/// Whether somebody else than the server opened this connection's session.
///
/// A server tells its process number when a session starts (`BackendKeyData`); a pooler, whose
/// clients have no process of their own yet, has to make one up. One round trip.
pub(crate) async fn is_between(client: &Client) -> Result<bool, Error> {
    let row = client
        .query_typed("SELECT pg_catalog.pg_backend_pid()", &[])
        .await?;
    let actual: Option<i32> = row.first().map(|row| row.try_get(0)).transpose()?;
    Ok(told(client).await? != actual)
}

/// The process number the session started with. tokio-postgres keeps it for cancel requests: one is
/// written into memory (`CancelRequest`: length, code, process, secret, four bytes each), and sent
/// nowhere.
async fn told(client: &Client) -> Result<Option<i32>, Error> {
    let written = Written::default();
    client
        .cancel_token()
        .cancel_query_raw(written.clone(), NoHandshake)
        .await?;
    let bytes = written.0.lock().unwrap_or_else(PoisonError::into_inner);
    let process = bytes
        .last_chunk()
        .map(|[process @ .., _, _, _, _]: &[u8; 8]| *process);
    Ok(process.map(i32::from_be_bytes))
}

/// Takes in what is written, and answers a request for TLS with yes.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl AsyncRead for Written {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if buffer.remaining() > 0 {
            buffer.put_slice(b"S");
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Written {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut written = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        written.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl TlsStream for Written {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

struct NoHandshake;

impl TlsConnect<Written> for NoHandshake {
    type Stream = Written;
    type Error = io::Error;
    type Future = Ready<io::Result<Written>>;

    fn connect(self, stream: Written) -> Self::Future {
        ready(Ok(stream))
    }
}
