//! The Node addon: thin bindings for the compiler and the keys, and the Node host of the gateway.
//!
//! What is decided about a program is decided in `kontract-compiler`, what is decided about a
//! request in `kontract-gateway`; here are files, sockets and JavaScript's thread. The JavaScript
//! side of every item is described in `docs/design/interfaces.md`, section 6.

#![allow(
    clippy::needless_pass_by_value,
    reason = "napi hands arguments over by value"
)]

mod collect;
mod compiler;
mod doctor;
mod host;
mod keys;
mod migrate;
mod project;

/// A compile on all cores is mostly small allocations: the system's allocator took a fifth of its time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
