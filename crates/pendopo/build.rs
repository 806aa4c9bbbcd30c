//! What the linker is told of a binary for others: functions of the same code become one, which takes 0.5 MB off, and
//! those by which memory is had keep their names, so that they can be counted in a server that runs.

use std::env::var_os;

/// mimalloc's, as its crate calls them.
const ALLOCATORS: [&str; 3] = [
    "mi_malloc_aligned",
    "mi_zalloc_aligned",
    "mi_realloc_aligned",
];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |name, value| var_os(name).is_some_and(|found| found == value);
    // The toolchain brings its own linker for this target alone; those of other systems may not know the words.
    if is("TARGET", "x86_64-unknown-linux-gnu") && is("PROFILE", "release") {
        println!("cargo::rustc-link-arg-bins=-Wl,--icf=all");
        for name in ALLOCATORS {
            println!("cargo::rustc-link-arg-bins=-Wl,--export-dynamic-symbol={name}");
        }
    }
}
