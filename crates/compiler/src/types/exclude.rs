//! `Exclude`, `Extract` and what they stand on: whether one kind is a part of another.

use super::ir::{Kind, Number, Slot};
use super::resolve::Resolver;

impl Resolver<'_> {
    /// Whether every value of `kind` is one of `of`, as far as types of data go.
    pub(super) fn is_part(&self, kind: &Kind, of: &Slot) -> bool {
        self.choices(of)
            .iter()
            .any(|target| self.fits(kind, target, 0))
    }

    fn fits(&self, kind: &Kind, target: &Kind, depth: u32) -> bool {
        if kind == target || depth > 16 {
            return kind == target;
        }
        match (kind, target) {
            (Kind::Text(_), Kind::Text(wide))
            | (Kind::Number(..), Kind::Number(Number::Float64, wide)) => wide.is_empty(),
            (Kind::List(a), Kind::List(b)) | (Kind::Record(a), Kind::Record(b)) => {
                self.slot_fits(a, b, depth)
            }
            (Kind::Object(a), Kind::Object(b)) => {
                let have = &self.types.objects[*a].fields;
                self.types.objects[*b].fields.iter().all(|wanted| {
                    match have.iter().find(|f| f.name == wanted.name) {
                        Some(field) => self.slot_fits(&field.slot, &wanted.slot, depth),
                        None => wanted.slot.undefined,
                    }
                })
            }
            _ => false,
        }
    }

    fn slot_fits(&self, slot: &Slot, target: &Slot, depth: u32) -> bool {
        let targets = self.choices(target);
        (!slot.null || target.null)
            && (!slot.undefined || target.undefined)
            && self
                .choices(slot)
                .iter()
                .all(|kind| targets.iter().any(|t| self.fits(kind, t, depth + 1)))
    }
}
