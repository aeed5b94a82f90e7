//! One request's life, whichever host carries it.
//!
//! A host brings a database, the user's functions, a clock and randomness ([`Host`]); the gateway
//! opens sessions ([`Gateway::handshake`]), answers their frames ([`Gateway::exchange`]; for a whole
//! WebSocket [`Gateway::socket`]), and keeps rows and transactions ([`Transaction`]). It knows neither runtime nor operating system.

mod call;
mod carry;
mod config;
mod deployment;
mod drain;
mod gateway;
mod handshake;
mod host;
mod identity;
mod manifest;
mod migrate;
mod perm;
mod plain;
mod refusal;
mod resume;
mod session;
mod socket;
mod storage;
mod subscribe;

pub use carry::{Inbound, Outbound};
pub use config::GatewayConfig;
pub use gateway::{Carrier, Exchange, Gateway};
pub use handshake::Handshake;
pub use host::{
    Cell, Clock, Connection, Context, Database, DbError, Document, Encoding, Entropy, Fetch,
    FetchError, Functions, Host, Invocation, Outcome, Reply, Row, UserError, Value,
};
pub use identity::{
    Identity, IssueError, JwksUrl, JwksUrlError, KeyError, NewToken, TokenConfig, TokenKey,
};
pub use manifest::{
    FieldEntry, FieldKind, Manifest, ManifestError, RouteEntry, TableEntry, Tenancy,
};
pub use migrate::{
    Existing, GATEWAY_ROLE, IndexNote, Login, MigrationError, Plan, StoredTable, TableNote,
    is_degraded, plan,
};
pub use perm::Perm;
pub use plain::{PlainEntry, PlainReply};
pub use session::Session;
pub use storage::{
    Apply, CallKey, Changes, Collected, Committed, Dependencies, Direction, Domain, Domains,
    Filter, Mode, Page, Part, Place, Query, Schema, Select, Slot, Snapshot, Statement,
    StorageError, Stored, Table, TableSql, Transaction, Txid, ValidateWindow, Window, collect,
    is_owner,
};
pub use subscribe::Events;
