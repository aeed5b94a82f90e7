//! One session: the handshake, and the bytes of its requests.

use std::net::SocketAddr;

use kontract_raystream::{ClientHandshake, ClientSession, PublicKey, Suite, Transport};

use crate::error::CallError;
use crate::http::Connection;

const BUILD_ID: &str = "kontract-loadgen";

/// Makes a session over this connection.
pub async fn handshake(
    connection: &mut Connection,
    address: SocketAddr,
    pin: PublicKey,
) -> Result<ClientSession, CallError> {
    let mut ephemeral = [0; 32];
    getrandom::fill(&mut ephemeral)?;
    let (handshake, init) =
        ClientHandshake::start(Suite::ChaChaPoly, Transport::Http, pin, BUILD_ID, ephemeral)?;
    let mut request = head(address, "/raystream/v1/hs");
    append_body(&mut request, &init);
    let response = connection.exchange(&request).await?.ok()?;
    Ok(handshake.finish(response.body)?)
}

/// A request up to the value of its last header, the length.
pub fn head(address: SocketAddr, path: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/octet-stream\r\ncontent-length: "
    )
    .into_bytes()
}

/// Completes a [`head`] with the length and the body.
pub fn append_body(request: &mut Vec<u8>, body: &[u8]) {
    request.extend_from_slice(body.len().to_string().as_bytes());
    request.extend_from_slice(b"\r\n\r\n");
    request.extend_from_slice(body);
}
