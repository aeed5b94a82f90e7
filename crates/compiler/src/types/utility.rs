//! The types TypeScript and the platform bring along.

use swc_core::common::{Span, Spanned};
use swc_core::ecma::ast::{Function, Pat, TsEntityName, TsType, TsTypeQueryExpr};

use super::ir::{Element, Field, Kind, Slot};
use super::query::Value;
use super::resolve::{Resolved, Resolver, Scope, annotation};
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
            "Array" | "ReadonlyArray" | "Partial" | "Required" | "Readonly" | "NonNullable"
            | "Awaited" | "ReturnType" | "Parameters" | "Uppercase" | "Lowercase"
            | "Capitalize" | "Uncapitalize" => 1,
            "Pick" | "Omit" | "Record" | "Exclude" | "Extract" => 2,
            "Json" => {
                return self.unsupported(
                    file,
                    span,
                    "`Json` without its import",
                    "`import type { Json } from 'kontract'`",
                );
            }
            _ if instead(name).is_some() => {
                let help = format!("use {}", instead(name).unwrap_or_default());
                return self.unsupported(file, span, &format!("a `{name}`"), &help);
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
            "Record" => return self.record(file, span, params[0], params[1], scope, hint),
            "Awaited" => {
                let (file, ty) = self.awaited(file, params[0]);
                return self.slot(file, ty, scope, hint);
            }
            "ReturnType" | "Parameters" => {
                return self.of_function(file, params[0], name == "ReturnType", hint);
            }
            "Exclude" | "Extract" => {
                return self.select(file, span, params, name == "Extract", scope, hint);
            }
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
            "Uppercase" | "Lowercase" | "Capitalize" | "Uncapitalize" => {
                if let Kind::Text(literals) = &mut slot.kind {
                    for literal in literals {
                        *literal = recase(name, literal);
                    }
                }
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

    /// What of a union is, or is not, a part of another type.
    fn select(
        &mut self,
        file: usize,
        span: Span,
        params: &[&'a TsType],
        keep: bool,
        scope: &Scope,
        hint: &str,
    ) -> Resolved<Slot> {
        let slot = self.slot(file, params[0], scope, hint)?;
        let of = self.slot(file, params[1], scope, "")?;
        let kinds = self.choices(&slot).into_iter();
        let kept: Vec<Slot> = kinds
            .filter(|kind| self.is_part(kind, &of) == keep)
            .map(Slot::of)
            .collect();
        let (null, undefined) = (
            slot.null && of.null == keep,
            slot.undefined && of.undefined == keep,
        );
        if kept.is_empty() && !null && !undefined {
            return self.unsupported(
                file,
                span,
                "a type without values",
                "leave something to choose from",
            );
        }
        let mut slot = if kept.is_empty() {
            Slot::of(Kind::Void)
        } else {
            self.unite(file, range_of(span), hint, kept)
        };
        slot.null |= null;
        slot.undefined |= undefined;
        Ok(slot)
    }

    /// What is left of a type once it is awaited, and the file that writes it.
    fn awaited(&self, file: usize, ty: &'a TsType) -> (usize, &'a TsType) {
        if let Some(inner) = argument_of(ty, "Promise") {
            return self.awaited(file, inner);
        }
        match argument_of(ty, "ReturnType").and_then(|f| self.function(file, f)) {
            Some((target, function)) => match function.return_type.as_ref() {
                Some(returns) => self.awaited(target, &returns.type_ann),
                None => (file, ty),
            },
            None => (file, ty),
        }
    }

    /// `ReturnType<typeof f>` and `Parameters<typeof f>` of a function that says its types.
    fn of_function(
        &mut self,
        file: usize,
        ty: &'a TsType,
        returns: bool,
        hint: &str,
    ) -> Resolved<Slot> {
        let scope = Scope::new();
        let Some((target, function)) = self.function(file, ty) else {
            return self.unsupported(
                file,
                ty.span(),
                "a part of a function that is not known here",
                "name a function of the project: `ReturnType<typeof f>`",
            );
        };
        if returns {
            return match &function.return_type {
                Some(ty) => self.slot(target, &ty.type_ann, &scope, hint),
                None => self.unsupported(
                    file,
                    ty.span(),
                    "the result of a function that does not say its type",
                    "write the function's return type",
                ),
            };
        }
        let mut elements = Vec::new();
        for param in &function.params {
            let (pat, default) = match &param.pat {
                Pat::Assign(assign) => (&*assign.left, true),
                pat => (pat, false),
            };
            let Some(ty) = annotation(pat) else {
                return self.unsupported(
                    target,
                    pat.span(),
                    "a parameter without a type",
                    "say what it is",
                );
            };
            let label = pat.as_ident().map(|i| i.sym.to_string());
            let name = label.as_deref().unwrap_or("rest");
            let mut slot = self.slot(target, ty, &scope, &format!("{hint}_{name}"))?;
            slot.undefined |= default || pat.as_ident().is_some_and(|i| i.optional);
            let rest = matches!(pat, Pat::Rest(_));
            elements.push(Element { label, slot, rest });
        }
        Ok(self.tuple_of(hint, elements))
    }

    /// The function behind `typeof f`.
    fn function(&self, file: usize, ty: &TsType) -> Option<(usize, &'a Function)> {
        let TsType::TsTypeQuery(query) = ty else {
            return None;
        };
        let TsTypeQueryExpr::TsEntityName(TsEntityName::Ident(name)) = &query.expr_name else {
            return None;
        };
        match self.value(file, &name.sym)? {
            (target, Value::Function(function)) => Some((target, function)),
            _ => None,
        }
    }
}

/// `T` of `name<T>`.
pub(crate) fn argument_of<'a>(ty: &'a TsType, name: &str) -> Option<&'a TsType> {
    let TsType::TsTypeRef(reference) = ty else {
        return None;
    };
    let is_it = reference
        .type_name
        .as_ident()
        .is_some_and(|i| i.sym == *name);
    let first = reference.type_params.as_ref()?.params.first()?;
    is_it.then_some(&**first)
}

fn recase(how: &str, text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next();
    match how {
        "Uppercase" => text.to_uppercase(),
        "Lowercase" => text.to_lowercase(),
        "Capitalize" => first
            .into_iter()
            .flat_map(char::to_uppercase)
            .chain(chars)
            .collect(),
        _ => first
            .into_iter()
            .flat_map(char::to_lowercase)
            .chain(chars)
            .collect(),
    }
}

/// What to use instead of the platform's types that cannot cross the wire.
fn instead(name: &str) -> Option<&'static str> {
    Some(match name {
        "Map" | "ReadonlyMap" | "WeakMap" => {
            "a `Record<string, …>`, or an array of pairs: `[K, V][]`"
        }
        "Set" | "ReadonlySet" | "WeakSet" => "an array: `T[]`",
        "Function" => "what the function would return",
        "Symbol" => "one of a set of strings: `'a' | 'b'`",
        "Object" => "an interface that names its fields",
        "String" => "`string`",
        "Number" => "`number`",
        "Boolean" => "`boolean`",
        "BigInt" => "`bigint`",
        "URL" | "URLSearchParams" => "`string`: its `href`, or what `toString()` gives",
        "RegExp" => "`string`: its `source`",
        "Error" => "an object with the fields you need, or throw an `HttpError`",
        "Buffer" | "ArrayBuffer" | "SharedArrayBuffer" | "DataView" | "Blob" | "File"
        | "Uint8ClampedArray" => "`Uint8Array`",
        "Int8Array" | "Int16Array" | "Uint16Array" | "Int32Array" | "Uint32Array"
        | "Float32Array" | "Float64Array" | "BigInt64Array" | "BigUint64Array" => {
            "an array of numbers, with `@int16` and the like to keep it narrow"
        }
        "Response" | "Request" | "Headers" | "FormData" | "ReadableStream" | "WritableStream" => {
            "the data it carries"
        }
        _ => return None,
    })
}
