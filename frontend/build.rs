//! Asks the linker to keep the page's relocations: by them its chunks are cut out of it.

fn main() {
    println!("cargo::rustc-link-arg-bin=page=--emit-relocs");
}
