//! Writing files: JavaScript with its map, declarations, the manifest, the lock.

mod declarations;
mod index;
mod lock;
mod manifest;
mod mappings;
mod print;
mod wire_lock;

pub(crate) use declarations::declarations;
pub(crate) use index::{client_files, server_files};
pub(crate) use lock::Lock;
pub(crate) use manifest::{manifest, table_entries};
pub(crate) use print::{Page, Printed, Stub, print};
