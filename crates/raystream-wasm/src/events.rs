//! Subscriptions, as JavaScript asks for them.

use kontract_raystream::{CallId, Credit, Subscribe};

use crate::code::Code;
use crate::engine::{Engine, pairs, session, split, text};

/// How the input of a subscription is divided: `method ‖ token ‖ metadata ‖ resume token ‖ args`.
#[derive(Debug, Clone, Copy)]
pub struct SubscribeParts {
    /// The subscription.
    pub call: CallId,
    /// Bytes of the method.
    pub method: usize,
    /// Bytes of the token; 0 for none.
    pub token: usize,
    /// Bytes of the metadata, as in a call.
    pub metadata: usize,
    /// Bytes of the resume token; 0 for none.
    pub resume_token: usize,
    /// What may come before more credit is given.
    pub credit: Credit,
    /// The source's schema hash.
    pub schema_hash: u64,
}

impl Engine {
    /// Seals a request for events. Input: see [`SubscribeParts`]. Output: the frame.
    pub fn subscribe(&mut self, handle: usize, parts: SubscribeParts) -> Result<(), Code> {
        let session = session(&self.slots, handle)?;
        let (method, rest) = split(&self.input, parts.method)?;
        let (token, rest) = split(rest, parts.token)?;
        let (metadata, rest) = split(rest, parts.metadata)?;
        let (resume_token, args) = split(rest, parts.resume_token)?;
        let subscribe = Subscribe {
            metadata: pairs(metadata)?,
            resume_token: (!resume_token.is_empty()).then_some(resume_token),
            schema_hash: parts.schema_hash,
            token: (!token.is_empty()).then(|| text(token)).transpose()?,
            ..Subscribe::new(text(method)?, args, parts.credit)
        };
        self.output = session.seal_subscribe(parts.call, &subscribe)?;
        Ok(())
    }

    /// Seals more credit for a subscription. Output: the frame.
    pub fn credit(&mut self, handle: usize, call: CallId, credit: Credit) -> Result<(), Code> {
        self.output = session(&self.slots, handle)?.seal_credit(call, credit)?;
        Ok(())
    }

    /// Seals the end of a subscription. Output: the frame.
    pub fn unsubscribe(&mut self, handle: usize, call: CallId) -> Result<(), Code> {
        self.output = session(&self.slots, handle)?.seal_unsubscribe(call)?;
        Ok(())
    }
}
