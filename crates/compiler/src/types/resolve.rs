//! From the syntax of a type to a [`Slot`], across files and imports.

use std::collections::HashMap;

use swc_core::common::{Span, Spanned};
use swc_core::ecma::ast::{
    Class, ClassMember, Decl, Expr, Lit, Pat, PropName, TsEntityName, TsEnumDecl,
    TsExprWithTypeArgs, TsFnOrConstructorType, TsInterfaceDecl, TsKeywordTypeKind, TsLit, TsType,
    TsTypeAliasDecl, TsTypeElement, TsTypeOperatorOp, TsTypeParamDecl, TsUnionOrIntersectionType,
};

use super::ir::{Field, Kind, Number, Object, Slot, Types};
use crate::blank::{Value, parse_arguments};
use crate::diagnostics::{Range, Report, types as errors};
use crate::modules::{Modules, declaration};
use crate::parse::range_of;

/// A report was made; there is no type.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reported;

pub(crate) type Resolved<T> = Result<T, Reported>;

/// Type parameters in scope.
pub(super) type Scope = HashMap<String, Slot>;

/// A declaration of a type.
#[derive(Clone, Copy)]
pub(crate) enum TypeDecl<'a> {
    Interface(&'a TsInterfaceDecl),
    Alias(&'a TsTypeAliasDecl),
    Enum(&'a TsEnumDecl),
    Class(&'a Class, Span),
}

/// Resolves types of one project; what it finds wrong is in `reports`.
pub(crate) struct Resolver<'a> {
    pub modules: &'a Modules,
    pub types: Types,
    pub reports: Vec<Report>,
    declared: Vec<HashMap<String, Vec<TypeDecl<'a>>>>,
    known: HashMap<(usize, String, Vec<Slot>), usize>,
    /// Aliases being resolved: one that comes round again never ends.
    open: Vec<(usize, String)>,
}

impl<'a> Resolver<'a> {
    pub(crate) fn new(modules: &'a Modules) -> Self {
        let declared = modules
            .files
            .iter()
            .map(|f| declared_types(&f.module.body))
            .collect();
        Self {
            modules,
            types: Types::default(),
            reports: Vec::new(),
            declared,
            known: HashMap::new(),
            open: Vec::new(),
        }
    }

    pub(crate) fn report<T>(&mut self, report: Report) -> Resolved<T> {
        let known = self
            .reports
            .iter()
            .any(|r| (r.code, r.file, r.range) == (report.code, report.file, report.range));
        if !known {
            self.reports.push(report);
        }
        Err(Reported)
    }

    /// The declared type `name` of `file`, which takes no parameters.
    pub(crate) fn named(&mut self, file: usize, name: &str) -> Resolved<Slot> {
        self.declared_type(file, name, Vec::new(), Range::default())
    }

    /// Resolves a type written in `file`; `hint` names an object type written in place.
    pub(crate) fn resolve(&mut self, file: usize, ty: &'a TsType, hint: &str) -> Resolved<Slot> {
        self.slot(file, ty, &Scope::new(), hint)
    }

    pub(super) fn unsupported<T>(
        &mut self,
        file: usize,
        span: Span,
        what: &str,
        help: &str,
    ) -> Resolved<T> {
        self.report(errors::unsupported_type(file, range_of(span), what, help))
    }

    pub(super) fn slot(
        &mut self,
        file: usize,
        ty: &'a TsType,
        scope: &Scope,
        hint: &str,
    ) -> Resolved<Slot> {
        match ty {
            TsType::TsKeywordType(keyword) => self.keyword(file, keyword.kind, keyword.span),
            TsType::TsParenthesizedType(inner) => self.slot(file, &inner.type_ann, scope, hint),
            TsType::TsOptionalType(inner) => {
                Ok(self.slot(file, &inner.type_ann, scope, hint)?.optional())
            }
            TsType::TsArrayType(array) => {
                let element = self.slot(file, &array.elem_type, scope, hint)?;
                Ok(Slot::of(Kind::List(Box::new(element))))
            }
            TsType::TsTypeOperator(op) if op.op == TsTypeOperatorOp::ReadOnly => {
                self.slot(file, &op.type_ann, scope, hint)
            }
            TsType::TsLitType(literal) => match &literal.lit {
                TsLit::Str(s) => Ok(Slot::of(Kind::Text(vec![
                    s.value.to_string_lossy().into_owned(),
                ]))),
                TsLit::Number(n) => Ok(Slot::of(Kind::Number(
                    Number::Float64,
                    vec![n.value.to_string()],
                ))),
                TsLit::Bool(_) => Ok(Slot::of(Kind::Boolean)),
                TsLit::BigInt(_) => Ok(Slot::of(Kind::Bigint { unsigned: false })),
                TsLit::Tpl(_) => Ok(Slot::of(Kind::Text(Vec::new()))),
            },
            TsType::TsUnionOrIntersectionType(TsUnionOrIntersectionType::TsUnionType(union)) => {
                let mut slots = Vec::new();
                for member in &union.types {
                    slots.push(self.slot(file, member, scope, hint)?);
                }
                match merge(slots) {
                    Some(slot) => Ok(slot),
                    None => self.unsupported(
                        file,
                        union.span,
                        "a union of different kinds of values",
                        "literals of one kind, and `null` or `undefined`, can be united",
                    ),
                }
            }
            TsType::TsUnionOrIntersectionType(TsUnionOrIntersectionType::TsIntersectionType(
                both,
            )) => {
                let mut fields = Vec::new();
                for member in &both.types {
                    let slot = self.slot(file, member, scope, hint)?;
                    let object = self.object_of(file, member.span(), &slot)?;
                    override_fields(&mut fields, self.types.objects[object].fields.clone());
                }
                Ok(self.anonymous(hint, fields))
            }
            TsType::TsTypeLit(literal) => {
                let index = self.begin(hint.to_owned(), None);
                let fields = self.fields(file, &literal.members, scope, hint)?;
                Ok(self.finish(index, fields))
            }
            TsType::TsTypeRef(reference) => {
                let TsEntityName::Ident(name) = &reference.type_name else {
                    let name = range_of(reference.span)
                        .of(&self.modules.files[file].text)
                        .to_owned();
                    return self.report(errors::unknown_type(
                        file,
                        range_of(reference.span),
                        &name,
                    ));
                };
                let params: Vec<&'a TsType> = reference
                    .type_params
                    .iter()
                    .flat_map(|p| p.params.iter().map(|p| &**p))
                    .collect();
                self.reference(file, &name.sym, reference.span, &params, scope, hint)
            }
            TsType::TsFnOrConstructorType(TsFnOrConstructorType::TsFnType(f)) => {
                self.unsupported(file, f.span, "a function", "send what it would return")
            }
            TsType::TsTupleType(t) => self.unsupported(
                file,
                t.span,
                "a tuple",
                "use an array, or an object with named fields",
            ),
            other => self.unsupported(
                file,
                other.span(),
                "this form of type",
                "use interfaces, arrays, literals and the plain types",
            ),
        }
    }

    fn keyword(&mut self, file: usize, kind: TsKeywordTypeKind, span: Span) -> Resolved<Slot> {
        Ok(Slot::of(match kind {
            TsKeywordTypeKind::TsStringKeyword => Kind::Text(Vec::new()),
            TsKeywordTypeKind::TsNumberKeyword => Kind::Number(Number::Float64, Vec::new()),
            TsKeywordTypeKind::TsBooleanKeyword => Kind::Boolean,
            TsKeywordTypeKind::TsBigIntKeyword => Kind::Bigint { unsigned: false },
            TsKeywordTypeKind::TsVoidKeyword => Kind::Void,
            TsKeywordTypeKind::TsUndefinedKeyword => return Ok(Slot::of(Kind::Void).optional()),
            TsKeywordTypeKind::TsNullKeyword => {
                return Ok(Slot {
                    kind: Kind::Void,
                    null: true,
                    undefined: false,
                });
            }
            TsKeywordTypeKind::TsAnyKeyword | TsKeywordTypeKind::TsUnknownKeyword => {
                return self.unsupported(
                    file,
                    span,
                    "a value of any type",
                    "say what it is: an interface, a string, …",
                );
            }
            TsKeywordTypeKind::TsObjectKeyword => {
                return self.unsupported(file, span, "`object`", "name its fields in an interface");
            }
            _ => {
                return self.unsupported(
                    file,
                    span,
                    "this type",
                    "use string, number, boolean, bigint, Date, …",
                );
            }
        }))
    }

    fn reference(
        &mut self,
        file: usize,
        name: &str,
        span: Span,
        params: &[&'a TsType],
        scope: &Scope,
        hint: &str,
    ) -> Resolved<Slot> {
        if let Some(slot) = scope.get(name) {
            return Ok(slot.clone());
        }
        if let Some((target, local)) = self.modules.declaration_of(file, name)
            && self.declared[target].contains_key(&local)
        {
            let mut arguments = Vec::new();
            for param in params {
                arguments.push(self.slot(file, param, scope, hint)?);
            }
            return self.declared_type(target, &local, arguments, range_of(span));
        }
        match (name, self.modules.package_of(file, name)) {
            (_, Some(("kontract", branded))) if Number::of_name(branded).is_some() => {
                let number = Number::of_name(branded).unwrap_or(Number::Float64);
                Ok(Slot::of(Kind::Number(number, Vec::new())))
            }
            _ => self.global(file, name, span, params, scope, hint),
        }
    }

    fn declared_type(
        &mut self,
        file: usize,
        name: &str,
        arguments: Vec<Slot>,
        used: Range,
    ) -> Resolved<Slot> {
        let Some(declarations) = self.declared[file].get(name).cloned() else {
            return Err(Reported);
        };
        let key = (file, name.to_owned(), arguments);
        if let Some(&index) = self.known.get(&key) {
            return Ok(Slot::of(Kind::Object(index)));
        }
        let schema_name = key.2.iter().fold(name.to_owned(), |all, slot| {
            format!("{all}_{}", self.short_name(slot))
        });
        match declarations[0] {
            TypeDecl::Enum(decl) => self.enumeration(file, decl),
            TypeDecl::Alias(decl) => {
                let scope =
                    self.scope(file, decl.type_params.as_deref(), name, key.2.clone(), used)?;
                if let TsType::TsTypeLit(literal) = &*decl.type_ann {
                    let index = self.begin(schema_name, Some(file));
                    self.known.insert(key, index);
                    let fields = self.fields(file, &literal.members, &scope, name)?;
                    return Ok(self.finish(index, fields));
                }
                if self.open.contains(&(file, name.to_owned())) {
                    return self.report(errors::endless_type(file, range_of(decl.id.span), name));
                }
                self.open.push((file, name.to_owned()));
                let slot = self.slot(file, &decl.type_ann, &scope, &schema_name);
                self.open.pop();
                slot
            }
            TypeDecl::Class(class, _) => {
                let index = self.begin(schema_name, Some(file));
                self.known.insert(key, index);
                let fields = self.class_fields(file, class, name)?;
                Ok(self.finish(index, fields))
            }
            TypeDecl::Interface(first) => {
                let scope = self.scope(
                    file,
                    first.type_params.as_deref(),
                    name,
                    key.2.clone(),
                    used,
                )?;
                let index = self.begin(schema_name, Some(file));
                self.known.insert(key, index);
                let mut fields = Vec::new();
                for declaration in declarations {
                    let TypeDecl::Interface(decl) = declaration else {
                        continue;
                    };
                    for base in &decl.extends {
                        override_fields(&mut fields, self.base_fields(file, base, &scope)?);
                    }
                    override_fields(
                        &mut fields,
                        self.fields(file, &decl.body.body, &scope, name)?,
                    );
                }
                Ok(self.finish(index, fields))
            }
        }
    }

    fn base_fields(
        &mut self,
        file: usize,
        base: &'a TsExprWithTypeArgs,
        scope: &Scope,
    ) -> Resolved<Vec<Field>> {
        let Expr::Ident(name) = &*base.expr else {
            return self.unsupported(
                file,
                base.span,
                "this form of `extends`",
                "extend an interface by its name",
            );
        };
        let params: Vec<&'a TsType> = base
            .type_args
            .iter()
            .flat_map(|p| p.params.iter().map(|p| &**p))
            .collect();
        let slot = self.reference(file, &name.sym, base.span, &params, scope, &name.sym)?;
        let object = self.object_of(file, base.span, &slot)?;
        Ok(self.types.objects[object].fields.clone())
    }

    fn scope(
        &mut self,
        file: usize,
        params: Option<&'a TsTypeParamDecl>,
        name: &str,
        arguments: Vec<Slot>,
        used: Range,
    ) -> Resolved<Scope> {
        let params = params.map_or(&[][..], |p| &p.params);
        let mut scope = Scope::new();
        let mut arguments = arguments.into_iter();
        for param in params {
            let slot = match (arguments.next(), &param.default) {
                (Some(slot), _) => slot,
                (None, Some(default)) => self.slot(file, default, &scope, name)?,
                (None, None) => {
                    return self.report(errors::wrong_type_arguments(
                        file,
                        used,
                        name,
                        params.len(),
                    ));
                }
            };
            scope.insert(param.name.sym.to_string(), slot);
        }
        match arguments.next() {
            None => Ok(scope),
            Some(_) => self.report(errors::wrong_type_arguments(file, used, name, params.len())),
        }
    }

    fn enumeration(&mut self, file: usize, decl: &'a TsEnumDecl) -> Resolved<Slot> {
        let mut slots = Vec::new();
        let mut next = 0f64;
        for member in &decl.members {
            slots.push(match member.init.as_deref() {
                Some(Expr::Lit(Lit::Str(s))) => {
                    Slot::of(Kind::Text(vec![s.value.to_string_lossy().into_owned()]))
                }
                Some(Expr::Lit(Lit::Num(n))) => {
                    next = n.value + 1.0;
                    Slot::of(Kind::Number(Number::Float64, vec![n.value.to_string()]))
                }
                None => {
                    next += 1.0;
                    Slot::of(Kind::Number(
                        Number::Float64,
                        vec![(next - 1.0).to_string()],
                    ))
                }
                Some(other) => {
                    return self.unsupported(
                        file,
                        other.span(),
                        "a computed enum member",
                        "write its value",
                    );
                }
            });
        }
        match merge(slots) {
            Some(slot) => Ok(slot),
            None => self.unsupported(
                file,
                decl.span,
                "an enum of strings and numbers",
                "use one kind",
            ),
        }
    }

    fn fields(
        &mut self,
        file: usize,
        members: &'a [TsTypeElement],
        scope: &Scope,
        owner: &str,
    ) -> Resolved<Vec<Field>> {
        let mut fields = Vec::new();
        let mut failed = false;
        for member in members {
            let field = match member {
                TsTypeElement::TsPropertySignature(p) => {
                    let name = match &*p.key {
                        Expr::Ident(i) if !p.computed => i.sym.to_string(),
                        Expr::Lit(Lit::Str(s)) => s.value.to_string_lossy().into_owned(),
                        key => {
                            return self.unsupported(
                                file,
                                key.span(),
                                "a computed field",
                                "write its name",
                            );
                        }
                    };
                    self.field(
                        file,
                        name,
                        p.key.span(),
                        p.type_ann.as_ref().map(|t| &*t.type_ann),
                        p.optional,
                        scope,
                        owner,
                    )
                }
                other => self.unsupported(
                    file,
                    other.span(),
                    "a method",
                    "an interface for data has fields only",
                ),
            };
            match field {
                Ok(field) => fields.push(field),
                Err(Reported) => failed = true,
            }
        }
        if failed { Err(Reported) } else { Ok(fields) }
    }

    fn class_fields(&mut self, file: usize, class: &'a Class, owner: &str) -> Resolved<Vec<Field>> {
        let mut fields = Vec::new();
        for member in &class.body {
            let ClassMember::ClassProp(p) = member else {
                continue;
            };
            if p.is_static {
                continue;
            }
            let (PropName::Ident(_) | PropName::Str(_)) = &p.key else {
                continue;
            };
            let name = match &p.key {
                PropName::Ident(i) => i.sym.to_string(),
                PropName::Str(s) => s.value.to_string_lossy().into_owned(),
                _ => continue,
            };
            let ty = p.type_ann.as_ref().map(|t| &*t.type_ann);
            fields.push(self.field(
                file,
                name,
                p.key.span(),
                ty,
                p.is_optional,
                &Scope::new(),
                owner,
            )?);
        }
        Ok(fields)
    }

    #[allow(clippy::too_many_arguments)] // one field's facts, from two kinds of syntax
    fn field(
        &mut self,
        file: usize,
        name: String,
        key: Span,
        ty: Option<&'a TsType>,
        optional: bool,
        scope: &Scope,
        owner: &str,
    ) -> Resolved<Field> {
        let Some(ty) = ty else {
            return self.unsupported(
                file,
                key,
                "a field without a type",
                "say what it is: `name: string`",
            );
        };
        let mut slot = self.slot(file, ty, scope, &format!("{owner}_{name}"))?;
        slot.undefined |= optional;
        let mut field = Field {
            name,
            slot,
            perm: 6,
            primkey: false,
            index: None,
            range: range_of(key),
            file,
        };
        let parsed = &self.modules.files[file];
        for found in parsed.bindings.at(key) {
            let argument = found
                .arguments
                .and_then(|a| parse_arguments(&parsed.text, a).ok());
            let first = argument.as_deref().and_then(<[_]>::first);
            match found.name.as_str() {
                "primkey" => field.primkey = true,
                "perm" => {
                    field.perm =
                        first.map_or(6, |a| if let Value::Mask(m) = a.value { m } else { 6 })
                }
                "index" => {
                    field.index = Some(first.is_some_and(|a| a.value == Value::Boolean(true)))
                }
                decorator => {
                    if let Some(number) = Number::of_name(decorator)
                        && !narrow(&mut field.slot, number)
                    {
                        return self.report(errors::not_a_number(file, found.range, decorator));
                    }
                }
            }
        }
        Ok(field)
    }

    /// The object type a slot is, for what only makes sense on objects.
    pub(super) fn object_of(&mut self, file: usize, span: Span, slot: &Slot) -> Resolved<usize> {
        match slot.kind {
            Kind::Object(index) if self.types.objects[index].complete => Ok(index),
            Kind::Object(index) => {
                let name = self.types.objects[index].name.clone();
                self.report(errors::endless_type(file, range_of(span), &name))
            }
            _ => self.unsupported(
                file,
                span,
                "this use of a type that has no fields",
                "use an interface here",
            ),
        }
    }

    pub(super) fn anonymous(&mut self, name: &str, fields: Vec<Field>) -> Slot {
        let index = self.begin(name.to_owned(), None);
        self.finish(index, fields)
    }

    fn begin(&mut self, name: String, file: Option<usize>) -> usize {
        self.types.objects.push(Object {
            name,
            file,
            fields: Vec::new(),
            complete: false,
        });
        self.types.objects.len() - 1
    }

    fn finish(&mut self, index: usize, fields: Vec<Field>) -> Slot {
        let object = &mut self.types.objects[index];
        object.fields = fields;
        object.complete = true;
        Slot::of(Kind::Object(index))
    }

    /// The declared types of a file, by name.
    pub(crate) fn declarations(&self, file: usize) -> Vec<(String, TypeDecl<'a>)> {
        let mut all: Vec<_> = self.declared[file]
            .iter()
            .map(|(name, d)| (name.clone(), d[0]))
            .collect();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all
    }

    fn short_name(&self, slot: &Slot) -> String {
        match &slot.kind {
            Kind::Object(index) => self.types.objects[*index].name.clone(),
            Kind::List(element) => format!("{}s", self.short_name(element)),
            other => other.storage_name().to_owned(),
        }
    }
}

/// Narrows a number, or the numbers of a list; `false` if it is neither.
pub(crate) fn narrow(slot: &mut Slot, number: Number) -> bool {
    match &mut slot.kind {
        Kind::Number(width, _) => *width = number,
        Kind::Bigint { unsigned } if matches!(number, Number::Int64 | Number::Uint64) => {
            *unsigned = number == Number::Uint64;
        }
        Kind::List(element) => return narrow(element, number),
        _ => return false,
    }
    true
}

/// The union of slots, if they are of one kind.
fn merge(slots: Vec<Slot>) -> Option<Slot> {
    let mut merged: Option<Kind> = None;
    let (mut null, mut undefined) = (false, false);
    for slot in slots {
        null |= slot.null;
        undefined |= slot.undefined;
        merged = Some(match (merged, slot.kind) {
            (None | Some(Kind::Void), kind) => kind,
            (Some(kind), Kind::Void) => kind,
            (Some(Kind::Text(a)), Kind::Text(b)) => Kind::Text(merge_literals(a, b)),
            (Some(Kind::Number(n, a)), Kind::Number(m, b)) if n == m => {
                Kind::Number(n, merge_literals(a, b))
            }
            (Some(a), b) if a == b => a,
            _ => return None,
        });
    }
    merged.map(|kind| Slot {
        kind,
        null,
        undefined,
    })
}

/// No literals at all means every value, and that swallows the literals of the other side.
fn merge_literals(mut a: Vec<String>, b: Vec<String>) -> Vec<String> {
    if a.is_empty() || b.is_empty() {
        return Vec::new();
    }
    for literal in b {
        if !a.contains(&literal) {
            a.push(literal);
        }
    }
    a
}

fn override_fields(fields: &mut Vec<Field>, newer: Vec<Field>) {
    for field in newer {
        match fields.iter_mut().find(|f| f.name == field.name) {
            Some(old) => *old = field,
            None => fields.push(field),
        }
    }
}

fn declared_types(items: &[swc_core::ecma::ast::ModuleItem]) -> HashMap<String, Vec<TypeDecl<'_>>> {
    let mut all: HashMap<String, Vec<TypeDecl<'_>>> = HashMap::new();
    for item in items {
        if let Some((name, decl)) = type_declaration(item) {
            all.entry(name).or_default().push(decl);
        }
    }
    all
}

fn type_declaration(item: &swc_core::ecma::ast::ModuleItem) -> Option<(String, TypeDecl<'_>)> {
    use swc_core::ecma::ast::{DefaultDecl, ModuleDecl, ModuleItem};
    if let ModuleItem::ModuleDecl(ModuleDecl::ExportDefaultDecl(export)) = item
        && let DefaultDecl::TsInterfaceDecl(i) = &export.decl
    {
        return Some((i.id.sym.to_string(), TypeDecl::Interface(i)));
    }
    Some(match declaration(item)? {
        Decl::TsInterface(i) => (i.id.sym.to_string(), TypeDecl::Interface(i)),
        Decl::TsTypeAlias(a) => (a.id.sym.to_string(), TypeDecl::Alias(a)),
        Decl::TsEnum(e) => (e.id.sym.to_string(), TypeDecl::Enum(e)),
        Decl::Class(c) => (
            c.ident.sym.to_string(),
            TypeDecl::Class(&c.class, c.ident.span),
        ),
        _ => return None,
    })
}

/// The type written on a pattern.
pub(crate) fn annotation(pat: &Pat) -> Option<&TsType> {
    let annotation = match pat {
        Pat::Ident(i) => i.type_ann.as_ref(),
        Pat::Array(a) => a.type_ann.as_ref(),
        Pat::Object(o) => o.type_ann.as_ref(),
        Pat::Rest(r) => r.type_ann.as_ref(),
        _ => None,
    };
    annotation.map(|a| &*a.type_ann)
}
