//! The gate without a router: which of name, origin, cookie, proof and token opens what.

use std::path::PathBuf;

use axum::http::Request;

use super::*;
use crate::config::Cli;
use clap::Parser as _;

const TOKEN: &str = "0123456789abcdef0123";

fn config(dir: &tempfile::TempDir, arguments: &str) -> Config {
    let arguments = std::iter::once("bowline").chain(arguments.split_whitespace());
    let mut raw = Cli::try_parse_from(arguments).unwrap().into_serve();
    raw.files.state_dir = Some(PathBuf::from(dir.path()));
    let env = |name: &str| (name == "BOWLINE_TOKEN").then(|| TOKEN.into());
    raw.resolve(env).unwrap()
}

fn parts(pairs: &[(&'static str, &str)]) -> Parts {
    let mut request = Request::new(());
    for (name, value) in pairs {
        request.headers_mut().append(*name, value.parse().unwrap());
    }
    request.into_parts().0
}

const HOST: (&str, &str) = ("host", "localhost:8000");
const OURS: (&str, &str) = ("origin", "http://localhost:8000");

/// Logs in and gives the cookie's pair and the proof.
fn log_in(gate: &Gate) -> (String, String) {
    let secret = Secret::Code(gate.issue_code().unwrap());
    let login = gate.login(&secret, &parts(&[HOST, OURS])).unwrap();
    let pair = login.cookie.split(';').next().unwrap().to_owned();
    (pair, login.proof)
}

#[test]
fn a_cookie_alone_opens_only_the_page() {
    let dir = tempfile::tempdir().unwrap();
    let gate = Gate::open(&config(&dir, "")).unwrap();
    let (cookie, proof) = log_in(&gate);
    let alone = parts(&[HOST, ("cookie", &cookie)]).headers;
    assert!(gate.admit(Access::Page, &alone).is_ok());
    assert!(gate.admit(Access::Proven, &alone).is_err());
    // The upgrade is let in only from our own page, and proves itself in its first message.
    assert!(gate.admit(Access::Upgrade, &alone).is_err());
    let page = parts(&[HOST, OURS, ("cookie", &cookie)]).headers;
    let pass = gate.admit(Access::Upgrade, &page).unwrap();
    assert!(pass.check_proof(None).is_err());
    assert!(pass.check_proof(Some("wrong")).is_err());
    assert!(pass.check_proof(Some(&proof)).is_ok());

    let proven = parts(&[HOST, ("cookie", &cookie), ("bowline-proof", &proof)]).headers;
    assert!(gate.admit(Access::Proven, &proven).is_ok());
}

#[test]
fn a_proof_belongs_to_one_login() {
    let dir = tempfile::tempdir().unwrap();
    let gate = Gate::open(&config(&dir, "")).unwrap();
    let (cookie, _) = log_in(&gate);
    let (_, proof) = log_in(&gate);
    let mixed = parts(&[HOST, ("cookie", &cookie), ("bowline-proof", &proof)]).headers;
    assert!(gate.admit(Access::Proven, &mixed).is_err());
}

#[test]
fn the_access_token_opens_everything_without_a_proof() {
    let dir = tempfile::tempdir().unwrap();
    let gate = Gate::open(&config(&dir, "")).unwrap();
    let right = format!("Bearer {TOKEN}");
    for access in [Access::Page, Access::Proven, Access::Upgrade] {
        for (authorization, fine) in [
            (right.as_str(), true),
            ("Bearer wrong", false),
            ("Basic wrong", false),
            ("", false),
        ] {
            let headers = parts(&[HOST, ("authorization", authorization)]).headers;
            assert_eq!(
                gate.admit(access, &headers).is_ok(),
                fine,
                "{authorization}"
            );
        }
    }
}

#[test]
fn a_wrong_token_is_not_saved_by_a_cookie() {
    let dir = tempfile::tempdir().unwrap();
    let gate = Gate::open(&config(&dir, "")).unwrap();
    let (cookie, _) = log_in(&gate);
    let both = parts(&[HOST, ("cookie", &cookie), ("authorization", "Bearer x")]).headers;
    assert!(gate.admit(Access::Page, &both).is_err());
}

#[test]
fn without_a_login_everybody_of_this_machine_enters_but_no_foreign_page() {
    let dir = tempfile::tempdir().unwrap();
    let gate = Gate::open(&config(&dir, "--auth none")).unwrap();
    assert!(gate.issue_code().is_none());
    for access in [
        Access::Public,
        Access::Page,
        Access::Proven,
        Access::Upgrade,
    ] {
        assert!(gate.admit(access, &parts(&[HOST]).headers).is_ok());
        let name = parts(&[("host", "evil.example")]).headers;
        assert!(gate.admit(access, &name).is_err());
        let page = parts(&[HOST, ("origin", "http://localhost:1")]).headers;
        assert!(gate.admit(access, &page).is_err());
    }
}

#[test]
fn a_code_logs_in_once() {
    let dir = tempfile::tempdir().unwrap();
    let gate = Gate::open(&config(&dir, "")).unwrap();
    let code = gate.issue_code().unwrap();
    let request = parts(&[HOST]);
    assert!(gate.login(&Secret::Code(code.clone()), &request).is_ok());
    let again = gate.login(&Secret::Code(code), &request);
    assert_eq!(again.err().unwrap().code(), ErrorCode::Unauthenticated);
}

#[test]
fn guessing_is_slowed_and_locks_nobody_out() {
    let dir = tempfile::tempdir().unwrap();
    let gate = Gate::open(&config(&dir, "")).unwrap();
    let request = parts(&[HOST]);
    let wrong = || {
        let tried = gate.login(&Secret::Token("wrong".to_owned()), &request);
        tried.err().unwrap().code()
    };
    let codes: Vec<_> = (0..20).map(|_| wrong()).collect();
    assert_eq!(codes[0], ErrorCode::Unauthenticated);
    assert!(codes.contains(&ErrorCode::RateLimited));
    assert!(
        gate.login(&Secret::Token(TOKEN.to_owned()), &request)
            .is_ok()
    );
}

#[test]
fn the_cookie_says_only_what_it_must() {
    let dir = tempfile::tempdir().unwrap();
    let secret = || Secret::Token(TOKEN.to_owned());
    let gate = Gate::open(&config(&dir, "")).unwrap();
    let plain = gate.login(&secret(), &parts(&[HOST, OURS])).unwrap().cookie;
    assert!(plain.starts_with("bowline-"));
    assert!(plain.contains("; Path=/; ") && plain.contains("; HttpOnly; SameSite=Strict"));
    assert!(!plain.contains("Secure"));

    let https = parts(&[HOST, ("origin", "https://localhost:8000")]);
    let secure = gate.login(&secret(), &https).unwrap().cookie;
    assert!(secure.starts_with("__Host-bowline-") && secure.ends_with("; Secure"));
    let pair = secure.split(';').next().unwrap();
    assert!(
        gate.admit(Access::Page, &parts(&[HOST, ("cookie", pair)]).headers)
            .is_ok()
    );

    let below = Gate::open(&config(&dir, "--base-path /a/")).unwrap();
    let below = below.login(&secret(), &https).unwrap().cookie;
    assert!(below.starts_with("bowline-") && below.contains("; Path=/a/; "));
}

#[test]
fn two_servers_have_two_cookies() {
    let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let names = dirs.each_ref().map(|dir| {
        let gate = Gate::open(&config(dir, "")).unwrap();
        let (cookie, _) = log_in(&gate);
        cookie.split('=').next().unwrap().to_owned()
    });
    assert_ne!(names[0], names[1]);
}

#[test]
fn a_restart_keeps_token_and_logins() {
    use std::os::unix::fs::PermissionsExt as _;

    let dir = tempfile::tempdir().unwrap();
    let mut config = config(&dir, "");
    config.entry.token = None;
    let (cookie, proof) = log_in(&Gate::open(&config).unwrap());
    let path = dir.path().join("access-token");
    let token = std::fs::read_to_string(&path).unwrap();
    assert_eq!(
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777,
        0o600
    );

    let gate = Gate::open(&config).unwrap();
    let page = parts(&[HOST, ("cookie", &cookie), ("bowline-proof", &proof)]).headers;
    assert!(gate.admit(Access::Proven, &page).is_ok());
    let bearer = format!("Bearer {}", token.trim());
    let script = parts(&[HOST, ("authorization", &bearer)]).headers;
    assert!(gate.admit(Access::Proven, &script).is_ok());
}

#[test]
fn logging_out_ends_the_login_everywhere() {
    let dir = tempfile::tempdir().unwrap();
    let gate = Gate::open(&config(&dir, "")).unwrap();
    let (cookie, _) = log_in(&gate);
    let mut request = parts(&[HOST, OURS, ("cookie", &cookie)]);
    let pass = gate.admit(Access::Upgrade, &request.headers).unwrap();
    request.extensions.insert(pass.clone());
    let taken = gate.logout(&request).unwrap();
    assert!(taken.contains("=; ") && taken.contains("Max-Age=0"));
    assert!(gate.admit(Access::Page, &request.headers).is_err());
    let Pass::Login(visit) = pass else {
        panic!("the cookie is a login");
    };
    assert!(visit.ended.is_cancelled());
}
