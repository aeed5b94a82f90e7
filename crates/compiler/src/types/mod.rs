//! What crosses the wire and what lies in tables: a syntactic resolver of TypeScript's types.

mod constant;
mod declared;
mod dictionary;
mod exclude;
mod fields;
mod infer;
mod ir;
mod literal;
mod merge;
mod query;
mod recorded;
mod reference;
mod resolve;
mod settle;
mod tables;
mod tuple;
mod typescript;
mod union;
mod utility;
mod walk;

pub(crate) use declared::type_name;
pub(crate) use infer::{literal, reply_of_body};
pub(crate) use ir::{Field, Kind, Literal, Number, Slot, Types, is_identifier, property, quote};
pub(crate) use merge::narrow;
pub(crate) use recorded::{Recorded, Replies};
pub(crate) use resolve::{Resolved, Resolver, annotation};
pub(crate) use tables::{TableDecl, find_tables, used_tables};
pub(crate) use typescript::is_optional;
pub(crate) use utility::argument_of;
pub(crate) use walk::Reach;
