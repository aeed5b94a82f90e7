//! Names of types: parameters in scope, declarations of the project, what `kontract` exports.

use swc_core::common::{Span, Spanned};
use swc_core::ecma::ast::{TsEntityName, TsImportType, TsQualifiedName, TsType};

use super::ir::{Kind, Number, Slot};
use super::resolve::{Resolved, Resolver, Scope};
use crate::diagnostics::types as errors;
use crate::modules::{Imported, Source};
use crate::parse::range_of;

impl<'a> Resolver<'a> {
    /// `namespace.Type`, where the namespace is an import.
    pub(super) fn qualified(
        &mut self,
        file: usize,
        name: &TsQualifiedName,
        params: &[&'a TsType],
        scope: &Scope,
        hint: &str,
    ) -> Resolved<Slot> {
        let left = name.left.as_ident();
        if let Some(left) = left
            && let Some(slot) = self.enum_member(file, &left.sym, &name.right.sym)
        {
            return Ok(slot);
        }
        let import = left.and_then(|left| self.modules.names[file].imports.get(&*left.sym));
        let found = match import.map(|i| (&i.from, &i.name)) {
            Some((Source::Project(target), Imported::Namespace)) => {
                self.modules.export_of(*target, &name.right.sym, 0)
            }
            _ => None,
        };
        let found = found.filter(|(target, local)| self.declares(*target, local));
        let Some((target, local)) = found else {
            let text = range_of(name.span)
                .of(&self.modules.files[file].text)
                .to_owned();
            return self.report(errors::unknown_type(file, range_of(name.span), &text));
        };
        let mut arguments = Vec::new();
        for param in params {
            arguments.push(self.slot(file, param, scope, hint)?);
        }
        self.declared_type(target, &local, arguments, range_of(name.span))
    }

    pub(super) fn reference(
        &mut self,
        file: usize,
        name: &str,
        span: Span,
        params: &[&'a TsType],
        scope: &Scope,
        hint: &str,
    ) -> Resolved<Slot> {
        if let Some(slot) = scope.get(name) {
            return Ok(slot.clone());
        }
        if let Some((target, local)) = self.modules.declaration_of(file, name)
            && self.declares(target, &local)
        {
            let mut arguments = Vec::new();
            for param in params {
                arguments.push(self.slot(file, param, scope, hint)?);
            }
            return self.declared_type(target, &local, arguments, range_of(span));
        }
        match (name, self.modules.package_of(file, name)) {
            (_, Some(("kontract", "Json"))) => Ok(Slot::of(Kind::Json)),
            (_, Some(("kontract", branded))) if Number::of_name(branded).is_some() => {
                let number = Number::of_name(branded).unwrap_or(Number::Float64);
                Ok(Slot::of(Kind::Number(number, Vec::new())))
            }
            _ => self.global(file, name, span, params, scope, hint),
        }
    }

    /// `import('./types').User`.
    pub(super) fn import_type(
        &mut self,
        file: usize,
        import: &'a TsImportType,
        scope: &Scope,
        hint: &str,
    ) -> Resolved<Slot> {
        let specifier = import.arg.value.to_string_lossy();
        let name = import.qualifier.as_ref().and_then(TsEntityName::as_ident);
        let found = match (self.modules.source(file, &specifier), name) {
            (Some(Source::Bare(package)), Some(name))
                if package == "kontract" && name.sym == *"Json" =>
            {
                return Ok(Slot::of(Kind::Json));
            }
            (Some(Source::Project(target)), Some(name)) => {
                self.modules.export_of(*target, &name.sym, 0)
            }
            _ => None,
        };
        let Some((target, local)) = found.filter(|(t, l)| self.declares(*t, l)) else {
            let range = range_of(import.span());
            let text = range.of(&self.modules.files[file].text).to_owned();
            return self.report(errors::unknown_type(file, range, &text));
        };
        let mut arguments = Vec::new();
        for param in import.type_args.iter().flat_map(|p| &p.params) {
            arguments.push(self.slot(file, param, scope, hint)?);
        }
        self.declared_type(target, &local, arguments, range_of(import.span()))
    }
}
