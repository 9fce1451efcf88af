//! Whether a server runs for the state folder, of which version, and whether the address can be had.

use std::io;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use rustix::fs::{Access, access};

use super::entry;
use super::report::{Check, Report};
use crate::VERSION;
use crate::config::Config;
use crate::control::{self, About, Request, What};
use crate::listen::{BindError, Listener};

const CHECK: Check = Check::Server;
/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Looks for a server, then at the address.
pub(super) async fn check(config: &Config, report: &mut Report) {
    let running = running(config, report);
    let address = &config.listen.address;
    if running.is_some_and(|place| &place == address) {
        return;
    }
    match address.strip_prefix("unix:") {
        Some(path) => unix(Path::new(path), report),
        None => tcp(config, report).await,
    }
}

/// Where a server listens that runs for the state folder.
fn running(config: &Config, report: &mut Report) -> Option<String> {
    let folder = config.state_dir.display();
    let request = Request::About {
        about: What::Server,
    };
    let asked = control::socket(&config.state_dir)
        .and_then(|socket| control::ask(&socket, &request, PATIENCE));
    let restart = "restart it: sessions go on, in the keeper";
    match asked {
        Ok(control::Answer {
            server:
                Some(About {
                    version,
                    pid,
                    place,
                }),
            ..
        }) => {
            let found = format!("a server of version {version} runs (process {pid}), at {place}");
            match version == VERSION {
                true => report.fine(CHECK, found),
                false => report.warning(
                    CHECK,
                    format!("{found}; this is version {VERSION}"),
                    restart,
                ),
            }
            Some(place)
        }
        Ok(_) => {
            report.warning(
                CHECK,
                "a server of another version runs, which says less of itself",
                restart,
            );
            None
        }
        Err(error) if is_absent(&error) => {
            report.fine(CHECK, format!("no server runs for {folder}"));
            None
        }
        Err(error) => {
            let found = format!("the server of {folder} does not answer: {error}");
            report.problem(
                CHECK,
                found,
                "see its log; if it hangs, restart it: sessions go on, in the keeper",
            );
            None
        }
    }
}

fn is_absent(error: &io::Error) -> bool {
    use io::ErrorKind as K;
    matches!(error.kind(), K::NotFound | K::ConnectionRefused)
}

async fn tcp(config: &Config, report: &mut Report) {
    let address = &config.listen.address;
    if entry::address(config).await.is_none() {
        let found = format!("{address} is no address that can be listened on");
        report.problem(
            CHECK,
            found,
            "say an address and a port, such as --listen 127.0.0.1:8000",
        );
        return;
    }
    match Listener::bind(address, 0).await {
        Ok(_) => report.fine(CHECK, format!("{address} can be listened on")),
        Err(error @ BindError::Taken(_)) => {
            let port = address.rsplit(':').next().unwrap_or_default();
            let advice = format!(
                "`ss -ltnp 'sport = :{port}'` says which; stop it, or say another --listen"
            );
            report.problem(CHECK, error.to_string(), advice);
        }
        Err(error) => {
            let advice = "ports below 1024 are for root: listen on another, behind a proxy";
            report.problem(CHECK, error.to_string(), advice);
        }
    }
}

fn unix(path: &Path, report: &mut Report) {
    let shown = path.display();
    let folder = path.parent().unwrap_or(Path::new("/"));
    if UnixStream::connect(path).is_ok() {
        let advice = "stop it, or say another --listen; systemd's own socket is handed over by systemd alone";
        report.problem(CHECK, format!("another program listens on {shown}"), advice);
    } else if access(folder, Access::WRITE_OK | Access::EXEC_OK).is_err() {
        report.problem(
            CHECK,
            format!("no socket can be made in {}", folder.display()),
            "make the folder, for the user who runs the server",
        );
    } else {
        report.fine(CHECK, format!("{shown} can be listened on"));
    }
}
