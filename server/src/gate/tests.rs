//! The gate without a router: which of name, origin, cookie, proof and token opens what.

use std::path::PathBuf;

use axum::http::Request;

use super::*;
use crate::config::Cli;
use clap::Parser as _;

const TOKEN: &str = "0123456789abcdef0123";

fn config(dir: &tempfile::TempDir, arguments: &str) -> Config {
    config_with(dir, arguments, &[])
}

fn config_with(dir: &tempfile::TempDir, arguments: &str, env: &[(&str, &str)]) -> Config {
    let arguments = std::iter::once("bowline").chain(arguments.split_whitespace());
    let mut raw = Cli::try_parse_from(arguments).unwrap().into_serve();
    raw.files.state_dir = Some(PathBuf::from(dir.path()));
    let token = ("BOWLINE_TOKEN", TOKEN);
    let read = |name: &str| {
        let mut all = env.iter().chain([&token]);
        all.find(|(key, _)| *key == name)
            .map(|(_, value)| value.into())
    };
    raw.resolve(read).unwrap()
}

/// A request from a browser on this machine.
fn asked(headers: &HeaderMap) -> Asked<'_> {
    Asked {
        headers,
        peer: Peer::Tcp(([127, 0, 0, 1], 4000).into()),
    }
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
    assert!(gate.admit(Access::Page, asked(&alone)).is_ok());
    assert!(gate.admit(Access::Proven, asked(&alone)).is_err());
    // The upgrade is let in only from our own page, and proves itself in its first message.
    assert!(gate.admit(Access::Upgrade, asked(&alone)).is_err());
    let page = parts(&[HOST, OURS, ("cookie", &cookie)]).headers;
    let pass = gate.admit(Access::Upgrade, asked(&page)).unwrap();
    assert!(pass.check_proof(None).is_err());
    assert!(pass.check_proof(Some("wrong")).is_err());
    assert!(pass.check_proof(Some(&proof)).is_ok());

    let proven = parts(&[HOST, ("cookie", &cookie), ("bowline-proof", &proof)]).headers;
    assert!(gate.admit(Access::Proven, asked(&proven)).is_ok());
}

#[test]
fn a_proof_belongs_to_one_login() {
    let dir = tempfile::tempdir().unwrap();
    let gate = Gate::open(&config(&dir, "")).unwrap();
    let (cookie, _) = log_in(&gate);
    let (_, proof) = log_in(&gate);
    let mixed = parts(&[HOST, ("cookie", &cookie), ("bowline-proof", &proof)]).headers;
    assert!(gate.admit(Access::Proven, asked(&mixed)).is_err());
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
                gate.admit(access, asked(&headers)).is_ok(),
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
    assert!(gate.admit(Access::Page, asked(&both)).is_err());
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
        assert!(gate.admit(access, asked(&parts(&[HOST]).headers)).is_ok());
        let name = parts(&[("host", "evil.example")]).headers;
        assert!(gate.admit(access, asked(&name)).is_err());
        let page = parts(&[HOST, ("origin", "http://localhost:1")]).headers;
        assert!(gate.admit(access, asked(&page)).is_err());
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
        gate.admit(
            Access::Page,
            asked(&parts(&[HOST, ("cookie", pair)]).headers)
        )
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
    assert!(gate.admit(Access::Proven, asked(&page)).is_ok());
    let bearer = format!("Bearer {}", token.trim());
    let script = parts(&[HOST, ("authorization", &bearer)]).headers;
    assert!(gate.admit(Access::Proven, asked(&script)).is_ok());
}

#[test]
fn logging_out_ends_the_login_everywhere() {
    let dir = tempfile::tempdir().unwrap();
    let gate = Gate::open(&config(&dir, "")).unwrap();
    let (cookie, _) = log_in(&gate);
    let mut request = parts(&[HOST, OURS, ("cookie", &cookie)]);
    let pass = gate
        .admit(Access::Upgrade, asked(&request.headers))
        .unwrap();
    request.extensions.insert(pass.clone());
    let taken = gate.logout(&request).unwrap().cookie;
    assert!(taken.contains("=; ") && taken.contains("Max-Age=0"));
    assert!(gate.admit(Access::Page, asked(&request.headers)).is_err());
    let Pass::Login(visit) = pass else {
        panic!("the cookie is a login");
    };
    assert!(visit.ended.is_cancelled());
}

const BY_PROXY: &str = "--auth proxy --owner ana@example.com,ana@home.example --trusted-proxy 10.0.0.7 \
                        --public-url https://desk.example";
const FRONT: (&str, &str) = ("host", "desk.example");
const ANA: (&str, &str) = ("x-forwarded-email", "Ana@Example.com");

fn through_proxy(headers: &HeaderMap) -> Asked<'_> {
    Asked {
        headers,
        peer: Peer::Tcp(([10, 0, 0, 7], 4000).into()),
    }
}

const GUARDED: [Access; 3] = [Access::Page, Access::Proven, Access::Upgrade];

#[test]
fn an_owner_whom_a_proven_proxy_names_is_let_in() {
    let dir = tempfile::tempdir().unwrap();
    let gate = Gate::open(&config(&dir, BY_PROXY)).unwrap();
    assert!(gate.issue_code().is_none());
    for name in ["Ana@Example.com", "ana@home.example"] {
        let plain = parts(&[FRONT, ("x-forwarded-email", name)]).headers;
        let pass = gate.admit(Access::Page, through_proxy(&plain)).unwrap();
        assert_eq!(pass.who().unwrap().as_str(), name.to_lowercase());
        // Its page proves itself, as others' pages could make the browser send the rest.
        assert!(gate.admit(Access::Proven, through_proxy(&plain)).is_err());
        assert!(gate.admit(Access::Upgrade, through_proxy(&plain)).is_err());
        let proof = pass.page_proof().unwrap();
        let page = [
            FRONT,
            ("x-forwarded-email", name),
            ("origin", "https://desk.example"),
            ("bowline-proof", proof),
        ];
        let page = parts(&page).headers;
        for access in GUARDED {
            let pass = gate.admit(access, through_proxy(&page)).unwrap();
            assert!(pass.check_proof(Some(proof)).is_ok());
            assert!(pass.check_proof(Some("wrong")).is_err());
        }
    }
}

#[test]
fn what_a_proxy_says_counts_only_when_it_is_proven() {
    let dir = tempfile::tempdir().unwrap();
    let gate = Gate::open(&config(&dir, BY_PROXY)).unwrap();
    let forged = parts(&[HOST, ANA, ("bowline-proxy-secret", "guessed")]).headers;
    for access in GUARDED {
        let error = gate.admit(access, asked(&forged)).err().unwrap();
        assert_eq!(error.code(), ErrorCode::Refused);
    }
    let secret = ("BOWLINE_PROXY_SECRET", "a secret of two programs");
    let gate = Gate::open(&config_with(&dir, BY_PROXY, &[secret])).unwrap();
    let shown = parts(&[HOST, ANA, ("bowline-proxy-secret", secret.1)]).headers;
    assert!(gate.admit(Access::Page, asked(&shown)).is_ok());
    assert!(gate.admit(Access::Page, asked(&forged)).is_err());
}

#[test]
fn others_nobody_and_the_malformed_stay_outside_and_are_not_told_who_the_owner_is() {
    let dir = tempfile::tempdir().unwrap();
    let gate = Gate::open(&config(&dir, BY_PROXY)).unwrap();
    let name = "x-forwarded-email";
    for (pairs, code) in [
        (vec![FRONT, (name, "eve@example.com")], ErrorCode::Refused),
        (vec![FRONT], ErrorCode::Unauthenticated),
        (vec![FRONT, (name, "")], ErrorCode::Refused),
        (vec![FRONT, ANA, ANA], ErrorCode::Refused),
        (
            vec![FRONT, (name, "eve@example.com, ana@example.com")],
            ErrorCode::Refused,
        ),
    ] {
        let headers = parts(&pairs).headers;
        for access in GUARDED {
            let error = gate.admit(access, through_proxy(&headers)).err().unwrap();
            assert_eq!(error.code(), code, "{pairs:?}");
            assert!(!error.to_string().contains("ana@"), "{error}");
        }
    }
}

#[test]
fn while_the_owner_is_unknown_nobody_is_let_in() {
    let dir = tempfile::tempdir().unwrap();
    let on_apps = [("DATABRICKS_APP_PORT", "8000")];
    let gate = Gate::open(&config_with(&dir, "", &on_apps)).unwrap();
    let host = ("host", "bowline-1.aws.databricksapps.com");
    let headers = parts(&[host, ANA]).headers;
    let error = gate.admit(Access::Page, asked(&headers)).err().unwrap();
    assert!(error.to_string().contains("BOWLINE_OWNER"), "{error}");
    gate.set_owners(Owners::new(vec![Identity::new("ana@example.com").unwrap()]));
    assert!(gate.admit(Access::Page, asked(&headers)).is_ok());
}

#[test]
fn behind_a_proxy_programs_on_the_machine_still_have_the_token() {
    let dir = tempfile::tempdir().unwrap();
    let gate = Gate::open(&config(&dir, BY_PROXY)).unwrap();
    let right = format!("Bearer {TOKEN}");
    let token = parts(&[HOST, ("authorization", &right)]).headers;
    assert!(gate.admit(Access::Proven, asked(&token)).is_ok());
    // The proxy may have used the header for itself.
    let other = parts(&[FRONT, ANA, ("authorization", "Bearer of the proxy")]).headers;
    assert!(gate.admit(Access::Page, through_proxy(&other)).is_ok());
    // Nobody logs in by a secret.
    let secret = Secret::Token(TOKEN.to_owned());
    assert!(gate.login(&secret, &parts(&[HOST])).is_err());
}

#[test]
fn a_call_from_another_site_is_refused_whatever_it_carries() {
    let dir = tempfile::tempdir().unwrap();
    let gate = Gate::open(&config(&dir, "")).unwrap();
    let (cookie, proof) = log_in(&gate);
    for (site, fine) in [
        ("same-origin", true),
        ("none", true),
        ("same-site", false),
        ("cross-site", false),
    ] {
        let call = parts(&[
            HOST,
            ("cookie", &cookie),
            ("bowline-proof", &proof),
            ("sec-fetch-site", site),
        ]);
        let called = gate.admit(Access::Proven, asked(&call.headers));
        assert_eq!(called.is_ok(), fine, "{site}");
        // A link leads here from anywhere.
        assert!(gate.admit(Access::Page, asked(&call.headers)).is_ok());
    }
}

#[test]
fn a_browser_is_signed_out_from_another() {
    let dir = tempfile::tempdir().unwrap();
    let gate = Gate::open(&config(&dir, "")).unwrap();
    let sign_in = || {
        let (cookie, _) = log_in(&gate);
        let mut request = parts(&[HOST, OURS, ("cookie", &cookie)]);
        let pass = gate
            .admit(Access::Upgrade, asked(&request.headers))
            .unwrap();
        request.extensions.insert(pass);
        request
    };
    let (here, there) = (sign_in(), sign_in());
    let browsers = gate.browsers(&here);
    assert_eq!(browsers.len(), 2);
    let other = browsers.iter().find(|browser| !browser.is_this).unwrap();
    let pass: Pass = there.extensions.get::<Pass>().unwrap().clone();
    assert_eq!(gate.end(Some(&other.id), &here).unwrap(), 1);
    let Pass::Login(visit) = pass else {
        panic!("the cookie is a login");
    };
    assert!(visit.ended.is_cancelled());
    assert!(
        gate.admit(Access::Page, asked(&there.headers)).is_err()
            && gate.admit(Access::Page, asked(&here.headers)).is_ok()
    );
    let again = gate.end(Some(&other.id), &here).unwrap_err();
    assert_eq!(again.code(), ErrorCode::Gone);
}
