//! From TypeScript to the JavaScript that Node 20 and today's browsers run: types go, JSX, enums and
//! namespaces become code, and so do decorators, `accessor` and `using`, which no engine we
//! support has.

mod commonjs;
mod fields;
mod helpers;
mod needs;
mod verbatim;

pub(crate) use helpers::{HELPERS_SOURCE, HELPERS_SPECIFIER, helpers_of};

use swc_core::common::Mark;
use swc_core::ecma::ast::{Module, Pass, Program};
use swc_core::ecma::transforms::base::helpers::{HELPERS, Helpers, inject_helpers};
use swc_core::ecma::transforms::base::resolver;
use swc_core::ecma::transforms::proposal::decorator_2023_11::decorator_2023_11;
use swc_core::ecma::transforms::proposal::decorators;
use swc_core::ecma::transforms::proposal::explicit_resource_management::explicit_resource_management;
use swc_core::ecma::transforms::react::{Options, Runtime, react};
use swc_core::ecma::transforms::typescript::{Config, TsxConfig, tsx, typescript};
use swc_core::ecma::visit::VisitMutWith;

use crate::Language;
use crate::modules::Modules;
use crate::notes::Notes;

use fields::AssignedFields;
use needs::Needs;

/// Lowers a module whose Kontract spellings are gone; marks what is and isn't declared in it.
pub(super) fn lower(
    modules: &Modules,
    file: usize,
    mut module: Module,
    [unresolved, top_level]: [Mark; 2],
) -> (Module, Notes) {
    let parsed = &modules.files[file];
    let language = &modules.language;
    commonjs::to_modules(modules, file, &mut module);
    let needs = Needs::of(&module);
    let mut program = Program::Module(module);
    resolver(unresolved, top_level, true).process(&mut program);
    HELPERS.set(&Helpers::new(true), || {
        if needs.decorators && language.legacy_decorators {
            decorators(legacy(language)).process(&mut program);
        }
        if language.assigned_fields {
            program.visit_mut_with(&mut AssignedFields);
        }
        if (needs.decorators && !language.legacy_decorators) || needs.accessors {
            decorator_2023_11().process(&mut program);
        }
        if needs.using {
            explicit_resource_management().process(&mut program);
        }
        let config = Config {
            no_empty_export: true,
            verbatim_module_syntax: language.verbatim_imports,
            native_class_properties: !language.assigned_fields,
            ..Config::default()
        };
        if needs.jsx && is_classic(language, &parsed.text) {
            let factories = TsxConfig {
                pragma: text_of(language.jsx_factory.as_ref()),
                pragma_frag: text_of(language.jsx_fragment_factory.as_ref()),
            };
            let (sources, comments) = (parsed.sources.clone(), parsed.notes.lend());
            tsx(sources, config, factories, comments, unresolved, top_level).process(&mut program);
        } else {
            typescript(config, unresolved, top_level).process(&mut program);
        }
        inject_helpers(unresolved).process(&mut program);
    });
    let mut notes = parsed.notes.clone();
    if needs.jsx {
        let comments = notes.lend();
        react(
            parsed.sources.clone(),
            Some(&comments),
            jsx(language),
            top_level,
            unresolved,
        )
        .process(&mut program);
        notes = Notes::keep(comments);
    }
    let Program::Module(mut module) = program else {
        unreachable!("a module stays a module")
    };
    if language.verbatim_imports {
        verbatim::unused_for_their_effect(&mut module);
    }
    helpers::rename(&mut module);
    (module, notes)
}

/// Whether elements become calls of what the file imports itself: that import is no type's.
fn is_classic(language: &Language, text: &str) -> bool {
    language.classic_jsx || text.contains("@jsx ") || text.contains("@jsxRuntime classic")
}

fn text_of<T: From<String>>(option: Option<&String>) -> Option<T> {
    option.cloned().map(T::from)
}

fn legacy(language: &Language) -> decorators::Config {
    decorators::Config {
        legacy: true,
        emit_metadata: language.decorator_metadata,
        use_define_for_class_fields: !language.assigned_fields,
    }
}

fn jsx(language: &Language) -> Options {
    Options {
        runtime: Some(if language.classic_jsx {
            Runtime::Classic
        } else {
            Runtime::Automatic
        }),
        import_source: language.jsx_import_source.as_deref().map(Into::into),
        pragma: text_of(language.jsx_factory.as_ref()),
        pragma_frag: text_of(language.jsx_fragment_factory.as_ref()),
        ..Options::default()
    }
}
