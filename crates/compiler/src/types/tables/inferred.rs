//! Tables no type describes: their rows are what the code writes to them (specification 10.1.2).
//!
//! `env.storage.todos.push({ text: 'milk', done: false })` makes a table of `text` and `done`, keyed
//! by a generated `_id`. All writes of the project count: a field that some of them lack is
//! optional, one that is a string here and a number there is an error.

use std::collections::BTreeMap;

use swc_core::common::{Span, Spanned};
use swc_core::ecma::ast::{
    ArrowExpr, CallExpr, Callee, Expr, Function, FunctionBody, ModuleItem, VarDeclarator,
};
use swc_core::ecma::visit::{Visit, VisitWith};

use super::TableDecl;
use super::uses::table_of;
use super::values::{Unknown, Values};
use crate::diagnostics::{Range, schema};
use crate::modules::declaration;
use crate::parse::range_of;
use crate::types::ir::{Field, Kind, Slot};
use crate::types::merge::merge;
use crate::types::resolve::Resolver;

/// The tables of `unknown` (by id, with the first place that names them) that writes describe.
pub(super) fn inferred_tables(
    resolver: &mut Resolver<'_>,
    unknown: &BTreeMap<String, (usize, Range)>,
) -> Vec<TableDecl> {
    if unknown.is_empty() {
        return Vec::new();
    }
    let modules = resolver.modules;
    let mut shapes = BTreeMap::new();
    for (file, parsed) in modules.files.iter().enumerate() {
        let mut writes = Writes {
            values: Values::new(resolver, file),
            file,
            unknown,
            shapes: &mut shapes,
        };
        writes.module(&parsed.module.body);
    }
    let mut tables = Vec::new();
    for (id, &(file, range)) in unknown {
        match shapes.remove(id) {
            Some(shape) => tables.extend(shape.table(id, resolver)),
            None => resolver
                .reports
                .push(schema::unknown_table(file, range, id, &[])),
        }
    }
    tables
}

/// What is known of a table's rows, one write after another.
struct Shape {
    file: usize,
    range: Range,
    fields: Vec<Field>,
    failed: bool,
}

impl Shape {
    fn table(self, id: &str, resolver: &mut Resolver<'_>) -> Option<TableDecl> {
        if self.failed {
            return None;
        }
        if let Some(field) = self.fields.iter().find(|f| is_undecided(&f.slot)) {
            let what = format!(
                "nothing says what `{}` is when there is something",
                field.name
            );
            let report = schema::not_inferable(field.file, field.range, id, &what);
            resolver.reports.push(report);
            return None;
        }
        let Slot {
            kind: Kind::Object(object),
            ..
        } = resolver.anonymous(id, self.fields)
        else {
            return None;
        };
        let name = |_| None;
        let members = resolver.types.members(object, &name, " ");
        let shape = format!("{{ _id: string; {members}}}");
        let report = schema::inferred_table(self.file, self.range, id, &shape);
        resolver.reports.push(report);
        Some(TableDecl {
            id: id.to_owned(),
            tenancy: "own",
            object,
            primkey: "_id".to_owned(),
            generated_key: true,
            file: self.file,
            range: self.range,
        })
    }
}

/// Walks one file: what is in scope, and what is written to tables.
struct Writes<'w, 'r, 'a> {
    values: Values<'r, 'a>,
    file: usize,
    unknown: &'w BTreeMap<String, (usize, Range)>,
    shapes: &'w mut BTreeMap<String, Shape>,
}

impl Writes<'_, '_, '_> {
    fn module(&mut self, items: &[ModuleItem]) {
        // What a module declares is known in its functions wherever it stands.
        for item in items {
            if let Some(declaration) = declaration(item) {
                self.values.declare_all(declaration);
            }
        }
        items.visit_with(self);
    }

    fn write(&mut self, id: String, at: Span, value: &Expr) {
        let written = match self.values.row(value) {
            Ok(fields) => fields,
            Err(Unknown { range, what }) => {
                let report = schema::not_inferable(self.file, range, &id, &what);
                self.values.resolver.reports.push(report);
                let shape = self.shape(id, at);
                shape.failed = true;
                return;
            }
        };
        let written: Vec<Field> = written.into_iter().filter(|f| f.name != "_id").collect();
        if let Some(known) = self.shapes.get_mut(&id) {
            if !known.failed
                && let Err(conflict) = join(&mut known.fields, written)
            {
                known.failed = true;
                let [first, second] = *conflict;
                let types = [&first, &second].map(|f| self.values.text_of(&f.slot));
                let report = schema::inferred_conflict(
                    second.file,
                    second.range,
                    &id,
                    &second.name,
                    [&types[0], &types[1]],
                    (first.file, first.range),
                );
                self.values.resolver.reports.push(report);
            }
        } else {
            self.shape(id, at).fields = written;
        }
    }

    fn shape(&mut self, id: String, at: Span) -> &mut Shape {
        let file = self.file;
        self.shapes.entry(id).or_insert_with(|| Shape {
            file,
            range: range_of(at),
            fields: Vec::new(),
            failed: false,
        })
    }
}

/// Puts another write's fields to those known; what only one of the two has is optional.
fn join(known: &mut Vec<Field>, written: Vec<Field>) -> Result<(), Box<[Field; 2]>> {
    for field in known.iter_mut() {
        if !written.iter().any(|w| w.name == field.name) {
            field.slot.undefined = true;
        }
    }
    for mut field in written {
        let Some(old) = known.iter_mut().find(|k| k.name == field.name) else {
            field.slot.undefined = true;
            known.push(field);
            continue;
        };
        match united(&old.slot, &field.slot) {
            Some(slot) => old.slot = slot,
            None => return Err(Box::new([old.clone(), field])),
        }
    }
    Ok(())
}

/// The union of two slots; an empty array takes what the other one holds.
fn united(a: &Slot, b: &Slot) -> Option<Slot> {
    match (&a.kind, &b.kind) {
        (Kind::List(x), Kind::List(y)) => Some(Slot {
            kind: Kind::List(Box::new(united(x, y)?)),
            null: a.null || b.null,
            undefined: a.undefined || b.undefined,
        }),
        _ => merge(vec![a.clone(), b.clone()]),
    }
}

/// Whether only `null`, `undefined` or empty arrays were written there.
fn is_undecided(slot: &Slot) -> bool {
    match &slot.kind {
        Kind::Void => true,
        Kind::List(inner) => is_undecided(inner),
        _ => false,
    }
}

impl Visit for Writes<'_, '_, '_> {
    fn visit_call_expr(&mut self, node: &CallExpr) {
        if let Callee::Expr(callee) = &node.callee
            && let Expr::Member(method) = &**callee
            && let Some((id, at)) = table_of(&method.obj)
            && self.unknown.contains_key(&id)
        {
            let name = method.prop.as_ident().map(|p| p.sym.as_str());
            let value = match name {
                Some("push") => node.args.first(),
                Some("set") => node.args.get(1),
                _ => None,
            };
            if let Some(value) = value {
                self.write(id, at, &value.expr);
            }
        }
        node.visit_children_with(self);
    }

    fn visit_var_declarator(&mut self, node: &VarDeclarator) {
        node.visit_children_with(self);
        self.values.declare(&node.name, node.init.as_deref());
    }

    fn visit_function(&mut self, node: &Function) {
        self.values.enter();
        for param in &node.params {
            self.values.declare(&param.pat, None);
        }
        node.visit_children_with(self);
        self.values.leave();
    }

    fn visit_arrow_expr(&mut self, node: &ArrowExpr) {
        self.values.enter();
        for param in &node.params {
            self.values.declare(param, None);
        }
        node.visit_children_with(self);
        self.values.leave();
    }

    fn visit_function_body(&mut self, node: &FunctionBody) {
        self.values.enter();
        node.visit_children_with(self);
        self.values.leave();
    }

    fn visit_block_stmt(&mut self, node: &swc_core::ecma::ast::BlockStmt) {
        self.values.enter();
        node.visit_children_with(self);
        self.values.leave();
    }
}

/// The range of a node.
pub(super) fn place(node: &impl Spanned) -> Range {
    range_of(node.span())
}
