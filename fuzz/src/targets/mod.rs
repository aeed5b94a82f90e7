//! One function per target. Each takes any bytes, and panics only if the protocol is broken.

pub mod envelope;
pub mod frame_parser;
pub mod hellos;
mod input;
pub mod session;
pub mod window;

/// A target.
pub type Target = fn(&[u8]);

/// Every target by its name, which is also its folder of the corpus.
pub const ALL: [(&str, Target); 5] = [
    ("frame_parser", frame_parser::run),
    ("hellos", hellos::run),
    ("envelope", envelope::run),
    ("window", window::run),
    ("session", session::run),
];
