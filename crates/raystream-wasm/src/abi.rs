//! The exported functions. Nothing here dereferences a pointer: JavaScript reads and writes the
//! module's memory at the addresses it is told. The only thing the compiler counts as unsafe is
//! exporting a symbol by name.
#![allow(
    unsafe_code,
    reason = "`no_mangle`: exported names cannot collide, all start with rs_"
)]

use std::cell::RefCell;

use kontract_raystream::{CallId, Credit, Suite, Transport};

use crate::code::Code;
use crate::engine::{CallParts, Engine};
use crate::events::SubscribeParts;

thread_local! {
    static ENGINE: RefCell<Engine> = RefCell::default();
}

fn engine<T>(run: impl FnOnce(&mut Engine) -> T) -> T {
    ENGINE.with_borrow_mut(run)
}

fn handle(result: Result<usize, Code>) -> i32 {
    match result {
        Ok(handle) => i32::try_from(handle).unwrap_or(Code::Handle as i32),
        Err(code) => code as i32,
    }
}

fn transport(options: u32) -> Transport {
    if options & 2 == 2 {
        Transport::WebSocket
    } else {
        Transport::Http
    }
}

fn status(result: Result<(), Code>) -> i32 {
    result.map_or_else(|code| code as i32, |()| 0)
}

/// Address of an input buffer of this length; 0 if it is too long. Valid until the next call.
#[unsafe(no_mangle)]
pub extern "C" fn rs_input(length: usize) -> *mut u8 {
    engine(|engine| {
        engine
            .input(length)
            .map_or(std::ptr::null_mut(), <[u8]>::as_mut_ptr)
    })
}

/// Address of the output.
#[unsafe(no_mangle)]
pub extern "C" fn rs_output() -> *const u8 {
    engine(|engine| engine.output().as_ptr())
}

/// Length of the output.
#[unsafe(no_mangle)]
pub extern "C" fn rs_output_len() -> usize {
    engine(|engine| engine.output().len())
}

/// Address of the view.
#[unsafe(no_mangle)]
pub extern "C" fn rs_view() -> *const u32 {
    engine(|engine| engine.view().as_ptr())
}

/// [`Engine::start`]; bit 0 of `options` is AES-GCM instead of ChaCha20-Poly1305, bit 1 a WebSocket
/// instead of HTTP.
#[unsafe(no_mangle)]
pub extern "C" fn rs_start(options: u32) -> i32 {
    let suite = if options & 1 == 1 {
        Suite::AesGcm
    } else {
        Suite::ChaChaPoly
    };
    handle(engine(|engine| engine.start(suite, transport(options))))
}

/// [`Engine::resume`]; bit 1 of `options` as in [`rs_start`], bit 0 says that there is a `last_txid`.
#[unsafe(no_mangle)]
pub extern "C" fn rs_resume(session: usize, options: u32, last_txid: u64) -> i32 {
    let last_txid = (options & 1 == 1).then_some(last_txid);
    let transport = transport(options);
    handle(engine(|engine| {
        engine.resume(session, transport, last_txid)
    }))
}

/// [`Engine::finish`].
#[unsafe(no_mangle)]
pub extern "C" fn rs_finish(handle: usize) -> i32 {
    status(engine(|engine| engine.finish(handle)))
}

/// [`Engine::call`].
#[unsafe(no_mangle)]
pub extern "C" fn rs_call(
    handle: usize,
    call: u64,
    method: usize,
    token: usize,
    metadata: usize,
    deadline_ms: u32,
    schema_hash: u64,
) -> i32 {
    let call = CallId(call);
    let parts = CallParts {
        call,
        method,
        token,
        metadata,
        deadline_ms,
        schema_hash,
    };
    status(engine(|engine| engine.call(handle, parts)))
}

/// [`Engine::open`].
#[unsafe(no_mangle)]
pub extern "C" fn rs_open(handle: usize) -> i32 {
    engine(|engine| engine.open(handle)).unwrap_or_else(|code| code as i32)
}

/// [`Engine::subscribe`].
#[unsafe(no_mangle)]
pub extern "C" fn rs_subscribe(
    handle: usize,
    call: u64,
    method: usize,
    token: usize,
    metadata: usize,
    resume_token: usize,
    events: u32,
    bytes: u32,
    schema_hash: u64,
) -> i32 {
    let parts = SubscribeParts {
        call: CallId(call),
        method,
        token,
        metadata,
        resume_token,
        credit: Credit { events, bytes },
        schema_hash,
    };
    status(engine(|engine| engine.subscribe(handle, parts)))
}

/// [`Engine::credit`].
#[unsafe(no_mangle)]
pub extern "C" fn rs_credit(handle: usize, call: u64, events: u32, bytes: u32) -> i32 {
    let credit = Credit { events, bytes };
    status(engine(|engine| engine.credit(handle, CallId(call), credit)))
}

/// [`Engine::unsubscribe`].
#[unsafe(no_mangle)]
pub extern "C" fn rs_unsubscribe(handle: usize, call: u64) -> i32 {
    status(engine(|engine| engine.unsubscribe(handle, CallId(call))))
}

/// [`Engine::heartbeat`].
#[unsafe(no_mangle)]
pub extern "C" fn rs_heartbeat(handle: usize, timestamp: u64) -> i32 {
    status(engine(|engine| engine.heartbeat(handle, timestamp)))
}

/// [`Engine::close`].
#[unsafe(no_mangle)]
pub extern "C" fn rs_close(handle: usize) -> i32 {
    status(engine(|engine| engine.close(handle)))
}

/// [`Engine::should_renew`] as 0 or 1.
#[unsafe(no_mangle)]
pub extern "C" fn rs_should_renew(handle: usize) -> i32 {
    engine(|engine| engine.should_renew(handle)).into()
}

/// [`Engine::free`].
#[unsafe(no_mangle)]
pub extern "C" fn rs_free(handle: usize) {
    engine(|engine| engine.free(handle));
}
