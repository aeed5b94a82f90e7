//! What a server sent, for JavaScript.

use kontract_raystream::{CallId, Reply};

use crate::code::Code;
use crate::engine::{Engine, VIEW_LEN, halves, place, session, write_pairs};

impl Engine {
    /// Opens a reply in place. Input: the frame. Returns what it is, and says more in the view, whose
    /// first three words are the call id (low, high) and a number:
    ///
    /// | result | | number | then |
    /// |---|---|---|---|
    /// | 1 | a response | status | place and length of the data |
    /// | 2 | an error | status | the same of its code, its message, its stack |
    /// | 3 | a heartbeat | whether it is an answer | timestamp, the server's time (low, high) |
    /// | 4 | the end of the session | | |
    /// | 5 | an event | whether it is the last | the same of its data and its resume token; whether it names a transaction, and which (low, high) |
    ///
    /// Word 9 is the length of the output, which holds a response's headers in the form of metadata.
    pub fn open(&mut self, handle: usize) -> Result<i32, Code> {
        let session = session(&self.slots, handle)?;
        let start = self.input.as_ptr().addr();
        let mut view = [0; VIEW_LEN];
        self.output.clear();
        let mut show = |word: usize, part: &[u8]| {
            if !part.is_empty() {
                view[word] = place(part.as_ptr().addr() - start);
                view[word + 1] = place(part.len());
            }
        };
        let (kind, call, number) = match session.open(&mut self.input)? {
            Reply::Response(call, response) => {
                show(3, response.data);
                write_pairs(&mut self.output, &response.headers);
                (1, call, response.status)
            }
            Reply::Error(call, error) => {
                show(3, error.code.as_bytes());
                show(5, error.message.as_bytes());
                show(7, error.stack.unwrap_or_default().as_bytes());
                (2, call, error.status)
            }
            Reply::Heartbeat(beat) => {
                [view[3], view[4]] = halves(beat.timestamp);
                [view[5], view[6]] = halves(beat.server_time.unwrap_or_default());
                (3, CallId::NONE, beat.server_time.is_some().into())
            }
            Reply::Close => (4, CallId::NONE, 0),
            Reply::Event { call, event, last } => {
                show(3, event.data);
                show(5, event.resume_token.unwrap_or_default());
                view[7] = event.txid.is_some().into();
                [view[8], view[10]] = halves(event.txid.unwrap_or_default());
                (5, call, last.into())
            }
            Reply::Clear(code) => return Err(code.into()),
        };
        [view[0], view[1]] = halves(call.0);
        view[2] = number.into();
        view[9] = place(self.output.len());
        self.view = view;
        Ok(kind)
    }
}
