//! The fields of interfaces and classes, with what their decorators say.

use swc_core::common::{Span, Spanned};
use swc_core::ecma::ast::{Class, ClassMember, Expr, Lit, PropName, TsType, TsTypeElement};

use super::infer::literal;
use super::ir::{Field, Kind, Number, Slot};
use super::merge::{narrow, override_fields};
use super::resolve::{Reported, Resolved, Resolver, Scope};
use crate::blank::{Value, parse_arguments};
use crate::diagnostics::types as errors;
use crate::parse::range_of;

impl<'a> Resolver<'a> {
    pub(super) fn fields(
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
                        Expr::Lit(Lit::Num(n)) => n.value.to_string(),
                        key => {
                            return self.unsupported(
                                file,
                                key.span(),
                                "a computed field",
                                "write its name",
                            );
                        }
                    };
                    let ty = p.type_ann.as_ref().map(|t| &*t.type_ann);
                    let key = p.key.span();
                    self.written(file, key, ty, scope, &format!("{owner}_{name}"))
                        .and_then(|slot| self.field(file, name, key, slot, p.optional))
                }
                TsTypeElement::TsIndexSignature(signature) => self.unsupported(
                    file,
                    signature.span,
                    "an index signature beside named fields",
                    "put the dictionary into a field of its own: `more: Record<string, number>`",
                ),
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

    pub(super) fn class_fields(
        &mut self,
        file: usize,
        class: &'a Class,
        scope: &Scope,
        owner: &str,
    ) -> Resolved<Vec<Field>> {
        let mut fields = Vec::new();
        if let Some(base) = &class.super_class {
            let Expr::Ident(name) = &**base else {
                return self.unsupported(
                    file,
                    base.span(),
                    "this form of `extends`",
                    "extend a class by its name",
                );
            };
            let slot = self.reference(file, &name.sym, base.span(), &[], scope, &name.sym)?;
            let object = self.object_of(file, base.span(), &slot)?;
            fields.clone_from(&self.types.objects[object].fields);
        }
        for member in &class.body {
            let ClassMember::ClassProp(p) = member else {
                continue;
            };
            if p.is_static || p.declare {
                continue;
            }
            let name = match &p.key {
                PropName::Ident(i) => i.sym.to_string(),
                PropName::Str(s) => s.value.to_string_lossy().into_owned(),
                PropName::Num(n) => n.value.to_string(),
                key => {
                    return self.unsupported(
                        file,
                        key.span(),
                        "a computed field",
                        "write its name",
                    );
                }
            };
            let ty = p.type_ann.as_ref().map(|t| &*t.type_ann);
            let key = p.key.span();
            let slot = match (ty, p.value.as_deref().and_then(literal)) {
                (None, Some(slot)) if slot.kind != Kind::Void => slot,
                _ => self.written(file, key, ty, scope, &format!("{owner}_{name}"))?,
            };
            let field = self.field(file, name, key, slot, p.is_optional)?;
            override_fields(&mut fields, vec![field]);
        }
        Ok(fields)
    }

    /// The type written on a field.
    fn written(
        &mut self,
        file: usize,
        key: Span,
        ty: Option<&'a TsType>,
        scope: &Scope,
        hint: &str,
    ) -> Resolved<Slot> {
        match ty {
            Some(ty) => self.slot(file, ty, scope, hint),
            None => self.unsupported(
                file,
                key,
                "a field without a type",
                "say what it is: `name: string`",
            ),
        }
    }

    /// A field with what its decorators say.
    fn field(
        &mut self,
        file: usize,
        name: String,
        key: Span,
        mut slot: Slot,
        optional: bool,
    ) -> Resolved<Field> {
        if name == "__proto__" {
            return self.unsupported(
                file,
                key,
                "a field called `__proto__`",
                "give it another name: objects use this one themselves",
            );
        }
        slot.undefined |= optional;
        let mut field = Field::plain(name, slot, file, range_of(key));
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
                        first.map_or(6, |a| if let Value::Mask(m) = a.value { m } else { 6 });
                }
                "index" => {
                    field.index = Some(first.is_some_and(|a| a.value == Value::Boolean(true)));
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
}
