//! The code that tells the members of a union apart, by what they are at run time.

use std::fmt::Write;

use crate::types::{Kind, Literal, Types, property, quote};

/// What a chooser looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sees {
    /// A value.
    Value,
    /// What `parse` made of a row, where dates and 64-bit integers are numbers and bytes are text.
    Json,
}

/// A function that gives the number of the member a value is, or throws. `members` are a union's
/// members with their numbers.
pub(super) fn chooser(
    types: &Types,
    union: usize,
    members: &[(&Kind, u32)],
    name: &str,
    sees: Sees,
) -> String {
    let mut chooser = Chooser::default();
    let union = &types.unions[union];
    for (kind, number) in members {
        chooser.add(types, union.discriminant.as_deref(), kind, *number, sees);
    }
    chooser.text(union.discriminant.as_deref(), name, sees)
}

#[derive(Default)]
struct Chooser {
    /// `typeof` and the number.
    words: Vec<(&'static str, u32)>,
    array: Option<u32>,
    date: Option<u32>,
    bytes: Option<u32>,
    object: Option<u32>,
    /// Literals of the discriminant and the number.
    objects: Vec<(Vec<Literal>, u32)>,
    expected: Vec<String>,
}

impl Chooser {
    fn add(
        &mut self,
        types: &Types,
        discriminant: Option<&str>,
        kind: &Kind,
        number: u32,
        sees: Sees,
    ) {
        let json = sees == Sees::Json;
        let expected = match kind {
            Kind::Text(_) => self.word("string", number),
            Kind::Bytes if json => self.word("string", number),
            Kind::Number(..) => self.word("number", number),
            Kind::Bigint { .. } | Kind::Date if json => self.word("number", number),
            Kind::Bigint { .. } => self.word("bigint", number),
            Kind::Boolean | Kind::Literals(_) => self.word("boolean", number),
            Kind::Date => {
                self.date = Some(number);
                "Date".to_owned()
            }
            Kind::Bytes => {
                self.bytes = Some(number);
                "Uint8Array".to_owned()
            }
            Kind::List(_) | Kind::Tuple(_) => {
                self.array = Some(number);
                "an array".to_owned()
            }
            Kind::Object(index) if discriminant.is_some() => {
                let object = &types.objects[*index];
                let field = object
                    .fields
                    .iter()
                    .find(|f| Some(f.name.as_str()) == discriminant);
                let literals = field.map(|f| f.slot.kind.literals()).unwrap_or_default();
                self.objects.push((literals, number));
                "an object".to_owned()
            }
            _ => {
                self.object = Some(number);
                "an object".to_owned()
            }
        };
        if !self.expected.contains(&expected) {
            self.expected.push(expected);
        }
    }

    fn word(&mut self, word: &'static str, number: u32) -> String {
        self.words.push((word, number));
        word.to_owned()
    }

    fn text(&self, discriminant: Option<&str>, name: &str, sees: Sees) -> String {
        let mut out = format!("function {name}(x) {{\n  switch (typeof x) {{\n");
        for (word, number) in &self.words {
            // A long integer comes as its digits behind a mark, so that none of it is lost.
            let long = sees == Sees::Json && *word == "string";
            let number_word = self.words.iter().find(|(w, _)| *w == "number");
            let guard = match number_word {
                Some((_, other)) if long => format!("if (row.isLong(x)) return {other}; "),
                _ => String::new(),
            };
            let _ = writeln!(out, "    case \"{word}\": {guard}return {number};");
        }
        let text = self.words.iter().any(|(w, _)| *w == "string");
        if let Some((_, number)) = self.words.iter().find(|(w, _)| *w == "number")
            && sees == Sees::Json
            && !text
        {
            let _ = writeln!(
                out,
                "    case \"string\": if (row.isLong(x)) return {number}; break;"
            );
        }
        out.push_str("    case \"object\":\n      if (x === null) break;\n");
        // Everything else that `typeof` calls an object is none here.
        let or_break = |number: Option<u32>| {
            number.map_or_else(|| "break".to_owned(), |n| format!("return {n}"))
        };
        let _ = writeln!(out, "      if (Array.isArray(x)) {};", or_break(self.array));
        if sees == Sees::Value {
            let _ = writeln!(out, "      if (x instanceof Date) {};", or_break(self.date));
            let _ = writeln!(
                out,
                "      if (x instanceof Uint8Array) {};",
                or_break(self.bytes)
            );
        }
        if let Some(number) = self.object {
            let _ = writeln!(out, "      return {number};");
        }
        if let Some(field) = discriminant.filter(|_| !self.objects.is_empty()) {
            let access = if property(field) == field {
                format!("x.{field}")
            } else {
                format!("x[{}]", quote(field))
            };
            let _ = writeln!(out, "      switch ({access}) {{");
            let mut all = Vec::new();
            for (literals, number) in &self.objects {
                for literal in literals {
                    let literal = literal.javascript();
                    let _ = writeln!(out, "        case {literal}: return {number};");
                    all.push(literal);
                }
            }
            let wanted = format!("{field}: {}", all.join(" or "));
            let _ = writeln!(
                out,
                "        default: throw unexpected({}, {access});",
                quote(&wanted)
            );
            out.push_str("      }\n");
        }
        let _ = writeln!(
            out,
            "  }}\n  throw unexpected({}, x);\n}}",
            quote(&self.expected.join(" or "))
        );
        out
    }
}
