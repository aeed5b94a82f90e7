//! Which sequence numbers a receiver still takes (protocol §7).

/// How frames reach a session; decides how strict the order is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transport {
    /// Concurrent requests: any order within a window of 1024.
    Http,
    /// An ordered stream: exactly one after the last.
    WebSocket,
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
