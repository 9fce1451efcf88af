//! Words the page shows for numbers and states. Pure: the same on both sides, tested here.

use bowline_protocol::frame::Exit;

use crate::functions::sessions::{AttentionReply, ProgressReply, SessionRow};
use crate::panes::Left;
use crate::workspace::Tab;

/// Most characters of a name that is shown.
const NAME: usize = 120;

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

/// A size as limits are set, in units of 1024; rounded up, so that what is above a limit looks so.
pub(crate) fn binary(count: u64) -> String {
    let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let Some((unit, name)) = units.into_iter().find(|(unit, _)| count >= *unit) else {
        return bytes(count);
    };
    let tenths = count / unit * 10 + (count % unit * 10).div_ceil(unit);
    match tenths % 10 {
        0 => format!("{} {name}", tenths / 10),
        tenth => format!("{}.{tenth} {name}", tenths / 10),
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
        Exit::Lost => "ended when the machine or Bowline\u{2019}s keeper stopped".to_owned(),
    }
}

/// How a lost session ended, and what is left of it.
pub(crate) fn lost(left: Left, last_seen: Option<&str>) -> String {
    let said = format!("this session {}", exit(Exit::Lost));
    match (left, last_seen) {
        (Left::Screen, Some(at)) => format!("{said} \u{b7} its screen as it was at {at}"),
        (Left::Nothing, Some(at)) => format!("{said} \u{b7} last seen at {at}"),
        (_, None) => said,
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

/// How a session ended, in as many characters as a tab has room for.
pub(crate) fn short_exit(exit: Exit) -> String {
    match exit {
        Exit::Code(code) => format!("exit {code}"),
        Exit::Signal(signal) => format!("signal {signal}"),
        Exit::Killed => "killed".to_owned(),
        Exit::Idle => "unused".to_owned(),
        Exit::Lost => "lost".to_owned(),
    }
}

/// Why somebody should look at a session.
pub(crate) fn attention(why: AttentionReply) -> &'static str {
    match why {
        AttentionReply::Bell => "rang",
        AttentionReply::Notification => "has a notification",
        AttentionReply::Quiet => "is quiet after work",
        AttentionReply::Waiting => "waits for you",
        AttentionReply::Done => "is done",
    }
}

/// How far a program is.
pub(crate) fn progress(progress: ProgressReply) -> String {
    match progress {
        ProgressReply::Normal(percent) => format!("{percent} % done"),
        ProgressReply::Error(percent) => format!("failed at {percent} %"),
        ProgressReply::Paused(percent) => format!("paused at {percent} %"),
        ProgressReply::Indeterminate => "in progress".to_owned(),
    }
}

/// Whether a character draws something and leaves what is around it as it is: no control character, no
/// mark that turns the direction of text, nothing that breaks a line or is not seen.
fn is_harmless(c: char) -> bool {
    let is_unseen = matches!(
        c,
        '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
    );
    !c.is_control() && !is_unseen
}

/// What a program said, without what must not reach the page.
pub(crate) fn printable(said: &str) -> String {
    said.chars().filter(|c| is_harmless(*c)).collect()
}

/// The same as a name: of bounded length, in one line.
pub(crate) fn plain(said: &str) -> String {
    // Bounded first: what comes may be kilobytes, many times a second.
    let mut words = String::new();
    let mut left = NAME;
    for c in said.chars().take(4 * NAME).filter(|c| is_harmless(*c)) {
        let space = c.is_whitespace();
        if space && (words.is_empty() || words.ends_with(' ')) {
            continue;
        }
        if left == 0 {
            words.push('\u{2026}');
            break;
        }
        left -= 1;
        words.push(if space { ' ' } else { c });
    }
    words.truncate(words.trim_end().len());
    words
}

/// What a tab is called: its own name, the name its session was given, the terminal's title, the program in
/// the foreground, the folder; a word for an empty one.
pub(crate) fn tab_name(tab: &Tab, row: Option<&SessionRow>) -> String {
    session_name(tab.name.as_deref(), row)
}

/// What a session is called in its pane, or by a name that goes before its own.
pub(crate) fn session_name(before: Option<&str>, row: Option<&SessionRow>) -> String {
    let given = row.filter(|row| row.named).map(|row| row.label.as_str());
    let title = row.and_then(|row| row.title.as_deref());
    let process = row.map(|row| row.process.as_str());
    let folder = row.and_then(|row| row.cwd.as_deref()).map(last_folder);
    // Without any of these it has ended: then the program that was started is known.
    let label = row.map(|row| row.label.as_str());
    let names = [before, given, title, process, label];
    let mut names = names.into_iter().flatten().map(str::trim);
    names
        .find(|name| !name.is_empty())
        .map(str::to_owned)
        .or(folder)
        .unwrap_or_else(|| "Terminal".to_owned())
}

/// What is said when sessions lose their place on the page.
pub(crate) fn detached(name: &str, running: usize) -> String {
    let rest = match running {
        1 => "It goes on; find it under Sessions.",
        _ => "Its programs go on; find them under Sessions.",
    };
    format!("Detached \u{201c}{name}\u{201d}. {rest}")
}

/// A message as a sentence. Messages begin with letters of ASCII: the tables of all others stay out of the page.
pub(crate) fn sentence(message: &str) -> String {
    let mut words = format!("{message}.");
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words
}

/// What stands small beside a tab's name, and says what that doesn't: the program in the foreground, else
/// the folder's own name. Only letters of ASCII are the same in both cases: the tables of all others would be a fortieth
/// of the page.
pub(crate) fn tab_detail(name: &str, process: &str, cwd: Option<&str>) -> Option<String> {
    let parts: Vec<_> = name
        .split(|c: char| c.is_whitespace() || "/:@".contains(c))
        .collect();
    let is_said = |word: &str| parts.iter().any(|part| part.eq_ignore_ascii_case(word));
    let is_news = |word: &str| !word.is_empty() && !is_said(word);
    let folder = cwd.map(last_folder);
    let words = [Some(process.to_owned()), folder];
    words.into_iter().flatten().find(|word| is_news(word))
}

fn last_folder(path: &str) -> String {
    let folder = folder(path);
    let last = folder.rsplit('/').find(|part| !part.is_empty());
    last.unwrap_or("/").to_owned()
}

/// The session count at the end of the tab bar.
pub(crate) fn session_count(running: usize) -> String {
    match running {
        0 => "No sessions".to_owned(),
        1 => "1 session".to_owned(),
        count => format!("{count} sessions"),
    }
}

/// What the browser calls the page: how many sessions need somebody to look, and the tab in front.
#[cfg(any(feature = "hydrate", test))]
pub(crate) fn page_title(calling: usize, name: &str) -> String {
    let count = match calling {
        0 => String::new(),
        count => format!("({count}) "),
    };
    match name {
        "" => format!("{count}Bowline"),
        name => format!("{count}{name} \u{2013} Bowline"),
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
    use crate::state::known::tests::row;

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
        let said = "this session ended when the machine or Bowline\u{2019}s keeper stopped";
        assert_eq!(lost(Left::Nothing, None), said);
        assert_eq!(
            lost(Left::Screen, Some("14:03")),
            format!("{said} \u{b7} its screen as it was at 14:03")
        );
        assert_eq!(
            lost(Left::Nothing, Some("14:03")),
            format!("{said} \u{b7} last seen at 14:03")
        );
    }

    #[test]
    fn a_tab_goes_by_what_people_named_it_then_by_what_programs_did() {
        let mut tab = crate::workspace::tests::tab("t", "p");
        tab.name = Some("build".to_owned());
        let mut row = row(1);
        row.label = "agent".to_owned();
        row.named = true;
        row.title = Some("~/work".to_owned());
        row.process = "vim".to_owned();
        assert_eq!(tab_name(&tab, Some(&row)), "build");
        tab.name = None;
        assert_eq!(tab_name(&tab, Some(&row)), "agent");
        row.named = false;
        assert_eq!(tab_name(&tab, Some(&row)), "~/work");
        row.title = None;
        assert_eq!(tab_name(&tab, Some(&row)), "vim");
        // It has ended.
        row.process = String::new();
        assert_eq!(tab_name(&tab, Some(&row)), "agent");
        row.label = "  ".to_owned();
        assert_eq!(tab_name(&tab, Some(&row)), "Work");
        row.cwd = None;
        assert_eq!(tab_name(&tab, Some(&row)), "Terminal");
        assert_eq!(tab_name(&tab, None), "Terminal");
    }

    #[test]
    fn names_are_one_bounded_line_of_what_can_be_seen() {
        assert_eq!(plain(" a\t\n b\u{7}\u{9b}c "), "a bc");
        assert_eq!(plain("x\u{202e}txt.exe\u{2066}\u{200f}"), "xtxt.exe");
        assert_eq!(
            plain("\u{1f468}\u{200d}\u{1f4bb}"),
            "\u{1f468}\u{200d}\u{1f4bb}"
        );
        assert_eq!(
            plain("\u{5e9}\u{5dc}\u{5d5}\u{5dd}"),
            "\u{5e9}\u{5dc}\u{5d5}\u{5dd}"
        );
        assert_eq!(plain("\u{200b} \u{feff}"), "");
        let long = plain(&"y".repeat(4_096));
        assert_eq!(long, format!("{}\u{2026}", "y".repeat(NAME)));
        assert_eq!(plain(&"y".repeat(NAME)), "y".repeat(NAME));
        assert_eq!(printable("/a b/\u{1b}\u{202e}c"), "/a b/c");
    }

    #[test]
    fn a_tabs_detail_repeats_nothing() {
        let detail = |name, process, cwd| tab_detail(name, process, cwd);
        assert_eq!(detail("bash", "vim", Some("/x")).as_deref(), Some("vim"));
        assert_eq!(detail("bash", "bash", Some("/a/b")).as_deref(), Some("b"));
        assert_eq!(detail("Vim: x.rs", "vim", Some("/x")).as_deref(), Some("x"));
        assert_eq!(detail("me@host: ~/work", "work", Some("/work")), None);
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
    fn the_page_is_called_by_what_calls() {
        assert_eq!(page_title(0, ""), "Bowline");
        assert_eq!(page_title(2, ""), "(2) Bowline");
        assert_eq!(page_title(0, "build"), "build \u{2013} Bowline");
        assert_eq!(page_title(1, "build"), "(1) build \u{2013} Bowline");
    }

    #[test]
    fn the_count_is_a_phrase() {
        assert_eq!(session_count(0), "No sessions");
        assert_eq!(session_count(1), "1 session");
        assert_eq!(session_count(12), "12 sessions");
    }
}
