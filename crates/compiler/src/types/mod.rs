//! What crosses the wire and what lies in tables: a syntactic resolver of TypeScript's types.

mod declared;
mod fields;
mod infer;
mod ir;
mod merge;
mod recorded;
mod resolve;
mod tables;
mod utility;

pub(crate) use infer::{literal, reply_of_body};
pub(crate) use ir::{Field, Kind, Number, Slot, Types, is_identifier, property, quote};
pub(crate) use merge::narrow;
pub(crate) use recorded::{Recorded, Replies};
pub(crate) use resolve::{Resolved, Resolver, annotation};
pub(crate) use tables::{TableDecl, find_tables};
