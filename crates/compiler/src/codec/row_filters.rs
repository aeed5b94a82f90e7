//! The code for filters of queries: what each field of a table can be asked (`lib/codec/where.ts`).

use std::fmt::Write;

use super::rows::Rows;
use crate::types::{Field, Kind, Slot, property};

impl Rows<'_> {
    /// `toFilter(value)` of a table.
    pub(super) fn filter_function(&mut self, name: &str, fields: &[Field]) -> String {
        format!("const {name} = where.filter({});\n", self.matchers(fields))
    }

    /// `() => ({ field: what it can be asked })`: looked at with the first filter, so that types may
    /// contain themselves.
    fn matchers(&mut self, fields: &[Field]) -> String {
        let mut out = "() => ({ ".to_owned();
        for field in fields {
            let matcher = self.matcher(&field.slot);
            let _ = write!(out, "{}: {matcher}, ", property(&field.name));
        }
        out.push_str("})");
        out
    }

    fn matcher(&mut self, slot: &Slot) -> String {
        // A filter says nothing of a field by leaving it out, and null by itself.
        let value = Slot::of(slot.kind.clone());
        match &slot.kind {
            Kind::Object(index) => self.object_matcher(*index),
            Kind::Record(element) => format!("where.entries({})", self.matcher(element)),
            Kind::Text(_) | Kind::Number(..) | Kind::Boolean | Kind::Bigint { .. } | Kind::Date => {
                format!("where.scalar((x) => {})", self.write(&value, "x"))
            }
            Kind::Literals(_) => format!("where.scalar((x) => {})", self.write(&value, "x")),
            // Base64 is not in the order of the bytes.
            Kind::Bytes => format!("where.scalar((x) => {}, false)", self.write(&value, "x")),
            Kind::Union(index) if self.is_scalar_union(*index) => {
                format!("where.scalar((x) => {})", self.write(&value, "x"))
            }
            Kind::Void
            | Kind::Json
            | Kind::List(_)
            | Kind::Tuple(_)
            | Kind::Union(_)
            | Kind::Open(_) => format!("where.whole((x) => {})", self.write(&value, "x")),
        }
    }

    fn is_scalar_union(&self, index: usize) -> bool {
        self.types.unions[index].members.iter().all(|member| {
            matches!(
                member,
                Kind::Text(_)
                    | Kind::Number(..)
                    | Kind::Boolean
                    | Kind::Bigint { .. }
                    | Kind::Date
                    | Kind::Literals(_)
            )
        })
    }

    fn object_matcher(&mut self, index: usize) -> String {
        let name = format!("filter_{}", self.object(index));
        if !self.filters.contains_key(&index) {
            self.filters.insert(index, String::new());
            let fields = self.types.objects[index].fields.clone();
            let text = format!("const {name} = where.fields({});\n", self.matchers(&fields));
            self.filters.insert(index, text);
        }
        name
    }
}
