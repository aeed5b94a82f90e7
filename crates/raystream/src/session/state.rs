//! A session as bytes, for the time its owner sleeps (protocol §8).

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::secrets::Secrets;
use super::{Opener, Sealer, ServerSession};
use crate::frame::Direction;
use crate::handshake::ServerParameters;
use crate::id::SessionId;
use crate::limits::Limits;
use crate::resume::ResumePsk;
use crate::suite::Suite;
use crate::window::{ReplayWindow, Transport};

/// What stands there while the session is in use: nothing to go on from.
pub(super) const DIRTY: &[u8] = b"rs\x01\x01";
const CLEAN: &[u8] = b"rs\x01\x00";
const CHECKSUM: usize = 8;

/// Bytes that are no session to go on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// The session was in use when its owner went: its counters are lost, and it with them.
    #[error("the session was in use when it was last seen")]
    Dirty,
    /// Not what was stored, or stored by another version.
    #[error("the session's state is damaged or of another version")]
    Damaged,
}

/// The session's keys, window and counters. Everything in it is secret.
pub(super) fn write(session: &ServerSession) -> Zeroizing<Vec<u8>> {
    let ServerParameters {
        session_id,
        expires_at,
        ttl_ms,
        limits,
        max_inflight,
    } = session.parameters;
    let max_frame = u32::try_from(limits.max_frame).unwrap_or(u32::MAX);
    let resume = session.secrets.peek_resume();
    // Whole at once: a vector that grows leaves copies of its secrets behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(512));
    bytes.extend_from_slice(CLEAN);
    bytes.push(session.sealer.suite().id());
    bytes.push(match session.opener.transport() {
        Transport::Http => 0,
        Transport::WebSocket => 1,
    });
    bytes.push(resume.is_some().into());
    bytes.extend_from_slice(&session_id.0);
    bytes.extend_from_slice(&expires_at.to_be_bytes());
    for number in [
        ttl_ms,
        max_frame,
        max_inflight,
        session.sealer.sealed(),
        session.opener.failures(),
    ] {
        bytes.extend_from_slice(&number.to_be_bytes());
    }
    bytes.extend_from_slice(session.secrets.client_to_server.as_slice());
    bytes.extend_from_slice(session.secrets.server_to_client.as_slice());
    bytes.extend_from_slice(session.secrets.exporter.as_slice());
    bytes.extend_from_slice(resume.unwrap_or_default().as_slice());
    session.opener.seen().write(&mut bytes);
    let checksum = checksum(&bytes);
    bytes.extend_from_slice(&checksum);
    bytes
}

/// The session these bytes describe. Only [`sleep`](super::sleep) may call this, once it has written
/// [`DIRTY`] in their place.
pub(super) fn read(bytes: &[u8]) -> Result<ServerSession, StateError> {
    if bytes == DIRTY {
        return Err(StateError::Dirty);
    }
    let (body, sum) = bytes
        .split_last_chunk::<CHECKSUM>()
        .ok_or(StateError::Damaged)?;
    if checksum(body) != *sum {
        return Err(StateError::Damaged);
    }
    fields(body).ok_or(StateError::Damaged)
}

fn fields(body: &[u8]) -> Option<ServerSession> {
    let mut rest = body.strip_prefix(CLEAN)?;
    let [suite, transport, has_resume] = take(&mut rest)?;
    let suite = Suite::from_id(suite)?;
    let transport = match transport {
        0 => Transport::Http,
        1 => Transport::WebSocket,
        _ => return None,
    };
    let session_id = SessionId(take(&mut rest)?);
    let expires_at = u64::from_be_bytes(take(&mut rest)?);
    let mut number = || take(&mut rest).map(u32::from_be_bytes);
    let (ttl_ms, max_frame, max_inflight) = (number()?, number()?, number()?);
    let (sealed, failures) = (number()?, number()?);
    let mut secret = || take(&mut rest).map(Zeroizing::new);
    let (client_to_server, server_to_client) = (secret()?, secret()?);
    let (exporter, resume) = (secret()?, secret()?);
    let window = ReplayWindow::read(transport, rest)?;

    let limits = Limits::with_max_frame(usize::try_from(max_frame).ok()?);
    let direction = Direction::ServerToClient;
    Some(ServerSession {
        sealer: Sealer::after(suite, direction, &server_to_client, limits, sealed),
        opener: Opener::after(suite, &client_to_server, window, failures),
        parameters: ServerParameters {
            session_id,
            expires_at,
            ttl_ms,
            limits,
            max_inflight,
        },
        secrets: Secrets::restored(
            client_to_server,
            server_to_client,
            exporter,
            (has_resume == 1).then(|| ResumePsk::new(suite, resume)),
        ),
    })
}

/// Against accidents, not against an attacker: whoever writes here has the keys.
fn checksum(bytes: &[u8]) -> [u8; CHECKSUM] {
    let digest = Sha256::digest(bytes);
    *digest.first_chunk().expect("SHA-256 has 32 bytes")
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, left) = rest.split_first_chunk()?;
    *rest = left;
    Some(*taken)
}
