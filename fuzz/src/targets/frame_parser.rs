//! Any bytes as a frame, both ways: what is accepted obeys every rule a header can break, and says
//! the same when it is written again.

use kontract_raystream::{CallId, Direction, Flags, Header, Incoming, Limits, MessageType};

pub fn run(data: &[u8]) {
    for direction in [Direction::ClientToServer, Direction::ServerToClient] {
        for limits in [Limits::default(), Limits::with_max_frame(0)] {
            one(&mut data.to_vec(), direction, limits);
        }
    }
}

fn one(bytes: &mut [u8], direction: Direction, limits: Limits) {
    let before = bytes.to_vec();
    let Ok(frame) = Incoming::parse(bytes, direction, limits) else {
        return;
    };
    let header = frame.header();
    assert_eq!(header.to_bytes(), before[..Header::LEN]);
    assert_eq!(
        Header::parse(&header.to_bytes(), direction).as_ref(),
        Ok(&header)
    );
    assert_eq!(
        header.payload_len as usize + Limits::FRAME_OVERHEAD,
        before.len()
    );
    let hello = header.message_type.is_handshake();
    let unsealed = hello || header.is_clear();
    let max = if unsealed {
        Limits::MAX_HELLO
    } else {
        limits.max_frame
    };
    assert!(before.len() <= max);
    assert_eq!(unsealed, header.sequence == 0);
    assert!(hello || header.reserved == 0);
    assert_eq!(
        header.flags.contains(Flags::S2C),
        direction == Direction::ServerToClient
    );
    assert!(!header.is_clear() || header.message_type == MessageType::RpcError);
    assert_eq!(before[24..28], header.sequence.to_be_bytes());
    let no_call = unsealed || header.message_type.is_session_wide();
    assert_eq!(no_call, frame.call_id() == CallId::NONE);
    assert!(frame.resumes().is_none() || header.message_type == MessageType::HandshakeInit);
}
