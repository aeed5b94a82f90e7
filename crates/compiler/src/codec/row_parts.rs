//! Tuples and unions inside of rows.

use std::fmt::Write;

use super::choose::{Sees, chooser};
use super::rows::Rows;
use crate::types::{Kind, Slot, is_optional};

impl Rows<'_> {
    /// The functions for a tuple: a JSON array, in which `undefined` is `null` or left out.
    pub(super) fn tuple(&mut self, index: usize) -> String {
        let name = format!("tuple_{index}");
        if self.parts.contains_key(&name) {
            return name;
        }
        self.parts.insert(name.clone(), String::new());
        let elements = self.types.tuples[index].elements.clone();
        let rest = elements.iter().position(|e| e.rest);
        let behind = rest.map_or(0, |r| elements.len() - r - 1);
        let front = elements.len() - behind - usize::from(rest.is_some());
        let least = (0..elements.len())
            .filter(|&i| !elements[i].rest && !is_optional(&elements, i))
            .count();
        let most = if rest.is_some() {
            "Infinity".to_owned()
        } else {
            front.to_string()
        };
        let (mut writes, mut reads) = (String::new(), String::new());
        for (i, element) in elements.iter().enumerate() {
            let at = if i < front {
                i.to_string()
            } else {
                format!("v.length - {}", elements.len() - i)
            };
            let slot = match &element.slot.kind {
                Kind::List(inner) if element.rest => (**inner).clone(),
                _ => element.slot.clone(),
            };
            let (write, read) = (self.write(&slot, "x"), self.read(&slot, "x"));
            let write = or(&slot, "x === undefined", "\"null\"", write);
            let read = or(
                &slot,
                "x === null || x === undefined",
                if slot.null { "null" } else { "undefined" },
                read,
            );
            let (write, read) = (format!("json.push({write});"), format!("o.push({read});"));
            if element.rest {
                let end = format!("v.length - {behind}");
                let _ = writeln!(
                    writes,
                    "    for (i = {i}; i < {end}; i++) {{ const x = v[i]; {write} }}"
                );
                let _ = writeln!(
                    reads,
                    "  for (let i = {i}; i < {end}; i++) {{ const x = v[i]; {read} }}"
                );
            } else if is_optional(&elements, i) {
                let _ = writeln!(
                    writes,
                    "    if ((i = {at}) < v.length) {{ const x = v[i]; {write} }}"
                );
                let _ = writeln!(
                    reads,
                    "  if ({at} < v.length) {{ const x = v[{at}]; {read} }}"
                );
            } else {
                let _ = writeln!(writes, "    {{ i = {at}; const x = v[i]; {write} }}");
                let _ = writeln!(reads, "  {{ const x = v[{at}]; {read} }}");
            }
        }
        let text = format!(
            "function to_{name}(v) {{\n  row.tuple(v, {least}, {most});\n  const json = [];\n  let i = -1;\n  try {{\n{writes}  }} catch (e) {{\n    throw within(e, \"\", i);\n  }}\n  return \"[\" + json.join(\",\") + \"]\";\n}}\n\n\
             function from_{name}(v) {{\n  row.tuple(v, {least}, {most});\n  const o = [];\n{reads}  return o;\n}}\n"
        );
        self.parts.insert(name.clone(), text);
        name
    }

    /// The functions for a union: its members look different in JSON too.
    pub(super) fn union(&mut self, index: usize) -> String {
        let name = format!("union_{index}");
        if self.parts.contains_key(&name) {
            return name;
        }
        self.parts.insert(name.clone(), String::new());
        let members = self.types.unions[index].members.clone();
        let numbered: Vec<(&Kind, u32)> = members.iter().zip(1..).collect();
        let choose = |name: String, sees| chooser(self.types, index, &numbered, &name, sees);
        let mut text = choose(format!("pick_{name}"), Sees::Value);
        text.push_str(&choose(format!("parsed_{name}"), Sees::Json));
        let (mut writes, mut reads) = (String::new(), String::new());
        for (member, number) in numbered {
            let slot = Slot::of(member.clone());
            let (write, read) = (self.write(&slot, "v"), self.read(&slot, "v"));
            let _ = writeln!(writes, "    case {number}: return {write};");
            let _ = writeln!(reads, "    case {number}: return {read};");
        }
        let _ = write!(
            text,
            "function to_{name}(v) {{\n  switch (pick_{name}(v)) {{\n{writes}  }}\n}}\n\n\
             function from_{name}(v) {{\n  switch (parsed_{name}(v)) {{\n{reads}  }}\n}}\n"
        );
        self.parts.insert(name.clone(), text);
        name
    }
}

/// `text`, or something else in a case that only exists where `undefined` does.
fn or(slot: &Slot, case: &str, other: &str, text: String) -> String {
    if slot.undefined {
        format!("({case} ? {other} : {text})")
    } else {
        text
    }
}
