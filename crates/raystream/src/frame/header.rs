//! The first 16 bytes: what a frame is. Authenticated as the AEAD's associated data.

use super::flags::Flags;
use crate::error::FrameError;
use crate::id::CallId;

/// Which way a frame travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// A request.
    ClientToServer,
    /// A reply or an event.
    ServerToClient,
}

/// What a frame carries (specification 11.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum MessageType {
    /// Client's half of the handshake.
    HandshakeInit = 0x01,
    /// Server's half of the handshake.
    HandshakeResponse = 0x02,
    /// A call.
    RpcCall = 0x10,
    /// Its result.
    RpcResponse = 0x11,
    /// Its failure.
    RpcError = 0x12,
    /// A request for events.
    Subscribe = 0x20,
    /// One event.
    Event = 0x21,
    /// A sign of life.
    Heartbeat = 0x30,
    /// The end of the session.
    Close = 0xff,
}

impl MessageType {
    fn from_byte(byte: u8) -> Option<Self> {
        Some(match byte {
            0x01 => Self::HandshakeInit,
            0x02 => Self::HandshakeResponse,
            0x10 => Self::RpcCall,
            0x11 => Self::RpcResponse,
            0x12 => Self::RpcError,
            0x20 => Self::Subscribe,
            0x21 => Self::Event,
            0x30 => Self::Heartbeat,
            0xff => Self::Close,
            _ => return None,
        })
    }

    /// Whether the type is one of the handshake's two.
    #[must_use]
    pub fn is_handshake(self) -> bool {
        matches!(self, Self::HandshakeInit | Self::HandshakeResponse)
    }

    /// Whether the type belongs to the session and to no call: its call id is zero.
    #[must_use]
    pub fn is_session_wide(self) -> bool {
        matches!(self, Self::Heartbeat | Self::Close)
    }

    fn travels(self, direction: Direction) -> bool {
        match self {
            Self::Heartbeat | Self::Close => true,
            Self::HandshakeInit | Self::RpcCall | Self::Subscribe => {
                direction == Direction::ClientToServer
            }
            Self::HandshakeResponse | Self::RpcResponse | Self::RpcError | Self::Event => {
                direction == Direction::ServerToClient
            }
        }
    }

    fn allowed_flags(self) -> Flags {
        let sealed = Flags::AESGCM | Flags::PADDED;
        match self {
            Self::HandshakeInit | Self::HandshakeResponse => Flags::AESGCM | Flags::RESUME,
            Self::Subscribe => sealed | Flags::FIN | Flags::CREDIT,
            Self::RpcCall | Self::RpcResponse | Self::RpcError | Self::Event => sealed | Flags::FIN,
            Self::Heartbeat | Self::Close => sealed,
        }
    }
}

/// A header whose fields fit each other. Integers are big-endian on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// What the frame carries.
    pub message_type: MessageType,
    /// How to read it.
    pub flags: Flags,
    /// Number of this frame among those sealed with its key, from 1; 0 in hellos and in the clear.
    pub sequence: u32,
    /// Bytes between nonce and tag.
    pub payload_len: u32,
    /// The key id in hellos, else 0.
    pub reserved: u32,
}

impl Header {
    /// Bytes of a header.
    pub const LEN: usize = 16;
    const VERSION: u8 = 1;

    /// The wire form.
    #[must_use]
    pub fn to_bytes(self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        bytes[0] = Self::VERSION;
        bytes[1] = self.message_type as u8;
        bytes[2..4].copy_from_slice(&self.flags.bits().to_be_bytes());
        bytes[4..8].copy_from_slice(&self.sequence.to_be_bytes());
        bytes[8..12].copy_from_slice(&self.payload_len.to_be_bytes());
        bytes[12..16].copy_from_slice(&self.reserved.to_be_bytes());
        bytes
    }

    /// Reads a header and checks every rule that needs nothing but the header and the direction.
    pub fn parse(bytes: &[u8; Self::LEN], direction: Direction) -> Result<Self, FrameError> {
        let [
            version,
            kind,
            f0,
            f1,
            s0,
            s1,
            s2,
            s3,
            l0,
            l1,
            l2,
            l3,
            r0,
            r1,
            r2,
            r3,
        ] = *bytes;
        if version != Self::VERSION {
            return Err(FrameError::Version(version));
        }
        let message_type = MessageType::from_byte(kind)
            .filter(|kind| kind.travels(direction))
            .ok_or(FrameError::MessageType(kind))?;
        let bits = u16::from_be_bytes([f0, f1]);
        let header = Self {
            message_type,
            flags: Flags::from_bits(bits).ok_or(FrameError::Flags(bits))?,
            sequence: u32::from_be_bytes([s0, s1, s2, s3]),
            payload_len: u32::from_be_bytes([l0, l1, l2, l3]),
            reserved: u32::from_be_bytes([r0, r1, r2, r3]),
        };
        header.check_flags(direction)?;
        header.check_fields()?;
        Ok(header)
    }

    /// Whether the frame is an error in the clear.
    #[must_use]
    pub fn is_clear(&self) -> bool {
        self.flags.contains(Flags::CLEAR)
    }

    /// The same rules for a frame of a session about to be sealed.
    pub(crate) fn check(&self, direction: Direction, call: CallId) -> Result<(), FrameError> {
        let kind = self.message_type;
        if kind.is_handshake() || !kind.travels(direction) {
            return Err(FrameError::MessageType(kind as u8));
        }
        if self.is_clear() {
            return Err(FrameError::Flags(self.flags.bits()));
        }
        self.check_flags(direction)?;
        if kind.is_session_wide() == (call == CallId::NONE) {
            Ok(())
        } else {
            Err(FrameError::Field)
        }
    }

    fn check_flags(&self, direction: Direction) -> Result<(), FrameError> {
        let from_server = direction == Direction::ServerToClient;
        let allowed = if self.is_clear() && self.message_type == MessageType::RpcError {
            Flags::CLEAR
        } else {
            self.message_type.allowed_flags()
        };
        let right = self.flags.contains(Flags::S2C) == from_server
            && self.flags.is_within(allowed | Flags::S2C)
            && !self.flags.contains(Flags::FIN | Flags::CREDIT);
        if right {
            Ok(())
        } else {
            Err(FrameError::Flags(self.flags.bits()))
        }
    }

    fn check_fields(&self) -> Result<(), FrameError> {
        let handshake = self.message_type.is_handshake();
        let unsealed = handshake || self.is_clear();
        let right = (handshake || self.reserved == 0) && (unsealed == (self.sequence == 0));
        if right {
            Ok(())
        } else {
            Err(FrameError::Field)
        }
    }
}
