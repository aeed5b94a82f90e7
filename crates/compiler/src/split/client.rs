//! The client half of a module: stubs for its backend functions, and what the client reaches.

use std::collections::BTreeSet;

use swc_core::ecma::ast::{
    ExportSpecifier, ImportDecl, Module, ModuleDecl, ModuleExportName, ModuleItem,
};

use super::items::{Half, Item, Reference};
use super::reach::{Reach, local_name};
use super::redirect::Redirect;
use super::{output_path, relative};
use crate::emit::{Page, Stub};
use crate::modules::{Export, Modules, export_name};
use crate::routes::{Param, RouteType};
use crate::types::quote;

/// The client half of a file.
pub(crate) fn client_page(
    modules: &Modules,
    file: usize,
    half: &Half,
    items: &[Item],
    reach: &Reach,
    routes: &[&RouteType],
) -> Page {
    let parsed = &modules.files[file];
    let here = format!("client/{}", output_path(&parsed.path));
    let included = &reach.items[file];
    let kept = Kept::new(modules, file, items, reach, routes);
    let body = half.module.body.iter().enumerate();
    let body: Vec<ModuleItem> = body
        .filter_map(|(index, item)| kept.item(index, item))
        .collect();
    let mut module = Module {
        body,
        span: half.module.span,
        shebang: half.module.shebang.clone(),
    };
    reach.values.filter(modules, file, &mut module);
    let mut redirect = Redirect {
        modules,
        file,
        here: &here,
        half: "client",
    };
    for item in &mut module.body {
        redirect.item(item);
    }
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
            let exported = |name: &str| matches!(names.exports.get(name), Some(Export::Local(l)) if *l == route.name);
            let listed = kept.listed.contains(&route.name);
            let prefix = match (listed, exported("default"), exported(&route.name)) {
                (true, _, _) => "",
                (_, true, _) => "export default ",
                _ => "export ",
            };
            Stub { text: stub(route, prefix), origin: Some(route.range.start) }
        })
        .collect();
    Page {
        module,
        before,
        after: stubs,
        whole: reach.complete[file],
    }
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
    let name = &route.name;
    format!(
        "{prefix}async function {name}({list}) {{\n  return await __kontract_rpc({}, [{list}], {{{egroup}}});\n}}\n",
        quote(&route.id)
    )
}

/// What the client half keeps of a file.
struct Kept<'a> {
    included: &'a BTreeSet<usize>,
    /// Names the kept items refer to.
    used: BTreeSet<&'a str>,
    /// Names the client half declares.
    declared: BTreeSet<&'a str>,
    /// Backend functions exported by a list of their own.
    listed: BTreeSet<String>,
}

impl<'a> Kept<'a> {
    fn new(
        modules: &'a Modules,
        file: usize,
        items: &'a [Item],
        reach: &'a Reach,
        routes: &[&'a RouteType],
    ) -> Self {
        let included = &reach.items[file];
        let mut used = BTreeSet::new();
        let mut declared: BTreeSet<&str> = routes.iter().map(|r| r.name.as_str()).collect();
        for &index in included {
            let item = &items[index];
            declared.extend(item.declares.iter().map(String::as_str));
            used.extend(item.refers.iter().map(|r| match r {
                Reference::Name(name) | Reference::Member(name, _) => name.as_str(),
            }));
        }
        Self {
            included,
            used,
            declared,
            listed: exported_by_list(&modules.files[file].module),
        }
    }

    fn item(&self, index: usize, item: &ModuleItem) -> Option<ModuleItem> {
        match item {
            ModuleItem::ModuleDecl(ModuleDecl::Import(import)) => self.import(index, import),
            ModuleItem::ModuleDecl(ModuleDecl::ExportNamed(export)) if export.src.is_none() => {
                let mut export = export.clone();
                export.specifiers.retain(|s| match s {
                    ExportSpecifier::Named(s) => {
                        let name = export_name(&s.orig);
                        self.declared.contains(name.as_str()) || self.used.contains(name.as_str())
                    }
                    _ => true,
                });
                (!export.specifiers.is_empty()).then(|| ModuleDecl::ExportNamed(export).into())
            }
            _ => self.included.contains(&index).then(|| item.clone()),
        }
    }

    fn import(&self, index: usize, import: &ImportDecl) -> Option<ModuleItem> {
        if self.included.contains(&index) {
            return Some(ModuleDecl::Import(import.clone()).into());
        }
        let mut import = import.clone();
        import
            .specifiers
            .retain(|s| self.used.contains(local_name(s).as_str()));
        (!import.specifiers.is_empty()).then(|| ModuleDecl::Import(import).into())
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
