//! `FlatBuffers`: the layout of what crosses the wire, the code that writes and reads it, the schema
//! that says the same to `flatc`, and the code for rows of tables.

mod decode;
mod encode;
mod fbs;
mod hash;
mod layout;
mod rows;

use decode::decoder;
use encode::encoder;
pub(crate) use fbs::schema;
pub(crate) use hash::{hex, route_hash};
pub(crate) use layout::Layout;
pub(crate) use rows::tables_module;

/// The codecs of one source file as a module.
pub(crate) fn codec_module(layout: &Layout) -> String {
    let mut body = String::new();
    for table in &layout.tables {
        body.push_str(&encoder(layout, table));
        body.push('\n');
        body.push_str(&decoder(layout, table));
        body.push('\n');
    }
    for root in &layout.roots {
        body.push_str(&root.javascript(layout));
    }
    format!(
        "import {{ begin, open, within }} from \"kontract/codec\";\n\n{}\n",
        body.trim_end()
    )
}
