//! The functions of the Worker itself, until it runs those of a project.

use kontract_gateway::{Functions, Invocation, Reply, UserError};

use crate::host::WorkerHost;

/// What the gateway knows of them.
pub const MANIFEST: &str =
    r#"{"version":1,"routes":[{"id":"echo","perm":4,"hash":"0000000000000000"}],"tables":[]}"#;

/// `echo` replies with its arguments.
pub struct Builtin;

impl Functions<WorkerHost> for Builtin {
    async fn call(&self, invocation: Invocation<WorkerHost>) -> Result<Reply, UserError> {
        Ok(Reply {
            data: invocation.args.to_vec(),
            status: 200,
            headers: Vec::new(),
        })
    }
}
