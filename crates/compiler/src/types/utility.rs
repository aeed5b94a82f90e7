//! The types TypeScript and the platform bring along.

use swc_core::common::Span;
use swc_core::ecma::ast::TsType;

use super::ir::{Field, Kind, Slot};
use super::resolve::{Resolved, Resolver, Scope};
use crate::diagnostics::types as errors;
use crate::parse::range_of;

impl<'a> Resolver<'a> {
    /// A type no file of the project declares.
    pub(super) fn global(
        &mut self,
        file: usize,
        name: &str,
        span: Span,
        params: &[&'a TsType],
        scope: &Scope,
        hint: &str,
    ) -> Resolved<Slot> {
        let arity = match name {
            "Date" | "Uint8Array" => 0,
            "Array" | "ReadonlyArray" | "Partial" | "Required" | "Readonly" | "NonNullable" => 1,
            "Pick" | "Omit" | "Record" => 2,
            "Map" | "Set" | "WeakMap" | "WeakSet" => {
                return self.unsupported(
                    file,
                    span,
                    &format!("a `{name}`"),
                    "use an array or a `Record`",
                );
            }
            "Promise" | "AsyncIterable" | "AsyncIterableIterator" | "AsyncGenerator" => {
                return self.unsupported(
                    file,
                    span,
                    &format!("a `{name}` inside another type"),
                    "send the values it leads to",
                );
            }
            _ => return self.report(errors::unknown_type(file, range_of(span), name)),
        };
        if params.len() != arity && name != "Uint8Array" {
            return self.report(errors::wrong_type_arguments(
                file,
                range_of(span),
                name,
                arity,
            ));
        }
        match name {
            "Date" => return Ok(Slot::of(Kind::Date)),
            "Uint8Array" => return Ok(Slot::of(Kind::Bytes)),
            "Record" => return self.record(file, span, params, scope, hint),
            _ => {}
        }
        let mut slot = self.slot(file, params[0], scope, hint)?;
        match name {
            "Array" | "ReadonlyArray" => return Ok(Slot::of(Kind::List(Box::new(slot)))),
            "Readonly" => return Ok(slot),
            "NonNullable" => {
                slot.null = false;
                slot.undefined = false;
                return Ok(slot);
            }
            _ => {}
        }
        let object = self.object_of(file, span, &slot)?;
        let mut fields = self.types.objects[object].fields.clone();
        match name {
            "Partial" => fields.iter_mut().for_each(|f| f.slot.undefined = true),
            "Required" => fields.iter_mut().for_each(|f| f.slot.undefined = false),
            _ => self.choose(&mut fields, name == "Pick", file, span, params[1], scope)?,
        }
        Ok(self.anonymous(hint, fields))
    }

    fn choose(
        &mut self,
        fields: &mut Vec<Field>,
        pick: bool,
        file: usize,
        span: Span,
        keys: &'a TsType,
        scope: &Scope,
    ) -> Resolved<()> {
        match self.slot(file, keys, scope, "")?.kind {
            Kind::Text(literals) if !literals.is_empty() => {
                fields.retain(|f| literals.contains(&f.name) == pick);
                Ok(())
            }
            _ => self.unsupported(
                file,
                span,
                "a choice of fields by a computed key",
                "write the names: `'a' | 'b'`",
            ),
        }
    }

    fn record(
        &mut self,
        file: usize,
        span: Span,
        params: &[&'a TsType],
        scope: &Scope,
        hint: &str,
    ) -> Resolved<Slot> {
        let key = self.slot(file, params[0], scope, hint)?;
        let value = self.slot(file, params[1], scope, hint)?;
        match key.kind {
            Kind::Text(literals) if literals.is_empty() => {
                Ok(Slot::of(Kind::Record(Box::new(value))))
            }
            Kind::Text(literals) => {
                let field = |name: String| Field {
                    name,
                    slot: value.clone(),
                    perm: 6,
                    primkey: false,
                    index: None,
                    range: range_of(span),
                    file,
                };
                let fields = literals.into_iter().map(field).collect();
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
