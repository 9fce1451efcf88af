//! Archives into an empty folder. Whoever made one is not trusted with where its files go: what leads out of the folder, what
//! is neither file, folder nor link, and what is absurdly large is refused, with all of the archive.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Component, Path};

use flate2::read::MultiGzDecoder;
use tar::{Archive, Entry, EntryType};

/// Most bytes that come out of one archive.
const LARGEST: u64 = 2 << 30;
/// Most files, folders and links.
const MOST: usize = 50_000;

/// Why an archive is refused.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    #[error("the archive is damaged, or there is no room for it: {0}")]
    Io(#[from] io::Error),
    #[error("the archive has {0}, which leads out of its folder")]
    Out(String),
    #[error("the archive has {0}, which is neither file, folder nor link")]
    Kind(String),
    #[error("the archive is larger than anything that belongs here")]
    Large,
}

/// Unpacks a gzipped tar. Blocks.
pub(super) fn tar_gz(archive: &Path, into: &Path) -> Result<(), Refused> {
    // A byte more than may come shows that there is more.
    let unpacked = MultiGzDecoder::new(File::open(archive)?).take(LARGEST + 1);
    let mut archive = Archive::new(unpacked);
    archive.set_preserve_permissions(false);
    archive.set_preserve_mtime(false);
    archive.set_overwrite(false);
    let (mut size, mut count) = (0_u64, 0_usize);
    for entry in archive.entries()? {
        let mut entry = entry?;
        count += 1;
        size = size.saturating_add(entry.size());
        if size > LARGEST || count > MOST {
            return Err(Refused::Large);
        }
        if entry.header().entry_type() == EntryType::XGlobalHeader {
            continue;
        }
        check(&entry)?;
        if !entry.unpack_in(into)? {
            return Err(Refused::Out(name(&entry)));
        }
    }
    Ok(())
}

fn check<R: io::Read>(entry: &Entry<'_, R>) -> Result<(), Refused> {
    let path = entry.path()?;
    let is_fine = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    if !path.components().all(is_fine) {
        return Err(Refused::Out(name(entry)));
    }
    match entry.header().entry_type() {
        EntryType::Regular | EntryType::Continuous | EntryType::Directory => Ok(()),
        EntryType::Symlink => {
            let to = entry.link_name()?.unwrap_or_default();
            match stays(&path, &to) {
                true => Ok(()),
                false => Err(Refused::Out(name(entry))),
            }
        }
        _ => Err(Refused::Kind(name(entry))),
    }
}

/// Whether a link at a path leads to somewhere in the same folder. `..` counts at the beginning alone: behind another link
/// it could be anywhere.
fn stays(path: &Path, to: &Path) -> bool {
    let folders = path
        .components()
        .filter(|part| matches!(part, Component::Normal(_)));
    let mut depth = folders.count().saturating_sub(1);
    let mut is_down = false;
    for part in to.components() {
        match part {
            Component::ParentDir if !is_down && depth > 0 => depth -= 1,
            Component::Normal(_) => is_down = true,
            Component::CurDir => {}
            _ => return false,
        }
    }
    true
}

fn name<R: io::Read>(entry: &Entry<'_, R>) -> String {
    String::from_utf8_lossy(&entry.path_bytes()).into_owned()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use tar::{Builder, Header};

    use super::*;

    /// An archive whose entries say what they like: a path, a kind, and what a link leads to.
    fn archive(entries: &[(&str, EntryType, &str)]) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let mut builder = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        for (path, kind, to) in entries {
            let mut header = Header::new_ustar();
            header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
            header.as_old_mut().linkname[..to.len()].copy_from_slice(to.as_bytes());
            header.set_entry_type(*kind);
            header.set_mode(0o4755);
            header.set_size(if kind.is_file() { 2 } else { 0 });
            header.set_cksum();
            let bytes: &[u8] = if kind.is_file() { b"hi" } else { b"" };
            builder.append(&header, bytes).unwrap();
        }
        let bytes = builder.into_inner().unwrap().finish().unwrap();
        file.write_all(&bytes).unwrap();
        file
    }

    fn unpack(entries: &[(&str, EntryType, &str)]) -> (tempfile::TempDir, Result<(), Refused>) {
        let around = tempfile::tempdir().unwrap();
        let into = around.path().join("into");
        fs::create_dir(&into).unwrap();
        let done = tar_gz(archive(entries).path(), &into);
        (around, done)
    }

    #[test]
    fn files_folders_and_links_come_out_and_nobody_gets_more_rights() {
        use std::os::unix::fs::PermissionsExt as _;
        let (around, done) = unpack(&[
            ("./x/", EntryType::Directory, ""),
            ("x/run", EntryType::Regular, ""),
            ("x/bin/", EntryType::Directory, ""),
            ("x/bin/run", EntryType::Symlink, "../run"),
        ]);
        done.unwrap();
        let link = around.path().join("into/x/bin/run");
        assert_eq!(fs::read(&link).unwrap(), b"hi");
        let mode = fs::metadata(link).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o755);
    }

    #[test]
    fn what_leads_out_is_refused_and_writes_nothing_there() {
        let out: [&[(&str, EntryType, &str)]; 7] = [
            &[("../evil", EntryType::Regular, "")],
            &[("/tmp/evil", EntryType::Regular, "")],
            &[("x/../../evil", EntryType::Regular, "")],
            &[("x", EntryType::Symlink, "/")],
            &[("x", EntryType::Symlink, "..")],
            &[("x/y", EntryType::Symlink, "../../evil")],
            &[("x/y/z", EntryType::Symlink, "a/../../..")],
        ];
        for entries in out {
            let (around, done) = unpack(entries);
            assert!(
                matches!(done, Err(Refused::Out(_))),
                "{entries:?}: {done:?}"
            );
            assert_eq!(fs::read_dir(around.path()).unwrap().count(), 1);
        }
        for kind in [EntryType::Fifo, EntryType::Char, EntryType::Link] {
            let (_around, done) = unpack(&[("x", kind, "y")]);
            assert!(matches!(done, Err(Refused::Kind(_))), "{kind:?}: {done:?}");
        }
    }

    #[test]
    fn what_is_no_archive_or_not_all_of_one_is_refused() {
        let whole = archive(&[("x", EntryType::Regular, "")]);
        let bytes = fs::read(whole.path()).unwrap();
        for bytes in [&b"no archive"[..], &bytes[..bytes.len() / 2]] {
            let file = tempfile::NamedTempFile::new().unwrap();
            fs::write(file.path(), bytes).unwrap();
            let into = tempfile::tempdir().unwrap();
            assert!(matches!(
                tar_gz(file.path(), into.path()),
                Err(Refused::Io(_))
            ));
        }
    }
}
