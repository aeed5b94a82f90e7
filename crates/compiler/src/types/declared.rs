//! Declared types: interfaces with what they extend, aliases, classes and enums, once for every set
//! of type arguments.

use swc_core::ecma::ast::{
    Class, Decl, DefaultDecl, Expr, Ident, ModuleDecl, ModuleItem, TsEnumDecl, TsExprWithTypeArgs,
    TsInterfaceDecl, TsType, TsTypeAliasDecl, TsTypeParamDecl,
};

use super::dictionary::is_dictionary;
use super::ir::{Field, Kind, Slot, Types};
use super::merge::override_fields;
use super::resolve::{Key, Reported, Resolved, Resolver, Scope};
use crate::diagnostics::{Range, types as errors};
use crate::modules::declaration;
use crate::parse::range_of;

/// How many declarations may stand inside each other.
const MAX_DEPTH: u32 = 64;

/// A declaration of a type.
#[derive(Clone, Copy)]
pub(crate) enum TypeDecl<'a> {
    Interface(&'a TsInterfaceDecl),
    Alias(&'a TsTypeAliasDecl),
    Enum(&'a TsEnumDecl),
    Class(&'a Class, &'a Ident),
}

impl<'a> Resolver<'a> {
    pub(super) fn declared_type(
        &mut self,
        file: usize,
        name: &str,
        arguments: Vec<Slot>,
        used: Range,
    ) -> Resolved<Slot> {
        let Some(declarations) = self.declared(file, name) else {
            return Err(Reported);
        };
        let key = (file, name.to_owned(), arguments);
        if let Some(&index) = self.known.get(&key) {
            return Ok(Slot::of(Kind::Object(index)));
        }
        if let Some(&alias) = self.aliases.get(&key) {
            return Ok(self.types.settled(&Slot::of(Kind::Open(alias))));
        }
        if self.depth > MAX_DEPTH {
            return self.report(errors::endless_type(file, used, name));
        }
        self.depth += 1;
        let slot = self.declare(key, &declarations, used);
        self.depth -= 1;
        slot
    }

    fn declare(&mut self, key: Key, declarations: &[TypeDecl<'a>], used: Range) -> Resolved<Slot> {
        let (file, name) = (key.0, key.1.clone());
        let schema_name = key.2.iter().fold(name.clone(), |all, slot| {
            format!("{all}_{}", self.short_name(slot))
        });
        match declarations[0] {
            TypeDecl::Enum(decl) => self.enumeration(file, decl),
            TypeDecl::Alias(decl) => {
                let params = decl.type_params.as_deref();
                let scope = self.scope(file, params, &name, key.2.clone(), used)?;
                if let TsType::TsTypeLit(literal) = &*decl.type_ann
                    && !is_dictionary(&literal.members)
                {
                    let index = self.begin(schema_name, Some(file));
                    self.known.insert(key, index);
                    let fields = self.fields(file, &literal.members, &scope, &name)?;
                    return Ok(self.finish_object(index, fields));
                }
                self.alias(&key, range_of(decl.id.span), |this| {
                    this.slot(file, &decl.type_ann, &scope, &schema_name)
                })
            }
            TypeDecl::Class(class, _) => {
                let params = class.type_params.as_deref();
                let scope = self.scope(file, params, &name, key.2.clone(), used)?;
                let index = self.begin(schema_name, Some(file));
                self.known.insert(key, index);
                let fields = self.class_fields(file, class, &scope, &name)?;
                Ok(self.finish_object(index, fields))
            }
            TypeDecl::Interface(first) => {
                let params = first.type_params.as_deref();
                let scope = self.scope(file, params, &name, key.2.clone(), used)?;
                if declarations.len() == 1
                    && first.extends.is_empty()
                    && is_dictionary(&first.body.body)
                {
                    return self.alias(&key, range_of(first.id.span), |this| {
                        this.dictionary(file, &first.body.body, &scope, &schema_name)
                            .unwrap_or(Err(Reported))
                    });
                }
                let index = self.begin(schema_name, Some(file));
                self.known.insert(key, index);
                let mut fields = Vec::new();
                for declaration in declarations {
                    let TypeDecl::Interface(decl) = *declaration else {
                        continue;
                    };
                    for base in &decl.extends {
                        override_fields(&mut fields, self.base_fields(file, base, &scope)?);
                    }
                    override_fields(
                        &mut fields,
                        self.fields(file, &decl.body.body, &scope, &name)?,
                    );
                }
                Ok(self.finish_object(index, fields))
            }
        }
    }

    /// What `resolve` finds behind a name that may stand inside of its own definition.
    fn alias(
        &mut self,
        key: &Key,
        range: Range,
        resolve: impl FnOnce(&mut Self) -> Resolved<Slot>,
    ) -> Resolved<Slot> {
        let alias = self.types.aliases.len();
        self.types.aliases.push(None);
        self.aliases.insert(key.clone(), alias);
        let slot = resolve(self).map(|slot| self.types.settled(&slot));
        match slot {
            Ok(slot) if !Types::holds_open(&slot, alias) => {
                self.types.aliases[alias] = Some(slot.clone());
                Ok(slot)
            }
            Ok(_) => {
                self.aliases.remove(key);
                self.report(errors::endless_type(key.0, range, &key.1))
            }
            Err(reported) => {
                self.aliases.remove(key);
                Err(reported)
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
}

/// The name of the type a top-level item declares.
pub(crate) fn type_name(item: &ModuleItem) -> Option<String> {
    let name = match type_declaration(item)? {
        TypeDecl::Interface(i) => &i.id,
        TypeDecl::Alias(a) => &a.id,
        TypeDecl::Enum(e) => &e.id,
        TypeDecl::Class(_, name) => name,
    };
    Some(name.sym.to_string())
}

/// The type a top-level item declares.
pub(super) fn type_declaration(item: &ModuleItem) -> Option<TypeDecl<'_>> {
    if let ModuleItem::ModuleDecl(ModuleDecl::ExportDefaultDecl(export)) = item
        && let DefaultDecl::TsInterfaceDecl(i) = &export.decl
    {
        return Some(TypeDecl::Interface(i));
    }
    Some(match declaration(item)? {
        Decl::TsInterface(i) => TypeDecl::Interface(i),
        Decl::TsTypeAlias(a) => TypeDecl::Alias(a),
        Decl::TsEnum(e) => TypeDecl::Enum(e),
        Decl::Class(c) => TypeDecl::Class(&c.class, &c.ident),
        _ => return None,
    })
}
