//! Opening the place where a server listens: an address, or a Unix socket that has its permissions from the moment it
//! can be seen, and goes with its server.

use std::fmt;
use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{
    DirBuilderExt as _, FileTypeExt as _, MetadataExt as _, PermissionsExt as _,
};
use std::path::{Path, PathBuf};

use tokio::net::{TcpListener, UnixListener};

use super::{Listener, Socket};

/// Why nobody can be listened to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// Somebody else is there.
    #[error(
        "{0} is taken by another program: stop it, or choose another place with --listen (port 0 takes any free one)"
    )]
    Taken(String),
    /// There is something, and it isn't a socket.
    #[error("{0} is there and no socket: remove it, or choose another path with --listen")]
    NoSocket(PathBuf),
    /// A service manager handed over something else than one socket.
    #[error("the service manager must hand over one listening stream socket: {0}")]
    Activated(io::Error),
    /// Anything else.
    #[error("cannot listen on {0}: {1}")]
    Io(String, io::Error),
}

/// A socket's file. Goes with its server, unless another one has put its own there.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    node: (u64, u64),
}

impl fmt::Display for SocketFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unix:{}", self.path.display())
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if node(&self.path).is_ok_and(|node| node == self.node) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn node(path: &Path) -> io::Result<(u64, u64)> {
    let metadata = fs::symlink_metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}

impl Listener {
    /// Opens `address`: `127.0.0.1:8000`, or `unix:` and a path, whose socket gets `mode`.
    pub async fn bind(address: &str, mode: u32) -> Result<Self, BindError> {
        match address.strip_prefix("unix:") {
            Some(path) => unix(Path::new(path), mode),
            None => match TcpListener::bind(address).await {
                Ok(listener) => Ok(listener.into()),
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                    Err(BindError::Taken(address.to_owned()))
                }
                Err(error) => Err(BindError::Io(address.to_owned(), error)),
            },
        }
    }
}

fn unix(path: &Path, mode: u32) -> Result<Listener, BindError> {
    let fail = |error| BindError::Io(path.display().to_string(), error);
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(fail(error)),
        Ok(there) if !there.file_type().is_socket() => {
            return Err(BindError::NoSocket(path.to_owned()));
        }
        // A leftover doesn't answer.
        Ok(_) if std::os::unix::net::UnixStream::connect(path).is_ok() => {
            return Err(BindError::Taken(path.display().to_string()));
        }
        Ok(_) => {}
    }
    let folder = Hidden::beside(path).map_err(fail)?;
    let made = folder.0.join("s");
    let listener = UnixListener::bind(&made).map_err(fail)?;
    fs::set_permissions(&made, Permissions::from_mode(mode)).map_err(fail)?;
    fs::rename(&made, path).map_err(fail)?;
    let file = SocketFile {
        path: path.to_owned(),
        node: node(path).map_err(fail)?,
    };
    Ok(Listener(Socket::Unix(listener, Some(file))))
}

/// A folder that nobody else can look into, beside a path. It goes when it is dropped.
struct Hidden(PathBuf);

impl Hidden {
    fn beside(path: &Path) -> io::Result<Self> {
        let name = format!(".b{}", std::process::id());
        let folder = path.with_file_name(name);
        // Of a process of this number that was killed meanwhile.
        let _ = fs::remove_file(folder.join("s"));
        let _ = fs::remove_dir(&folder);
        DirBuilder::new().mode(0o700).create(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        let _ = fs::remove_file(self.0.join("s"));
        let _ = fs::remove_dir(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn bind(path: &Path) -> Result<Listener, BindError> {
        Listener::bind(&format!("unix:{}", path.display()), 0o620).await
    }

    #[tokio::test]
    async fn a_socket_has_its_mode_and_goes_with_its_listener() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("http.sock");
        let first = bind(&path).await.unwrap();
        let mode = fs::symlink_metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o620);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(matches!(bind(&path).await, Err(BindError::Taken(_))));
        drop(first);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn a_leftover_is_replaced_and_nothing_else_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("http.sock");
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(path.exists());
        let listener = bind(&path).await.unwrap();
        // Whoever put another one there keeps it.
        fs::remove_file(&path).unwrap();
        let other = std::os::unix::net::UnixListener::bind(&path).unwrap();
        drop(listener);
        assert!(path.exists());
        drop(other);
        let file = folder.path().join("notes");
        fs::write(&file, "kept").unwrap();
        assert!(matches!(bind(&file).await, Err(BindError::NoSocket(_))));
        assert_eq!(fs::read(&file).unwrap(), b"kept");
    }
}
