//! Where the keeper's files lie: its socket, the lock that says who may bind it, its log. Sockets with a path
//! that is too long for the kernel lie in a private folder elsewhere.

use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

/// Longest path that a socket can have: the kernel's field, less the NUL at its end.
const PATH_MAX: usize = 107;

/// A socket called `name` in the state folder, or in a private folder whose path is short enough, which is
/// made if need be.
///
/// # Errors
/// The private folder can't be made, or belongs to somebody else.
pub fn socket(state_dir: &Path, name: &str) -> io::Result<PathBuf> {
    let usual = state_dir.join(name);
    if usual.as_os_str().len() <= PATH_MAX {
        return Ok(usual);
    }
    let uid = rustix::process::getuid().as_raw();
    let hash = Sha256::digest(state_dir.as_os_str().as_bytes());
    let hash: String = hash[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    let folder = PathBuf::from(format!("/tmp/bowline-{uid}-{hash}"));
    let mut builder = fs::DirBuilder::new();
    match builder.mode(0o700).create(&folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    // Anybody may make folders there: only one that is ours, and closed to others, is used.
    let found = fs::symlink_metadata(&folder)?;
    if !found.is_dir() || found.uid() != uid || found.mode() & 0o077 != 0 {
        return Err(io::Error::other(format!(
            "{} belongs to somebody else: choose a shorter --state-dir",
            folder.display()
        )));
    }
    Ok(folder.join(name))
}

/// What the keeper's socket is called.
pub const KEEPER_SOCKET: &str = "keeper.sock";

/// The keeper's socket of a state folder.
///
/// # Errors
/// As for [`socket`].
pub fn keeper_socket(state_dir: &Path) -> io::Result<PathBuf> {
    socket(state_dir, KEEPER_SOCKET)
}

/// Held by the keeper while it lives.
pub(crate) fn lock(state_dir: &Path) -> PathBuf {
    state_dir.join("keeper.lock")
}

/// What the keeper says of itself.
pub(crate) fn log(state_dir: &Path) -> PathBuf {
    state_dir.join("keeper.log")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_path_that_is_too_long_is_replaced_by_a_private_one() {
        let path_for = |folder: &Path| socket(folder, "control.sock");
        let short = path_for(Path::new("/srv/state")).unwrap();
        assert_eq!(short, Path::new("/srv/state/control.sock"));
        let folder = tempfile::tempdir().unwrap();
        let long = folder.path().join("x".repeat(100));
        let path = path_for(&long).unwrap();
        assert!(path.as_os_str().len() <= PATH_MAX);
        assert_eq!(path_for(&long).unwrap(), path);
        let home = path.parent().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
        assert_eq!(mode(home), 0o700);
        fs::set_permissions(home, fs::Permissions::from_mode(0o777)).unwrap();
        assert!(path_for(&long).is_err());
        fs::remove_dir(home).unwrap();
    }
}
