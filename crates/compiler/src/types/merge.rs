//! Types put together: unions of one kind, overridden fields, narrowed numbers.

use super::ir::{Field, Kind, Number, Slot};
use super::union::simplify;

/// Narrows a number, or the numbers of a list; `false` if it is neither.
pub(crate) fn narrow(slot: &mut Slot, number: Number) -> bool {
    match &mut slot.kind {
        Kind::Number(width, _) => *width = number,
        Kind::Bigint { unsigned } if matches!(number, Number::Int64 | Number::Uint64) => {
            *unsigned = number == Number::Uint64;
        }
        Kind::List(element) => return narrow(element, number),
        _ => return false,
    }
    true
}

/// The union of slots, if it is of one kind after all.
pub(super) fn merge(slots: Vec<Slot>) -> Option<Slot> {
    let (mut null, mut undefined) = (false, false);
    let mut kinds = Vec::new();
    for slot in slots {
        null |= slot.null;
        undefined |= slot.undefined;
        if slot.kind != Kind::Void {
            kinds.push(slot.kind);
        }
    }
    let mut kinds = simplify(kinds);
    if kinds.len() > 1 {
        return None;
    }
    Some(Slot {
        kind: kinds.pop().unwrap_or(Kind::Void),
        null,
        undefined,
    })
}

/// Newer fields take the place of older ones of the same name.
pub(super) fn override_fields(fields: &mut Vec<Field>, newer: Vec<Field>) {
    for field in newer {
        match fields.iter_mut().find(|f| f.name == field.name) {
            Some(old) => *old = field,
            None => fields.push(field),
        }
    }
}
