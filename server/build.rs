//! Builds the server again when the page it embeds has changed. Builds nothing itself.

fn main() -> std::io::Result<()> {
    // Cargo looks at every file below; the embedding macro alone would not see new ones. A folder that is
    // missing would count as changed every time, so it is made, empty, until the page is built.
    std::fs::create_dir_all("../dist")?;
    println!("cargo:rerun-if-changed=../dist");
    Ok(())
}
