//! The server half made smaller and faster (the specification's phase 4): what is known is put in
//! its place, small functions go where they are called, and what cannot happen is left out.
//!
//! Known are the constants of a module and of those it imports ([`constants`]), `perms`, and the
//! `ctx.perm` of a route that only its own calls reach ([`perm`]). swc's simplifier folds what
//! follows from that. Only code that runs in a call is given constants of the module: while modules
//! are loading, a name may be read before it has its value, and that has to stay an error.

mod compare;
mod constants;
mod functions;
mod known;
mod perm;
mod stable;

use std::collections::BTreeMap;

use swc_core::common::EqIgnoreSpan;
use swc_core::ecma::ast::{Id, Lit, Module, ModuleItem, Pass, Program};
use swc_core::ecma::transforms::optimization::simplify::{
    ExprSimplifierConfig, dce, dead_branch_remover, expr_simplifier,
};

pub(crate) use known::{Called, literal_of};

use self::compare::fold_comparisons;
use self::constants::propagate;
use self::functions::inline;
use self::perm::fold_perm;
use crate::split::Half;

/// Enough for a constant to reach a condition through a helper, and for the branch to go.
const ROUNDS: usize = 4;

/// What is known of a module from outside of it.
pub(crate) struct Known<'a> {
    /// Routes of the module, by local name, whose `ctx.perm` is always their own.
    pub perms: BTreeMap<String, u8>,
    /// Imported constants, by their name here.
    pub imported: BTreeMap<Id, Lit>,
    /// Whether a top-level item is code that runs in calls only.
    pub in_call: Box<dyn Fn(&ModuleItem) -> bool + 'a>,
}

/// Optimises the server half of one module.
pub(crate) fn optimise(module: &mut Module, half: &Half, known: &Known<'_>) {
    let unresolved = half.unresolved;
    let mark = unresolved.outer();
    for _ in 0..ROUNDS {
        let before = module.clone();
        inline(module, &known.in_call);
        fold_perm(module, &known.perms);
        propagate(module, unresolved, known);
        fold_comparisons(module);
        let mut program = Program::Module(std::mem::take(module));
        expr_simplifier(mark, ExprSimplifierConfig {}).process(&mut program);
        dead_branch_remover(mark).process(&mut program);
        let config = dce::Config {
            top_level: false,
            ..dce::Config::default()
        };
        dce::dce(config, mark).process(&mut program);
        let Program::Module(optimised) = program else {
            unreachable!("a module stays a module")
        };
        *module = optimised;
        if module.eq_ignore_span(&before) {
            return;
        }
    }
}
