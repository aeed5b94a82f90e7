//! What a file says by itself and every compile asks of every file: found once, kept for as long as
//! the file's text stays.

use swc_core::ecma::ast::{ImportSpecifier, ModuleDecl, ModuleItem};

use crate::blank::Bindings;
use crate::diagnostics::Range;
use crate::modules::export_name;
use crate::parse::Parsed;
use crate::types::{type_name, used_tables};

/// The answers of one file.
#[derive(Debug)]
pub(crate) struct Summary {
    /// The types it declares, sorted by name, with the top-level items that do: an interface may be
    /// declared in parts.
    pub types: Vec<(String, Vec<usize>)>,
    /// The tables it names and the place of each.
    pub tables: Vec<(String, Range)>,
    /// Whether it has `import x = require('…')`.
    pub requires: bool,
    /// Whether it can have backend functions at all: nothing else is sure before imports are linked.
    pub may_have_routes: bool,
}

impl Summary {
    pub(crate) fn of(parsed: &Parsed) -> Self {
        let mut types: Vec<(String, Vec<usize>)> = Vec::new();
        for (index, item) in parsed.module.body.iter().enumerate() {
            if let Some(name) = type_name(item) {
                types.push((name, vec![index]));
            }
        }
        // Stable: the parts of an interface stay in order.
        types.sort_by(|a, b| a.0.cmp(&b.0));
        types.dedup_by(|next, first| {
            let same = next.0 == first.0;
            if same {
                first.1.append(&mut next.1);
            }
            same
        });
        Self {
            types,
            tables: used_tables(&parsed.module),
            requires: parsed.module.body.iter().any(is_require),
            may_have_routes: may_have_routes(&parsed.bindings, &parsed.module.body),
        }
    }

    /// The items that declare the type `name`.
    pub(crate) fn declares(&self, name: &str) -> Option<&[usize]> {
        let found = self
            .types
            .binary_search_by(|(known, _)| known.as_str().cmp(name));
        found.ok().map(|index| self.types[index].1.as_slice())
    }
}

fn is_require(item: &ModuleItem) -> bool {
    matches!(item, ModuleItem::ModuleDecl(ModuleDecl::TsImportEquals(import)) if import.module_ref.is_ts_external_module_ref())
}

/// Backend functions are decorated, or calls of what is imported as `backend`.
fn may_have_routes(bindings: &Bindings, body: &[ModuleItem]) -> bool {
    let imports_backend = |item: &ModuleItem| match item {
        ModuleItem::ModuleDecl(ModuleDecl::Import(import)) => {
            import.specifiers.iter().any(|specifier| match specifier {
                ImportSpecifier::Named(s) => match &s.imported {
                    Some(name) => export_name(name) == "backend",
                    None => s.local.sym == *"backend",
                },
                _ => false,
            })
        }
        _ => false,
    };
    bindings.all("backend").next().is_some() || body.iter().any(imports_backend)
}
