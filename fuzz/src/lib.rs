//! What the fuzz targets run. `crates/raystream/tests/fuzz_corpus.rs` runs the same functions over
//! the corpus, with a stable compiler.

pub mod targets;
