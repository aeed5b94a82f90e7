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
    /// One of literals that are not all strings or all numbers: `'auto' | 1`, `true`.
    Literals(Vec<Literal>),
    /// 64 bits, signed or not.
    Bigint {
        unsigned: bool,
    },
    Date,
    Bytes,
    /// Whatever JSON can say: the opt-in for values without a type.
    Json,
    List(Box<Slot>),
    /// String keys, values of one type.
    Record(Box<Slot>),
    Object(usize),
    Tuple(usize),
    Union(usize),
    /// An alias inside of its own definition; none are left once a project is resolved.
    Open(usize),
}

/// One value as a type.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Literal {
    Text(String),
    /// As JavaScript writes it.
    Number(String),
    Boolean(bool),
}

impl Literal {
    /// As JavaScript writes it.
    pub(crate) fn javascript(&self) -> String {
        match self {
            Self::Text(text) => quote(text),
            Self::Number(number) => number.clone(),
            Self::Boolean(value) => value.to_string(),
        }
    }
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

/// A list whose places have types of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tuple {
    /// A name fit for a schema; not unique.
    pub name: String,
    pub elements: Vec<Element>,
    /// What `types.d.ts` calls it; only a type that contains itself needs a name.
    pub alias: Option<String>,
}

/// One place of a tuple.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Element {
    pub label: Option<String>,
    /// For a rest element the list, and there is one at most.
    pub slot: Slot,
    pub rest: bool,
}

/// Values of several kinds.
#[derive(Debug, Clone)]
pub(crate) struct Union {
    /// A name fit for a schema; not unique.
    pub name: String,
    pub members: Vec<Kind>,
    /// The field that tells its object types apart, if there are several.
    pub discriminant: Option<String>,
    /// What `types.d.ts` calls it; only a type that contains itself needs a name.
    pub alias: Option<String>,
    pub file: usize,
    pub range: Range,
}

/// All types of a project that are more than a word.
#[derive(Debug, Default)]
pub(crate) struct Types {
    pub objects: Vec<Object>,
    pub tuples: Vec<Tuple>,
    pub unions: Vec<Union>,
    /// What the aliases that contain themselves turned out to be.
    pub aliases: Vec<Option<Slot>>,
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

impl Field {
    /// A field nothing more is said about.
    pub(crate) fn plain(name: String, slot: Slot, file: usize, range: Range) -> Self {
        Self {
            name,
            slot,
            perm: 6,
            primkey: false,
            index: None,
            range,
            file,
        }
    }
}

impl Kind {
    /// The values it is a choice of, where it is one.
    pub(crate) fn literals(&self) -> Vec<Literal> {
        match self {
            Self::Text(literals) => literals.iter().cloned().map(Literal::Text).collect(),
            Self::Number(_, literals) => literals.iter().cloned().map(Literal::Number).collect(),
            Self::Literals(literals) => literals.clone(),
            _ => Vec::new(),
        }
    }

    /// The kind that is a choice of literals.
    pub(crate) fn of_literals(literals: Vec<Literal>) -> Self {
        let texts = literals.iter().map(|l| match l {
            Literal::Text(text) => Some(text.clone()),
            _ => None,
        });
        if let Some(texts) = texts.collect() {
            return Self::Text(texts);
        }
        let numbers = literals.iter().map(|l| match l {
            Literal::Number(number) => Some(number.clone()),
            _ => None,
        });
        if let Some(numbers) = numbers.collect() {
            return Self::Number(Number::Float64, numbers);
        }
        let is = |value| literals.contains(&Literal::Boolean(value));
        if literals.len() == 2 && is(true) && is(false) {
            return Self::Boolean;
        }
        Self::Literals(literals)
    }

    /// The name the manifest and the storage layer use.
    pub(crate) fn storage_name(&self) -> &'static str {
        match self {
            Self::Text(_) => "string",
            Self::Number(..) => "number",
            Self::Boolean => "boolean",
            Self::Literals(all) if all.iter().all(|l| matches!(l, Literal::Boolean(_))) => {
                "boolean"
            }
            Self::Bigint { .. } => "bigint",
            Self::Date => "date",
            Self::Bytes => "bytes",
            Self::List(_) | Self::Tuple(_) => "array",
            Self::Object(_) | Self::Record(_) => "object",
            Self::Void | Self::Literals(_) | Self::Json | Self::Union(_) | Self::Open(_) => "json",
        }
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
