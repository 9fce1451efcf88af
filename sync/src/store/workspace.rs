//! A Databricks workspace's files, by the workspace API: import and export as the official SDK's upload and download do it,
//! as plain files whatever is in them. What is busy is asked again; a token that was replaced meanwhile is, too.

use std::sync::Arc;
use std::time::Duration;

use bowline_identity::secret::Secret;
use bowline_outward as outward;
use bytes::Bytes;
use futures_util::future::try_join_all;
use http::{Response, StatusCode};
use reqwest::multipart::{Form, Part};
use reqwest::{Client, RequestBuilder};
use serde::Deserialize;
use serde_json::json;
use url::Url;

use super::{Bearer, Entry, LARGEST, Later, Store, StoreError, Version};
use crate::place::Place;

/// How long one request may take.
const WHOLE: Duration = Duration::from_secs(30);
/// How often something is asked before it counts as failed.
const TRIES: u32 = 4;
/// How long the first pause is; each further one is twice as long.
const PAUSE: Duration = Duration::from_millis(500);
/// Longest pause that the workspace can ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Folders that are listed at a time.
const WIDTH: usize = 4;
/// Largest list of one folder, bytes.
const LIST: usize = 16 * 1024 * 1024;
/// Largest answer of which nothing counts but that it says yes.
const SHORT: usize = 64 * 1024;

/// A user's folder of a workspace as a store.
pub struct WorkspaceFiles {
    client: Client,
    root: Url,
    home: String,
    bearer: Arc<dyn Bearer>,
}

#[derive(Deserialize)]
struct Listed {
    #[serde(default)]
    objects: Vec<Object>,
}

/// What stands at a path. Fields that files have alone may be missing.
#[derive(Deserialize)]
struct Object {
    object_type: String,
    path: String,
    object_id: Option<u64>,
    size: Option<u64>,
    modified_at: Option<u64>,
}

impl Object {
    fn is_file(&self) -> bool {
        self.object_type == "FILE"
    }

    fn version(&self) -> Version {
        let of = |number: Option<u64>| number.unwrap_or_default();
        let (id, size, changed) = (of(self.object_id), of(self.size), of(self.modified_at));
        Version(format!("{id}-{changed}-{size}"))
    }
}

impl WorkspaceFiles {
    /// The files of `who` in the workspace at `root`.
    pub fn new(root: Url, who: &str, bearer: Arc<dyn Bearer>) -> Result<Self, outward::Error> {
        let client = outward::builder().timeout(WHOLE).build();
        Ok(Self {
            client: client.map_err(outward::Error::Client)?,
            root,
            home: format!("/Users/{who}"),
            bearer,
        })
    }

    fn at(&self, what: &str) -> Url {
        let mut url = self.root.clone();
        url.set_path(&format!("api/2.0/workspace/{what}"));
        url
    }

    fn path(&self, place: &Place) -> String {
        format!("{}/{place}", self.home)
    }

    /// Asks until there is an answer that isn't busy, nor about the token.
    async fn ask(
        &self,
        what: &'static str,
        most: usize,
        request: impl Fn() -> RequestBuilder,
    ) -> Result<Response<Bytes>, StoreError> {
        let mut pause = PAUSE;
        let mut refused: Option<Secret> = None;
        let mut tries = 1;
        loop {
            let token = self.bearer.token().await.ok_or(StoreError::NoToken)?;
            let request = request().bearer_auth(token.expose());
            let problem = match outward::answer(request, most).await {
                Ok(answer) => match answer.status() {
                    status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
                        if refused.as_ref() == Some(&token) {
                            return Err(StoreError::Refused(status.as_u16()));
                        }
                        // It may have been replaced while it was under way. One that is dead is answered 403, too.
                        refused = Some(token);
                        outward::Error::Status(status)
                    }
                    status
                        if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() =>
                    {
                        outward::refused(status, answer.headers())
                    }
                    _ => return Ok(answer),
                },
                Err(error @ outward::Error::Unanswered(_)) => error,
                Err(source) => return Err(StoreError::Asking { what, source }),
            };
            if tries == TRIES {
                return Err(StoreError::Asking {
                    what,
                    source: problem,
                });
            }
            let wanted = match &problem {
                outward::Error::Later { after, .. } => *after,
                _ => pause,
            };
            tokio::time::sleep(wanted.min(LONGEST_PAUSE)).await;
            tries += 1;
            pause *= 2;
        }
    }

    async fn object(&self, at: &Place) -> Result<Option<Object>, StoreError> {
        const WHAT: &str = "asking what is at a path";
        let path = self.path(at);
        let request = || {
            self.client
                .get(self.at("get-status"))
                .query(&[("path", &path)])
        };
        let answer = self.ask(WHAT, SHORT, request).await?;
        match answer.status() {
            StatusCode::NOT_FOUND => Ok(None),
            _ => read(WHAT, &answer).map(Some),
        }
    }

    async fn folder(&self, path: &str) -> Result<Vec<Object>, StoreError> {
        const WHAT: &str = "listing a folder";
        let request = || self.client.get(self.at("list")).query(&[("path", path)]);
        let answer = self.ask(WHAT, LIST, request).await?;
        match answer.status() {
            StatusCode::NOT_FOUND => Ok(Vec::new()),
            _ => Ok(read::<Listed>(WHAT, &answer)?.objects),
        }
    }

    async fn all_below(&self, below: &Place) -> Result<Vec<Entry>, StoreError> {
        let mut folders = vec![self.path(below)];
        let mut all = Vec::new();
        while !folders.is_empty() {
            let some = folders.split_off(folders.len().saturating_sub(WIDTH));
            let listed = try_join_all(some.iter().map(|path| self.folder(path))).await?;
            for (folder, objects) in some.iter().zip(listed) {
                for object in objects {
                    // A file is listed as what is in it.
                    if object.path == *folder {
                        continue;
                    }
                    if object.object_type == "DIRECTORY" {
                        // Only what leads further down: a listing that names itself would never end.
                        let is_below = self.is_below(&object.path, folder);
                        folders.extend(is_below.then_some(object.path));
                    } else if object.is_file()
                        && let Some(place) = self.place(&object.path)
                    {
                        all.push(Entry {
                            place,
                            size: object.size,
                            version: object.version(),
                        });
                    }
                }
            }
        }
        Ok(all)
    }

    fn is_below(&self, path: &str, folder: &str) -> bool {
        let (path, folder) = (self.place(path), self.place(folder));
        path.zip(folder)
            .is_some_and(|(path, folder)| path.within(&folder).is_some())
    }

    /// A path that the workspace names, as a place of the user's; older ones begin otherwise.
    fn place(&self, path: &str) -> Option<Place> {
        let path = path.strip_prefix("/Workspace").unwrap_or(path);
        let rest = path.strip_prefix(&self.home)?.strip_prefix('/')?;
        Place::parse(rest).ok()
    }

    async fn import(&self, at: &Place, bytes: &Bytes) -> Result<Response<Bytes>, StoreError> {
        let path = self.path(at);
        let request = || {
            let content = Part::stream(bytes.clone()).file_name("content");
            let form = Form::new()
                .text("path", path.clone())
                .text("format", "RAW")
                .text("overwrite", "true")
                .part("content", content);
            self.client.post(self.at("import")).multipart(form)
        };
        self.ask("saving a file", SHORT, request).await
    }

    async fn order(
        &self,
        what: &'static str,
        name: &str,
        body: serde_json::Value,
    ) -> Result<Response<Bytes>, StoreError> {
        let request = || self.client.post(self.at(name)).json(&body);
        self.ask(what, SHORT, request).await
    }
}

/// An answer that says yes, as what it is.
fn read<T: serde::de::DeserializeOwned>(
    what: &'static str,
    answer: &Response<Bytes>,
) -> Result<T, StoreError> {
    check(what, answer)?;
    let read = serde_json::from_slice(answer.body());
    read.map_err(|error| StoreError::Asking {
        what,
        source: outward::Error::Malformed(error),
    })
}

fn check(what: &'static str, answer: &Response<Bytes>) -> Result<(), StoreError> {
    match answer.status() {
        status if status.is_success() => Ok(()),
        status => Err(StoreError::Asking {
            what,
            source: outward::refused(status, answer.headers()),
        }),
    }
}

impl Store for WorkspaceFiles {
    fn list<'a>(&'a self, below: &'a Place) -> Later<'a, Result<Vec<Entry>, StoreError>> {
        Box::pin(self.all_below(below))
    }

    fn get<'a>(&'a self, at: &'a Place) -> Later<'a, Result<Option<Bytes>, StoreError>> {
        const WHAT: &str = "reading a file";
        Box::pin(async move {
            let path = self.path(at);
            let asked = [
                ("path", &*path),
                ("format", "AUTO"),
                ("direct_download", "true"),
            ];
            let request = || self.client.get(self.at("export")).query(&asked);
            let answer = match self.ask(WHAT, LARGEST, request).await {
                Err(StoreError::Asking {
                    source: outward::Error::TooLong(_),
                    ..
                }) => return Err(StoreError::TooLarge(at.clone())),
                answer => answer?,
            };
            if answer.status() == StatusCode::NOT_FOUND {
                return Ok(None);
            }
            check(WHAT, &answer)?;
            Ok(Some(answer.into_body()))
        })
    }

    fn put<'a>(&'a self, at: &'a Place, bytes: Bytes) -> Later<'a, Result<(), StoreError>> {
        Box::pin(async move {
            if bytes.len() > LARGEST {
                return Err(StoreError::TooLarge(at.clone()));
            }
            let mut answer = self.import(at, &bytes).await?;
            if answer.status() == StatusCode::NOT_FOUND
                && let Some(folder) = at.folders().next()
            {
                let what = "making a folder";
                let body = json!({ "path": self.path(&folder) });
                let made = self.order(what, "mkdirs", body).await?;
                if made.status() == StatusCode::BAD_REQUEST {
                    // A file is where a folder is wanted.
                    return Err(StoreError::Taken(folder));
                }
                check(what, &made)?;
                answer = self.import(at, &bytes).await?;
            }
            if answer.status() == StatusCode::BAD_REQUEST {
                let there = self.object(at).await?;
                if there.is_some_and(|there| !there.is_file()) {
                    return Err(StoreError::Taken(at.clone()));
                }
            }
            check("saving a file", &answer)
        })
    }

    fn version<'a>(&'a self, at: &'a Place) -> Later<'a, Result<Option<Version>, StoreError>> {
        Box::pin(async move {
            let object = self.object(at).await?.filter(Object::is_file);
            Ok(object.map(|object| object.version()))
        })
    }

    fn remove<'a>(&'a self, at: &'a Place) -> Later<'a, Result<(), StoreError>> {
        const WHAT: &str = "removing a file";
        Box::pin(async move {
            let body = json!({ "path": self.path(at), "recursive": false });
            let answer = self.order(WHAT, "delete", body).await?;
            match answer.status() {
                StatusCode::NOT_FOUND => Ok(()),
                _ => check(WHAT, &answer),
            }
        })
    }

    fn tidy<'a>(&'a self, folder: &'a Place) -> Later<'a, Result<(), StoreError>> {
        const WHAT: &str = "removing an empty folder";
        Box::pin(async move {
            let body = json!({ "path": self.path(folder), "recursive": false });
            let answer = self.order(WHAT, "delete", body).await?;
            match answer.status() {
                // It is gone, or something is in it.
                StatusCode::NOT_FOUND | StatusCode::BAD_REQUEST => Ok(()),
                _ => check(WHAT, &answer),
            }
        })
    }

    fn label(&self) -> String {
        let host = self.root.host_str().unwrap_or_default();
        format!("{host}{}", self.home)
    }
}
