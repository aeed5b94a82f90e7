//! Types as TypeScript writes them, for `types.d.ts`.

use std::fmt::Write;

use super::ir::{Element, Field, Kind, Slot, Types, property};

/// What a declared object type is called where the text stands.
type Name<'a> = &'a dyn Fn(usize) -> Option<String>;

/// The namespace of `types.d.ts` that holds the types that contain themselves.
const SPACE: &str = "kontract_recursive";

impl Types {
    /// A type as TypeScript writes it; `name` says what a declared object type is called there.
    pub(crate) fn typescript(&self, slot: &Slot, name: Name<'_>) -> String {
        let mut parts = match &slot.kind {
            Kind::Void if slot.null || slot.undefined => Vec::new(),
            kind => self.kind(kind, name),
        };
        if slot.null && slot.kind != Kind::Json {
            parts.push("null".to_owned());
        }
        if slot.undefined {
            parts.push("undefined".to_owned());
        }
        parts.join(" | ")
    }

    /// The members of an object type, each ended by `; ` and `end`.
    pub(crate) fn members(&self, index: usize, name: Name<'_>, end: &str) -> String {
        self.objects[index]
            .fields
            .iter()
            .flat_map(|f| [self.member(f, name), format!(";{end}")])
            .collect()
    }

    /// One member: `name?: type`.
    pub(crate) fn member(&self, field: &Field, name: Name<'_>) -> String {
        let mark = if field.slot.undefined { "?" } else { "" };
        let slot = Slot {
            undefined: false,
            ..field.slot.clone()
        };
        format!(
            "{}{mark}: {}",
            property(&field.name),
            self.typescript(&slot, name)
        )
    }

    /// The declarations of the types that contain themselves, in a namespace of their own.
    pub(crate) fn recursive(&self, name: Name<'_>) -> String {
        let mut lines = Vec::new();
        for tuple in &self.tuples {
            if let Some(alias) = &tuple.alias {
                lines.push((alias, self.tuple(&tuple.elements, name)));
            }
        }
        for union in &self.unions {
            if let Some(alias) = &union.alias {
                let members = union.members.iter().flat_map(|m| self.kind(m, name));
                lines.push((alias, members.collect::<Vec<_>>().join(" | ")));
            }
        }
        if lines.is_empty() {
            return String::new();
        }
        lines.sort();
        let mut out = format!("\ndeclare namespace {SPACE} {{\n");
        for (alias, ty) in lines {
            let _ = writeln!(out, "  type {alias} = {ty};");
        }
        out + "}\n"
    }

    /// The members of the union a kind is, one text each.
    fn kind(&self, kind: &Kind, name: Name<'_>) -> Vec<String> {
        let one = match kind {
            Kind::Void => "void".to_owned(),
            Kind::Text(literals) if literals.is_empty() => "string".to_owned(),
            Kind::Number(_, literals) if literals.is_empty() => "number".to_owned(),
            Kind::Text(_) | Kind::Number(..) | Kind::Literals(_) => {
                return kind
                    .literals()
                    .iter()
                    .map(super::ir::Literal::javascript)
                    .collect();
            }
            Kind::Boolean => "boolean".to_owned(),
            Kind::Bigint { .. } => "bigint".to_owned(),
            Kind::Date => "Date".to_owned(),
            Kind::Bytes => "Uint8Array".to_owned(),
            Kind::Json | Kind::Open(_) => "import('kontract').Json".to_owned(),
            Kind::List(element) => format!("{}[]", self.element(element, name)),
            Kind::Record(value) => format!("Record<string, {}>", self.typescript(value, name)),
            Kind::Object(index) => {
                name(*index).unwrap_or_else(|| format!("{{ {}}}", self.members(*index, name, " ")))
            }
            Kind::Tuple(index) => {
                let tuple = &self.tuples[*index];
                match &tuple.alias {
                    Some(alias) => format!("{SPACE}.{alias}"),
                    None => self.tuple(&tuple.elements, name),
                }
            }
            Kind::Union(index) => {
                let union = &self.unions[*index];
                match &union.alias {
                    Some(alias) => format!("{SPACE}.{alias}"),
                    None => {
                        return union
                            .members
                            .iter()
                            .flat_map(|m| self.kind(m, name))
                            .collect();
                    }
                }
            }
        };
        vec![one]
    }

    /// A type in front of `[]`.
    fn element(&self, slot: &Slot, name: Name<'_>) -> String {
        let nothing =
            usize::from(slot.null && slot.kind != Kind::Json) + usize::from(slot.undefined);
        let text = self.typescript(slot, name);
        let parts = if slot.kind == Kind::Void {
            0
        } else {
            self.kind(&slot.kind, name).len()
        };
        if parts + nothing > 1 {
            format!("({text})")
        } else {
            text
        }
    }

    fn tuple(&self, elements: &[Element], name: Name<'_>) -> String {
        // Labels are all or nothing (before TypeScript 5.2).
        let labelled = elements.iter().all(|e| e.label.is_some());
        let mut out = Vec::new();
        for (i, element) in elements.iter().enumerate() {
            let optional = is_optional(elements, i);
            let bare = Slot {
                undefined: element.slot.undefined && !optional,
                ..element.slot.clone()
            };
            let mark = if optional { "?" } else { "" };
            let dots = if element.rest { "..." } else { "" };
            out.push(match &element.label {
                Some(label) if labelled => {
                    format!("{dots}{label}{mark}: {}", self.typescript(&bare, name))
                }
                _ if optional => format!("{}?", self.element(&bare, name)),
                _ => format!("{dots}{}", self.typescript(&bare, name)),
            });
        }
        format!("[{}]", out.join(", "))
    }
}

/// Whether a place of a tuple can be left out: it can be `undefined`, and so can all behind it.
pub(crate) fn is_optional(elements: &[Element], place: usize) -> bool {
    !elements[place].rest && elements[place..].iter().all(|e| e.rest || e.slot.undefined)
}
