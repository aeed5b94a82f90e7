//! The top-level items of a module: what each declares and what it refers to.

use std::collections::BTreeSet;

use swc_core::common::{GLOBALS, Globals, Span, Spanned, SyntaxContext};
use swc_core::ecma::ast::{
    Decl, DefaultDecl, ExportSpecifier, Expr, Ident, Lit, MemberExpr, MemberProp, Module,
    ModuleDecl, ModuleItem, Pat, Stmt,
};
use swc_core::ecma::visit::{Visit, VisitWith};

use crate::modules::{declaration, declared_names, export_name};
use crate::notes::Notes;

/// A module as JavaScript with resolved names.
pub(crate) struct Half {
    pub module: Module,
    /// The context of names nothing in the module declares.
    pub unresolved: SyntaxContext,
    /// The context of names of the module's top level, imports included.
    pub top_level: SyntaxContext,
    /// The file's comments, and those the JSX transform adds.
    pub notes: Notes,
    /// What the contexts above count in, as it was when this was made.
    pub globals: Globals,
}

impl Half {
    /// Runs `work` with a copy of the file's marks: its result does not depend on what ran before.
    pub(crate) fn within<T>(&self, work: impl FnOnce() -> T) -> T {
        GLOBALS.set(&self.globals.clone_data(), work)
    }
}

/// A name an item refers to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reference {
    /// A name of the module's top level.
    Name(String),
    /// `namespace.name`, where the namespace may be an import.
    Member(String, String),
}

/// What an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Import,
    /// A function declaration, or a `const` that is an arrow or a function: it can take hidden parameters.
    Function,
    /// Any other declaration, and `export default` of an expression.
    Value,
    /// `export { … }` and `export … from`.
    Export,
    /// Runs when the module is loaded.
    Statement,
}

/// One top-level item.
#[derive(Debug)]
pub(crate) struct Item {
    pub shape: Shape,
    pub declares: Vec<String>,
    pub refers: BTreeSet<Reference>,
    /// `ctx` or `env` with nothing that declares it.
    pub ambient: Option<(String, Span)>,
    /// `perms` with nothing that declares it.
    pub perms: bool,
    pub span: Span,
}

/// Looks at every item of a module.
pub(crate) fn analyse(half: &Half) -> Vec<Item> {
    half.module
        .body
        .iter()
        .map(|item| analyse_item(half, item))
        .collect()
}

fn analyse_item(half: &Half, item: &ModuleItem) -> Item {
    let mut names = Names {
        half,
        refers: BTreeSet::new(),
        ambient: None,
        perms: false,
    };
    let (shape, declares) = match item {
        ModuleItem::ModuleDecl(ModuleDecl::Import(_)) => (Shape::Import, Vec::new()),
        ModuleItem::ModuleDecl(ModuleDecl::ExportNamed(export)) => {
            if export.src.is_none() {
                for specifier in &export.specifiers {
                    if let ExportSpecifier::Named(s) = specifier {
                        names.refers.insert(Reference::Name(export_name(&s.orig)));
                    }
                }
            }
            (Shape::Export, Vec::new())
        }
        ModuleItem::ModuleDecl(ModuleDecl::ExportAll(_)) | ModuleItem::Stmt(Stmt::Empty(_)) => {
            (Shape::Export, Vec::new())
        }
        ModuleItem::ModuleDecl(ModuleDecl::ExportDefaultDecl(export)) => {
            export.visit_with(&mut names);
            let (shape, name) = match &export.decl {
                DefaultDecl::Fn(f) => (Shape::Function, f.ident.as_ref()),
                DefaultDecl::Class(c) => (Shape::Value, c.ident.as_ref()),
                DefaultDecl::TsInterfaceDecl(i) => (Shape::Value, Some(&i.id)),
            };
            (
                shape,
                vec![name.map_or_else(|| "default".to_owned(), |n| n.sym.to_string())],
            )
        }
        ModuleItem::ModuleDecl(ModuleDecl::ExportDefaultExpr(export)) => {
            export.visit_with(&mut names);
            let declares = if export.expr.is_ident() {
                Vec::new()
            } else {
                vec!["default".to_owned()]
            };
            (Shape::Value, declares)
        }
        other => {
            other.visit_with(&mut names);
            match declaration(other) {
                Some(decl) => (shape_of(decl), declared_names(decl)),
                None => (Shape::Statement, Vec::new()),
            }
        }
    };
    for declared in &declares {
        names.refers.remove(&Reference::Name(declared.clone()));
    }
    Item {
        shape,
        declares,
        refers: names.refers,
        ambient: names.ambient,
        perms: names.perms,
        span: item.span(),
    }
}

fn shape_of(decl: &Decl) -> Shape {
    match decl {
        Decl::Fn(_) => Shape::Function,
        Decl::Var(var) => match var.decls.as_slice() {
            [d] if matches!(d.name, Pat::Ident(_)) => match d.init.as_deref() {
                Some(Expr::Arrow(_) | Expr::Fn(_)) => Shape::Function,
                _ => Shape::Value,
            },
            _ => Shape::Value,
        },
        _ => Shape::Value,
    }
}

struct Names<'a> {
    half: &'a Half,
    refers: BTreeSet<Reference>,
    ambient: Option<(String, Span)>,
    perms: bool,
}

impl Visit for Names<'_> {
    fn visit_ident(&mut self, node: &Ident) {
        if node.ctxt == self.half.top_level {
            self.refers.insert(Reference::Name(node.sym.to_string()));
        } else if node.ctxt == self.half.unresolved {
            match &*node.sym {
                "ctx" | "env" => {
                    self.ambient
                        .get_or_insert((node.sym.to_string(), node.span));
                }
                "perms" => self.perms = true,
                _ => {}
            }
        }
    }

    fn visit_member_expr(&mut self, node: &MemberExpr) {
        if let (Expr::Ident(namespace), Some(name)) = (&*node.obj, property_name(&node.prop))
            && namespace.ctxt == self.half.top_level
        {
            self.refers
                .insert(Reference::Member(namespace.sym.to_string(), name));
            return;
        }
        node.visit_children_with(self);
    }
}

/// The property of `object.name` and `object['name']`.
pub(super) fn property_name(prop: &MemberProp) -> Option<String> {
    match prop {
        MemberProp::Ident(name) => Some(name.sym.to_string()),
        MemberProp::Computed(computed) => match &*computed.expr {
            Expr::Lit(Lit::Str(name)) => Some(name.value.to_string_lossy().into_owned()),
            _ => None,
        },
        MemberProp::PrivateName(_) => None,
    }
}
