//! Enums and unions of the wire.

use serde_json::Value;

use super::build::Builder;
use super::names::identifier;
use super::{EnumLayout, MemberLayout, Origin, UnionLayout, Wire};
use crate::codec::ids::id_of;
use crate::types::{Kind, Literal, Slot};

impl Builder<'_> {
    /// The enum of a choice of literals; `key` is where it stands.
    pub(super) fn choice(&mut self, literals: &[Literal], key: &str, hint: &str) -> Wire {
        let wanted: Vec<Value> = literals.iter().map(json).collect();
        let all = self.claim(key, &wanted);
        let value = |json: &Value| literals.iter().find(|l| self::json(l) == *json).cloned();
        let values: Vec<Option<Literal>> = all.iter().map(value).collect();
        let wide = values.len() > 256;
        if let Some(index) = self.enums.iter().position(|e| e.values == values) {
            return Wire::Enum { index, wide };
        }
        let mut labels: Vec<String> = Vec::new();
        for (i, value) in all.iter().enumerate() {
            let text = value
                .as_str()
                .map_or_else(|| format!("_{value}"), str::to_owned);
            let mut label = identifier(&text);
            let taken = labels.iter().any(|l| l.eq_ignore_ascii_case(&label));
            if taken || label.chars().all(|c| c == '_') || is_word(&label) {
                label = format!("{label}_{i}");
            }
            labels.push(label);
        }
        let name = self.unique(hint);
        self.enums.push(EnumLayout {
            name,
            values,
            labels,
            wide,
        });
        Wire::Enum {
            index: self.enums.len() - 1,
            wide,
        }
    }

    /// The union of tables a union is; what is no object is put into a table of its own.
    pub(super) fn union(&mut self, union: usize) -> usize {
        if let Some(&index) = self.known_unions.get(&union) {
            return index;
        }
        let types = self.types;
        let declared = &types.unions[union];
        let name = self.unique(&declared.name);
        let index = self.unions.len();
        self.known_unions.insert(union, index);
        self.unions.push(UnionLayout {
            name: name.clone(),
            union,
            members: Vec::new(),
        });
        let key = self.key_in(declared.file, &declared.name, (1, union));
        let wanted: Vec<Value> = declared
            .members
            .iter()
            .map(|m| Value::from(self.identity(union, m)))
            .collect();
        let all = self.claim(&key, &wanted);
        let mut members: Vec<Option<MemberLayout>> = all.iter().map(|_| None).collect();
        for (i, member) in declared.members.iter().enumerate() {
            let nth = wanted[..i].iter().filter(|w| **w == wanted[i]).count();
            let id = id_of(&all, &wanted[i], nth) as usize;
            let table = match member {
                Kind::Object(object) => self.object(*object),
                Kind::Tuple(tuple) => self.tuple(*tuple),
                other => {
                    let slot = Slot::of(other.clone());
                    let what = wanted[i].as_str().unwrap_or("value");
                    self.boxed(&slot, Origin::Value, &format!("{name}_{what}"))
                }
            };
            let label = self.tables[table].name.clone();
            members[id] = Some(MemberLayout {
                kind: member.clone(),
                table,
                label,
            });
        }
        self.unions[index].members = members;
        index
    }

    /// What a member of a union is known by, whatever its place.
    fn identity(&self, union: usize, member: &Kind) -> String {
        match member {
            Kind::Object(index) => {
                let object = &self.types.objects[*index];
                let discriminant = self.types.unions[union].discriminant.as_ref();
                let field = discriminant
                    .and_then(|name| object.fields.iter().find(|f| f.name == *name))
                    .filter(|_| object.file.is_none());
                field.map_or_else(
                    || object.name.clone(),
                    |field| {
                        let literals = field.slot.kind.literals();
                        literals
                            .iter()
                            .map(Literal::javascript)
                            .collect::<Vec<_>>()
                            .join(" ")
                    },
                )
            }
            Kind::Text(_) => "string".to_owned(),
            Kind::Number(..) => "number".to_owned(),
            Kind::Boolean | Kind::Literals(_) => "boolean".to_owned(),
            Kind::Bigint { .. } => "bigint".to_owned(),
            Kind::Date => "Date".to_owned(),
            Kind::Bytes => "Uint8Array".to_owned(),
            Kind::List(_) | Kind::Tuple(_) => "array".to_owned(),
            Kind::Record(_) => "record".to_owned(),
            Kind::Json | Kind::Void | Kind::Union(_) | Kind::Open(_) => "json".to_owned(),
        }
    }
}

/// A literal as the lock file has it.
fn json(literal: &Literal) -> Value {
    serde_json::from_str(&literal.javascript()).unwrap_or_else(|_| literal.javascript().into())
}

/// Words `flatc` does not take as names of enum values.
fn is_word(label: &str) -> bool {
    matches!(
        label,
        "true"
            | "false"
            | "null"
            | "NONE"
            | "inf"
            | "nan"
            | "infinity"
            | "table"
            | "struct"
            | "enum"
            | "union"
            | "namespace"
            | "root_type"
            | "include"
            | "attribute"
            | "rpc_service"
            | "file_identifier"
            | "file_extension"
            | "string"
            | "bool"
            | "byte"
            | "ubyte"
            | "short"
            | "ushort"
            | "int"
            | "uint"
            | "long"
            | "ulong"
            | "float"
            | "double"
            | "int8"
            | "uint8"
            | "int16"
            | "uint16"
            | "int32"
            | "uint32"
            | "int64"
            | "uint64"
            | "float32"
            | "float64"
    )
}
