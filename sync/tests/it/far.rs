//! The stores that tests carry files to.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use bowline_double::Double;
use bowline_identity::secret::Secret;
use bowline_sync::place::Place;
use bowline_sync::store::{Bearer, Folder, Later, Store, WorkspaceFiles};
use tempfile::TempDir;

/// Whose files they are.
pub(crate) const ANA: &str = "ana@example.com";

/// A token that can be replaced.
pub(crate) struct Token(pub(crate) Mutex<Vec<&'static str>>);

impl Bearer for Token {
    /// The next one, and the last one for ever.
    fn token(&self) -> Later<'_, Option<Secret>> {
        let mut tokens = self.0.lock().unwrap();
        let token = match tokens.len() {
            0 => None,
            1 => Some(tokens[0]),
            _ => Some(tokens.remove(0)),
        };
        Box::pin(async move { token.and_then(Secret::new) })
    }
}

/// A store, and what it is made of.
pub(crate) struct Far {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) double: Option<Double>,
    _folder: Option<TempDir>,
}

impl Far {
    pub(crate) fn folder() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            store: Arc::new(Folder::new(folder.path().join("store"))),
            double: None,
            _folder: Some(folder),
        }
    }

    pub(crate) async fn workspace() -> Self {
        let double = Double::start().await;
        double.give("dapi1", ANA);
        let token = Arc::new(Token(Mutex::new(vec!["dapi1"])));
        let root = double.root.parse().unwrap();
        let store = WorkspaceFiles::new(root, ANA, token).unwrap();
        Self {
            store: Arc::new(store),
            double: Some(double),
            _folder: None,
        }
    }

    /// Each kind, for what must be true of both.
    pub(crate) async fn each() -> [Self; 2] {
        [Self::folder(), Self::workspace().await]
    }

    /// How often a file was put there; none of a folder.
    pub(crate) fn imports(&self) -> usize {
        let double = self.double.as_ref().unwrap();
        let state = double.state();
        let log = state.log.iter();
        log.filter(|asked| asked.path.ends_with("/import")).count()
    }

    /// All files there, in order.
    pub(crate) async fn names(&self, below: &str) -> Vec<String> {
        let all = self.store.list(&place(below)).await.unwrap();
        let mut names: Vec<String> = all.into_iter().map(|entry| entry.place.into()).collect();
        names.sort();
        names
    }

    pub(crate) async fn text(&self, at: &str) -> Option<String> {
        let bytes = self.store.get(&place(at)).await.unwrap()?;
        Some(String::from_utf8(bytes.to_vec()).unwrap())
    }

    pub(crate) async fn put(&self, at: &str, text: &str) {
        let bytes = text.as_bytes().to_vec();
        self.store.put(&place(at), bytes.into()).await.unwrap();
    }
}

pub(crate) fn place(text: &str) -> Place {
    Place::parse(text).unwrap()
}

/// Writes a file, with its folders.
pub(crate) fn write(root: &Path, at: &str, text: impl AsRef<[u8]>) {
    let path = root.join(at);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

pub(crate) fn read(root: &Path, at: &str) -> Option<String> {
    fs::read_to_string(root.join(at)).ok()
}
