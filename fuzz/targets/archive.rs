#![no_main]

#[expect(dead_code, reason = "a target fuzzes one of them")]
#[path = "../entries.rs"]
mod entries;

libfuzzer_sys::fuzz_target!(|data: &[u8]| entries::archive(data));
