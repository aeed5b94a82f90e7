//! The type of a value, as far as the code itself tells it: literals, names whose declaration is in
//! sight, and what the platform's functions are known to give.

use std::collections::HashMap;

use swc_core::ecma::ast::{
    ArrayLit, BinExpr, BinaryOp, CallExpr, Callee, Decl, Expr, Lit, MemberExpr, MemberProp,
    ObjectLit, Pat, Prop, PropName, PropOrSpread, TsEntityName, TsKeywordTypeKind, TsType,
    TsUnionOrIntersectionType, UnaryOp,
};

use super::inferred::place;
use crate::diagnostics::Range;
use crate::types::ir::{Field, Kind, Number, Slot};
use crate::types::merge::{merge, override_fields};
use crate::types::resolve::{Resolver, annotation};

/// A value whose type the code does not tell.
pub(super) struct Unknown {
    pub range: Range,
    /// A clause: "this is a call of another function".
    pub what: String,
}

type Told<T> = Result<T, Unknown>;

/// The names in sight while a file is walked.
pub(super) struct Values<'r, 'a> {
    pub resolver: &'r mut Resolver<'a>,
    file: usize,
    /// Innermost last; `None` for a name whose type is not told.
    scopes: Vec<HashMap<String, Option<Slot>>>,
}

impl<'r, 'a> Values<'r, 'a> {
    pub(super) fn new(resolver: &'r mut Resolver<'a>, file: usize) -> Self {
        Self {
            resolver,
            file,
            scopes: vec![HashMap::new()],
        }
    }

    pub(super) fn enter(&mut self) {
        self.scopes.push(HashMap::new());
    }

    pub(super) fn leave(&mut self) {
        self.scopes.pop();
    }

    /// What a top-level declaration declares.
    pub(super) fn declare_all(&mut self, declaration: &Decl) {
        if let Decl::Var(var) = declaration {
            for one in &var.decls {
                self.declare(&one.name, one.init.as_deref());
            }
        }
    }

    /// A variable or parameter, with its type if that is told.
    pub(super) fn declare(&mut self, pat: &Pat, init: Option<&Expr>) {
        match pat {
            Pat::Ident(name) => {
                let slot = match (annotation(pat), init) {
                    (Some(ty), _) => self.written(ty),
                    (None, Some(init)) => self.of(init).ok(),
                    (None, None) => None,
                };
                let slot = slot.map(|mut slot| {
                    slot.undefined |= name.id.optional;
                    slot
                });
                self.name(&name.id.sym, slot);
            }
            Pat::Assign(with_default) => {
                self.declare(&with_default.left, Some(&with_default.right));
            }
            // What is taken apart hides what had the name before.
            other => {
                let names: Vec<swc_core::ecma::ast::Ident> =
                    swc_core::ecma::utils::find_pat_ids(other);
                for name in names {
                    self.name(&name.sym, None);
                }
            }
        }
    }

    fn name(&mut self, name: &str, slot: Option<Slot>) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.insert(name.to_owned(), slot);
        }
    }

    /// The fields of a value that is written as a row.
    pub(super) fn row(&mut self, value: &Expr) -> Told<Vec<Field>> {
        let slot = self.of(value)?;
        match slot.kind {
            Kind::Object(index) if !slot.null && !slot.undefined => {
                Ok(self.resolver.types.objects[index].fields.clone())
            }
            _ => Err(unknown(value, "this is no object with fields")),
        }
    }

    /// A type for people.
    pub(super) fn text_of(&self, slot: &Slot) -> String {
        self.resolver.types.typescript(slot, &|_| None)
    }

    fn of(&mut self, expr: &Expr) -> Told<Slot> {
        Ok(match expr {
            Expr::Paren(inner) => self.of(&inner.expr)?,
            Expr::TsSatisfies(inner) => self.of(&inner.expr)?,
            Expr::TsConstAssertion(inner) => self.of(&inner.expr)?,
            Expr::TsNonNull(inner) => {
                let slot = self.of(&inner.expr)?;
                Slot::of(slot.kind)
            }
            Expr::TsAs(cast) => self.written(&cast.type_ann).ok_or_else(|| {
                unknown(&cast.type_ann, "this type is not a plain or a named one")
            })?,
            Expr::Lit(literal) => {
                of_literal(literal).ok_or_else(|| unknown(expr, "this value cannot be stored"))?
            }
            Expr::Tpl(_) => text(),
            Expr::Object(object) => self.of_object(object)?,
            Expr::Array(array) => self.of_array(array)?,
            Expr::Cond(choice) => {
                let (a, b) = (self.of(&choice.cons)?, self.of(&choice.alt)?);
                united(expr, vec![a, b])?
            }
            Expr::Unary(unary) => match unary.op {
                UnaryOp::Bang | UnaryOp::Delete => boolean(),
                UnaryOp::TypeOf => text(),
                UnaryOp::Void => nothing(false),
                UnaryOp::Minus | UnaryOp::Plus | UnaryOp::Tilde => self.of(&unary.arg)?,
            },
            Expr::Bin(binary) => self.of_binary(binary)?,
            Expr::New(new) if new.callee.is_ident_ref_to("Date") => Slot::of(Kind::Date),
            Expr::New(new) if new.callee.is_ident_ref_to("Uint8Array") => Slot::of(Kind::Bytes),
            Expr::Ident(name) if name.sym == *"undefined" => nothing(false),
            Expr::Ident(name) => {
                let known = self.scopes.iter().rev().find_map(|s| s.get(&*name.sym));
                match known {
                    Some(Some(slot)) => slot.clone(),
                    Some(None) => {
                        return Err(unknown(expr, &format!("`{}` has no type here", name.sym)));
                    }
                    None => {
                        let what = format!("`{}` is declared somewhere else", name.sym);
                        return Err(unknown(expr, &what));
                    }
                }
            }
            Expr::Member(member) => self.of_member(member)?,
            Expr::Call(call) => of_call(call)
                .ok_or_else(|| unknown(expr, "this is what another function returns"))?,
            other => return Err(unknown(other, "the type of this value is not written")),
        })
    }

    fn of_object(&mut self, object: &ObjectLit) -> Told<Slot> {
        let mut fields = Vec::new();
        for prop in &object.props {
            match prop {
                PropOrSpread::Spread(spread) => {
                    let slot = self.of(&spread.expr)?;
                    let Kind::Object(index) = slot.kind else {
                        return Err(unknown(&*spread.expr, "what is spread here has no fields"));
                    };
                    let optional = slot.null || slot.undefined;
                    let mut spread = self.resolver.types.objects[index].fields.clone();
                    for field in &mut spread {
                        field.slot.undefined |= optional;
                    }
                    override_fields(&mut fields, spread);
                }
                PropOrSpread::Prop(prop) => {
                    let field = self.field(prop)?;
                    override_fields(&mut fields, vec![field]);
                }
            }
        }
        Ok(self.resolver.anonymous("row", fields))
    }

    fn field(&mut self, prop: &Prop) -> Told<Field> {
        let (name, slot) = match prop {
            Prop::Shorthand(name) => (name.sym.to_string(), self.of(&Expr::Ident(name.clone()))?),
            Prop::KeyValue(pair) => {
                let name = match &pair.key {
                    PropName::Ident(name) => name.sym.to_string(),
                    PropName::Str(name) => name.value.to_string_lossy().into_owned(),
                    other => return Err(unknown(other, "the name of this field is computed")),
                };
                (name, self.of(&pair.value)?)
            }
            other => return Err(unknown(other, "this is code, not a value")),
        };
        Ok(Field {
            name,
            slot,
            perm: 6,
            primkey: false,
            index: None,
            range: place(prop),
            file: self.file,
        })
    }

    fn of_array(&mut self, array: &ArrayLit) -> Told<Slot> {
        let mut elements = Vec::new();
        for element in array.elems.iter().flatten() {
            let slot = self.of(&element.expr)?;
            elements.push(match (element.spread, slot.kind) {
                (Some(_), Kind::List(inner)) => *inner,
                (Some(_), _) => {
                    return Err(unknown(&*element.expr, "what is spread here is no array"));
                }
                (None, kind) => Slot { kind, ..slot },
            });
        }
        if elements.is_empty() {
            // Another write may say what is in it.
            return Ok(Slot::of(Kind::List(Box::new(Slot::of(Kind::Void)))));
        }
        let element = united(array, elements)?;
        Ok(Slot::of(Kind::List(Box::new(element))))
    }

    fn of_binary(&mut self, binary: &BinExpr) -> Told<Slot> {
        use BinaryOp as Op;
        match binary.op {
            Op::EqEq
            | Op::NotEq
            | Op::EqEqEq
            | Op::NotEqEq
            | Op::Lt
            | Op::LtEq
            | Op::Gt
            | Op::GtEq
            | Op::In
            | Op::InstanceOf => return Ok(boolean()),
            _ => {}
        }
        let (left, right) = (self.of(&binary.left)?, self.of(&binary.right)?);
        match binary.op {
            Op::LogicalAnd | Op::LogicalOr => united(binary, vec![left, right]),
            Op::NullishCoalescing => united(binary, vec![Slot::of(left.kind), right]),
            Op::Add
                if matches!(
                    (&left.kind, &right.kind),
                    (Kind::Text(_), _) | (_, Kind::Text(_))
                ) =>
            {
                Ok(text())
            }
            _ if left.kind == right.kind => Ok(left),
            _ => Err(unknown(binary, "the two sides are of different kinds")),
        }
    }

    fn of_member(&mut self, member: &MemberExpr) -> Told<Slot> {
        let MemberProp::Ident(name) = &member.prop else {
            return Err(unknown(member, "which field this is is computed"));
        };
        if member.obj.is_ident_ref_to("ctx") {
            match &*name.sym {
                "sid" | "owner" | "sub" | "method" | "path" => return Ok(text()),
                "perm" | "attempt" => return Ok(number()),
                _ => {}
            }
        }
        if name.sym == *"length" {
            return Ok(number());
        }
        let owner = self.of(&member.obj)?;
        if let Kind::Object(index) = owner.kind {
            let fields = &self.resolver.types.objects[index].fields;
            if let Some(field) = fields.iter().find(|f| f.name == *name.sym) {
                return Ok(field.slot.clone());
            }
        }
        Err(unknown(member, "the type of this value is not written"))
    }

    /// A type that is written as a plain one, by its name, or as an array or an option of these.
    fn written(&mut self, ty: &TsType) -> Option<Slot> {
        match ty {
            TsType::TsKeywordType(keyword) => Some(match keyword.kind {
                TsKeywordTypeKind::TsStringKeyword => text(),
                TsKeywordTypeKind::TsNumberKeyword => number(),
                TsKeywordTypeKind::TsBooleanKeyword => boolean(),
                TsKeywordTypeKind::TsBigIntKeyword => bigint(),
                TsKeywordTypeKind::TsNullKeyword => nothing(true),
                TsKeywordTypeKind::TsUndefinedKeyword => nothing(false),
                _ => return None,
            }),
            TsType::TsParenthesizedType(inner) => self.written(&inner.type_ann),
            TsType::TsArrayType(array) => {
                let element = self.written(&array.elem_type)?;
                Some(Slot::of(Kind::List(Box::new(element))))
            }
            TsType::TsUnionOrIntersectionType(TsUnionOrIntersectionType::TsUnionType(union)) => {
                let slots: Option<Vec<Slot>> =
                    union.types.iter().map(|t| self.written(t)).collect();
                merge(slots?)
            }
            TsType::TsTypeRef(reference) if reference.type_params.is_none() => {
                let TsEntityName::Ident(name) = &reference.type_name else {
                    return None;
                };
                let modules = self.resolver.modules;
                let declared = modules
                    .declaration_of(self.file, &name.sym)
                    .filter(|(file, local)| self.resolver.declares(*file, local));
                match (declared, &*name.sym) {
                    (Some((file, local)), _) => self.resolver.named(file, &local).ok(),
                    (None, "Date") => Some(Slot::of(Kind::Date)),
                    (None, "Uint8Array") => Some(Slot::of(Kind::Bytes)),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

fn of_literal(literal: &Lit) -> Option<Slot> {
    Some(match literal {
        Lit::Str(_) => text(),
        Lit::Num(_) => number(),
        Lit::Bool(_) => boolean(),
        Lit::BigInt(_) => bigint(),
        Lit::Null(_) => nothing(true),
        _ => return None,
    })
}

/// Functions of the platform and methods whose name says what they give.
fn of_call(call: &CallExpr) -> Option<Slot> {
    let Callee::Expr(callee) = &call.callee else {
        return None;
    };
    match &**callee {
        Expr::Ident(name) => Some(match &*name.sym {
            "String" | "encodeURIComponent" | "decodeURIComponent" | "btoa" | "atob" => text(),
            "Number" | "parseInt" | "parseFloat" => number(),
            "Boolean" => boolean(),
            "BigInt" => bigint(),
            _ => return None,
        }),
        Expr::Member(member) => {
            let method = member.prop.as_ident()?;
            if member.obj.is_ident_ref_to("Math") {
                return Some(number());
            }
            Some(match &*method.sym {
                "now" if member.obj.is_ident_ref_to("Date") => number(),
                "stringify" if member.obj.is_ident_ref_to("JSON") => text(),
                "randomUUID" | "toString" | "toISOString" | "toFixed" | "trim" | "trimStart"
                | "trimEnd" | "toLowerCase" | "toUpperCase" | "padStart" | "padEnd"
                | "replaceAll" | "normalize" | "join" => text(),
                "getTime" | "charCodeAt" => number(),
                "startsWith" | "endsWith" | "includes" => boolean(),
                _ => return None,
            })
        }
        _ => None,
    }
}

fn united(whole: &impl swc_core::common::Spanned, slots: Vec<Slot>) -> Told<Slot> {
    merge(slots).ok_or_else(|| unknown(whole, "this is of different kinds from case to case"))
}

fn unknown(node: &impl swc_core::common::Spanned, what: &str) -> Unknown {
    Unknown {
        range: place(node),
        what: what.to_owned(),
    }
}

fn text() -> Slot {
    Slot::of(Kind::Text(Vec::new()))
}

fn number() -> Slot {
    Slot::of(Kind::Number(Number::Float64, Vec::new()))
}

fn boolean() -> Slot {
    Slot::of(Kind::Boolean)
}

fn bigint() -> Slot {
    Slot::of(Kind::Bigint { unsigned: false })
}

fn nothing(null: bool) -> Slot {
    Slot {
        kind: Kind::Void,
        null,
        undefined: !null,
    }
}
