//! What a run of transactions did, as its callers saw it.

/// Values appended to a key are never the same twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    Append { key: u32, value: u32 },
    Read { key: u32, values: Vec<u32> },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    Committed,
    /// It failed before it could have written.
    Aborted,
    /// Nobody told: what it appended may be there or not, what it read is not known.
    Unknown,
}

#[derive(Debug, Clone)]
pub struct Transaction {
    pub ops: Vec<Op>,
    /// Nanoseconds of one clock for the whole history.
    pub began: u64,
    pub ended: u64,
    pub ending: Ending,
}

pub type History = Vec<Transaction>;
