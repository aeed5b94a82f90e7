//! `kontract-bindgen <in.wasm> <out folder> <name>`: JavaScript and wasm for `--target web`, without
//! the network code the full command brings for its test runner.

use std::process::ExitCode;

use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [input, output, name] = arguments.as_slice() else {
        eprintln!("usage: kontract-bindgen <in.wasm> <out folder> <name>");
        return ExitCode::from(2);
    };
    let mut bindgen = Bindgen::new();
    let generated = bindgen
        .input_path(input)
        .out_name(name)
        .typescript(false)
        .omit_default_module_path(true)
        .web(true)
        .and_then(|bindgen| bindgen.generate(output));
    match generated {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kontract-bindgen: {error:#}");
            ExitCode::FAILURE
        }
    }
}
