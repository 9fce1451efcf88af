//! What a program finds in its environment: an allow-list of the server's, and what Bowline says. Pure,
//! so that "no secret of the server reaches a shell" can be tested.

use std::collections::BTreeMap;

use bowline_protocol::ids::SessionId;

use crate::options::Options;

/// Passed on by name.
const NAMES: [&str; 9] = [
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "PATH",
    "LANG",
    "TZ",
    "SSH_AUTH_SOCK",
    "TMPDIR",
];
/// Where nothing says where programs are.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const UTF8_LOCALE: &str = "C.UTF-8";

/// Who the server runs as.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) home: String,
    pub(crate) shell: String,
}

impl Account {
    /// The line of a user in `passwd`'s format.
    pub(crate) fn find(passwd: &str, uid: u32) -> Option<Self> {
        passwd.lines().find_map(|line| {
            let fields: Vec<&str> = line.split(':').collect();
            let [name, _, id, _, _, home, shell] = fields[..] else {
                return None;
            };
            (id.parse() == Ok(uid)).then(|| Self {
                name: name.to_owned(),
                home: home.to_owned(),
                shell: shell.to_owned(),
            })
        })
    }
}

fn allowed(name: &str, options: &Options) -> bool {
    NAMES.contains(&name)
        || name.starts_with("LC_")
        || name.starts_with("XDG_")
        || name.ends_with("_proxy")
        || name.ends_with("_PROXY")
        || options.env_pass.iter().any(|pass| pass == name)
}

/// This process's environment, as far as it is text.
pub(crate) fn own() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// What of this process's environment programs may have: nothing else has to be told to whoever starts
/// them.
pub fn for_programs(options: &Options) -> BTreeMap<String, String> {
    let mut environment = own();
    environment.retain(|name, _| allowed(name, options));
    environment
}

fn is_utf8(locale: &str) -> bool {
    let locale = locale.to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

/// The whole environment of a session's program.
pub(crate) fn environment(
    inherited: impl IntoIterator<Item = (String, String)>,
    account: &Account,
    options: &Options,
    session: SessionId,
) -> BTreeMap<String, String> {
    let mut environment: BTreeMap<String, String> = inherited
        .into_iter()
        .filter(|(name, _)| allowed(name, options))
        .collect();
    for (name, value) in [
        ("HOME", &account.home),
        ("USER", &account.name),
        ("LOGNAME", &account.name),
        ("SHELL", &account.shell),
    ] {
        if !value.is_empty() && environment.get(name).is_none_or(String::is_empty) {
            environment.insert(name.to_owned(), value.clone());
        }
    }
    environment
        .entry("PATH".to_owned())
        .or_insert_with(|| PATH.to_owned());
    use_utf8(&mut environment);
    let said = [
        ("TERM", "xterm-256color".to_owned()),
        ("COLORTERM", "truecolor".to_owned()),
        ("BOWLINE_SESSION", session.to_string()),
    ];
    environment.extend(said.map(|(name, value)| (name.to_owned(), value)));
    environment.extend(options.env_set.iter().cloned());
    environment
}

/// Keeps the user's locale if its characters are UTF-8, which is all a page can show.
fn use_utf8(environment: &mut BTreeMap<String, String>) {
    let ruling = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(|name| environment.get(name).filter(|value| !value.is_empty()));
    if ruling.is_some_and(|locale| is_utf8(locale)) {
        return;
    }
    environment.remove("LC_ALL");
    environment.insert("LC_CTYPE".to_owned(), UTF8_LOCALE.to_owned());
    environment
        .entry("LANG".to_owned())
        .or_insert_with(|| UTF8_LOCALE.to_owned());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(inherited: &[(&str, &str)], options: &Options) -> BTreeMap<String, String> {
        let account = Account::find("root:x:0:0:root:/root:/bin/bash", 0).expect("a line");
        let inherited = inherited
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        environment(
            inherited,
            &account,
            options,
            SessionId::from_bytes([0xab; 16]),
        )
    }

    #[test]
    fn only_what_is_allowed_passes() {
        let options = Options {
            env_pass: vec!["EDITOR".into()],
            env_set: vec![("GIT_PAGER".into(), "less".into())],
            ..Options::default()
        };
        let environment = of(
            &[
                ("HOME", "/home/ada"),
                ("BOWLINE_TOKEN", "secret"),
                ("DATABRICKS_CLIENT_SECRET", "secret"),
                ("https_proxy", "http://proxy:3128"),
                ("EDITOR", "vi"),
            ],
            &options,
        );
        let names: Vec<&str> = environment.keys().map(String::as_str).collect();
        let expected = [
            "BOWLINE_SESSION",
            "COLORTERM",
            "EDITOR",
            "GIT_PAGER",
            "HOME",
            "LANG",
            "LC_CTYPE",
            "LOGNAME",
            "PATH",
            "SHELL",
            "TERM",
            "USER",
            "https_proxy",
        ];
        assert_eq!(names, expected);
        assert_eq!(environment["HOME"], "/home/ada");
        assert_eq!(environment["USER"], "root");
        assert_eq!(environment["BOWLINE_SESSION"], "ab".repeat(16));
    }

    #[test]
    fn a_utf8_locale_is_kept_and_another_is_not() {
        let options = Options::default();
        let kept = of(&[("LANG", "de_DE.UTF-8")], &options);
        assert_eq!(kept["LANG"], "de_DE.UTF-8");
        assert!(!kept.contains_key("LC_CTYPE"));
        let changed = of(&[("LANG", "de_DE"), ("LC_ALL", "C")], &options);
        assert!(!changed.contains_key("LC_ALL"));
        assert_eq!(changed["LC_CTYPE"], "C.UTF-8");
        assert_eq!(changed["LANG"], "de_DE");
    }
}
