//! The user's functions on JavaScript's thread.

use std::sync::Arc;

use kontract_gateway::{Functions, Invocation, Reply, UserError};
use napi::bindgen_prelude::{Function, Result, Status};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use tokio::sync::oneshot;

use super::NodeHost;
use super::call::NativeCall;

/// The dispatcher, callable from any thread. It answers through the call it is given.
type Dispatcher = ThreadsafeFunction<NativeCall, (), NativeCall, Status, false, false, 0>;

/// One build's dispatcher.
pub struct JsFunctions {
    dispatcher: Arc<Dispatcher>,
}

impl JsFunctions {
    /// Wraps the JavaScript function `(call) => void`.
    pub fn new(dispatch: &Function<'_, NativeCall, ()>) -> Result<Self> {
        let dispatcher = dispatch.build_threadsafe_function::<NativeCall>().build()?;
        Ok(Self {
            dispatcher: Arc::new(dispatcher),
        })
    }
}

impl Functions<NodeHost> for JsFunctions {
    async fn call(
        &self,
        invocation: Invocation<NodeHost>,
    ) -> std::result::Result<Reply, UserError> {
        let (finished, end) = oneshot::channel();
        let call = NativeCall::new(invocation, finished);
        let status = self
            .dispatcher
            .call(call, ThreadsafeFunctionCallMode::NonBlocking);
        if status != Status::Ok {
            return Err(gone(&format!(
                "JavaScript's thread takes no calls ({status})"
            )));
        }
        // The sender is dropped unused when JavaScript lets go of the call without an answer.
        end.await
            .unwrap_or_else(|_| Err(gone("the handler ended without an answer")))
    }
}

fn gone(message: &str) -> UserError {
    UserError {
        code: "INTERNAL_ERROR".to_owned(),
        status: 500,
        message: message.to_owned(),
        stack: None,
    }
}
