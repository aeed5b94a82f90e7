//! One build, as it runs: its routes, tables and functions, swapped as one.

use std::collections::HashMap;
use std::sync::Arc;

use crate::host::Host;
use crate::manifest::{Manifest, ManifestError, RouteEntry};
use crate::perm::Perm;
use crate::storage::Schema;

/// One build, as it runs.
pub(crate) struct Deployment<H: Host> {
    routes: HashMap<String, Route>,
    pub schema: Arc<Schema>,
    pub functions: H::Functions,
}

/// A backend function, as calls find it: a frozen map, never a path.
pub(crate) struct Route {
    pub id: Arc<str>,
    pub perm: Perm,
    pub ugroup: Option<String>,
    pub path: String,
    pub schema_hash: u64,
}

impl<H: Host> Deployment<H> {
    pub fn new(manifest: &Manifest, functions: H::Functions) -> Result<Self, ManifestError> {
        let routes = manifest
            .routes
            .iter()
            .map(|entry| Ok((entry.id.clone(), Route::new(entry)?)));
        Ok(Self {
            routes: routes.collect::<Result<_, ManifestError>>()?,
            schema: Arc::new(Schema::new(manifest)),
            functions,
        })
    }

    pub fn route(&self, id: &str) -> Option<&Route> {
        self.routes.get(id)
    }

    /// The route at a path: an id is what follows the last slash, and the rest has to agree.
    pub fn at(&self, path: &str) -> Option<&Route> {
        let (_, id) = path.rsplit_once('/')?;
        self.route(id).filter(|route| route.path == path)
    }
}

impl Route {
    fn new(entry: &RouteEntry) -> Result<Self, ManifestError> {
        let hash = Some(&entry.hash).filter(|hash| hash.len() == 16);
        let hash = hash.and_then(|hash| u64::from_str_radix(hash, 16).ok());
        Ok(Self {
            id: entry.id.as_str().into(),
            perm: entry.perm,
            ugroup: entry.ugroup.clone(),
            path: match &entry.egroup {
                Some(egroup) => format!("/{egroup}/{}", entry.id),
                None => format!("/{}", entry.id),
            },
            schema_hash: hash.ok_or_else(|| ManifestError::Hash(entry.id.clone()))?,
        })
    }

    /// Whether a call of it can change anything.
    pub fn may_write(&self) -> bool {
        self.perm.overlaps(Perm::W) || self.perm.overlaps(Perm::X)
    }
}
