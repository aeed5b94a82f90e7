//! The fuzz targets over their corpus, and a few seconds of mutations of it, with a stable compiler
//! and an eye on memory. The long runs are cargo-fuzz's (`fuzz/README.md`).
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(
    unsafe_code,
    reason = "counting what is allocated takes an allocator, and that is an unsafe trait"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

#[path = "../../../fuzz/src/targets/mod.rs"]
#[allow(
    clippy::pedantic,
    clippy::expect_used,
    reason = "a target that cannot go on has found something"
)]
mod targets;

use kontract_raystream::{
    ClientHello, Credit, Direction, Event, Heartbeat, Incoming, Limits, RpcCall, RpcError,
    RpcResponse, ServerHello, Subscribe,
};

thread_local! {
    static ALLOCATED: Cell<usize> = const { Cell::new(0) };
}

/// Adds up what this thread asks for.
struct Counting;

// SAFETY: hands everything through to the system's allocator; the count is a plain number of this
// thread, whose initialiser is constant and allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = ALLOCATED.try_with(|sum| sum.set(sum.get() + layout.size()));
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// Bytes this run asks for.
fn allocated(run: impl FnOnce()) -> usize {
    let before = ALLOCATED.get();
    run();
    ALLOCATED.get() - before
}

#[test]
fn the_corpus_runs_through() {
    for (name, run) in targets::ALL {
        let corpus = corpus(name);
        assert!(corpus.len() >= 4, "{name} has no corpus");
        for input in corpus {
            run(&input);
        }
    }
}

#[test]
fn mutations_of_the_corpus_run_through() {
    let mut random = Random(0x5eed);
    for (name, run) in targets::ALL {
        let corpus = corpus(name);
        let started = Instant::now();
        while started.elapsed() < Duration::from_millis(700) {
            let input = random.mutated(&corpus);
            run(&input);
        }
    }
}

/// What a stranger's bytes may cost: a reader holds borrowed slices, 32 bytes each, for vectors whose
/// elements take at least 4 bytes of the input; an error path formats nothing.
#[test]
fn readers_allocate_little_more_than_their_input() {
    type Reader = (&'static str, fn(&[u8]));
    const READERS: [Reader; 9] = [
        ("RPCCall", |b| _ = RpcCall::decode(b)),
        ("RPCResponse", |b| _ = RpcResponse::decode(b)),
        ("RPCError", |b| _ = RpcError::decode(b)),
        ("Subscribe", |b| _ = Subscribe::decode(b)),
        ("Credit", |b| _ = Credit::decode(b)),
        ("Event", |b| _ = Event::decode(b)),
        ("Heartbeat", |b| _ = Heartbeat::decode(b)),
        ("ClientHello", |b| _ = ClientHello::decode(b)),
        ("ServerHello", |b| _ = ServerHello::decode(b)),
    ];
    let mut random = Random(0xa110c);
    let corpus = [corpus("envelope"), corpus("frame_parser")].concat();
    for round in 0..20_000 {
        let mut input = match corpus.get(round) {
            Some(input) => input.clone(),
            None => random.mutated(&corpus),
        };
        for (name, read) in READERS {
            let bytes = allocated(|| read(&input));
            let budget = 16 * input.len() + 256;
            assert!(bytes <= budget, "{name}: {bytes} bytes for {}", input.len());
        }
        for direction in [Direction::ClientToServer, Direction::ServerToClient] {
            let parse = || drop(Incoming::parse(&mut input, direction, Limits::default()));
            assert_eq!(allocated(parse), 0, "a frame's shape costs nothing");
        }
    }
}

fn corpus(name: &str) -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("../../fuzz/corpus").join(name);
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

/// xorshift64*: the same run every time.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end.max(1)).unwrap()).unwrap()
    }

    /// One of the inputs with a few bytes changed, cut, doubled or spliced with another.
    fn mutated(&mut self, corpus: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = corpus[self.below(corpus.len())].clone();
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len());
            match self.below(6) {
                0 if !bytes.is_empty() => bytes[at] ^= 1 << self.below(8),
                1 if !bytes.is_empty() => bytes[at] = self.next().to_be_bytes()[0],
                2 => bytes.truncate(at),
                3 => bytes.insert(at, self.next().to_be_bytes()[0]),
                4 => {
                    let other = &corpus[self.below(corpus.len())];
                    let from = self.below(other.len());
                    bytes.truncate(at);
                    bytes.extend_from_slice(&other[from..]);
                }
                _ => {
                    let special = [0, 1, 0x7f, 0x80, 0xff];
                    let byte = special[self.below(special.len())];
                    let end = (at + self.below(5)).min(bytes.len());
                    bytes[at..end].fill(byte);
                }
            }
        }
        bytes.truncate(8192);
        bytes
    }
}
