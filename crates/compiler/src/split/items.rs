//! The top-level items of a module: what each declares and what it refers to.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use swc_core::common::{GLOBALS, Globals, Span, Spanned, SyntaxContext};
use swc_core::ecma::ast::{
    AssignTarget, BreakStmt, CallExpr, Callee, ContinueStmt, Decl, DefaultDecl, ExportSpecifier,
    Expr, Id, Ident, ImportSpecifier, LabeledStmt, Lit, MemberExpr, MemberProp, Module, ModuleDecl,
    ModuleItem, Pat, SimpleAssignTarget, Stmt, UnaryExpr, op,
};
use swc_core::ecma::utils::find_pat_ids;
use swc_core::ecma::visit::{Visit, VisitWith};

use crate::modules::{declaration, declared_names, export_name};
use crate::notes::Notes;
use crate::resolve::dynamic_import;

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
    /// The name this statement makes whole: `Name.x = …`, a namespace's body, a class's decorators.
    pub augments: Option<String>,
    /// Names that `export { local as name }` gives to what a transform has renamed.
    pub renames: Vec<String>,
    /// What it loads with `import('…')`.
    pub imports: BTreeSet<String>,
    /// Other names nothing in the module declares, where `typeof` does not ask for them first.
    pub free: BTreeMap<String, Span>,
    /// An import marked `/* @client */`.
    pub for_client: bool,
    pub span: Span,
}

impl Item {
    /// What it declares, and what a list of exports calls what is declared elsewhere in the file.
    pub(crate) fn values(&self) -> impl Iterator<Item = &String> {
        self.declares.iter().chain(&self.renames)
    }

    /// Whether it refers to `local` or to something of it.
    pub(crate) fn refers_to(&self, local: &str) -> bool {
        self.refers.iter().any(|r| match r {
            Reference::Name(name) | Reference::Member(name, _) => name == local,
        })
    }
}

/// Looks at every item of a module.
pub(crate) fn analyse(half: &Half) -> Vec<Item> {
    let known = half.module.body.iter().flat_map(declared_ids).collect();
    let items = half.module.body.iter();
    items.map(|item| analyse_item(half, &known, item)).collect()
}

/// What an item declares or imports; what a transform has made has contexts of its own.
fn declared_ids(item: &ModuleItem) -> Vec<Id> {
    if let ModuleItem::ModuleDecl(ModuleDecl::Import(import)) = item {
        let locals = import.specifiers.iter().map(ImportSpecifier::local);
        return locals.map(Ident::to_id).collect();
    }
    match declaration(item) {
        Some(Decl::Var(var)) => find_pat_ids(&var.decls),
        Some(Decl::Class(class)) => vec![class.ident.to_id()],
        Some(Decl::Fn(function)) => vec![function.ident.to_id()],
        _ => Vec::new(),
    }
}

fn analyse_item(half: &Half, known: &HashSet<Id>, item: &ModuleItem) -> Item {
    let mut names = Names {
        half,
        known,
        refers: BTreeSet::new(),
        ambient: None,
        perms: false,
        imports: BTreeSet::new(),
        free: BTreeMap::new(),
        asked: HashSet::new(),
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
    let renames = match item {
        ModuleItem::ModuleDecl(ModuleDecl::ExportNamed(export)) if export.src.is_none() => {
            renamed(&export.specifiers)
        }
        _ => Vec::new(),
    };
    let mut free = names.free;
    free.retain(|name, _| !names.asked.contains(name));
    for declared in &declares {
        names.refers.remove(&Reference::Name(declared.clone()));
    }
    Item {
        shape,
        declares,
        refers: names.refers,
        ambient: names.ambient,
        perms: names.perms,
        augments: augmented(item)
            .filter(|id| known.contains(id))
            .map(|id| id.0.to_string()),
        renames,
        imports: names.imports,
        free,
        for_client: half
            .notes
            .before(item.span().lo)
            .any(|note| note.trim() == "@client"),
        span: item.span(),
    }
}

fn renamed(specifiers: &[ExportSpecifier]) -> Vec<String> {
    let names = specifiers.iter().filter_map(|s| match s {
        ExportSpecifier::Named(s) => s.exported.as_ref().map(export_name),
        _ => None,
    });
    names.collect()
}

/// The declaration a statement belongs to, if all it does is complete that one.
fn augmented(item: &ModuleItem) -> Option<Id> {
    let ModuleItem::Stmt(Stmt::Expr(statement)) = item else {
        return None;
    };
    match &*statement.expr {
        Expr::Assign(assign) => match &assign.left {
            AssignTarget::Simple(SimpleAssignTarget::Ident(name)) => Some(name.id.to_id()),
            AssignTarget::Simple(SimpleAssignTarget::Member(member)) => root(&member.obj),
            _ => None,
        },
        Expr::Call(call) => {
            let Callee::Expr(callee) = &call.callee else {
                return None;
            };
            match callee.unwrap_parens() {
                // `(function(Name) { … })(Name || (Name = {}))`
                Expr::Fn(_) => match &*call.args.first()?.expr {
                    Expr::Bin(either) if either.op == op!("||") => root(&either.left),
                    _ => None,
                },
                // `_ts_decorate([…], Name.prototype, "member", null)`
                Expr::Ident(helper) if helper.sym == *"_ts_decorate" => {
                    root(&call.args.get(1)?.expr)
                }
                _ => None,
            }
        }
        _ => None,
    }
}

/// `Name` of `Name.a.b`.
fn root(expr: &Expr) -> Option<Id> {
    match expr.unwrap_parens() {
        Expr::Ident(name) => Some(name.to_id()),
        Expr::Member(member) => root(&member.obj),
        _ => None,
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
    known: &'a HashSet<Id>,
    refers: BTreeSet<Reference>,
    ambient: Option<(String, Span)>,
    perms: bool,
    imports: BTreeSet<String>,
    free: BTreeMap<String, Span>,
    /// Names of which `typeof` asks whether they are there.
    asked: HashSet<String>,
}

impl Names<'_> {
    fn is_top_level(&self, name: &Ident) -> bool {
        name.ctxt == self.half.top_level || self.known.contains(&name.to_id())
    }
}

impl Visit for Names<'_> {
    fn visit_ident(&mut self, node: &Ident) {
        if self.is_top_level(node) {
            self.refers.insert(Reference::Name(node.sym.to_string()));
        } else if node.ctxt == self.half.unresolved {
            match &*node.sym {
                "ctx" | "env" => {
                    self.ambient
                        .get_or_insert((node.sym.to_string(), node.span));
                }
                "perms" => self.perms = true,
                name => {
                    self.free.entry(name.to_owned()).or_insert(node.span);
                }
            }
        }
    }

    fn visit_unary_expr(&mut self, node: &UnaryExpr) {
        if let (op!("typeof"), Expr::Ident(name)) = (node.op, &*node.arg) {
            self.asked.insert(name.sym.to_string());
        }
        node.visit_children_with(self);
    }

    fn visit_call_expr(&mut self, node: &CallExpr) {
        let specifier = dynamic_import(node).map(|src| src.value.to_string_lossy().into_owned());
        self.imports.extend(specifier);
        node.visit_children_with(self);
    }

    fn visit_labeled_stmt(&mut self, node: &LabeledStmt) {
        node.body.visit_with(self);
    }

    fn visit_break_stmt(&mut self, _: &BreakStmt) {}
    fn visit_continue_stmt(&mut self, _: &ContinueStmt) {}

    fn visit_member_expr(&mut self, node: &MemberExpr) {
        if let (Expr::Ident(namespace), Some(name)) = (&*node.obj, property_name(&node.prop))
            && self.is_top_level(namespace)
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
