//! Objects used as dictionaries: `{ [key: string]: number }` and `Record`.

use swc_core::common::Span;
use swc_core::ecma::ast::{TsFnParam, TsIndexSignature, TsType, TsTypeElement};

use super::ir::{Field, Kind, Literal, Slot};
use super::resolve::{Resolved, Resolver, Scope};
use crate::parse::range_of;

/// Whether members are one index signature and nothing else.
pub(super) fn is_dictionary(members: &[TsTypeElement]) -> bool {
    matches!(members, [TsTypeElement::TsIndexSignature(_)])
}

impl<'a> Resolver<'a> {
    /// The record that members are, if they are one.
    pub(super) fn dictionary(
        &mut self,
        file: usize,
        members: &'a [TsTypeElement],
        scope: &Scope,
        hint: &str,
    ) -> Option<Resolved<Slot>> {
        let [TsTypeElement::TsIndexSignature(signature)] = members else {
            return None;
        };
        Some(self.index_signature(file, signature, scope, hint))
    }

    fn index_signature(
        &mut self,
        file: usize,
        signature: &'a TsIndexSignature,
        scope: &Scope,
        hint: &str,
    ) -> Resolved<Slot> {
        let key = match signature.params.as_slice() {
            [TsFnParam::Ident(ident)] => ident.type_ann.as_ref().map(|t| &*t.type_ann),
            [TsFnParam::Object(pat)] => pat.type_ann.as_ref().map(|t| &*t.type_ann),
            _ => None,
        };
        let value = signature.type_ann.as_ref().map(|t| &*t.type_ann);
        let (Some(key), Some(value)) = (key, value) else {
            return self.unsupported(
                file,
                signature.span,
                "values without a type",
                "say what they are: `{ [key: string]: number }`",
            );
        };
        self.record(file, signature.span, key, value, scope, hint)
    }

    /// `Record<K, V>`: with literals for keys an object, else a dictionary.
    pub(super) fn record(
        &mut self,
        file: usize,
        span: Span,
        key: &'a TsType,
        value: &'a TsType,
        scope: &Scope,
        hint: &str,
    ) -> Resolved<Slot> {
        let key = self.slot(file, key, scope, hint)?;
        let value = self.slot(file, value, scope, &format!("{hint}_value"))?;
        let literals = key.kind.literals();
        let names: Option<Vec<String>> = literals.into_iter().map(field_name).collect();
        match (key.kind, names) {
            // The keys of objects are strings, whatever their type says.
            (Kind::Text(literals) | Kind::Number(_, literals), _) if literals.is_empty() => {
                Ok(Slot::of(Kind::Record(Box::new(value))))
            }
            (_, Some(names)) if !names.is_empty() => {
                let field = |name| Field::plain(name, value.clone(), file, range_of(span));
                let fields = names.into_iter().map(field).collect();
                Ok(self.anonymous(hint, fields))
            }
            _ => self.unsupported(
                file,
                span,
                "a `Record` whose keys are no strings",
                "use `Record<string, …>`",
            ),
        }
    }
}

/// The name of a field whose key is a literal.
pub(super) fn field_name(literal: Literal) -> Option<String> {
    match literal {
        Literal::Text(name) | Literal::Number(name) => Some(name),
        Literal::Boolean(_) => None,
    }
}
