//! Whole handshakes, from a pin to a session on either side.

use std::hint::black_box;

use kontract_raystream::{ClientHandshake, PublicKey, StaticKey, Suite, Transport};

use crate::error::CryptoError;
use crate::job::{Load, Side};
use crate::peer::{random, respond};
use crate::timing::{Laps, Timing};

/// Handshakes of one run.
const RUN: u32 = 16;
const BUILD_ID: &str = "kontract-crypto";

/// Makes sessions, and times what this side does for them.
pub fn run(load: &Load, side: Side) -> Result<Timing, CryptoError> {
    let keys = [StaticKey::from_private(random()?)];
    let (pin, suite) = (keys[0].public(), load.suite.into());
    let mut laps = Laps::new(load.ms);
    while laps.go_on() {
        match side {
            Side::Both => laps.part(|| together(&keys, pin, suite))?,
            Side::Client => client(&mut laps, &keys, pin, suite)?,
            Side::Server => server(&mut laps, &keys, pin, suite)?,
        }
        laps.end(RUN);
    }
    Ok(laps.timing())
}

fn together(keys: &[StaticKey], pin: PublicKey, suite: Suite) -> Result<(), CryptoError> {
    for _ in 0..RUN {
        let (handshake, mut init) = start(pin, suite)?;
        let (session, mut response) = respond(keys, &mut init)?;
        black_box((handshake.finish(&mut response)?, session));
    }
    Ok(())
}

fn client(
    laps: &mut Laps,
    keys: &[StaticKey],
    pin: PublicKey,
    suite: Suite,
) -> Result<(), CryptoError> {
    let mut started = laps.part(|| starts(pin, suite))?;
    let mut responses = Vec::new();
    for (_, init) in &mut started {
        responses.push(respond(keys, init)?.1);
    }
    laps.part(|| {
        for ((handshake, _), response) in started.into_iter().zip(&mut responses) {
            black_box(handshake.finish(response)?);
        }
        Ok(())
    })
}

fn server(
    laps: &mut Laps,
    keys: &[StaticKey],
    pin: PublicKey,
    suite: Suite,
) -> Result<(), CryptoError> {
    let mut started = starts(pin, suite)?;
    laps.part(|| {
        for (_, init) in &mut started {
            black_box(respond(keys, init)?);
        }
        Ok(())
    })
}

fn starts(pin: PublicKey, suite: Suite) -> Result<Vec<(ClientHandshake, Vec<u8>)>, CryptoError> {
    (0..RUN).map(|_| start(pin, suite)).collect()
}

fn start(pin: PublicKey, suite: Suite) -> Result<(ClientHandshake, Vec<u8>), CryptoError> {
    let transport = Transport::WebSocket;
    Ok(ClientHandshake::start(
        suite,
        transport,
        pin,
        BUILD_ID,
        random()?,
    )?)
}
