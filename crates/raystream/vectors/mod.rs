//! Vectors written by others, run over this crate's primitives: as unit tests natively, and as a
//! WebAssembly module in Node (`crates/raystream-wasm/examples/vectors.rs`).

mod aead;
mod hkdf;
mod session;
mod x25519;

/// What came of one suite.
pub struct Report {
    /// Its name.
    pub name: &'static str,
    /// Vectors that ran.
    pub ran: usize,
    /// How many there have to be: a suite that finds no vectors has not passed.
    pub floor: usize,
    /// What each vector that failed was about.
    pub failures: Vec<String>,
}

impl Report {
    fn new(name: &'static str, floor: usize) -> Self {
        Self {
            name,
            ran: 0,
            floor,
            failures: Vec::new(),
        }
    }

    fn check(&mut self, passed: bool, what: impl FnOnce() -> String) {
        self.ran += 1;
        if !passed {
            self.failures.push(what());
        }
    }
}

/// Runs every suite.
pub fn run() -> Vec<Report> {
    vec![
        aead::chacha20_poly1305(),
        aead::aes_256_gcm(),
        x25519::run(),
        hkdf::run(),
        session::run(),
    ]
}

#[cfg(test)]
#[test]
fn every_vector_passes() {
    use std::io::Write as _;

    for report in run() {
        let Report {
            name,
            ran,
            floor,
            failures,
        } = report;
        writeln!(std::io::stderr(), "{name}: {ran} vectors").unwrap();
        assert!(failures.is_empty(), "{name}: {failures:#?}");
        assert!(ran >= floor, "{name}: only {ran} vectors of {floor}");
    }
}
