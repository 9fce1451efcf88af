//! Words the page shows for numbers and states. Pure: the same on both sides, tested here.

use bowline_protocol::frame::Exit;

use crate::workspace::Tab;

/// A span of time in at most two units, for people: `12 s`, `3 min`, `2 h 5 min`, `4 d 1 h`.
pub(crate) fn age(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, 0) => format!("{hours} h"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, 0, _) => format!("{days} d"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

/// An amount of bytes with one decimal at most: `812 bytes`, `12 KB`, `3.4 MB`.
pub(crate) fn bytes(count: u64) -> String {
    match count {
        1 => "1 byte".to_owned(),
        0..1_000 => format!("{count} bytes"),
        1_000..1_000_000 => format!("{} KB", count.div_ceil(1_000)),
        _ => format!("{}.{} MB", count / 1_000_000, count % 1_000_000 / 100_000),
    }
}

/// How a session ended.
pub(crate) fn exit(exit: Exit) -> String {
    match exit {
        Exit::Code(code) => format!("exited with status {code}"),
        Exit::Signal(signal) => match signal_name(signal) {
            Some(name) => format!("ended by signal {signal} ({name})"),
            None => format!("ended by signal {signal}"),
        },
        Exit::Killed => "killed".to_owned(),
        Exit::Idle => "ended because nobody used it".to_owned(),
    }
}

fn signal_name(signal: i32) -> Option<&'static str> {
    Some(match signal {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        6 => "SIGABRT",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        15 => "SIGTERM",
        _ => return None,
    })
}

/// What a tab is called: its own name, else its session's label, else a word for an empty one.
pub(crate) fn tab_name(tab: &Tab, label: Option<&str>) -> String {
    let label = label.map(str::trim).filter(|label| !label.is_empty());
    tab.name
        .as_deref()
        .or(label)
        .unwrap_or("Terminal")
        .to_owned()
}

/// What stands small beside a tab's name: the program in the foreground, unless the tab is called so;
/// then the folder's own name.
pub(crate) fn tab_detail(name: &str, process: &str, cwd: Option<&str>) -> Option<String> {
    if !process.is_empty() && process != name {
        return Some(process.to_owned());
    }
    let folder = folder(cwd?);
    let last = folder.rsplit('/').find(|part| !part.is_empty());
    Some(last.unwrap_or("/").to_owned())
}

/// The session count at the end of the tab bar.
pub(crate) fn session_count(running: usize) -> String {
    match running {
        0 => "No sessions".to_owned(),
        1 => "1 session".to_owned(),
        count => format!("{count} sessions"),
    }
}

/// The line that stands in a terminal where output is missing.
pub(crate) fn gap(lost: u64) -> String {
    format!(
        "\u{1b}[2m\u{2026} {} of output skipped \u{2026}\u{1b}[0m\r\n",
        bytes(lost)
    )
}

/// A path with the user's home written as `~`, shortened from the left to what people need.
pub(crate) fn folder(path: &str) -> String {
    let path = ["/root", "/home/"]
        .iter()
        .find_map(|home| {
            let rest = path.strip_prefix(home)?;
            let rest = match home.ends_with('/') {
                true => rest.find('/').map_or("", |slash| &rest[slash..]),
                false => rest,
            };
            (rest.is_empty() || rest.starts_with('/')).then(|| format!("~{rest}"))
        })
        .unwrap_or_else(|| path.to_owned());
    match path.char_indices().rev().nth(39) {
        Some((at, _)) if at > 0 => format!("\u{2026}{}", &path[at..]),
        _ => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Pane;

    #[test]
    fn ages_have_at_most_two_units() {
        for (seconds, text) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (3599, "59 min"),
            (3600, "1 h"),
            (7500, "2 h 5 min"),
            (86_400, "1 d"),
            (90_061, "1 d 1 h"),
        ] {
            assert_eq!(age(seconds), text);
        }
    }

    #[test]
    fn amounts_are_short() {
        for (count, text) in [
            (1, "1 byte"),
            (812, "812 bytes"),
            (1_001, "2 KB"),
            (999_000, "999 KB"),
            (3_450_000, "3.4 MB"),
        ] {
            assert_eq!(bytes(count), text);
        }
    }

    #[test]
    fn an_end_is_said_in_words() {
        assert_eq!(exit(Exit::Code(3)), "exited with status 3");
        assert_eq!(exit(Exit::Signal(9)), "ended by signal 9 (SIGKILL)");
        assert_eq!(exit(Exit::Signal(64)), "ended by signal 64");
        assert_eq!(exit(Exit::Killed), "killed");
    }

    #[test]
    fn a_tab_goes_by_its_own_name_first() {
        let mut tab = Tab {
            id: "t".to_owned(),
            name: Some("build".to_owned()),
            pane: Pane {
                id: "p".to_owned(),
                session: None,
            },
        };
        assert_eq!(tab_name(&tab, Some("bash")), "build");
        tab.name = None;
        assert_eq!(tab_name(&tab, Some("bash")), "bash");
        assert_eq!(tab_name(&tab, Some("  ")), "Terminal");
        assert_eq!(tab_name(&tab, None), "Terminal");
    }

    #[test]
    fn a_tabs_detail_repeats_nothing() {
        let detail = |name, process, cwd| tab_detail(name, process, cwd);
        assert_eq!(detail("bash", "vim", Some("/x")).as_deref(), Some("vim"));
        assert_eq!(detail("bash", "bash", Some("/a/b")).as_deref(), Some("b"));
        assert_eq!(detail("bash", "bash", Some("/root")).as_deref(), Some("~"));
        assert_eq!(detail("bash", "bash", Some("/")).as_deref(), Some("/"));
        assert_eq!(detail("bash", "bash", None), None);
    }

    #[test]
    fn folders_are_short() {
        assert_eq!(folder("/root"), "~");
        assert_eq!(folder("/root/work"), "~/work");
        assert_eq!(folder("/rooted"), "/rooted");
        assert_eq!(folder("/home/ada"), "~");
        assert_eq!(folder("/home/ada/x"), "~/x");
        let long = format!("/srv/{}", "x".repeat(60));
        assert_eq!(folder(&long), format!("\u{2026}{}", "x".repeat(40)));
    }

    #[test]
    fn the_count_is_a_phrase() {
        assert_eq!(session_count(0), "No sessions");
        assert_eq!(session_count(1), "1 session");
        assert_eq!(session_count(12), "12 sessions");
    }
}
