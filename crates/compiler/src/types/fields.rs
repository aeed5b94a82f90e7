//! The fields of interfaces and classes, with what their decorators say.

use swc_core::common::{Span, Spanned};
use swc_core::ecma::ast::{Class, ClassMember, Expr, Lit, PropName, TsType, TsTypeElement};

use super::ir::{Field, Number};
use super::merge::narrow;
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

    pub(super) fn class_fields(
        &mut self,
        file: usize,
        class: &'a Class,
        owner: &str,
    ) -> Resolved<Vec<Field>> {
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
    pub(super) fn field(
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
