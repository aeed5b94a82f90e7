//! Frames of a session: a payload in, a frame of its own out, and back.

use std::hint::black_box;

use kontract_raystream::{
    CallId, Direction, Draft, Flags, FrameBuf, Incoming, Limits, MessageType, Opener, RpcCall,
    Sealer, Suite, Transport,
};

use crate::error::CryptoError;
use crate::job::Load;
use crate::timing::{Laps, Timing};

/// Bytes of the frames of one run: they stay in the processor's caches, as a frame does that has
/// just been received.
const RUN_BYTES: usize = 256 * 1024;

/// From a payload to the frame that is sent, buffer included.
pub fn seal(load: &Load) -> Result<Timing, CryptoError> {
    let payload = payload(load.size);
    let sealer = sealer(load)?.0;
    measure(load, |call| {
        sealer.seal(
            MessageType::RpcCall,
            call,
            Flags::FIN,
            FrameBuf::from_payload(&payload),
        )
    })
}

/// From arguments to the frame of a call: its request hash and its table too.
pub fn call(load: &Load) -> Result<Timing, CryptoError> {
    let args = payload(load.size);
    let sealer = sealer(load)?.0;
    measure(load, |call| {
        sealer.seal_draft(Draft::call(call, &RpcCall::new("echo", &args, [7; 16])))
    })
}

fn measure<E>(
    load: &Load,
    seal: impl Fn(CallId) -> Result<Vec<u8>, E>,
) -> Result<Timing, CryptoError>
where
    CryptoError: From<E>,
{
    let count = frames_of_a_run(load.size);
    let mut laps = Laps::new(load.ms);
    while laps.go_on() {
        laps.run(count, || {
            for id in 1..=count {
                black_box(seal(CallId(id.into()))?);
            }
            Ok::<_, E>(())
        })?;
    }
    Ok(laps.timing())
}

/// From the received bytes to the payload: shape, window and tag checked, opened where it lies.
pub fn open(load: &Load) -> Result<Timing, CryptoError> {
    let payload = payload(load.size);
    let (sealer, key) = sealer(load)?;
    let opener = Opener::new(suite(load), Transport::WebSocket, &key);
    let limits = limits();
    let count = frames_of_a_run(load.size);
    let mut laps = Laps::new(load.ms);
    while laps.go_on() {
        let mut frames = Vec::new();
        for id in 1..=count {
            let buffer = FrameBuf::from_payload(&payload);
            frames.push(sealer.seal(
                MessageType::RpcCall,
                CallId(id.into()),
                Flags::FIN,
                buffer,
            )?);
        }
        let bytes = laps.run(count, || {
            let mut bytes = 0;
            for frame in &mut frames {
                let frame = Incoming::parse(frame, Direction::ClientToServer, limits)?;
                bytes += black_box(opener.open(frame)?).payload.len();
            }
            Ok::<_, CryptoError>(bytes)
        })?;
        if bytes != payload.len() * frames.len() {
            return Err(CryptoError::Different);
        }
    }
    Ok(laps.timing())
}

fn sealer(load: &Load) -> Result<(Sealer, [u8; 32]), CryptoError> {
    let mut key = [0; 32];
    getrandom::fill(&mut key)?;
    let direction = Direction::ClientToServer;
    Ok((Sealer::new(suite(load), direction, &key, limits()), key))
}

fn suite(load: &Load) -> Suite {
    load.suite.into()
}

fn limits() -> Limits {
    Limits::with_max_frame(1 << 20)
}

/// Bytes that are not all the same; what they are makes no difference.
pub fn payload(size: usize) -> Vec<u8> {
    (0..size)
        .map(|i| u8::try_from(i * 31 % 251).unwrap_or_default())
        .collect()
}

fn frames_of_a_run(size: usize) -> u32 {
    let count = RUN_BYTES / (size + Limits::FRAME_OVERHEAD);
    u32::try_from(count.max(2)).unwrap_or(2)
}
