//! An INIT on the server, before and while it proves itself.

use super::responder::Responder;
use super::server::ServerHandshake;
use crate::envelope::ClientHello;
use crate::error::HandshakeError;
use crate::frame::{Direction, Incoming};
use crate::id::SessionId;
use crate::key::StaticKey;
use crate::limits::Limits;
use crate::resume::ResumePsk;

/// Bytes of the form of an INIT. With a store of PSKs that answers at once,
/// [`ServerHandshake::accept_with`] does all of this.
pub struct ReceivedInit<'a> {
    frame: Incoming<'a>,
}

impl<'a> ReceivedInit<'a> {
    /// Checks the form and nothing else.
    pub fn parse(init: &'a mut [u8]) -> Result<Self, HandshakeError> {
        let frame = Incoming::parse(init, Direction::ClientToServer, Limits::default())?;
        Ok(Self { frame })
    }

    /// The session it wants to resume, whose PSK [`ReceivedInit::accept_resume`] needs.
    #[must_use]
    pub fn resumes(&self) -> Option<SessionId> {
        self.frame.resumes()
    }

    /// Reads an INIT that resumes nothing.
    pub fn accept(
        self,
        keys: &[StaticKey],
    ) -> Result<(ServerHandshake, ClientHello<'a>), HandshakeError> {
        let (payload, responder) = Responder::accept(keys, self.frame)?;
        let hello = read(payload, &responder)?;
        let handshake = ServerHandshake::new(responder, hello.transport, None);
        Ok((handshake, hello))
    }

    /// Reads an INIT that resumes a session. `psk` is a copy of what the store has: it stays there
    /// until this has succeeded.
    pub fn accept_resume(
        self,
        keys: &[StaticKey],
        psk: Option<ResumePsk>,
    ) -> Result<(ProvenResume, ClientHello<'a>), HandshakeError> {
        let (Some(session), Some(psk)) = (self.resumes(), psk) else {
            return Err(HandshakeError::ResumeUnavailable);
        };
        let (payload, responder) = Responder::accept_resume(keys, self.frame, psk)?;
        let hello = read(payload, &responder)?;
        let handshake = ServerHandshake::new(responder, hello.transport, Some(session));
        Ok((ProvenResume { session, handshake }, hello))
    }
}

/// An INIT whose sender knows the PSK; or a copy of one, which only claiming the PSK rules out.
#[must_use = "the handshake goes on once the PSK is deleted"]
pub struct ProvenResume {
    session: SessionId,
    handshake: ServerHandshake,
}

impl ProvenResume {
    /// Whose PSK to delete from the store now.
    #[must_use]
    pub fn session(&self) -> SessionId {
        self.session
    }

    /// Goes on if the PSK was there and this handshake is the one that deleted it.
    pub fn claimed(self, was_there: bool) -> Result<ServerHandshake, HandshakeError> {
        if was_there {
            Ok(self.handshake)
        } else {
            Err(HandshakeError::ResumeUnavailable)
        }
    }
}

fn read<'a>(payload: &'a [u8], responder: &Responder) -> Result<ClientHello<'a>, HandshakeError> {
    let hello = ClientHello::decode(payload)?;
    if !hello.supported_ciphers.contains(&responder.suite().name()) {
        return Err(HandshakeError::Suite);
    }
    Ok(hello)
}
