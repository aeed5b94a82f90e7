#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| kontract_fuzz::targets::frame_parser::run(data));
