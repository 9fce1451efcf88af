//! The credential in force, from being supplied to being revoked.

use std::time::{Duration, SystemTime};

use bowline_double::{Asked, Double, Fault, Minting, Times as Often};
use bowline_identity::credentials::{AtEnd, Credentials, Settings, Source, Supplied, View};
use bowline_identity::rotation::{Standing, Times, Use};
use bowline_identity::secret::Secret;
use bowline_identity::workspace::{Principal, Workspace};
use tempfile::TempDir;
use tokio::time::timeout;

const DEADLINE: Duration = Duration::from_secs(30);
/// As soon as possible, so that tests need not wait for long; a token's life is told in whole seconds.
const TIMES: Times = Times {
    every: Duration::from_millis(300),
    margin: Duration::from_millis(500),
    grace: Duration::from_millis(100),
};

fn begin(double: &Double, folder: &TempDir, times: Times) -> Credentials {
    let client = bowline_outward::builder().no_proxy().build().unwrap();
    let workspace = Workspace::new(client, double.root.parse().unwrap());
    let settings = Settings {
        times,
        life: Duration::from_secs(5),
        path: folder.path().join("tokens.json"),
    };
    Credentials::begin(workspace, settings)
}

fn supplied(text: &str) -> Supplied {
    Supplied::Token(Secret::new(text).unwrap())
}

async fn until(credentials: &Credentials, what: &str, fine: impl FnMut(&View) -> bool) -> View {
    let mut watching = credentials.watch();
    let seen = timeout(DEADLINE, watching.wait_for(fine)).await;
    seen.expect(what).unwrap().clone()
}

fn token(view: &View) -> String {
    let token = view.token.as_ref().map(Secret::expose);
    token.unwrap_or_default().to_owned()
}

#[tokio::test]
async fn what_was_supplied_is_replaced_again_and_again_and_what_is_old_is_revoked() {
    let (double, folder) = (Double::start().await, tempfile::tempdir().unwrap());
    double.give("pasted", "ana@example.com");
    let credentials = begin(&double, &folder, TIMES);
    credentials.in_use(Use::Used).await;
    let who = credentials
        .supply(supplied(" pasted\n"), Source::Page)
        .await;
    assert_eq!(who.unwrap().unwrap().user_name, "ana@example.com");
    let mut last = String::new();
    for _ in 0..4 {
        let view = until(&credentials, "a fresh token", |view| {
            view.token.is_some() && token(view) != last
        })
        .await;
        last = token(&view);
        assert!(double.is_good(&last), "what is handed out is good");
        assert_eq!(view.standing, Standing::Good);
    }
    until(&credentials, "a former one is revoked", |_| {
        double.state().revoked.contains(&"id-1".to_owned())
    })
    .await;
    // Nobody's own token is touched, and no dead one was ever shown.
    assert!(double.is_good("pasted"));
    assert_eq!(double.state().strangers, 0);

    credentials.end(AtEnd::Revoke, DEADLINE).await;
    let left: Vec<String> = double.state().tokens.keys().cloned().collect();
    assert_eq!(left, ["pasted"]);
}

#[tokio::test]
async fn a_wrong_token_changes_nothing() {
    let (double, folder) = (Double::start().await, tempfile::tempdir().unwrap());
    double.give("good", "ana@example.com");
    let credentials = begin(&double, &folder, TIMES);
    credentials
        .supply(supplied("good"), Source::Page)
        .await
        .unwrap();
    until(&credentials, "a token", |view| view.token.is_some()).await;
    let wrong = credentials.supply(supplied("wrong"), Source::Page).await;
    let told = wrong.unwrap_err().to_string();
    assert!(told.contains("403") && !told.contains("wrong"), "{told}");
    let who = credentials.view().who.unwrap();
    assert_eq!(who.user_name, "ana@example.com");
}

#[tokio::test]
async fn the_next_run_revokes_what_the_last_one_minted_and_writes_no_secret() {
    let (double, folder) = (Double::start().await, tempfile::tempdir().unwrap());
    double.give("pasted", "ana@example.com");
    let credentials = begin(&double, &folder, TIMES);
    credentials
        .supply(supplied("pasted"), Source::Page)
        .await
        .unwrap();
    until(&credentials, "a token", |view| view.token.is_some()).await;
    credentials.end(AtEnd::Keep, DEADLINE).await;
    assert!(double.is_good("dapi-1"));
    let kept = std::fs::read_to_string(folder.path().join("tokens.json")).unwrap();
    assert!(kept.contains("id-1") && !kept.contains("dapi"), "{kept}");

    let credentials = begin(&double, &folder, TIMES);
    credentials
        .supply(supplied("pasted"), Source::Environment)
        .await
        .unwrap();
    until(&credentials, "the last run's is revoked", |_| {
        double.state().revoked == ["id-1"]
    })
    .await;
    assert!(double.is_good("dapi-2"));
}

#[tokio::test]
async fn whatever_the_workspace_answers_the_token_comes_once_it_is_well() {
    for fault in [
        Fault::Broken,
        Fault::TooMany { retry_after: 1 },
        Fault::Truncated,
        Fault::Redirect {
            to: "http://127.0.0.1:1/".to_owned(),
        },
    ] {
        let (double, folder) = (Double::start().await, tempfile::tempdir().unwrap());
        double.give("pasted", "ana@example.com");
        let credentials = begin(&double, &folder, TIMES);
        double.fault(fault.clone());
        credentials
            .supply_unseen(supplied("pasted"), Source::Environment)
            .await;
        let view = until(&credentials, "it fails", |view| view.problem.is_some()).await;
        assert_eq!(view.standing, Standing::Failing, "{fault:?}");
        double.heal();
        let view = until(&credentials, "a token", |view| view.token.is_some()).await;
        assert_eq!(view.problem, None);
    }
}

#[tokio::test]
async fn where_no_tokens_are_made_the_supplied_one_is_used() {
    let (double, folder) = (Double::start().await, tempfile::tempdir().unwrap());
    double.give("pasted", "ana@example.com");
    double.state().minting = Minting::Forbidden;
    let credentials = begin(&double, &folder, TIMES);
    credentials
        .supply(supplied("pasted"), Source::Page)
        .await
        .unwrap();
    let view = until(&credentials, "a token", |view| view.token.is_some()).await;
    assert_eq!(view.standing, Standing::Fixed);
    assert_eq!(token(&view), "pasted");
    credentials.forget().await;
    let view = until(&credentials, "nothing", |view| view.token.is_none()).await;
    assert_eq!(view.standing, Standing::Nothing);
    assert!(double.is_good("pasted"), "it was not minted here");
}

#[tokio::test]
async fn a_dead_token_is_told_at_once() {
    let (double, folder) = (Double::start().await, tempfile::tempdir().unwrap());
    let credentials = begin(&double, &folder, TIMES);
    credentials
        .supply_unseen(supplied("dead"), Source::Environment)
        .await;
    let view = until(&credentials, "it is refused", |view| {
        view.standing == Standing::Refused
    })
    .await;
    assert!(view.token.is_none());
}

#[tokio::test]
async fn a_service_principal_gets_its_token_by_its_secret() {
    let (double, folder) = (Double::start().await, tempfile::tempdir().unwrap());
    let credentials = begin(&double, &folder, TIMES);
    let principal = Principal {
        id: "principal".to_owned(),
        secret: Secret::new("its-secret").unwrap(),
    };
    let supplied = Supplied::Principal(principal);
    credentials
        .supply(supplied, Source::Principal)
        .await
        .unwrap();
    credentials.in_use(Use::Used).await;
    let first = until(&credentials, "a token", |view| view.token.is_some()).await;
    let first = token(&first);
    let second = until(&credentials, "the next", |view| token(view) != first).await;
    assert!(double.is_good(&token(&second)));
}

/// As much time as the life of a token allows; what is noticed before was looked for.
const LEISURELY: Times = Times {
    every: Duration::from_secs(4),
    ..TIMES
};

/// The requests for tokens, in order.
fn mints(double: &Double) -> Vec<Asked> {
    let log = double.state().log.clone();
    let mints = log.into_iter();
    mints
        .filter(|asked| asked.path.ends_with("token/create"))
        .collect()
}

/// Waits until a token was looked at and found good.
async fn looked_at(double: &Double, id: &str) {
    let is_look = |asked: &Asked| asked.path.ends_with("Me") && asked.by.as_deref() == Some(id);
    let looking = async {
        while !double.state().log.iter().any(is_look) {
            tokio::task::yield_now().await;
        }
    };
    let looked = timeout(DEADLINE, looking).await;
    looked.expect("it is looked at");
}

#[tokio::test]
async fn a_workspace_that_says_when_to_come_again_is_asked_no_sooner() {
    let (double, folder) = (Double::start().await, tempfile::tempdir().unwrap());
    double.give("pasted", "ana@example.com");
    let busy = Fault::TooMany { retry_after: 2 };
    double.fault_at("/api/2.0/token", busy, Often::Count(1));
    let credentials = begin(&double, &folder, TIMES);
    credentials
        .supply_unseen(supplied("pasted"), Source::Environment)
        .await;
    let view = until(&credentials, "it fails", |view| view.problem.is_some()).await;
    assert_eq!(view.standing, Standing::Failing);
    assert!(view.problem.unwrap().contains("again after 2 s"));
    until(&credentials, "a token", |view| view.token.is_some()).await;
    let [refused, done] = &mints(&double)[..] else {
        panic!("it was asked twice");
    };
    assert_eq!((refused.status, done.status), (429, 200));
    assert!(done.at_ms - refused.at_ms >= 2000, "{refused:?} {done:?}");
}

#[tokio::test]
async fn a_token_that_somebody_ends_is_replaced_before_its_time() {
    let (double, folder) = (Double::start().await, tempfile::tempdir().unwrap());
    double.give("pasted", "ana@example.com");
    let credentials = begin(&double, &folder, LEISURELY);
    credentials.in_use(Use::Used).await;
    credentials
        .supply(supplied("pasted"), Source::Page)
        .await
        .unwrap();
    until(&credentials, "a token", |view| token(view) == "dapi-1").await;
    looked_at(&double, "id-1").await;
    double.revoke("dapi-1");
    until(&credentials, "another", |view| token(view) == "dapi-2").await;
    let by: Vec<_> = mints(&double).into_iter().map(|asked| asked.by).collect();
    let pasted = Some("id-of-pasted".to_owned());
    assert_eq!(by, [pasted.clone(), pasted], "not by the dead one");

    // With what was supplied gone too, somebody has to be asked.
    looked_at(&double, "id-2").await;
    double.revoke("pasted");
    double.revoke("dapi-2");
    let view = until(&credentials, "it is refused", |view| {
        view.standing == Standing::Refused
    })
    .await;
    assert!(view.token.is_none());
}

#[tokio::test]
async fn a_supplied_token_that_is_used_itself_and_dies_is_asked_for() {
    let (double, folder) = (Double::start().await, tempfile::tempdir().unwrap());
    double.give("pasted", "ana@example.com");
    double.state().minting = Minting::Off;
    let credentials = begin(&double, &folder, TIMES);
    credentials.in_use(Use::Used).await;
    credentials
        .supply_unseen(supplied("pasted"), Source::Environment)
        .await;
    until(&credentials, "it is used", |view| view.token.is_some()).await;
    looked_at(&double, "id-of-pasted").await;
    double.revoke("pasted");
    let view = until(&credentials, "it is refused", |view| {
        view.standing == Standing::Refused
    })
    .await;
    assert!(view.token.is_none());
}

#[tokio::test]
async fn a_workspace_whose_clock_is_wrong_or_jumps_makes_no_gap() {
    for seconds in [-7200, 7200] {
        let (double, folder) = (Double::start().await, tempfile::tempdir().unwrap());
        double.state().clock.jump(seconds);
        double.give("pasted", "ana@example.com");
        let credentials = begin(&double, &folder, LEISURELY);
        credentials.in_use(Use::Used).await;
        credentials
            .supply(supplied("pasted"), Source::Page)
            .await
            .unwrap();
        let view = until(&credentials, "a token", |view| view.token.is_some()).await;
        let left = view.until.unwrap().duration_since(SystemTime::now());
        let left = left.expect("it is not taken for dead");
        assert!(left <= Duration::from_secs(5), "{left:?}");
        assert_eq!(double.state().strangers, 0);
        looked_at(&double, "id-1").await;
        // By that clock the token is dead now, by ours it is good.
        double.state().clock.jump(60);
        until(&credentials, "another", |view| token(view) == "dapi-2").await;
        assert!(double.is_good("dapi-2"));
    }
}
