//! What the list of signed-in browsers says of each. Pure.

use crate::functions::logins::Browser;
use crate::text;

/// What stands in a `User-Agent`, and what people call it; the first that is found counts, since browsers pretend to be
/// those that stand below them.
const PROGRAMS: [(&str, &str); 8] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];
const SYSTEMS: [(&str, &str); 8] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
    ("BSD", "BSD"),
];
/// Used so recently, it is taken for open. Pages are heard of at least every five minutes.
const OPEN_MS: u64 = 6 * 60 * 1000;

/// What people call a browser.
pub(crate) fn name(agent: Option<&str>) -> String {
    let Some(agent) = agent.filter(|agent| !agent.is_empty()) else {
        return "A browser that gives no name".to_owned();
    };
    let find = |list: &[(&str, &'static str)]| {
        let found = list.iter().find(|(mark, _)| agent.contains(mark));
        found.map(|(_, name)| *name)
    };
    match (find(&PROGRAMS), find(&SYSTEMS)) {
        (Some(program), Some(system)) => format!("{program} on {system}"),
        (Some(program), None) => program.to_owned(),
        // A program of its own, such as `curl/8.5.0`.
        (None, _) => agent.split(['/', ' ']).next().unwrap_or(agent).to_owned(),
    }
}

/// Where and when: what helps to tell one's own from another's.
pub(crate) fn facts(browser: &Browser, now_ms: f64) -> String {
    // Clocks of two machines may differ.
    let ago = |then: u64| (now_ms - then as f64).max(0.0) as u64;
    let used = match ago(browser.used_ms) {
        _ if browser.is_this => "open now".to_owned(),
        ago if ago < OPEN_MS => "used just now".to_owned(),
        ago => format!("used {} ago", text::age(ago / 1000)),
    };
    let made = format!("signed in {} ago", text::age(ago(browser.made_ms) / 1000));
    let address = browser
        .address
        .as_deref()
        .map(|address| format!("from {address}"));
    let who = browser.who.as_deref().map(|who| format!("as {who}"));
    let facts = [Some(used), Some(made), who, address];
    facts
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" \u{b7} ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_called_what_people_call_it() {
        for (agent, expected) in [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 \
                 Safari/537.36 Edg/131.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0",
                "Firefox on Linux",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                 Version/18.0 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile \
                 Safari/537.36",
                "Chrome on Android",
            ),
            ("curl/8.5.0", "curl"),
            ("", "A browser that gives no name"),
        ] {
            assert_eq!(name(Some(agent)), expected, "{agent}");
        }
        assert_eq!(name(None), "A browser that gives no name");
    }

    #[test]
    fn its_line_says_when_and_from_where() {
        let mut browser = Browser {
            id: "1".to_owned(),
            who: None,
            agent: None,
            address: Some("192.0.2.7".to_owned()),
            made_ms: 1_000_000,
            used_ms: 4_600_000,
            is_this: false,
        };
        let line = facts(&browser, 8_200_000.0);
        assert_eq!(
            line,
            "used 1 h ago \u{b7} signed in 2 h ago \u{b7} from 192.0.2.7"
        );
        browser.who = Some("ana@example.com".to_owned());
        browser.is_this = true;
        let line = facts(&browser, 0.0);
        let expected =
            "open now \u{b7} signed in 0 s ago \u{b7} as ana@example.com \u{b7} from 192.0.2.7";
        assert_eq!(line, expected);
    }
}
