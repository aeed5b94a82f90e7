//! Which sequence numbers a receiver still takes (protocol §7).

use crate::limits::Limits;

/// How frames reach a session; decides how strict the order is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transport {
    /// Concurrent requests: any order within a window of 1024.
    Http,
    /// An ordered stream: exactly one after the last.
    WebSocket,
}

impl Transport {
    /// Frames that may fail to open before the session is dead (protocol §6).
    #[must_use]
    pub fn max_failures(self) -> u32 {
        match self {
            Self::Http => Limits::MAX_FAILURES,
            Self::WebSocket => 1,
        }
    }
}

const WIDTH: u32 = 1024;
const WORD: u32 = u64::BITS;

/// The sequences seen so far. [`ReplayWindow::accepts`] only looks; [`ReplayWindow::commit`] is for
/// frames that have proved themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayWindow {
    transport: Transport,
    /// Highest sequence committed; 0 before the first.
    highest: u32,
    /// One bit per sequence in `highest - 1023 ..= highest`, at the sequence modulo 1024.
    seen: [u64; (WIDTH / WORD) as usize],
}

impl ReplayWindow {
    /// A window that has seen nothing.
    #[must_use]
    pub fn new(transport: Transport) -> Self {
        Self {
            transport,
            highest: 0,
            seen: [0; _],
        }
    }

    /// The highest sequence committed; 0 before the first.
    #[must_use]
    pub fn highest(&self) -> u32 {
        self.highest
    }

    /// How strict the order is.
    #[must_use]
    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// Appends the window's state: the highest sequence, and over HTTP the 1024 bits.
    pub(crate) fn write(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(&self.highest.to_be_bytes());
        if self.transport == Transport::Http {
            to.extend(self.seen.iter().flat_map(|word| word.to_be_bytes()));
        }
    }

    /// Reads what [`ReplayWindow::write`] wrote.
    pub(crate) fn read(transport: Transport, bytes: &[u8]) -> Option<Self> {
        let (highest, rest) = bytes.split_first_chunk()?;
        let mut window = Self::new(transport);
        window.highest = u32::from_be_bytes(*highest);
        let words = match transport {
            Transport::Http => &mut window.seen[..],
            Transport::WebSocket => &mut [],
        };
        if rest.len() != words.len() * 8 {
            return None;
        }
        for (word, bytes) in words.iter_mut().zip(rest.chunks_exact(8)) {
            *word = bytes
                .iter()
                .fold(0, |word, &byte| word << 8 | u64::from(byte));
        }
        Some(window)
    }

    /// Whether this sequence is new. Sequences start at 1.
    #[must_use]
    pub fn accepts(&self, sequence: u32) -> bool {
        match self.transport {
            Transport::WebSocket => self.highest.checked_add(1) == Some(sequence),
            Transport::Http if sequence > self.highest => true,
            Transport::Http => {
                let (word, bit) = place(sequence);
                sequence != 0 && self.highest - sequence < WIDTH && self.seen[word] & bit == 0
            }
        }
    }

    /// Marks a sequence as seen. False, and nothing changes, if it was not new: two copies of one
    /// frame may be opened at the same time, and only one of them may count.
    #[must_use]
    pub fn commit(&mut self, sequence: u32) -> bool {
        if !self.accepts(sequence) {
            return false;
        }
        if sequence > self.highest {
            if sequence - self.highest >= WIDTH {
                self.seen = [0; _];
            } else {
                for skipped in self.highest + 1..sequence {
                    let (word, bit) = place(skipped);
                    self.seen[word] &= !bit;
                }
            }
            self.highest = sequence;
        }
        let (word, bit) = place(sequence);
        self.seen[word] |= bit;
        true
    }
}

fn place(sequence: u32) -> (usize, u64) {
    let index = sequence % WIDTH;
    ((index / WORD) as usize, 1 << (index % WORD))
}
