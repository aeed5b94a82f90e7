//! Which types are tables, what they are called, and what their key is.

use std::collections::{BTreeMap, HashMap};

use swc_core::common::Span;
use swc_core::ecma::ast::{CallExpr, Callee, Expr, Lit, MemberExpr, MemberProp};
use swc_core::ecma::visit::{Visit, VisitWith};

use super::declared::TypeDecl;
use super::ir::{Field, Kind, Slot, Types, is_identifier};
use super::resolve::Resolver;
use crate::blank::{Argument, Value};
use crate::decorators;
use crate::diagnostics::{Range, schema};
use crate::parse::range_of;

/// A table of the project.
#[derive(Debug, Clone)]
pub(crate) struct TableDecl {
    pub id: String,
    pub tenancy: &'static str,
    /// Its row type among the object types.
    pub object: usize,
    pub primkey: String,
    pub file: usize,
    pub range: Range,
}

impl TableDecl {
    /// Its fields, the generated `_id` of a type without any included.
    pub(crate) fn fields(&self, types: &Types) -> Vec<Field> {
        let mut fields = types.objects[self.object].fields.clone();
        if fields.is_empty() {
            fields.push(Field {
                name: "_id".to_owned(),
                slot: Slot::of(Kind::Text(Vec::new())),
                perm: 6,
                primkey: true,
                index: None,
                range: self.range,
                file: self.file,
            });
        }
        fields
    }
}

/// A type that is a table, before its fields are known.
struct Candidate {
    id: String,
    tenancy: &'static str,
    name: String,
    file: usize,
    range: Range,
    generic: bool,
}

/// Finds the project's tables, sorted by id.
pub(crate) fn find_tables(resolver: &mut Resolver<'_>) -> Vec<TableDecl> {
    let used = used_tables(resolver);
    let mut candidates: BTreeMap<String, Candidate> = BTreeMap::new();
    for file in 0..resolver.modules.files.len() {
        for (name, declaration) in resolver.declarations(file) {
            let Some(candidate) = candidate(resolver, file, &name, declaration, &used) else {
                continue;
            };
            if !is_table_name(&candidate.id) {
                resolver
                    .reports
                    .push(schema::bad_table_name(file, candidate.range, &candidate.id));
            } else if let Some(first) = candidates.get(&candidate.id) {
                let place = (first.file, first.range);
                resolver.reports.push(schema::duplicate_table(
                    file,
                    candidate.range,
                    &candidate.id,
                    place,
                ));
            } else {
                candidates.insert(candidate.id.clone(), candidate);
            }
        }
    }
    let known: Vec<&str> = candidates.keys().map(String::as_str).collect();
    for (id, &(file, range)) in &used {
        if !candidates.contains_key(id) {
            resolver
                .reports
                .push(schema::unknown_table(file, range, id, &known));
        }
    }
    candidates
        .into_values()
        .filter_map(|c| table(resolver, c))
        .collect()
}

fn candidate(
    resolver: &Resolver<'_>,
    file: usize,
    name: &str,
    declaration: TypeDecl<'_>,
    used: &HashMap<String, (usize, Range)>,
) -> Option<Candidate> {
    let (span, generic) = match declaration {
        TypeDecl::Interface(i) => (i.id.span, i.type_params.is_some()),
        TypeDecl::Class(c, span) => (span, c.type_params.is_some()),
        TypeDecl::Alias(a) => (a.id.span, a.type_params.is_some()),
        TypeDecl::Enum(_) => return None,
    };
    let parsed = &resolver.modules.files[file];
    let decorator = parsed.bindings.named(span, "table");
    let arguments = decorator
        .map(|d| decorators::arguments(parsed, d))
        .unwrap_or_default();
    let text = |key: Option<&str>| {
        arguments
            .iter()
            .find(|a: &&Argument| a.key.as_deref() == key)
            .and_then(|a| match &a.value {
                Value::Text(text) => Some(text.as_str()),
                _ => None,
            })
    };
    let id = text(None)
        .or(text(Some("name")))
        .map_or_else(|| plural(name), str::to_owned);
    let tenancy = match text(Some("tenancy")) {
        Some("isolated") => "isolated",
        Some("shared") => "shared",
        _ => "own",
    };
    let is_class = matches!(declaration, TypeDecl::Class(..));
    let is_table = decorator.is_some()
        || has_primkey(resolver, file, declaration)
        || (!is_class && used.contains_key(&id));
    is_table.then(|| Candidate {
        id,
        tenancy,
        name: name.to_owned(),
        file,
        range: range_of(span),
        generic,
    })
}

fn has_primkey(resolver: &Resolver<'_>, file: usize, declaration: TypeDecl<'_>) -> bool {
    use swc_core::common::Spanned;
    use swc_core::ecma::ast::{ClassMember, TsTypeElement};
    let bindings = &resolver.modules.files[file].bindings;
    match declaration {
        TypeDecl::Interface(i) => i.body.body.iter().any(|m| {
            matches!(m, TsTypeElement::TsPropertySignature(p) if bindings.named(p.key.span(), "primkey").is_some())
        }),
        TypeDecl::Class(c, _) => c.body.iter().any(
            |m| matches!(m, ClassMember::ClassProp(p) if bindings.named(p.key.span(), "primkey").is_some()),
        ),
        TypeDecl::Alias(_) | TypeDecl::Enum(_) => false,
    }
}

fn table(resolver: &mut Resolver<'_>, candidate: Candidate) -> Option<TableDecl> {
    let Candidate {
        id,
        tenancy,
        name,
        file,
        range,
        generic,
    } = candidate;
    if generic {
        resolver
            .reports
            .push(schema::not_an_object(file, range, &name));
        return None;
    }
    let slot = resolver.named(file, &name).ok()?;
    let Kind::Object(object) = slot.kind else {
        resolver
            .reports
            .push(schema::not_an_object(file, range, &name));
        return None;
    };
    let fields = &resolver.types.objects[object].fields;
    let mut keys = fields.iter().filter(|f| f.primkey);
    let (first, second) = (keys.next(), keys.next());
    if let (Some(first), Some(second)) = (first, second) {
        resolver.reports.push(schema::two_primary_keys(
            second.file,
            second.range,
            &name,
            first.range,
        ));
        return None;
    }
    let key = first.or(fields.first());
    let primkey = key.map_or_else(|| "_id".to_owned(), |f| f.name.clone());
    if let Some(key) = key
        && (!matches!(key.slot.kind, Kind::Text(_)) || key.slot.null || key.slot.undefined)
    {
        resolver.reports.push(schema::bad_primary_key(
            key.file, key.range, &name, &primkey,
        ));
        return None;
    }
    Some(TableDecl {
        id,
        tenancy,
        object,
        primkey,
        file,
        range,
    })
}

fn is_table_name(id: &str) -> bool {
    // PostgreSQL cuts identifiers at 63 bytes; `tbl_`, `_` and six digits are ours.
    id.len() <= 40
        && id.starts_with(|c: char| c.is_ascii_alphabetic())
        && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// `Todo` → `todos`, `Category` → `categories`, `Address` → `addresses`.
fn plural(name: &str) -> String {
    let mut chars = name.chars();
    let first = chars
        .next()
        .map(|c| c.to_lowercase().to_string())
        .unwrap_or_default();
    let singular = first + chars.as_str();
    let vowel_before_y = singular
        .strip_suffix('y')
        .is_some_and(|s| s.ends_with(['a', 'e', 'i', 'o', 'u']));
    if singular.ends_with('y') && !vowel_before_y {
        return format!("{}ies", &singular[..singular.len() - 1]);
    }
    let hissing = ["s", "x", "z", "ch", "sh"]
        .iter()
        .any(|end| singular.ends_with(end));
    format!("{singular}{}", if hissing { "es" } else { "s" })
}

/// Every `env.storage.x` and `env.storage.get('x')` of the project, with its first place.
fn used_tables(resolver: &Resolver<'_>) -> HashMap<String, (usize, Range)> {
    let mut all = HashMap::new();
    for (file, parsed) in resolver.modules.files.iter().enumerate() {
        let mut uses = Uses::default();
        parsed.module.visit_with(&mut uses);
        for (name, span) in uses.0 {
            all.entry(name).or_insert((file, range_of(span)));
        }
    }
    all
}

#[derive(Default)]
struct Uses(Vec<(String, Span)>);

impl Visit for Uses {
    fn visit_member_expr(&mut self, node: &MemberExpr) {
        if is_storage(&node.obj)
            && let MemberProp::Ident(name) = &node.prop
            && name.sym != *"get"
            && is_identifier(&name.sym)
        {
            self.0.push((name.sym.to_string(), name.span));
        }
        node.visit_children_with(self);
    }

    fn visit_call_expr(&mut self, node: &CallExpr) {
        if let Callee::Expr(callee) = &node.callee
            && let Expr::Member(member) = &**callee
            && is_storage(&member.obj)
            && member.prop.is_ident_with("get")
            && let Some(Expr::Lit(Lit::Str(name))) = node.args.first().map(|a| &*a.expr)
        {
            self.0
                .push((name.value.to_string_lossy().into_owned(), name.span));
        }
        node.visit_children_with(self);
    }
}

fn is_storage(expr: &Expr) -> bool {
    matches!(expr, Expr::Member(m) if m.obj.is_ident_ref_to("env") && m.prop.is_ident_with("storage"))
}

#[cfg(test)]
mod tests {
    use super::plural;

    #[test]
    fn plurals_follow_english() {
        for (one, many) in [
            ("User", "users"),
            ("Category", "categories"),
            ("Address", "addresses"),
            ("Day", "days"),
            ("Box", "boxes"),
            ("DayCount", "dayCounts"),
            ("Branch", "branches"),
        ] {
            assert_eq!(plural(one), many);
        }
    }
}
