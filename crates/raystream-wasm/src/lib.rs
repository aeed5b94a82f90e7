//! raystream's client half for wasm32, behind a small C ABI.
