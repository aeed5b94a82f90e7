//! The backend functions of a project: where they stand, what they take and give.

mod address;
mod body;
mod find;
mod signature;

pub(crate) use find::{backend_call, call_of_kontract, find_routes};
pub(crate) use signature::typed;

use swc_core::ecma::ast::{Expr, Pat, TsType};

use crate::diagnostics::Range;
use crate::types::Slot;

/// A backend function as written.
pub(crate) struct RouteDecl<'a> {
    /// What it is called on the wire.
    pub id: String,
    /// What it is called in its module.
    pub name: String,
    pub file: usize,
    /// Its name.
    pub range: Range,
    pub meta: Meta,
    pub params: Vec<&'a Pat>,
    pub body: Body<'a>,
    pub returns: Option<&'a TsType>,
}

/// What the decorator says.
#[derive(Debug, Clone)]
pub(crate) struct Meta {
    pub perm: u8,
    pub ugroup: Option<String>,
    pub egroup: Option<String>,
}

pub(crate) enum Body<'a> {
    Block(Option<&'a swc_core::ecma::ast::FunctionBody>),
    Expr(&'a Expr),
}

/// A backend function with its types.
pub(crate) struct RouteType {
    pub id: String,
    pub name: String,
    pub file: usize,
    pub range: Range,
    pub meta: Meta,
    pub params: Vec<Param>,
    pub reply: Slot,
}

impl RouteType {
    /// Everything that crosses the wire.
    pub(crate) fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.params.iter().map(|p| &p.slot).chain([&self.reply])
    }
}

/// A parameter as the caller sees it.
pub(crate) struct Param {
    pub name: String,
    pub slot: Slot,
    pub rest: bool,
}
