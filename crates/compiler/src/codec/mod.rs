//! `FlatBuffers`: the layout of what crosses the wire, the code that writes and reads it, the schema
//! that says the same to `flatc`, and the code for rows of tables.

mod choose;
mod decode;
mod encode;
mod fbs;
mod hash;
mod ids;
mod layout;
mod presence;
mod row_filters;
mod row_parts;
mod rows;

use std::fmt::Write;

use crate::types::{Literal, Types};
use decode::{decoder, union_decoder};
use encode::{encoder, union_encoder};
pub(crate) use fbs::schema;
pub(crate) use hash::{hex, route_hash};
pub(crate) use ids::Ids;
pub(crate) use layout::Layout;
use layout::Root;
use presence::Presence;
pub(crate) use rows::tables_module;

/// The codecs of one source file as a module.
pub(crate) fn codec_module(types: &Types, layout: &Layout) -> String {
    let mut body = String::new();
    for choice in &layout.enums {
        let value = |v: &Option<Literal>| {
            v.as_ref()
                .map_or_else(|| "undefined".to_owned(), Literal::javascript)
        };
        let values: Vec<String> = choice.values.iter().map(value).collect();
        let _ = writeln!(body, "const e_{} = [{}];", choice.name, values.join(", "));
    }
    for table in &layout.tables {
        body.push_str(&Presence::of(table).shape(table));
    }
    for table in &layout.tables {
        let _ = write!(
            body,
            "\n{}\n{}",
            encoder(layout, table),
            decoder(layout, table)
        );
    }
    for union in &layout.unions {
        let (write, read) = (
            union_encoder(types, layout, union),
            union_decoder(layout, union),
        );
        let _ = write!(body, "\n{write}\n{read}");
    }
    for root in &layout.roots {
        let _ = write!(body, "\n{}", root.javascript(layout));
    }
    let unexpected = if layout.unions.is_empty() {
        ""
    } else {
        ", unexpected"
    };
    format!(
        "import {{ decode, encode, shape{unexpected}, within }} from \"kontract/codec\";\n\n{body}"
    )
}

impl Root {
    /// The four functions of a route.
    fn javascript(&self, layout: &Layout) -> String {
        let (id, args, reply) = (
            &self.id,
            &layout.tables[self.args].name,
            &layout.tables[self.reply].name,
        );
        let export = |name: &str, how: &str, table: &str, what: &str| {
            let (parameter, function) = if how == "encode" {
                ("value", "write")
            } else {
                ("bytes", "read")
            };
            format!(
                "export function {name}_{id}({parameter}) {{\n  return {how}({function}_{table}, {parameter}, \"{what}\");\n}}\n"
            )
        };
        [
            export("encodeArgs", "encode", args, "args"),
            export("decodeArgs", "decode", args, "args"),
            export("encodeReply", "encode", reply, "reply"),
            export("decodeReply", "decode", reply, "reply"),
        ]
        .join("\n")
    }
}
