//! What requests are called in logs and metrics: the pattern of their route. There are as many names as routes,
//! whatever is asked for.

use std::collections::HashMap;

use axum::http::Method;

use crate::router::Route;

/// What a request is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    /// It comes so often that only those who look for it are told of it.
    pub(crate) is_frequent: bool,
    /// It becomes a socket.
    pub(crate) upgrades: bool,
}

/// What is asked for and isn't there.
const OTHER: &str = "other";

/// The names of all routes.
#[derive(Debug)]
pub(crate) struct Names {
    base_path: Box<str>,
    exact: HashMap<&'static str, Vec<Name>>,
    /// Folders, with all that is in them.
    folders: Vec<(&'static str, Name)>,
    other: Name,
}

impl Names {
    pub(crate) fn new(routes: &[Route], base_path: &str) -> Self {
        let mut names = Self {
            base_path: base_path.trim_end_matches('/').into(),
            exact: HashMap::new(),
            folders: Vec::new(),
            other: Name {
                method: OTHER,
                path: OTHER,
                is_frequent: false,
                upgrades: false,
            },
        };
        for route in routes {
            let name = Name {
                method: known(&route.method),
                path: route.path,
                is_frequent: ["/link/", "/assets/"]
                    .iter()
                    .any(|folder| route.path.starts_with(folder)),
                upgrades: route.path == "/link/socket",
            };
            match route.path.strip_suffix("{*file}") {
                Some(folder) => names.folders.push((folder, name)),
                None => names.exact.entry(route.path).or_default().push(name),
            }
        }
        names
    }

    /// The name of a request.
    pub(crate) fn of(&self, method: &Method, path: &str) -> Name {
        let method = known(method);
        let Some(path) = path.strip_prefix(&*self.base_path) else {
            return self.other;
        };
        let exact = self.exact.get(path).map(Vec::as_slice).unwrap_or_default();
        let folders = self
            .folders
            .iter()
            .filter(|(folder, _)| path.starts_with(folder))
            .map(|(_, name)| name);
        let mut named = exact.iter().chain(folders);
        let found = named.find(|name| name.method == method);
        found.copied().unwrap_or(self.other)
    }
}

/// A method may be any word. HEAD is answered where GET is, and by HTTP/2 a socket is asked for with CONNECT.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET | Method::HEAD | Method::CONNECT => "GET",
        Method::POST => "POST",
        _ => OTHER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::router::routes;

    #[test]
    fn a_request_is_called_by_its_route_and_nothing_else_of_it_is_told() {
        for base in ["/", "/work/"] {
            let names = Names::new(&routes(), base);
            let base = base.trim_end_matches('/');
            let name = |method: &str, path: &str| {
                let method = Method::from_bytes(method.as_bytes()).unwrap();
                let name = names.of(&method, &format!("{base}{path}"));
                (name.method, name.path)
            };
            assert_eq!(name("GET", "/"), ("GET", "/"));
            assert_eq!(name("HEAD", "/health"), ("GET", "/health"));
            assert_eq!(name("GET", "/api/workspace"), ("GET", "/api/workspace"));
            assert_eq!(name("POST", "/api/workspace"), ("POST", "/api/workspace"));
            assert_eq!(name("GET", "/assets/b-1/x"), ("GET", "/assets/{*file}"));
            for (method, path) in [
                ("GET", "/secret"),
                ("POST", "/assets/secret"),
                ("DELETE", "/"),
                ("SECRET", "/api/sessions"),
                ("GET", "/api/sessions/secret"),
            ] {
                assert_eq!(name(method, path), (OTHER, OTHER), "{method} {path}");
            }
            if !base.is_empty() {
                assert_eq!(names.of(&Method::GET, "/health").path, OTHER);
            }
        }
    }
}
