//! A session's two ends, and everything a network, an attacker and a sleeping host can do to them,
//! against a model: which sequences have been seen, and which nonces have been used.
mod message;
mod template;

use std::cell::RefCell;
use std::collections::BTreeSet;

use kontract_raystream::{Asleep, Awake, Draft, StateError, Transport, WakeError};

use super::input::Input;
use message::Message;
use template::{Client, Slot, Template};

pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let mut world = World::new(input.byte());
    while !input.is_empty() && !matches!(world.server, Server::Gone) {
        world.step(&mut input);
    }
}

enum Server {
    Awake(Awake),
    Asleep(Asleep),
    Gone,
}

/// One direction's frames, and what its receiver must have made of them.
#[derive(Default)]
struct Direction {
    frames: Vec<(Vec<u8>, Message)>,
    nonces: BTreeSet<[u8; 12]>,
    counters: BTreeSet<u32>,
    seen: BTreeSet<u32>,
    dead: bool,
}

struct World {
    transport: Transport,
    slot: Slot,
    client: Client,
    server: Server,
    up: Direction,
    down: Direction,
}

impl World {
    fn new(mode: u8) -> Self {
        thread_local! {
            static TEMPLATES: [Template; 4] = [0, 1, 2, 3].map(Template::new);
        }
        let (client, state) = TEMPLATES.with(|all| {
            let template = &all[usize::from(mode % 4)];
            (template.client(), template.state.clone())
        });
        let slot = Slot(RefCell::new(state));
        Self {
            transport: client.opener.transport(),
            client,
            server: Server::Awake(Awake::from_attachment(&slot).expect("it slept well")),
            slot,
            up: Direction::default(),
            down: Direction::default(),
        }
    }

    fn step(&mut self, input: &mut Input<'_>) {
        match input.byte() % 8 {
            0 | 1 => self.send(input),
            2 => self.deliver(input, |_, _| ()),
            3 => self.deliver(input, mangle),
            4 => self.foreign(input),
            5 => self.rest(input.byte()),
            6 => self.abandon(input),
            _ => self.deliver_next(input.byte() & 1 == 0),
        }
    }

    /// Seals something, one way or the other, sometimes padded.
    fn send(&mut self, input: &mut Input<'_>) {
        let message = Message {
            kind: input.byte() % 6,
            call: u64::from(input.u16()) + 1,
            value: input.u32(),
        };
        let padded = |draft: Draft, yes: bool| if yes { draft.padded() } else { draft };
        let pad = input.byte() & 1 == 1;
        if input.byte() & 1 == 0 {
            let message = message.upwards();
            let draft = padded(message.to_server(), pad);
            let frame = self.client.sealer.seal_draft(draft).expect("it fits");
            self.up.sent(frame, message);
        } else if let Server::Awake(server) = &self.server {
            let message = message.downwards();
            let draft = padded(message.to_client(), pad);
            let frame = server.sealer.seal_draft(draft).expect("it fits");
            self.down.sent(frame, message);
        }
    }

    /// A frame that has been sent, perhaps before, perhaps changed on the way.
    fn deliver(&mut self, input: &mut Input<'_>, change: fn(&mut Vec<u8>, &mut Input<'_>)) {
        let up = input.byte() & 1 == 0;
        let frames = if up {
            &self.up.frames
        } else {
            &self.down.frames
        };
        if frames.is_empty() {
            return;
        }
        let (frame, message) = &frames[input.index(frames.len())];
        let mut bytes = frame.clone();
        change(&mut bytes, input);
        let intact = (bytes == *frame).then_some(*message);
        self.arrive(up, bytes, intact);
    }

    /// The frame after the last one seen, as a network does that works.
    fn deliver_next(&mut self, up: bool) {
        let direction = if up { &self.up } else { &self.down };
        let next = direction.seen.last().copied().unwrap_or(0) + 1;
        let found = direction.frames.iter().find(|(f, _)| sequence(f) == next);
        if let Some((frame, message)) = found.cloned() {
            self.arrive(up, frame, Some(message));
        }
    }

    /// Bytes of the attacker's own, and frames turned back to where they came from.
    fn foreign(&mut self, input: &mut Input<'_>) {
        let up = input.byte() & 1 == 0;
        let back = if up {
            &self.down.frames
        } else {
            &self.up.frames
        };
        let mut bytes = if input.byte() & 1 == 0 || back.is_empty() {
            let length = usize::from(input.byte());
            input.bytes(length).to_vec()
        } else {
            let mut frame = back[input.index(back.len())].0.clone();
            // With the direction's flag set right, so that only the key tells.
            frame[3] ^= 1;
            frame
        };
        // An error in the clear is heard and believed by nobody; that is another test.
        if let Some(flags) = bytes.get_mut(3) {
            *flags &= !0x20;
        }
        self.arrive(up, bytes, None);
    }

    /// Takes a sequence and goes no further: a cipher that failed, a request dropped.
    fn abandon(&mut self, input: &mut Input<'_>) {
        if input.byte() & 1 == 0 {
            let reserved = self.client.sealer.reserve(Draft::close()).expect("it fits");
            self.up.used(*reserved.nonce());
        } else if let Server::Awake(server) = &self.server {
            let reserved = server.sealer.reserve(Draft::close()).expect("it fits");
            self.down.used(*reserved.nonce());
        }
    }

    /// Puts the server to sleep, wakes it one of two ways, or ends it in the middle.
    fn rest(&mut self, how: u8) {
        self.server = match std::mem::replace(&mut self.server, Server::Gone) {
            Server::Awake(server) if how % 8 == 7 => {
                drop(server);
                let lost = Awake::from_attachment(&self.slot).map(drop);
                assert_eq!(lost, Err(WakeError::State(StateError::Dirty)));
                Server::Gone
            }
            Server::Awake(server) => {
                let Ok(asleep) = server.sleep(&self.slot);
                assert!(self.slot.0.borrow().len() <= 512);
                Server::Asleep(asleep)
            }
            Server::Asleep(asleep) if how & 1 == 0 => {
                Server::Awake(asleep.wake(&self.slot).expect("nobody else woke it"))
            }
            Server::Asleep(asleep) => {
                let woken = Awake::from_attachment(&self.slot).expect("it slept well");
                // The other copy is worthless from here on.
                assert!(asleep.wake(&self.slot).is_err());
                Server::Awake(woken)
            }
            Server::Gone => Server::Gone,
        };
    }

    /// Hands bytes to a side and compares with the model. `intact` is what they say if they are a
    /// frame as it was sealed.
    fn arrive(&mut self, up: bool, mut bytes: Vec<u8>, intact: Option<Message>) {
        let direction = if up { &mut self.up } else { &mut self.down };
        let expected =
            intact.filter(|_| !direction.dead && direction.is_new(self.transport, &bytes));
        let number = if bytes.len() >= 8 {
            sequence(&bytes)
        } else {
            0
        };
        let read = if up {
            let Server::Awake(server) = &self.server else {
                return;
            };
            let read = server.open(&mut bytes).ok().map(Message::of_request);
            assert_eq!(read, expected);
            assert_eq!(
                server.opener.is_dead(),
                direction.after(self.transport, number, read)
            );
            read
        } else {
            let (parsed, read) = self.client.open(&mut bytes);
            if parsed {
                let dead = direction.after(self.transport, number, read);
                assert_eq!(self.client.opener.is_dead(), dead);
            }
            read
        };
        assert_eq!(read, expected);
    }
}

impl Direction {
    fn sent(&mut self, frame: Vec<u8>, message: Message) {
        self.used(frame[16..28].try_into().expect("12 bytes"));
        self.frames.push((frame, message));
    }

    /// A nonce twice under one key gives away both plaintexts.
    fn used(&mut self, nonce: [u8; 12]) {
        assert!(self.nonces.insert(nonce), "a nonce was used twice");
        let counter = u32::from_be_bytes([nonce[8], nonce[9], nonce[10], nonce[11]]);
        assert!(self.counters.insert(counter), "a counter was used twice");
    }

    fn is_new(&self, transport: Transport, frame: &[u8]) -> bool {
        let (number, last) = (sequence(frame), self.seen.last().copied().unwrap_or(0));
        match transport {
            Transport::WebSocket => number == last + 1,
            Transport::Http => !self.seen.contains(&number) && number + 1024 > last,
        }
    }

    /// Whether the receiver is dead after this.
    fn after(&mut self, transport: Transport, number: u32, read: Option<Message>) -> bool {
        if read.is_some() {
            self.seen.insert(number);
        } else if transport == Transport::WebSocket {
            self.dead = true;
        }
        self.dead
    }
}

fn mangle(bytes: &mut Vec<u8>, input: &mut Input<'_>) {
    match input.byte() % 4 {
        0 => bytes.truncate(input.index(bytes.len())),
        1 => bytes.push(input.byte()),
        _ => {
            let bit = input.index(bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
    }
}

fn sequence(frame: &[u8]) -> u32 {
    u32::from_be_bytes([frame[4], frame[5], frame[6], frame[7]])
}
