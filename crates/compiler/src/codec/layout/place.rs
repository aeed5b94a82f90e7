//! Where the fields of a table lie in it.

use super::FieldLayout;

/// Gives every field its place, the widest first so that nothing needs padding between; the size of all.
pub(super) fn place(fields: &mut [FieldLayout]) -> u32 {
    let mut order: Vec<usize> = (0..fields.len()).collect();
    // By id, so that fields can change places in the source and stay where they are.
    order.sort_by_key(|&i| fields[i].id);
    let mut at = 4;
    for width in [8, 4, 2, 1] {
        for &i in &order {
            let field = &mut fields[i];
            if field.wire.size() == width {
                field.offset = at;
                at += width;
            }
            if width == 1 {
                for (_, place) in field.tag.iter_mut().chain(&mut field.presence) {
                    *place = at;
                    at += 1;
                }
            }
        }
    }
    at
}
