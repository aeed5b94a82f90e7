//! Which fields of a table are there: a bit for each that may be missing. Tables of a message with
//! the same bits share their vtable.

use std::fmt::Write;

use super::layout::{TableLayout, Wire};

/// More bits than this are not exact in a JavaScript number.
const MAX_BITS: usize = 50;

/// Where a field lies, how wide it is, and its bit if it may be missing.
type Slot = (u32, u32, Option<usize>);

/// The bits of one table.
pub(super) struct Presence {
    /// By id.
    slots: Vec<Slot>,
    bits: usize,
}

impl Presence {
    pub(super) fn of(table: &TableLayout) -> Self {
        let mut slots = vec![(0, 0, None); table.ids.len()];
        let mut bits = 0;
        for field in &table.fields {
            let optional = field.null || field.undefined || field.rest;
            let bit = optional.then_some(bits);
            if field.wire != Wire::Nothing {
                bits += usize::from(optional);
                slots[field.id as usize] = (field.offset, field.wire.size(), bit);
            }
            if let Some((id, offset)) = field.tag {
                slots[id as usize] = (offset, 1, bit);
            }
            if let Some((id, offset)) = field.presence {
                slots[id as usize] = (offset, 1, Some(bits));
                bits += 1;
            }
        }
        Self { slots, bits }
    }

    /// The constant that describes the table to reader and writer.
    pub(super) fn shape(&self, table: &TableLayout) -> String {
        let list = |value: &dyn Fn(&Slot) -> i64| {
            let all: Vec<String> = self.slots.iter().map(|s| value(s).to_string()).collect();
            all.join(", ")
        };
        let mut out = format!(
            "const s_{} = /* @__PURE__ */ shape({}, [{}], [{}]",
            table.name,
            table.size,
            list(&|s| s.0.into()),
            list(&|s| s.1.into())
        );
        if self.bits > 0 {
            let bit = |s: &Slot| s.2.and_then(|b| i64::try_from(b).ok()).unwrap_or(-1);
            let _ = write!(out, ", [{}]", list(&bit));
        }
        out + ");\n"
    }

    /// What the writer of a table keeps beside its path.
    pub(super) fn start(&self) -> &'static str {
        match self.bits {
            0 => "",
            bits if bits > MAX_BITS => ", m = []",
            _ => ", m = 0",
        }
    }

    /// The statement that says a field is there; none for one that always is.
    pub(super) fn mark(&self, id: u32) -> String {
        match self.slots.get(id as usize) {
            Some((_, _, Some(_))) if self.bits > MAX_BITS => format!("m.push({id}); "),
            Some((_, _, Some(bit))) => format!("m += {}; ", 1u64 << bit),
            _ => String::new(),
        }
    }

    /// The statement that ends a table.
    pub(super) fn close(&self, name: &str) -> String {
        match self.bits {
            0 => format!("w.close(t, s_{name}, 0);"),
            bits if bits > MAX_BITS => format!("w.closeWith(t, s_{name}, m);"),
            _ => format!("w.close(t, s_{name}, m);"),
        }
    }
}
