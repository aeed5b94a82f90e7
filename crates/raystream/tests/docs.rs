//! `docs/raystream.md` shows the bytes that are tested.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use serde_json::Value;

#[test]
fn the_worked_session_is_the_first_of_the_vectors() {
    let docs = include_str!("../../../docs/raystream.md");
    let vectors: Value =
        serde_json::from_str(include_str!("vectors/raystream-sessions.json")).unwrap();
    let (first, resumed) = (&vectors[0], &vectors[1]);
    let mut shown = 0;
    for line in docs.lines() {
        let Some((name, value)) = line.split_once(' ') else {
            continue;
        };
        if first[name].is_string() {
            let known = [&first[name], &resumed[name]];
            assert!(known.contains(&&Value::from(value)), "{name}");
            shown += 1;
        }
    }
    assert_eq!(shown, 16);
    // The parts of the INIT, one after the other.
    let parts = ["header", "nonce", "public key", "ciphertext", "tag"].map(|part| {
        let line = docs
            .lines()
            .find(|line| line.starts_with(&format!("{part} ")));
        let rest = line.unwrap()[part.len()..].trim_start();
        rest.split(' ').next().unwrap()
    });
    assert_eq!(parts.concat(), first["init_frame"].as_str().unwrap());
    for (direction, frame) in [("c2s", 0), ("s2c", 7)] {
        let frame = first["frames"][frame]["frame"].as_str().unwrap();
        assert!(docs.contains(&format!("{direction} {frame}")));
    }
}
