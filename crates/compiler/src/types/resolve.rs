//! From the syntax of a type to a [`Slot`], across files and imports.

use std::collections::HashMap;

use swc_core::common::{Span, Spanned};
use swc_core::ecma::ast::{
    Pat, TsEntityName, TsKeywordTypeKind, TsType, TsTypeOperatorOp, TsUnionOrIntersectionType,
};

use super::declared::{TypeDecl, type_declaration};
use super::ir::{Field, Kind, Number, Object, Slot, Types};
use crate::diagnostics::{Range, Report, types as errors};
use crate::modules::Modules;
use crate::parse::{Parsed, range_of};

/// A report was made; there is no type.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reported;

pub(crate) type Resolved<T> = Result<T, Reported>;

/// Type parameters in scope.
pub(super) type Scope = HashMap<String, Slot>;

/// Resolves types of one project; what it finds wrong is in `reports`.
pub(crate) struct Resolver<'a> {
    pub modules: &'a Modules,
    pub types: Types,
    pub reports: Vec<Report>,
    pub(super) known: HashMap<Key, usize>,
    /// Aliases by what they were asked for with; the number is their place in `types.aliases`.
    pub(super) aliases: HashMap<Key, usize>,
    /// Declarations inside declarations: type arguments that grow never end.
    pub(super) depth: u32,
}

/// A declaration and its type arguments.
pub(super) type Key = (usize, String, Vec<Slot>);

impl<'a> Resolver<'a> {
    pub(crate) fn new(modules: &'a Modules) -> Self {
        Self {
            modules,
            types: Types::default(),
            reports: Vec::new(),
            known: HashMap::new(),
            aliases: HashMap::new(),
            depth: 0,
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
            TsType::TsTypeOperator(op) if op.op == TsTypeOperatorOp::KeyOf => {
                self.keys(file, &op.type_ann, scope)
            }
            TsType::TsLitType(literal) => self.literal_type(file, &literal.lit, scope),
            TsType::TsTupleType(tuple) => self.tuple(file, tuple, scope, hint),
            TsType::TsIndexedAccessType(access) => self.indexed(file, access, scope, hint),
            TsType::TsTypeQuery(query) => self.query(file, query, hint),
            TsType::TsMappedType(mapped) => self.mapped(file, mapped, scope, hint),
            TsType::TsImportType(import) => self.import_type(file, import, scope, hint),
            TsType::TsUnionOrIntersectionType(TsUnionOrIntersectionType::TsUnionType(union)) => {
                let mut slots = Vec::new();
                for (i, member) in union.types.iter().enumerate() {
                    slots.push(self.slot(file, member, scope, &format!("{hint}_{}", i + 1))?);
                }
                Ok(self.unite(file, range_of(union.span), hint, slots))
            }
            TsType::TsUnionOrIntersectionType(TsUnionOrIntersectionType::TsIntersectionType(
                both,
            )) => self.intersection(file, both, scope, hint),
            TsType::TsTypeLit(literal) => {
                if let Some(slot) = self.dictionary(file, &literal.members, scope, hint) {
                    return slot;
                }
                let index = self.begin(hint.to_owned(), None);
                let fields = self.fields(file, &literal.members, scope, hint)?;
                Ok(self.finish_object(index, fields))
            }
            TsType::TsTypeRef(reference) => {
                let params: Vec<&'a TsType> = reference
                    .type_params
                    .iter()
                    .flat_map(|p| p.params.iter().map(|p| &**p))
                    .collect();
                match &reference.type_name {
                    TsEntityName::Ident(name) => {
                        self.reference(file, &name.sym, reference.span, &params, scope, hint)
                    }
                    TsEntityName::TsQualifiedName(name) => {
                        self.qualified(file, name, &params, scope, hint)
                    }
                }
            }
            TsType::TsFnOrConstructorType(f) => {
                self.unsupported(file, f.span(), "a function", "send what it would return")
            }
            TsType::TsConditionalType(conditional) => self.unsupported(
                file,
                conditional.span,
                "a conditional type",
                "write the type it comes to",
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
                    "say what it is, or that anything JSON can hold will do: `import type { Json } from 'kontract'`",
                );
            }
            TsKeywordTypeKind::TsObjectKeyword => {
                return self.unsupported(file, span, "`object`", "name its fields in an interface");
            }
            TsKeywordTypeKind::TsSymbolKeyword => {
                return self.unsupported(
                    file,
                    span,
                    "a symbol",
                    "send its description, or one of a set of strings: `'a' | 'b'`",
                );
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
        self.finish_object(index, fields)
    }

    pub(super) fn begin(&mut self, name: String, file: Option<usize>) -> usize {
        self.types.objects.push(Object {
            name,
            file,
            fields: Vec::new(),
            complete: false,
        });
        self.types.objects.len() - 1
    }

    pub(super) fn finish_object(&mut self, index: usize, fields: Vec<Field>) -> Slot {
        let object = &mut self.types.objects[index];
        object.fields = fields;
        object.complete = true;
        Slot::of(Kind::Object(index))
    }

    /// Whether `file` declares a type called `name`.
    pub(super) fn declares(&self, file: usize, name: &str) -> bool {
        self.modules.files[file].summary().declares(name).is_some()
    }

    /// The declarations of the type `name` of `file`, in parts where it is an interface.
    pub(super) fn declared(&self, file: usize, name: &str) -> Option<Vec<TypeDecl<'a>>> {
        let parsed = &self.modules.files[file];
        let items = parsed.summary().declares(name)?.iter();
        let items = items.filter_map(|&index| type_declaration(&parsed.module.body[index]));
        Some(items.collect())
    }

    /// The types that `file` declares, sorted by name, each with its first declaration.
    pub(crate) fn declarations(
        &self,
        file: usize,
    ) -> impl Iterator<Item = (&'a str, TypeDecl<'a>)> + use<'a> {
        let parsed: &'a Parsed = &self.modules.files[file];
        parsed.summary().types.iter().filter_map(|(name, items)| {
            let item = &parsed.module.body[*items.first()?];
            Some((name.as_str(), type_declaration(item)?))
        })
    }

    pub(super) fn short_name(&self, slot: &Slot) -> String {
        match &slot.kind {
            Kind::Object(index) => self.types.objects[*index].name.clone(),
            Kind::List(element) => format!("{}s", self.short_name(element)),
            Kind::Tuple(index) => self.types.tuples[*index].name.clone(),
            Kind::Union(index) => self.types.unions[*index].name.clone(),
            other => other.storage_name().to_owned(),
        }
    }
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
