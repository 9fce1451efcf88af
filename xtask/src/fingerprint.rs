//! A text that changes with the content of files: what is unchanged is not built again.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::shell::Root;

/// The fingerprint of these files and folders, below the root.
pub(crate) fn of(root: &Root, paths: &[&str]) -> Result<String> {
    let mut hash = DefaultHasher::new();
    for path in paths {
        add(&root.join(path), &mut hash)?;
    }
    Ok(format!("{:016x}", hash.finish()))
}

fn add(path: &Path, hash: &mut DefaultHasher) -> Result<()> {
    path.hash(hash);
    if path.is_dir() {
        let entries = std::fs::read_dir(path)?.collect::<std::io::Result<Vec<_>>>()?;
        let mut entries: Vec<_> = entries.into_iter().map(|entry| entry.path()).collect();
        entries.sort();
        entries.iter().try_for_each(|entry| add(entry, hash))
    } else {
        let content =
            std::fs::read(path).with_context(|| format!("could not read {}", path.display()))?;
        content.hash(hash);
        Ok(())
    }
}
