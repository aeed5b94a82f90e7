//! Types as the rest of the compiler sees them: resolved, monomorphic, free of syntax.

use crate::diagnostics::Range;

/// A place a value stands in: what it is, and whether it can be missing.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Slot {
    pub kind: Kind,
    /// `null` is a value.
    pub null: bool,
    /// `undefined` is a value, and so is absence.
    pub undefined: bool,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// Nothing: `void`, or only `null` or `undefined`.
    Void,
    /// A string; one of the literals if there are any.
    Text(Vec<String>),
    /// A number; one of the literals (as JavaScript writes them) if there are any.
    Number(Number, Vec<String>),
    Boolean,
    /// 64 bits, signed or not.
    Bigint {
        unsigned: bool,
    },
    Date,
    Bytes,
    List(Box<Slot>),
    /// String keys, values of one type.
    Record(Box<Slot>),
    Object(usize),
}

/// How wide a number is on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Number {
    Float64,
    Float32,
    Int8,
    Int16,
    Int32,
    Int64,
    Uint8,
    Uint16,
    Uint32,
    Uint64,
}

impl Number {
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Some(match name {
            "float32" => Self::Float32,
            "int8" => Self::Int8,
            "int16" => Self::Int16,
            "int32" => Self::Int32,
            "int64" => Self::Int64,
            "uint8" => Self::Uint8,
            "uint16" => Self::Uint16,
            "uint32" => Self::Uint32,
            "uint64" => Self::Uint64,
            _ => return None,
        })
    }
}

/// An object type.
#[derive(Debug, Clone)]
pub(crate) struct Object {
    /// A name fit for a schema; not unique.
    pub name: String,
    /// The file that declares it, for a named type; `None` for a type written in place.
    pub file: Option<usize>,
    pub fields: Vec<Field>,
    /// False while its fields are being resolved.
    pub complete: bool,
}

/// A field of an object type.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub name: String,
    pub slot: Slot,
    /// R=4, W=2; `RW_` unless `@perm` says otherwise.
    pub perm: u8,
    pub primkey: bool,
    /// `@index`: whether its values are unique.
    pub index: Option<bool>,
    pub range: Range,
    pub file: usize,
}

/// All object types of a project.
#[derive(Debug, Default)]
pub(crate) struct Types {
    pub objects: Vec<Object>,
}

impl Slot {
    pub(crate) fn of(kind: Kind) -> Self {
        Self {
            kind,
            null: false,
            undefined: false,
        }
    }

    pub(crate) fn optional(mut self) -> Self {
        self.undefined = true;
        self
    }
}

impl Kind {
    /// How many literals it is a choice of.
    fn literals(&self) -> usize {
        match self {
            Self::Text(literals) | Self::Number(_, literals) => literals.len(),
            _ => 0,
        }
    }

    /// The name the manifest and the storage layer use.
    pub(crate) fn storage_name(&self) -> &'static str {
        match self {
            Self::Text(_) => "string",
            Self::Number(..) => "number",
            Self::Boolean => "boolean",
            Self::Bigint { .. } => "bigint",
            Self::Date => "date",
            Self::Bytes => "bytes",
            Self::List(_) => "array",
            Self::Object(_) | Self::Record(_) => "object",
            Self::Void => "json",
        }
    }
}

impl Types {
    /// A type as TypeScript writes it; `name` says what a declared object type is called there.
    pub(crate) fn typescript(&self, slot: &Slot, name: &dyn Fn(usize) -> Option<String>) -> String {
        let mut parts = vec![match &slot.kind {
            Kind::Void if slot.null || slot.undefined => String::new(),
            Kind::Void => "void".to_owned(),
            Kind::Text(literals) if literals.is_empty() => "string".to_owned(),
            Kind::Text(literals) => literals
                .iter()
                .map(|l| quote(l))
                .collect::<Vec<_>>()
                .join(" | "),
            Kind::Number(_, literals) if literals.is_empty() => "number".to_owned(),
            Kind::Number(_, literals) => literals.join(" | "),
            Kind::Boolean => "boolean".to_owned(),
            Kind::Bigint { .. } => "bigint".to_owned(),
            Kind::Date => "Date".to_owned(),
            Kind::Bytes => "Uint8Array".to_owned(),
            Kind::List(element) => {
                let union = element.null || element.undefined || element.kind.literals() > 1;
                let element = self.typescript(element, name);
                if union {
                    format!("({element})[]")
                } else {
                    format!("{element}[]")
                }
            }
            Kind::Record(value) => format!("Record<string, {}>", self.typescript(value, name)),
            Kind::Object(index) => {
                name(*index).unwrap_or_else(|| format!("{{ {}}}", self.members(*index, name, " ")))
            }
        }];
        if slot.null {
            parts.push("null".to_owned());
        }
        if slot.undefined {
            parts.push("undefined".to_owned());
        }
        parts.retain(|p| !p.is_empty());
        parts.join(" | ")
    }

    /// The members of an object type, each ended by `; ` and `end`.
    pub(crate) fn members(
        &self,
        index: usize,
        name: &dyn Fn(usize) -> Option<String>,
        end: &str,
    ) -> String {
        self.objects[index]
            .fields
            .iter()
            .flat_map(|f| [self.member(f, name), format!(";{end}")])
            .collect()
    }

    /// One member: `name?: type`.
    pub(crate) fn member(&self, field: &Field, name: &dyn Fn(usize) -> Option<String>) -> String {
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
}

/// A string as JavaScript writes it.
pub(crate) fn quote(text: &str) -> String {
    // JSON strings are JavaScript strings (ECMA-262 since 2019).
    serde_json::Value::from(text).to_string()
}

/// A property name, quoted if it must be.
pub(crate) fn property(name: &str) -> String {
    if is_identifier(name) {
        name.to_owned()
    } else {
        quote(name)
    }
}

/// Whether a name can stand after a dot.
pub(crate) fn is_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    chars
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || c == '_' || c == '$')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '$')
}
