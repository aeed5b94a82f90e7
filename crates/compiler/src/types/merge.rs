//! Types put together: unions, overridden fields, narrowed numbers.

use super::ir::{Field, Kind, Number, Slot};

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

/// The union of slots, if they are of one kind.
pub(super) fn merge(slots: Vec<Slot>) -> Option<Slot> {
    let mut merged: Option<Kind> = None;
    let (mut null, mut undefined) = (false, false);
    for slot in slots {
        null |= slot.null;
        undefined |= slot.undefined;
        merged = Some(match (merged, slot.kind) {
            (None | Some(Kind::Void), kind) | (Some(kind), Kind::Void) => kind,
            (Some(Kind::Text(a)), Kind::Text(b)) => Kind::Text(merge_literals(a, b)),
            (Some(Kind::Number(n, a)), Kind::Number(m, b)) if n == m => {
                Kind::Number(n, merge_literals(a, b))
            }
            (Some(a), b) if a == b => a,
            _ => return None,
        });
    }
    merged.map(|kind| Slot {
        kind,
        null,
        undefined,
    })
}

/// No literals at all means every value, and that swallows the literals of the other side.
fn merge_literals(mut a: Vec<String>, b: Vec<String>) -> Vec<String> {
    if a.is_empty() || b.is_empty() {
        return Vec::new();
    }
    for literal in b {
        if !a.contains(&literal) {
            a.push(literal);
        }
    }
    a
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
