//! Compresses the page's files once, at build time, so that the server never does.

use std::io::Write as _;
use std::path::Path;

use anyhow::Result;

/// Smaller files gain nothing.
const SMALLEST: u64 = 256;

/// Sizes of a file and of what was put beside it, bytes.
#[derive(Debug)]
pub(crate) struct Sizes {
    /// Below the folder.
    pub(crate) name: String,
    /// As it is.
    pub(crate) plain: usize,
    /// Compressed by brotli.
    pub(crate) brotli: usize,
}

/// Puts `.br` and `.gz` beside every file of the folder that gains from it.
pub(crate) fn folder(folder: &Path) -> Result<Vec<Sizes>> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            all.extend(self::folder(&path)?);
            continue;
        }
        let ending = path
            .extension()
            .and_then(|ending| ending.to_str())
            .unwrap_or_default();
        let is_packed = matches!(ending, "br" | "gz" | "woff2" | "png");
        if is_packed || path.metadata()?.len() < SMALLEST || path.ends_with("index.html") {
            continue;
        }
        let plain = std::fs::read(&path)?;
        let brotli = brotli(&plain)?;
        std::fs::write(format!("{}.br", path.display()), &brotli)?;
        std::fs::write(format!("{}.gz", path.display()), gzip(&plain)?)?;
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        all.push(Sizes {
            name,
            plain: plain.len(),
            brotli: brotli.len(),
        });
    }
    Ok(all)
}

fn brotli(plain: &[u8]) -> Result<Vec<u8>> {
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: 11,
        lgwin: 22,
        ..Default::default()
    };
    let mut packed = Vec::new();
    brotli::BrotliCompress(&mut &*plain, &mut packed, &parameters)?;
    Ok(packed)
}

fn gzip(plain: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(plain)?;
    Ok(encoder.finish()?)
}
