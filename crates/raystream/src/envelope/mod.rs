//! What frames carry: the tables of `raystream.fbs`, read and written without copies. Reading checks
//! every offset and budget; what it returns borrows from the payload.

mod event;
mod heartbeat;
mod hello;
mod read;
mod reply;
mod rpc;
mod write;

pub use event::{Event, Subscribe};
pub use heartbeat::Heartbeat;
pub use hello::{ClientHello, ServerHello};
pub use reply::{RpcError, RpcResponse};
pub use rpc::{RpcCall, request_hash};
