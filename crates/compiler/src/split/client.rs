//! The client half of a module: stubs for its backend functions, and what the client reaches.

use std::collections::BTreeSet;

use swc_core::common::SyntaxContext;
use swc_core::ecma::ast::{
    ExportSpecifier, ImportDecl, Module, ModuleDecl, ModuleExportName, ModuleItem,
};

use super::items::{Half, Item, Reference, Shape};
use super::reach::{Reach, local_name};
use super::redirect::Redirect;
use super::{output_path, relative};
use crate::emit::{Printed, Stub, print};
use crate::modules::{Export, Modules, export_name};
use crate::routes::{Param, RouteType};
use crate::types::quote;

/// Writes the client half of a file.
pub(crate) fn client_module(
    modules: &Modules,
    file: usize,
    half: &Half,
    items: &[Item],
    reach: &Reach,
    routes: &[&RouteType],
) -> Printed {
    let parsed = &modules.files[file];
    let here = format!("client/{}", output_path(&parsed.path));
    let included = &reach.items[file];
    let kept = Kept::new(modules, file, half.top_level, items, included, routes);
    let body = half.module.body.iter().enumerate();
    let mut body: Vec<ModuleItem> = body
        .filter_map(|(index, item)| kept.item(item, included.contains(&index)))
        .collect();
    let mut redirect = Redirect {
        modules,
        file,
        here: &here,
        half: "client",
    };
    for item in &mut body {
        redirect.item(item);
    }
    let module = Module {
        body,
        ..half.module.clone()
    };
    let mut before = Vec::new();
    if !routes.is_empty() {
        before.push(format!(
            "import {{ __kontract_rpc }} from {};",
            quote(&relative(&here, "client/rpc.js"))
        ));
    }
    if included.iter().any(|&index| items[index].perms) {
        before.push(format!(
            "import {{ perms }} from {};",
            quote(&relative(&here, "client/index.js"))
        ));
    }
    let names = &modules.names[file];
    let stubs: Vec<Stub> = routes
        .iter()
        .map(|route| {
            let exported = |name: &str| matches!(names.exports.get(name), Some(Export::Local(l)) if *l == route.id);
            let listed = kept.listed.contains(&route.id);
            let prefix = match (listed, exported("default"), exported(&route.id)) {
                (true, _, _) => "",
                (_, true, _) => "export default ",
                _ => "export ",
            };
            Stub { text: stub(route, prefix), origin: Some(route.range.start) }
        })
        .collect();
    print(
        parsed,
        half,
        module,
        &before,
        &stubs,
        reach.complete[file],
        &here,
    )
}

fn stub(route: &RouteType, prefix: &str) -> String {
    let rest = |param: &Param| {
        if param.rest {
            format!("...{}", param.name)
        } else {
            param.name.clone()
        }
    };
    let list = route.params.iter().map(rest).collect::<Vec<_>>().join(", ");
    let egroup = route
        .meta
        .egroup
        .as_ref()
        .map_or_else(String::new, |g| format!(" egroup: {} ", quote(g)));
    let id = &route.id;
    format!(
        "{prefix}async function {id}({list}) {{\n  return await __kontract_rpc({}, [{list}], {{{egroup}}});\n}}\n",
        quote(id)
    )
}

/// What the client half keeps of a file.
struct Kept<'a> {
    /// Names the kept items refer to.
    used: BTreeSet<&'a str>,
    /// Names the client half declares.
    declared: BTreeSet<&'a str>,
    /// Backend functions exported by a list of their own.
    listed: BTreeSet<String>,
    has_routes: bool,
    top_level: SyntaxContext,
}

impl<'a> Kept<'a> {
    fn new(
        modules: &'a Modules,
        file: usize,
        top_level: SyntaxContext,
        items: &'a [Item],
        included: &BTreeSet<usize>,
        routes: &[&'a RouteType],
    ) -> Self {
        let mut used = BTreeSet::new();
        let mut declared: BTreeSet<&str> = routes.iter().map(|r| r.id.as_str()).collect();
        for &index in included {
            let item = &items[index];
            declared.extend(item.declares.iter().map(String::as_str));
            if item.shape != Shape::Export {
                used.extend(item.refers.iter().map(|r| match r {
                    Reference::Name(name) | Reference::Member(name, _) => name.as_str(),
                }));
            }
        }
        let listed = exported_by_list(&modules.files[file].module);
        // What a list exports stays importable when it is another module's.
        let has_routes = !routes.is_empty();
        if !has_routes {
            used.extend(
                modules.names[file]
                    .imports
                    .keys()
                    .map(String::as_str)
                    .filter(|n| listed.contains(*n)),
            );
        }
        Self {
            used,
            declared,
            listed,
            has_routes,
            top_level,
        }
    }

    fn item(&self, item: &ModuleItem, included: bool) -> Option<ModuleItem> {
        match item {
            ModuleItem::ModuleDecl(ModuleDecl::Import(import)) => self.import(import),
            ModuleItem::ModuleDecl(ModuleDecl::ExportNamed(export)) => {
                let mut export = export.clone();
                match &export.src {
                    Some(_) if self.has_routes && !included => return None,
                    Some(_) => {}
                    None => export.specifiers.retain(|s| match s {
                        ExportSpecifier::Named(s) => {
                            let name = export_name(&s.orig);
                            self.declared.contains(name.as_str())
                                || self.used.contains(name.as_str())
                        }
                        _ => true,
                    }),
                }
                (!export.specifiers.is_empty()).then(|| ModuleDecl::ExportNamed(export).into())
            }
            ModuleItem::ModuleDecl(ModuleDecl::ExportAll(export)) => {
                Some(ModuleDecl::ExportAll(export.clone()).into())
            }
            _ => included.then(|| item.clone()),
        }
    }

    fn import(&self, import: &ImportDecl) -> Option<ModuleItem> {
        let mut import = import.clone();
        let for_its_effect = import.specifiers.is_empty();
        // What the JSX transform imports is no name of the user's.
        import.specifiers.retain(|s| {
            s.local().ctxt != self.top_level || self.used.contains(local_name(s).as_str())
        });
        if import.specifiers.is_empty() && (self.has_routes || !for_its_effect) {
            return None;
        }
        Some(ModuleDecl::Import(import).into())
    }
}

/// The local names that `export { … }` exports.
fn exported_by_list(module: &Module) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for item in &module.body {
        let ModuleItem::ModuleDecl(ModuleDecl::ExportNamed(export)) = item else {
            continue;
        };
        for specifier in export.specifiers.iter().filter(|_| export.src.is_none()) {
            if let ExportSpecifier::Named(s) = specifier
                && let ModuleExportName::Ident(name) = &s.orig
            {
                names.insert(name.sym.to_string());
            }
        }
    }
    names
}
