//! Tuples, and what intersections put together.

use swc_core::common::{Span, Spanned};
use swc_core::ecma::ast::{Pat, TsIntersectionType, TsTupleType, TsType};

use super::ir::{Element, Field, Kind, Slot, Tuple};
use super::merge::override_fields;
use super::resolve::{Resolved, Resolver, Scope};
use crate::parse::range_of;

/// More combinations than this no one means.
const MAX_COMBINATIONS: usize = 64;

impl<'a> Resolver<'a> {
    pub(super) fn tuple(
        &mut self,
        file: usize,
        tuple: &'a TsTupleType,
        scope: &Scope,
        hint: &str,
    ) -> Resolved<Slot> {
        let mut elements: Vec<Element> = Vec::new();
        for (i, element) in tuple.elem_types.iter().enumerate() {
            let (label, rest, optional) = match &element.label {
                Some(Pat::Ident(ident)) => (Some(ident.sym.to_string()), false, ident.optional),
                Some(Pat::Rest(rest)) => {
                    (rest.arg.as_ident().map(|i| i.sym.to_string()), true, false)
                }
                _ => (None, false, false),
            };
            let (ty, rest) = match &*element.ty {
                TsType::TsRestType(inner) => (&*inner.type_ann, true),
                ty => (ty, rest),
            };
            let name = label.clone().unwrap_or_else(|| i.to_string());
            let mut slot = self.slot(file, ty, scope, &format!("{hint}_{name}"))?;
            slot.undefined |= optional;
            if !rest {
                elements.push(Element { label, slot, rest });
                continue;
            }
            match &slot.kind {
                // `...[string, number]` is its elements.
                Kind::Tuple(inner) => elements.extend(self.types.tuples[*inner].elements.clone()),
                Kind::List(_) => elements.push(Element { label, slot, rest }),
                _ => {
                    return self.unsupported(
                        file,
                        element.span,
                        "a rest element that is no array",
                        "write `...rest: string[]`",
                    );
                }
            }
        }
        if elements.iter().filter(|e| e.rest).count() > 1 {
            return self.unsupported(
                file,
                tuple.span,
                "a tuple with two rest elements",
                "keep one, or use an object with two arrays",
            );
        }
        Ok(self.tuple_of(hint, elements))
    }

    pub(super) fn tuple_of(&mut self, name: &str, elements: Vec<Element>) -> Slot {
        self.types.tuples.push(Tuple {
            name: name.to_owned(),
            elements,
            alias: None,
        });
        Slot::of(Kind::Tuple(self.types.tuples.len() - 1))
    }

    /// Object types with the fields of all; a branded type is the type that carries the brand.
    pub(super) fn intersection(
        &mut self,
        file: usize,
        both: &'a TsIntersectionType,
        scope: &Scope,
        hint: &str,
    ) -> Resolved<Slot> {
        let mut combinations: Vec<Vec<Field>> = vec![Vec::new()];
        let mut branded: Option<Slot> = None;
        for (i, member) in both.types.iter().enumerate() {
            let slot = self.slot(file, member, scope, &format!("{hint}_{}", i + 1))?;
            if is_plain(&slot.kind) {
                branded = Some(slot);
                continue;
            }
            let mut all = Vec::new();
            for object in self.objects_of(file, member.span(), &slot)? {
                for fields in &combinations {
                    let mut fields = fields.clone();
                    override_fields(&mut fields, self.types.objects[object].fields.clone());
                    all.push(fields);
                }
            }
            combinations = all;
        }
        if let Some(slot) = branded {
            return Ok(slot);
        }
        if combinations.len() > MAX_COMBINATIONS {
            return self.unsupported(
                file,
                both.span,
                "an intersection of so many types",
                "write the type it comes to",
            );
        }
        let slots = combinations
            .into_iter()
            .map(|fields| self.anonymous(hint, fields))
            .collect();
        Ok(self.unite(file, range_of(both.span), hint, slots))
    }

    /// The object types a slot is a choice of.
    fn objects_of(&mut self, file: usize, span: Span, slot: &Slot) -> Resolved<Vec<usize>> {
        let Kind::Union(union) = slot.kind else {
            return Ok(vec![self.object_of(file, span, slot)?]);
        };
        let mut objects = Vec::new();
        for member in self.types.unions[union].members.clone() {
            objects.push(self.object_of(file, span, &Slot::of(member))?);
        }
        Ok(objects)
    }
}

fn is_plain(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::Text(_) | Kind::Number(..) | Kind::Boolean | Kind::Bigint { .. }
    )
}
