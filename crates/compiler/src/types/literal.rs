//! Literal types, template literals and enums.

use swc_core::common::Spanned;
use swc_core::ecma::ast::{TsEnumDecl, TsEnumMember, TsEnumMemberId, TsLit, TsTplLitType};

use super::constant::{Constant, evaluate};
use super::declared::TypeDecl;
use super::ir::{Kind, Literal, Slot};
use super::resolve::{Resolved, Resolver, Scope};
use crate::parse::range_of;

/// More strings than this are as good as any string.
const MAX_STRINGS: usize = 256;

impl<'a> Resolver<'a> {
    pub(super) fn literal_type(
        &mut self,
        file: usize,
        literal: &'a TsLit,
        scope: &Scope,
    ) -> Resolved<Slot> {
        Ok(Slot::of(match literal {
            TsLit::Str(s) => Kind::Text(vec![s.value.to_string_lossy().into_owned()]),
            TsLit::Number(n) => Constant::Number(n.value).kind(),
            TsLit::Bool(b) => Kind::Literals(vec![Literal::Boolean(b.value)]),
            TsLit::BigInt(_) => Kind::Bigint { unsigned: false },
            TsLit::Tpl(template) => return self.template(file, template, scope),
        }))
    }

    /// Every string a template can make, where they can be counted; else any string.
    fn template(
        &mut self,
        file: usize,
        template: &'a TsTplLitType,
        scope: &Scope,
    ) -> Resolved<Slot> {
        let mut strings = vec![String::new()];
        for (i, quasi) in template.quasis.iter().enumerate() {
            let text = quasi
                .cooked
                .as_ref()
                .map(|c| c.to_string_lossy().into_owned());
            let text = text.unwrap_or_else(|| quasi.raw.to_string());
            for string in &mut strings {
                string.push_str(&text);
            }
            let Some(ty) = template.types.get(i) else {
                continue;
            };
            let slot = self.slot(file, ty, scope, "")?;
            let choices = self.choices(&slot);
            let literals: Vec<Literal> = choices.iter().flat_map(Kind::literals).collect();
            let countable = literals.len() == choices.len() && !slot.null && !slot.undefined;
            if !countable || strings.len() * literals.len() > MAX_STRINGS {
                return Ok(Slot::of(Kind::Text(Vec::new())));
            }
            strings = strings
                .iter()
                .flat_map(|start| literals.iter().map(move |l| format!("{start}{}", plain(l))))
                .collect();
        }
        Ok(Slot::of(Kind::Text(strings)))
    }

    /// The literals of an enum.
    pub(super) fn enumeration(&mut self, file: usize, decl: &'a TsEnumDecl) -> Resolved<Slot> {
        let mut slots = Vec::new();
        for (member, value) in members(decl) {
            let Some(value) = value else {
                return self.unsupported(
                    file,
                    member.init.span(),
                    "an enum member computed at run time",
                    "write its value",
                );
            };
            slots.push(Slot::of(value.kind()));
        }
        let name = decl.id.sym.to_string();
        Ok(self.unite(file, range_of(decl.id.span), &name, slots))
    }

    /// `Color.Red` as a type.
    pub(super) fn enum_member(&self, file: usize, name: &str, member: &str) -> Option<Slot> {
        let (target, local) = self.modules.declaration_of(file, name)?;
        let TypeDecl::Enum(decl) = *self.declared(target, &local)?.first()? else {
            return None;
        };
        let (_, value) = members(decl)
            .into_iter()
            .find(|(m, _)| member_name(m) == member)?;
        Some(Slot::of(value?.kind()))
    }
}

/// The names of an enum's members with their values.
pub(super) fn values(decl: &TsEnumDecl) -> Vec<(String, Option<Constant>)> {
    let all = members(decl).into_iter();
    all.map(|(member, value)| (member_name(member), value))
        .collect()
}

/// The members of an enum with their values, as TypeScript counts them.
fn members(decl: &TsEnumDecl) -> Vec<(&TsEnumMember, Option<Constant>)> {
    let mut known: Vec<(String, Constant)> = Vec::new();
    let mut next = Some(0.0);
    let mut all = Vec::new();
    for member in &decl.members {
        let value = match &member.init {
            None => next.map(Constant::Number),
            Some(init) => evaluate(init, &|name| {
                known
                    .iter()
                    .find(|(n, _)| n == name)
                    .map(|(_, value)| value.clone())
            }),
        };
        next = match &value {
            Some(Constant::Number(n)) => Some(n + 1.0),
            _ => None,
        };
        if let Some(value) = &value {
            known.push((member_name(member), value.clone()));
        }
        all.push((member, value));
    }
    all
}

fn member_name(member: &TsEnumMember) -> String {
    match &member.id {
        TsEnumMemberId::Ident(ident) => ident.sym.to_string(),
        TsEnumMemberId::Str(text) => text.value.to_string_lossy().into_owned(),
    }
}

/// A literal inside of a string.
fn plain(literal: &Literal) -> String {
    match literal {
        Literal::Text(text) => text.clone(),
        other => other.javascript(),
    }
}
