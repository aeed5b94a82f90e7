//! Both handshakes in both suites against `snow`, each side once, with any payloads.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use kontract_raystream::{
    Direction, HandshakeOutput, Incoming, Initiator, Limits, Responder, ResumePsk, ResumeTicket,
    SessionId, Suite,
};
use proptest::prelude::*;

mod common;
use common::{SUITES, gateway_key};

const OLD: SessionId = SessionId([0x77; 16]);

/// A handshake to be had with snow: the suite, and the PSK if it resumes.
#[derive(Debug, Clone, Copy)]
struct Case {
    suite: Suite,
    psk: Option<[u8; 32]>,
}

impl Case {
    fn all() -> Vec<Self> {
        let cases = |suite| [None, Some([0x42; 32])].map(|psk| Self { suite, psk });
        SUITES.into_iter().flat_map(cases).collect()
    }

    /// snow's end of it. The prologue starts with the INIT's header.
    fn snow<'a>(&'a self, prologue: &'a [u8]) -> snow::Builder<'a> {
        let name = match (self.suite, self.psk.is_some()) {
            (Suite::ChaChaPoly, false) => "Noise_NK_25519_ChaChaPoly_SHA256",
            (Suite::AesGcm, false) => "Noise_NK_25519_AESGCM_SHA256",
            (Suite::ChaChaPoly, true) => "Noise_NKpsk0_25519_ChaChaPoly_SHA256",
            (Suite::AesGcm, true) => "Noise_NKpsk0_25519_AESGCM_SHA256",
        };
        let builder = snow::Builder::new(name.parse().unwrap());
        let builder = builder.prologue(prologue).unwrap();
        match &self.psk {
            Some(psk) => builder.psk(0, psk).unwrap(),
            None => builder,
        }
    }

    fn prologue(&self, init: &[u8]) -> Vec<u8> {
        let old = self.psk.map_or(&[][..], |_| &OLD.0);
        [b"raystream-v1", &init[..16], old].concat()
    }

    /// Where Noise's message starts in the INIT.
    fn message(&self) -> usize {
        28 + self.psk.map_or(0, |_| 16)
    }

    fn resume_psk(&self) -> Option<ResumePsk> {
        let suite = match self.suite {
            Suite::ChaChaPoly => 1,
            Suite::AesGcm => 2,
        };
        ResumePsk::from_stored(&[&[suite], &self.psk?[..]].concat())
    }

    fn start(&self, payload: &[u8]) -> (Initiator, Vec<u8>) {
        let (pin, ephemeral) = (gateway_key().public(), [5; 32]);
        match self.resume_psk() {
            None => Initiator::start(self.suite, pin, ephemeral, |b| b.extend(payload)),
            Some(psk) => {
                let ticket = ResumeTicket::new(OLD, psk);
                Initiator::resume(ticket, pin, ephemeral, |b| b.extend(payload))
            }
        }
        .unwrap()
    }

    fn accept<'a>(&self, init: &'a mut [u8]) -> (&'a [u8], Responder) {
        let init = Incoming::parse(init, Direction::ClientToServer, Limits::default()).unwrap();
        match self.resume_psk() {
            None => Responder::accept(&[gateway_key()], init),
            Some(psk) => Responder::accept_resume(&[gateway_key()], init, psk),
        }
        .unwrap()
    }
}

fn finish(initiator: Initiator, response: &mut [u8]) -> (Vec<u8>, HandshakeOutput) {
    let frame = Incoming::parse(response, Direction::ServerToClient, Limits::default());
    let (payload, output) = initiator.finish(frame.unwrap()).unwrap();
    (payload.to_vec(), output)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn our_client_talks_to_snow(
        hello in prop::collection::vec(any::<u8>(), 0..400),
        answer in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        for case in Case::all() {
            let (initiator, init) = case.start(&hello);
            let prologue = case.prologue(&init);
            let private = gateway_key().private();
            let builder = case.snow(&prologue).local_private_key(private.as_slice()).unwrap();
            let mut snow = builder.build_responder().unwrap();
            let mut plain = [0; 1000];
            let length = snow.read_message(&init[case.message()..], &mut plain).unwrap();
            prop_assert_eq!(&plain[..length], &hello);

            // Ours writes the header, snow what is behind it.
            let (_, responder) = case.accept(&mut init.clone());
            let (mut response, _) = responder.respond([6; 32], |b| b.extend(&answer)).unwrap();
            let length = snow.write_message(&answer, &mut response[28..]).unwrap();
            prop_assert_eq!(response.len(), 28 + length);
            let (payload, output) = finish(initiator, &mut response);
            prop_assert_eq!(payload, answer.clone());
            prop_assert_eq!(output.hash(), snow.get_handshake_hash());
        }
    }

    #[test]
    fn snow_talks_to_our_server(
        hello in prop::collection::vec(any::<u8>(), 0..400),
        answer in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        for case in Case::all() {
            // Only what is in front of the message is ours: the header is the prologue.
            let (_, mut init) = case.start(&hello);
            let prologue = case.prologue(&init);
            let pin = gateway_key().public();
            let builder = case.snow(&prologue).remote_public_key(&pin.0).unwrap();
            let mut snow = builder.build_initiator().unwrap();
            let length = snow.write_message(&hello, &mut init[case.message()..]).unwrap();
            prop_assert_eq!(init.len(), case.message() + length);

            let (payload, responder) = case.accept(&mut init);
            prop_assert_eq!(payload, &hello);
            let (response, output) = responder.respond([6; 32], |b| b.extend(&answer)).unwrap();
            let mut plain = [0; 1000];
            let length = snow.read_message(&response[28..], &mut plain).unwrap();
            prop_assert_eq!(&plain[..length], &answer);
            prop_assert_eq!(output.hash(), snow.get_handshake_hash());
        }
    }
}
