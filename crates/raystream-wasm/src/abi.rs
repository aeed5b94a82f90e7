//! The exported functions. Nothing here dereferences a pointer: JavaScript reads and writes the
//! module's memory at the addresses it is told. The only thing the compiler counts as unsafe is
//! exporting a symbol by name.
#![allow(
    unsafe_code,
    reason = "`no_mangle`: exported names cannot collide, all start with rs_"
)]

use std::cell::RefCell;

use kontract_raystream::{CallId, Suite};

use crate::code::Code;
use crate::engine::{CallParts, Engine};

thread_local! {
    static ENGINE: RefCell<Engine> = RefCell::default();
}

fn engine<T>(run: impl FnOnce(&mut Engine) -> T) -> T {
    ENGINE.with_borrow_mut(run)
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

/// [`Engine::start`]; `suite` is 1 for AES-GCM, else ChaCha20-Poly1305.
#[unsafe(no_mangle)]
pub extern "C" fn rs_start(suite: u32) -> i32 {
    let suite = if suite == 1 {
        Suite::AesGcm
    } else {
        Suite::ChaChaPoly
    };
    engine(|engine| match engine.start(suite) {
        Ok(handle) => i32::try_from(handle).unwrap_or(Code::Handle as i32),
        Err(code) => code as i32,
    })
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
