//! The prepared form of every file, made when it is first asked for.

use std::ops::Index;
use std::sync::Arc;

use super::items::{Half, Item, analyse};
use super::prepare::prepare;
use super::reach::ItemIndex;
use crate::modules::Modules;

/// What stands at the top level of a file.
pub(crate) type Items = Arc<Vec<Item>>;

/// The files of a project as plain JavaScript with resolved names: `halves[file]`.
#[derive(Clone, Copy)]
pub(crate) struct Halves<'a>(&'a Modules);

impl<'a> Halves<'a> {
    pub(crate) fn new(modules: &'a Modules) -> Self {
        Self(modules)
    }

    /// One file.
    pub(crate) fn of(self, file: usize) -> &'a Half {
        self.0.files[file]
            .half
            .get_or_init(|| prepare(self.0, file))
    }

    /// The items of one file.
    pub(crate) fn items(self, file: usize) -> Items {
        let analysed = || Arc::new(analyse(self.of(file)));
        Arc::clone(self.0.files[file].items.get_or_init(analysed))
    }

    /// Where to find what in the items of one file.
    pub(crate) fn index(self, file: usize) -> &'a ItemIndex {
        let made = || ItemIndex::of(&self.of(file).module, &self.items(file));
        self.0.files[file].index.get_or_init(made)
    }
}

impl Index<usize> for Halves<'_> {
    type Output = Half;

    fn index(&self, file: usize) -> &Half {
        self.of(file)
    }
}
