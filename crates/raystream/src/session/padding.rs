//! `plaintext ‖ 80 ‖ 00*` (ISO/IEC 7816-4): hides a payload's length among its neighbours'.

use crate::frame::FrameBuf;
use crate::limits::Limits;

/// Which of a session's frames are padded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Padding {
    /// Those that ask for it.
    #[default]
    OnRequest,
    /// All, except where a frame at the size limit has no byte left for it.
    Always,
}

const SMALLEST: usize = 256;

/// Pads to the next power of two, from 256 bytes; to the frame's limit if that is closer.
pub(super) fn add(payload: &mut FrameBuf, max_frame: usize) {
    let unpadded = payload.payload().len();
    let room = max_frame.saturating_sub(Limits::FRAME_OVERHEAD);
    let padded = (unpadded + 1)
        .next_power_of_two()
        .max(SMALLEST)
        .min(room)
        .max(unpadded + 1);
    let bytes = payload.bytes_mut();
    let end = bytes.len() + padded - unpadded;
    bytes.push(0x80);
    bytes.resize(end, 0);
}

/// What is in front of the padding.
pub(super) fn strip(padded: &[u8]) -> Option<&[u8]> {
    let end = padded.iter().rposition(|&byte| byte != 0)?;
    (padded[end] == 0x80).then(|| &padded[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_comes_off_again_and_hides_the_length() {
        for length in [0, 1, 255, 256, 300] {
            let plain = vec![0x80; length];
            let mut buffer = FrameBuf::from_payload(&plain);
            add(&mut buffer, 1024);
            assert_eq!(strip(buffer.payload()), Some(plain.as_slice()));
            assert_eq!(buffer.payload().len(), if length < 256 { 256 } else { 512 });
        }
        assert_eq!(strip(&[0, 0]), None);
        assert_eq!(strip(&[1]), None);
        assert_eq!(strip(&[]), None);
    }
}
