//! Builds the server again when the page it embeds has changed. Builds nothing itself.

fn main() {
    // Cargo looks at every file below; the embedding macro alone would not see new ones.
    println!("cargo:rerun-if-changed=../dist");
}
