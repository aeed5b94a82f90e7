//! Types asked of other types and of constants: `keyof`, `T['name']`, `typeof`, mapped types.

use swc_core::common::Spanned;
use swc_core::ecma::ast::{
    ArrayLit, Decl, Expr, Function, Lit, ObjectLit, Prop, PropName, PropOrSpread, TruePlusMinus,
    TsEntityName, TsIndexedAccessType, TsKeywordTypeKind, TsMappedType, TsType, TsTypeQuery,
    TsTypeQueryExpr, VarDeclKind, VarDeclarator,
};

use super::constant::{Constant, evaluate};
use super::declared::TypeDecl;
use super::dictionary::field_name;
use super::ir::{Element, Field, Kind, Literal, Slot};
use super::resolve::{Resolved, Resolver, Scope, annotation};
use crate::modules::declaration;
use crate::parse::range_of;

/// A value a module declares.
#[derive(Clone, Copy)]
pub(super) enum Value<'a> {
    Constant(&'a VarDeclarator, VarDeclKind),
    Function(&'a Function),
}

impl<'a> Resolver<'a> {
    /// `keyof T`.
    pub(super) fn keys(&mut self, file: usize, ty: &'a TsType, scope: &Scope) -> Resolved<Slot> {
        let slot = self.slot(file, ty, scope, "")?;
        if let Kind::Record(_) = slot.kind {
            return Ok(Slot::of(Kind::Text(Vec::new())));
        }
        let object = self.object_of(file, ty.span(), &slot)?;
        let fields = &self.types.objects[object].fields;
        let names: Vec<String> = fields.iter().map(|f| f.name.clone()).collect();
        if names.is_empty() {
            return self.unsupported(file, ty.span(), "a key of no fields", "add a field");
        }
        Ok(Slot::of(Kind::Text(names)))
    }

    /// `User['name']`, `Roles[number]`.
    pub(super) fn indexed(
        &mut self,
        file: usize,
        access: &'a TsIndexedAccessType,
        scope: &Scope,
        hint: &str,
    ) -> Resolved<Slot> {
        let object = self.slot(file, &access.obj_type, scope, hint)?;
        let any = |kind| matches!(&*access.index_type, TsType::TsKeywordType(k) if k.kind == kind);
        let found = match &object.kind {
            Kind::List(element) if any(TsKeywordTypeKind::TsNumberKeyword) => {
                Some(vec![(**element).clone()])
            }
            Kind::Record(value) => Some(vec![(**value).clone()]),
            Kind::Tuple(tuple) if any(TsKeywordTypeKind::TsNumberKeyword) => {
                let elements = self.types.tuples[*tuple].elements.iter();
                let slots = elements.map(|e| match &e.slot.kind {
                    Kind::List(inner) if e.rest => (**inner).clone(),
                    _ => e.slot.clone(),
                });
                Some(slots.collect())
            }
            _ => {
                let index = self.slot(file, &access.index_type, scope, "")?;
                let names: Option<Vec<String>> =
                    index.kind.literals().into_iter().map(field_name).collect();
                self.members_named(&object, &names.unwrap_or_default())
            }
        };
        match found {
            Some(slots) if !slots.is_empty() => {
                Ok(self.unite(file, range_of(access.span), hint, slots))
            }
            _ => self.unsupported(
                file,
                access.index_type.span(),
                "this member of a type",
                "name a field the type has: `User['name']`",
            ),
        }
    }

    fn members_named(&self, of: &Slot, names: &[String]) -> Option<Vec<Slot>> {
        let slot = |name: &String| match of.kind {
            Kind::Object(object) => {
                let fields = &self.types.objects[object].fields;
                fields
                    .iter()
                    .find(|f| f.name == *name)
                    .map(|f| f.slot.clone())
            }
            Kind::Tuple(tuple) => {
                let elements = &self.types.tuples[tuple].elements;
                let element = elements.get(name.parse::<usize>().ok()?)?;
                (!element.rest).then(|| element.slot.clone())
            }
            _ => None,
        };
        names.iter().map(slot).collect()
    }

    /// `{ [K in 'a' | 'b']: T }`.
    pub(super) fn mapped(
        &mut self,
        file: usize,
        mapped: &'a TsMappedType,
        scope: &Scope,
        hint: &str,
    ) -> Resolved<Slot> {
        let (Some(keys), Some(ty), None) = (
            &mapped.type_param.constraint,
            &mapped.type_ann,
            &mapped.name_type,
        ) else {
            return self.unsupported(
                file,
                mapped.span,
                "a mapped type with `as`",
                "write the fields it comes to",
            );
        };
        let keys = self.slot(file, keys, scope, hint)?;
        let key = mapped.type_param.name.sym.to_string();
        let mut scope = scope.clone();
        if matches!(&keys.kind, Kind::Text(l) | Kind::Number(_, l) if l.is_empty()) {
            scope.insert(key, keys);
            let value = self.slot(file, ty, &scope, &format!("{hint}_value"))?;
            return Ok(Slot::of(Kind::Record(Box::new(value))));
        }
        let names: Option<Vec<(Literal, String)>> = keys
            .kind
            .literals()
            .into_iter()
            .map(|l| Some((l.clone(), field_name(l)?)))
            .collect();
        let Some(names) = names.filter(|n| !n.is_empty()) else {
            return self.unsupported(
                file,
                mapped.span,
                "a mapped type over this key",
                "map over names: `[K in 'a' | 'b']` or `[K in keyof T]`",
            );
        };
        let mut fields = Vec::new();
        for (literal, name) in names {
            scope.insert(key.clone(), Slot::of(Kind::of_literals(vec![literal])));
            let mut slot = self.slot(file, ty, &scope, &format!("{hint}_{name}"))?;
            match mapped.optional {
                Some(TruePlusMinus::True | TruePlusMinus::Plus) => slot.undefined = true,
                Some(TruePlusMinus::Minus) => slot.undefined = false,
                None => {}
            }
            fields.push(Field::plain(name, slot, file, range_of(mapped.span)));
        }
        Ok(self.anonymous(hint, fields))
    }

    /// `typeof ROLES`, where the constant says enough.
    pub(super) fn query(
        &mut self,
        file: usize,
        query: &'a TsTypeQuery,
        hint: &str,
    ) -> Resolved<Slot> {
        let slot = match &query.expr_name {
            TsTypeQueryExpr::TsEntityName(TsEntityName::Ident(name)) => {
                self.type_of_value(file, &name.sym, hint)
            }
            _ => None,
        };
        match slot {
            Some(slot) => slot,
            None => self.unsupported(
                file,
                query.span,
                "the type of this value",
                "ask for a constant of literals, `const x = … as const`, or write the type",
            ),
        }
    }

    fn type_of_value(&mut self, file: usize, name: &str, hint: &str) -> Option<Resolved<Slot>> {
        if let Some((target, local)) = self.modules.declaration_of(file, name)
            && let Some([TypeDecl::Enum(decl), ..]) = self.declared(target, &local).as_deref()
        {
            return Some(Ok(self.enum_object(target, decl, hint)));
        }
        let (target, Value::Constant(declarator, kind)) = self.value(file, name)? else {
            return None;
        };
        if let Some(ty) = annotation(&declarator.name) {
            return Some(self.slot(target, ty, &Scope::new(), hint));
        }
        let init = declarator.init.as_deref()?;
        let fixed = kind == VarDeclKind::Const && evaluate(init, &|_| None).is_some();
        self.type_of(target, init, fixed, hint)
    }

    /// `keyof typeof Color`: the names of an enum.
    fn enum_object(
        &mut self,
        file: usize,
        decl: &'a swc_core::ecma::ast::TsEnumDecl,
        hint: &str,
    ) -> Slot {
        let mut fields = Vec::new();
        for (name, value) in super::literal::values(decl) {
            let slot = Slot::of(value.map_or(Kind::Void, |v| v.kind()));
            fields.push(Field::plain(name, slot, file, range_of(decl.id.span)));
        }
        self.anonymous(hint, fields)
    }

    /// The value a name stands for, and the file that declares it.
    pub(super) fn value(&self, file: usize, name: &str) -> Option<(usize, Value<'a>)> {
        let (target, local) = self.modules.declaration_of(file, name)?;
        let items = &self.modules.files[target].module.body;
        let found = items
            .iter()
            .filter_map(declaration)
            .find_map(|decl| match decl {
                Decl::Var(var) => var
                    .decls
                    .iter()
                    .find(|d| d.name.as_ident().is_some_and(|i| i.sym == *local))
                    .map(|d| Value::Constant(d, var.kind)),
                Decl::Fn(f) if f.ident.sym == *local => Some(Value::Function(&f.function)),
                _ => None,
            });
        Some((target, found?))
    }

    /// The type of an expression; `fixed` keeps literals, as `as const` does.
    fn type_of(
        &mut self,
        file: usize,
        expr: &'a Expr,
        fixed: bool,
        hint: &str,
    ) -> Option<Resolved<Slot>> {
        match expr {
            Expr::Paren(e) => self.type_of(file, &e.expr, fixed, hint),
            Expr::TsConstAssertion(e) => self.type_of(file, &e.expr, true, hint),
            Expr::TsSatisfies(e) => self.type_of(file, &e.expr, fixed, hint),
            Expr::TsAs(e) => Some(self.slot(file, &e.type_ann, &Scope::new(), hint)),
            Expr::Array(array) => self.type_of_array(file, array, fixed, hint),
            Expr::Object(object) => self.type_of_object(file, object, fixed, hint),
            Expr::Lit(Lit::Null(_)) => Some(Ok(Slot {
                null: true,
                ..Slot::of(Kind::Void)
            })),
            Expr::Lit(Lit::BigInt(_)) => Some(Ok(Slot::of(Kind::Bigint { unsigned: false }))),
            Expr::Ident(name) if name.sym == *"undefined" => {
                Some(Ok(Slot::of(Kind::Void).optional()))
            }
            other => {
                let constant = evaluate(other, &|_| None)?;
                Some(Ok(Slot::of(match (&constant, constant.kind()) {
                    (_, kind) if fixed => kind,
                    (Constant::Text(_), _) => Kind::Text(Vec::new()),
                    (Constant::Number(_), Kind::Number(width, _)) => {
                        Kind::Number(width, Vec::new())
                    }
                    (Constant::Boolean(_), _) => Kind::Boolean,
                    (_, kind) => kind,
                })))
            }
        }
    }

    fn type_of_array(
        &mut self,
        file: usize,
        array: &'a ArrayLit,
        fixed: bool,
        hint: &str,
    ) -> Option<Resolved<Slot>> {
        let mut slots = Vec::new();
        for (i, element) in array.elems.iter().enumerate() {
            let element = element.as_ref().filter(|e| e.spread.is_none())?;
            match self.type_of(file, &element.expr, fixed, &format!("{hint}_{i}"))? {
                Ok(slot) => slots.push(slot),
                Err(reported) => return Some(Err(reported)),
            }
        }
        if fixed {
            let element = |slot| Element {
                label: None,
                slot,
                rest: false,
            };
            return Some(Ok(
                self.tuple_of(hint, slots.into_iter().map(element).collect())
            ));
        }
        if slots.is_empty() {
            return None;
        }
        let element = self.unite(file, range_of(array.span), hint, slots);
        Some(Ok(Slot::of(Kind::List(Box::new(element)))))
    }

    fn type_of_object(
        &mut self,
        file: usize,
        object: &'a ObjectLit,
        fixed: bool,
        hint: &str,
    ) -> Option<Resolved<Slot>> {
        let mut fields = Vec::new();
        for prop in &object.props {
            let PropOrSpread::Prop(prop) = prop else {
                return None;
            };
            let Prop::KeyValue(pair) = &**prop else {
                return None;
            };
            let name = match &pair.key {
                PropName::Ident(i) => i.sym.to_string(),
                PropName::Str(s) => s.value.to_string_lossy().into_owned(),
                PropName::Num(n) => n.value.to_string(),
                _ => return None,
            };
            match self.type_of(file, &pair.value, fixed, &format!("{hint}_{name}"))? {
                Ok(slot) => {
                    fields.push(Field::plain(name, slot, file, range_of(pair.key.span())));
                }
                Err(reported) => return Some(Err(reported)),
            }
        }
        Some(Ok(self.anonymous(hint, fields)))
    }
}
