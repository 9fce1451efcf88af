//! git: `~/.gitconfig`. Format: git-config(1) and gitcredentials(7); looked at with 2.47.3. A helper is asked for
//! one host alone, and it is the only one asked there: git shows what one helper answered to all others of that host, and
//! `store` would write the token to a file of its own. So the list is emptied first, and the block stands behind every other
//! that names helpers.

use super::Settings;
use super::block::{self, Broken, Marks};
use super::endpoint::Host;
use super::left::Left;
use super::text::{Style, lines, missing_end, split_end};

const FORMAT: &str = "git configuration";
const NAME: &str = "git";

pub(super) fn merge(old: Option<&str>, with: &Settings) -> Result<String, Left> {
    let (style, body) = Style::of(old.unwrap_or_default());
    let sections = check(body)?;
    let hosts = || {
        [with.endpoints.workspace()]
            .into_iter()
            .chain(&with.git_hosts)
    };
    let block = block(hosts(), &with.bowline.call(&["git-credential"]), style);
    let Some(found) = find(body)? else {
        let gap = if body.is_empty() { "" } else { style.end() };
        let end = missing_end(body, style);
        return Ok(style.restore(&format!("{body}{end}{gap}{block}")));
    };
    let inside = &body[found.clone()];
    let (before, behind) = (&body[..found.start], &body[found.end..]);
    let others = foreign(inside, style);
    let is_last = sections
        .iter()
        .all(|section| !(section.at >= found.end && section.is_credential));
    let body = match is_last {
        true => format!("{before}{others}{block}{behind}"),
        false => {
            let rest = format!(
                "{}{others}{}",
                before,
                behind.trim_start_matches(['\r', '\n'])
            );
            let end = missing_end(&rest, style);
            format!("{rest}{end}{}{block}", style.end())
        }
    };
    Ok(style.restore(&body))
}

fn block<'a>(hosts: impl Iterator<Item = &'a Host>, command: &str, style: Style) -> String {
    let end = style.end();
    let mut seen: Vec<&Host> = Vec::new();
    let marks = Marks::of(NAME);
    let mut text = format!("{}{end}", marks.begin);
    for host in hosts {
        if seen.contains(&host) {
            continue;
        }
        seen.push(host);
        text += &format!("[credential \"{host}\"]{end}\thelper ={end}\thelper = !{command}{end}");
    }
    text + &marks.end + end
}

/// Where the block stands, with the ends of its lines.
fn find(body: &str) -> Result<Option<std::ops::Range<usize>>, Left> {
    let broken = |broken: Broken| Left::unreadable_at(FORMAT, broken.line);
    block::find(body, &Marks::of(NAME)).map_err(broken)
}

/// What `git config` put into the block since: it goes before it.
fn foreign(inside: &str, style: Style) -> String {
    let marks = Marks::of(NAME);
    let (mut text, mut header, mut is_headed) = (String::new(), "", false);
    for line in lines(inside) {
        let content = split_end(line).0.trim();
        let is_helper = |line: &str| {
            let value = line.strip_prefix("helper").map(|rest| rest.trim_start());
            let value = value.and_then(|rest| rest.strip_prefix('=')).map(str::trim);
            value.is_some_and(|value| value.is_empty() || value.ends_with(" git-credential"))
        };
        match content {
            "" => {}
            content if content == marks.begin || content == marks.end => {}
            content if content.starts_with('[') && content.ends_with(']') => {
                (header, is_headed) = (line, false);
            }
            content if is_helper(content) => {}
            _ => {
                if !is_headed {
                    text += header;
                    is_headed = true;
                }
                text += line;
                text += missing_end(line, style);
            }
        }
    }
    text
}

struct Section {
    at: usize,
    is_credential: bool,
}

/// The sections, if git could read it.
fn check(body: &str) -> Result<Vec<Section>, Left> {
    let mut sections = Vec::new();
    let (mut at, mut goes_on) = (0, false);
    for (number, line) in lines(body).enumerate() {
        let bad = || Left::unreadable_at(FORMAT, number + 1);
        let content = split_end(line).0;
        let mut rest = content.trim_start();
        if goes_on {
            goes_on = value_goes_on(content).ok_or_else(bad)?;
        } else {
            if let Some(header) = rest.strip_prefix('[') {
                let (name, behind) = section(header).ok_or_else(bad)?;
                let is_credential = name.eq_ignore_ascii_case("credential");
                // What an include brings comes there too.
                let is_credential =
                    is_credential || name.to_ascii_lowercase().starts_with("include");
                sections.push(Section { at, is_credential });
                rest = behind.trim_start();
            }
            if !rest.is_empty() && !rest.starts_with(['#', ';']) {
                if sections.is_empty() {
                    return Err(bad());
                }
                goes_on = variable_goes_on(rest).ok_or_else(bad)?;
            }
        }
        at += line.len();
    }
    match goes_on {
        false => Ok(sections),
        true => Err(Left::unreadable(FORMAT)),
    }
}

/// The name of a section, and what is behind its header.
fn section(header: &str) -> Option<(&str, &str)> {
    let is_fit = |c: char| c.is_ascii_alphanumeric() || "-.".contains(c);
    let length = header.find(|c| !is_fit(c)).filter(|length| *length > 0)?;
    let (name, rest) = header.split_at(length);
    if let Some(behind) = rest.strip_prefix(']') {
        return Some((name, behind));
    }
    let quoted = rest.trim_start_matches([' ', '\t']);
    let quoted = quoted
        .strip_prefix('"')
        .filter(|_| rest.len() > quoted.len())?;
    let mut is_escaped = false;
    for (at, c) in quoted.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => {
                return quoted[at + 1..]
                    .strip_prefix(']')
                    .map(|behind| (name, behind));
            }
            _ => {}
        }
    }
    None
}

/// Whether a variable's value goes on in the next line; none if it is no variable.
fn variable_goes_on(text: &str) -> Option<bool> {
    let is_fit = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let length = text.find(|c| !is_fit(c)).unwrap_or(text.len());
    if !text.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let behind = text[length..].trim_start();
    match behind.strip_prefix('=') {
        Some(value) => value_goes_on(value),
        None => (behind.is_empty() || behind.starts_with(['#', ';'])).then_some(false),
    }
}

/// Whether a value goes on in the next line; none if git refuses it. Quotes are closed in each line: git lets them go on,
/// but nobody writes that, and then the file is left alone.
fn value_goes_on(value: &str) -> Option<bool> {
    let (mut is_quoted, mut all) = (false, value.chars());
    while let Some(c) = all.next() {
        match c {
            '"' => is_quoted = !is_quoted,
            '#' | ';' if !is_quoted => return Some(false),
            '\\' => match all.next() {
                None => return (!is_quoted).then_some(true),
                Some('\\' | '"' | 'n' | 't' | 'b') => {}
                Some(_) => return None,
            },
            _ => {}
        }
    }
    (!is_quoted).then_some(false)
}

#[cfg(test)]
mod tests;
