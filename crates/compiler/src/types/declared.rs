//! Declared types: interfaces with what they extend, aliases, classes and enums, once for every set
//! of type arguments.

use std::collections::HashMap;

use swc_core::common::{Span, Spanned};
use swc_core::ecma::ast::{
    Class, Decl, DefaultDecl, Expr, Lit, ModuleDecl, ModuleItem, TsEnumDecl, TsExprWithTypeArgs,
    TsInterfaceDecl, TsType, TsTypeAliasDecl, TsTypeParamDecl,
};

use super::ir::{Field, Kind, Number, Slot};
use super::merge::{merge, override_fields};
use super::resolve::{Reported, Resolved, Resolver, Scope};
use crate::diagnostics::{Range, types as errors};
use crate::modules::declaration;
use crate::parse::range_of;

/// A declaration of a type.
#[derive(Clone, Copy)]
pub(crate) enum TypeDecl<'a> {
    Interface(&'a TsInterfaceDecl),
    Alias(&'a TsTypeAliasDecl),
    Enum(&'a TsEnumDecl),
    Class(&'a Class, Span),
}

impl<'a> Resolver<'a> {
    pub(super) fn declared_type(
        &mut self,
        file: usize,
        name: &str,
        arguments: Vec<Slot>,
        used: Range,
    ) -> Resolved<Slot> {
        let Some(declarations) = self.declared[file].get(name).cloned() else {
            return Err(Reported);
        };
        let key = (file, name.to_owned(), arguments);
        if let Some(&index) = self.known.get(&key) {
            return Ok(Slot::of(Kind::Object(index)));
        }
        let schema_name = key.2.iter().fold(name.to_owned(), |all, slot| {
            format!("{all}_{}", self.short_name(slot))
        });
        match declarations[0] {
            TypeDecl::Enum(decl) => self.enumeration(file, decl),
            TypeDecl::Alias(decl) => {
                let scope =
                    self.scope(file, decl.type_params.as_deref(), name, key.2.clone(), used)?;
                if let TsType::TsTypeLit(literal) = &*decl.type_ann {
                    let index = self.begin(schema_name, Some(file));
                    self.known.insert(key, index);
                    let fields = self.fields(file, &literal.members, &scope, name)?;
                    return Ok(self.finish(index, fields));
                }
                if self.open.contains(&(file, name.to_owned())) {
                    return self.report(errors::endless_type(file, range_of(decl.id.span), name));
                }
                self.open.push((file, name.to_owned()));
                let slot = self.slot(file, &decl.type_ann, &scope, &schema_name);
                self.open.pop();
                slot
            }
            TypeDecl::Class(class, _) => {
                let index = self.begin(schema_name, Some(file));
                self.known.insert(key, index);
                let fields = self.class_fields(file, class, name)?;
                Ok(self.finish(index, fields))
            }
            TypeDecl::Interface(first) => {
                let scope = self.scope(
                    file,
                    first.type_params.as_deref(),
                    name,
                    key.2.clone(),
                    used,
                )?;
                let index = self.begin(schema_name, Some(file));
                self.known.insert(key, index);
                let mut fields = Vec::new();
                for declaration in declarations {
                    let TypeDecl::Interface(decl) = declaration else {
                        continue;
                    };
                    for base in &decl.extends {
                        override_fields(&mut fields, self.base_fields(file, base, &scope)?);
                    }
                    override_fields(
                        &mut fields,
                        self.fields(file, &decl.body.body, &scope, name)?,
                    );
                }
                Ok(self.finish(index, fields))
            }
        }
    }

    pub(super) fn base_fields(
        &mut self,
        file: usize,
        base: &'a TsExprWithTypeArgs,
        scope: &Scope,
    ) -> Resolved<Vec<Field>> {
        let Expr::Ident(name) = &*base.expr else {
            return self.unsupported(
                file,
                base.span,
                "this form of `extends`",
                "extend an interface by its name",
            );
        };
        let params: Vec<&'a TsType> = base
            .type_args
            .iter()
            .flat_map(|p| p.params.iter().map(|p| &**p))
            .collect();
        let slot = self.reference(file, &name.sym, base.span, &params, scope, &name.sym)?;
        let object = self.object_of(file, base.span, &slot)?;
        Ok(self.types.objects[object].fields.clone())
    }

    pub(super) fn scope(
        &mut self,
        file: usize,
        params: Option<&'a TsTypeParamDecl>,
        name: &str,
        arguments: Vec<Slot>,
        used: Range,
    ) -> Resolved<Scope> {
        let params = params.map_or(&[][..], |p| &p.params);
        let mut scope = Scope::new();
        let mut arguments = arguments.into_iter();
        for param in params {
            let slot = match (arguments.next(), &param.default) {
                (Some(slot), _) => slot,
                (None, Some(default)) => self.slot(file, default, &scope, name)?,
                (None, None) => {
                    return self.report(errors::wrong_type_arguments(
                        file,
                        used,
                        name,
                        params.len(),
                    ));
                }
            };
            scope.insert(param.name.sym.to_string(), slot);
        }
        match arguments.next() {
            None => Ok(scope),
            Some(_) => self.report(errors::wrong_type_arguments(file, used, name, params.len())),
        }
    }

    pub(super) fn enumeration(&mut self, file: usize, decl: &'a TsEnumDecl) -> Resolved<Slot> {
        let mut slots = Vec::new();
        let mut next = 0f64;
        for member in &decl.members {
            slots.push(match member.init.as_deref() {
                Some(Expr::Lit(Lit::Str(s))) => {
                    Slot::of(Kind::Text(vec![s.value.to_string_lossy().into_owned()]))
                }
                Some(Expr::Lit(Lit::Num(n))) => {
                    next = n.value + 1.0;
                    Slot::of(Kind::Number(Number::Float64, vec![n.value.to_string()]))
                }
                None => {
                    next += 1.0;
                    Slot::of(Kind::Number(
                        Number::Float64,
                        vec![(next - 1.0).to_string()],
                    ))
                }
                Some(other) => {
                    return self.unsupported(
                        file,
                        other.span(),
                        "a computed enum member",
                        "write its value",
                    );
                }
            });
        }
        match merge(slots) {
            Some(slot) => Ok(slot),
            None => self.unsupported(
                file,
                decl.span,
                "an enum of strings and numbers",
                "use one kind",
            ),
        }
    }
}

/// The types a module declares, by name; an interface may be declared in parts.
pub(super) fn declared_types(items: &[ModuleItem]) -> HashMap<String, Vec<TypeDecl<'_>>> {
    let mut all: HashMap<String, Vec<TypeDecl<'_>>> = HashMap::new();
    for item in items {
        if let Some((name, decl)) = type_declaration(item) {
            all.entry(name).or_default().push(decl);
        }
    }
    all
}

fn type_declaration(item: &ModuleItem) -> Option<(String, TypeDecl<'_>)> {
    if let ModuleItem::ModuleDecl(ModuleDecl::ExportDefaultDecl(export)) = item
        && let DefaultDecl::TsInterfaceDecl(i) = &export.decl
    {
        return Some((i.id.sym.to_string(), TypeDecl::Interface(i)));
    }
    Some(match declaration(item)? {
        Decl::TsInterface(i) => (i.id.sym.to_string(), TypeDecl::Interface(i)),
        Decl::TsTypeAlias(a) => (a.id.sym.to_string(), TypeDecl::Alias(a)),
        Decl::TsEnum(e) => (e.id.sym.to_string(), TypeDecl::Enum(e)),
        Decl::Class(c) => (
            c.ident.sym.to_string(),
            TypeDecl::Class(&c.class, c.ident.span),
        ),
        _ => return None,
    })
}
