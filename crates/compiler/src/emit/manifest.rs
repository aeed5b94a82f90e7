//! The manifest: what the server has to know of a build.

use std::collections::BTreeMap;

use super::lock::Lock;
use crate::diagnostics::line_column;
use crate::modules::Modules;
use crate::output::{Manifest, Route, Table, TableField};
use crate::routes::RouteType;
use crate::split::Middleware;
use crate::types::{TableDecl, Types};

/// Puts the manifest together.
pub(crate) fn manifest(
    modules: &Modules,
    routes: &[RouteType],
    middleware: &Middleware,
    hashes: &BTreeMap<&str, String>,
    tables: Vec<Table>,
) -> Manifest {
    let route = |route: &RouteType| {
        let file = &modules.files[route.file];
        Route {
            id: route.id.clone(),
            file: file.path.clone(),
            line: line_column(&file.text, route.range.start).0,
            perm: route.meta.perm,
            ugroup: route.meta.ugroup.clone(),
            egroup: route.meta.egroup.clone(),
            middleware: middleware.names(modules, &middleware.chain(route)),
            hash: hashes.get(route.id.as_str()).cloned().unwrap_or_default(),
        }
    };
    Manifest {
        version: 1,
        routes: routes.iter().map(route).collect(),
        tables,
    }
}

/// The manifest's tables.
pub(crate) fn table_entries(types: &Types, tables: &[TableDecl], lock: &Lock) -> Vec<Table> {
    let entry = |table: &TableDecl| {
        let fields = table.fields(types).into_iter();
        let fields = fields.map(|f| TableField {
            kind: f.slot.kind.storage_name(),
            perm: f.perm,
            optional: (f.slot.undefined || f.slot.null) && f.name != table.primkey,
            unique: f.index,
            name: f.name,
        });
        Table {
            id: table.id.clone(),
            ptr: lock.ptr(&table.id),
            tenancy: table.tenancy,
            primkey: table.primkey.clone(),
            permissions: 7,
            fields: fields.collect(),
        }
    };
    tables.iter().map(entry).collect()
}
