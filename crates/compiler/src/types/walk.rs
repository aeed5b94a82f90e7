//! What a type is made of, and what can be reached from it.

use std::collections::BTreeSet;

use super::ir::{Kind, Slot, Types};

/// The types some slots lead to.
#[derive(Debug, Default)]
pub(crate) struct Reach {
    pub objects: BTreeSet<usize>,
    pub tuples: BTreeSet<usize>,
    pub unions: BTreeSet<usize>,
}

impl Types {
    /// Adds everything a slot leads to.
    pub(crate) fn reach(&self, slot: &Slot, seen: &mut Reach) {
        let new = match slot.kind {
            Kind::Object(index) => seen.objects.insert(index),
            Kind::Tuple(index) => seen.tuples.insert(index),
            Kind::Union(index) => seen.unions.insert(index),
            _ => true,
        };
        if new {
            self.parts(&slot.kind, &mut |part| self.reach(part, seen));
        }
    }

    /// Calls `visit` with the slots a kind is made of.
    pub(crate) fn parts(&self, kind: &Kind, visit: &mut dyn FnMut(&Slot)) {
        match kind {
            Kind::List(inner) | Kind::Record(inner) => visit(inner),
            Kind::Object(index) => self.objects[*index]
                .fields
                .iter()
                .for_each(|f| visit(&f.slot)),
            Kind::Tuple(index) => self.tuples[*index]
                .elements
                .iter()
                .for_each(|e| visit(&e.slot)),
            Kind::Union(index) => {
                for member in &self.unions[*index].members {
                    visit(&Slot::of(member.clone()));
                }
            }
            _ => {}
        }
    }
}
