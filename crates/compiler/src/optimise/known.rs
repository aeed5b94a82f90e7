//! What one module can know of others: constants, and which routes are called by other code.

use std::collections::BTreeSet;

use swc_core::ecma::ast::{
    Expr, Lit, Module, ModuleItem, Pat, UnaryExpr, UnaryOp, VarDecl, VarDeclKind,
};

use crate::modules::{Imported, Modules, Source, declaration};
use crate::split::{Item, Reference, Shape, target};

/// A longer text stays where it is: it would be there once for every use.
const LONGEST: usize = 32;

/// A value that can stand in the place of a name: its identity cannot be told, and it is short.
pub(super) fn literal(value: &Expr) -> Option<Lit> {
    match value {
        Expr::Paren(paren) => literal(&paren.expr),
        Expr::Lit(Lit::Str(text)) if text.value.len() > LONGEST => None,
        Expr::Lit(lit @ (Lit::Str(_) | Lit::Num(_) | Lit::Bool(_) | Lit::Null(_))) => {
            Some(lit.clone())
        }
        Expr::Unary(UnaryExpr {
            op: UnaryOp::Minus,
            arg,
            ..
        }) => match &**arg {
            Expr::Lit(Lit::Num(number)) => Some(Lit::Num((-number.value).into())),
            _ => None,
        },
        _ => None,
    }
}

/// The value of a module's constant, if it is written down as one.
pub(crate) fn literal_of(module: &Module, name: &str) -> Option<Lit> {
    let of_item = |item: &ModuleItem| {
        let constant: &VarDecl = declaration(item)?.as_var()?;
        if constant.kind != VarDeclKind::Const {
            return None;
        }
        let is_it = |pat: &Pat| pat.as_ident().is_some_and(|i| i.sym == *name);
        let declarator = constant.decls.iter().find(|d| is_it(&d.name))?;
        literal(declarator.init.as_deref()?)
    };
    module.body.iter().find_map(of_item)
}

/// What is referred to by code of the project: a route among it is called with the `ctx` of others.
#[derive(Debug, Default)]
pub(crate) struct Called {
    names: BTreeSet<(usize, String)>,
    /// Files whose namespace is a value somewhere: anything of them may be called.
    whole: BTreeSet<usize>,
}

impl Called {
    pub(crate) fn new<'a>(modules: &Modules, items: impl Iterator<Item = &'a [Item]>) -> Self {
        let mut called = Self::default();
        for (file, items) in items.enumerate() {
            for item in items.iter().filter(|i| i.shape != Shape::Export) {
                for reference in &item.refers {
                    called.add(modules, file, item, reference);
                }
            }
        }
        called
    }

    pub(crate) fn has(&self, file: usize, local: &str) -> bool {
        self.whole.contains(&file) || self.names.contains(&(file, local.to_owned()))
    }

    fn add(&mut self, modules: &Modules, file: usize, item: &Item, reference: &Reference) {
        if let Some(found) = target(modules, file, reference) {
            // A function that calls itself passes on its own `ctx`.
            if found.0 != file || item.declares.first() != Some(&found.1) {
                self.names.insert(found);
            }
            return;
        }
        let (Reference::Name(name) | Reference::Member(name, _)) = reference;
        if let Some(import) = modules.names[file].imports.get(name)
            && let (Source::Project(whole), Imported::Namespace) = (&import.from, &import.name)
        {
            self.whole.insert(*whole);
        }
    }
}
