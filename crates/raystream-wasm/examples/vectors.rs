//! The vectors of `crates/raystream/vectors` as a WebAssembly module: one exported function runs
//! them all, two say where its report is. `__test__/raystream/vectors.test.mjs` reads it.
#![allow(
    unsafe_code,
    reason = "`no_mangle`: exported names cannot collide, all start with rs_"
)]
#![allow(clippy::expect_used, reason = "a vector file that is not there")]

use std::cell::RefCell;

// The suites find the crate's items at their own root, as they do inside the crate.
use kontract_raystream::{
    CallId, Direction, Draft, Flags, FrameBuf, HandshakeOutput, Incoming, Initiator, Limits,
    MessageType, Opener, Responder, ResumePsk, ResumeTicket, Sealer, SessionId, StaticKey, Suite,
    Transport, primitives,
};
use serde_json::{Value, json};

#[path = "../../raystream/vectors/mod.rs"]
mod vectors;

thread_local! {
    static REPORT: RefCell<String> = RefCell::default();
}

/// Runs every suite. Returns the length of the report: JSON, a list of
/// `{ name, ran, floor, failures }`.
#[unsafe(no_mangle)]
pub extern "C" fn rs_vectors() -> usize {
    let report = |report: vectors::Report| {
        json!({
            "name": report.name,
            "ran": report.ran,
            "floor": report.floor,
            "failures": report.failures,
        })
    };
    let reports: Vec<Value> = vectors::run().into_iter().map(report).collect();
    REPORT.with_borrow_mut(|text| {
        *text = Value::from(reports).to_string();
        text.len()
    })
}

/// Address of the report.
#[unsafe(no_mangle)]
pub extern "C" fn rs_report() -> *const u8 {
    REPORT.with_borrow(|text| text.as_ptr())
}
