//! Who commits: a block in `~/.config/git/config`, which git reads before `~/.gitconfig`, and at its top. So it counts only
//! where the user has said nothing. Format: git-config(1).

use super::Settings;
use super::block::{self, Broken, Marks};
use super::left::Left;
use super::text::Style;
use crate::workspace::Person;

const FORMAT: &str = "git configuration";
const NAME: &str = "author";
/// Longest name or address that is passed on, characters.
const LONGEST: usize = 200;

/// A name and an address for commits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    name: String,
    email: String,
}

impl Author {
    /// What the workspace knows of somebody; none for what is no person, such as a service principal.
    pub fn of(person: &Person) -> Option<Self> {
        let email = plain(&person.user_name);
        let (local, host) = email.split_once('@')?;
        if local.is_empty() || host.is_empty() || email.contains(['<', '>', ' ']) {
            return None;
        }
        let name = person
            .display_name
            .as_deref()
            .map(plain)
            .unwrap_or_default();
        // git refuses a name of nothing but these.
        let is_name = name.contains(char::is_alphanumeric);
        let name = if is_name { name } else { spelled(local) };
        Some(Self { name, email })
    }
}

/// Without what could begin another line, and what git itself strips.
fn plain(text: &str) -> String {
    let text = text.chars().filter(|c| !c.is_control()).take(LONGEST);
    text.collect::<String>().trim().to_owned()
}

/// `ana.maria` as `Ana Maria`.
fn spelled(local: &str) -> String {
    let words = local.split(['.', '_']).filter(|word| !word.is_empty());
    let words = words.map(|word| {
        let mut rest = word.chars();
        let first = rest.next().into_iter().flat_map(char::to_uppercase);
        first.chain(rest).collect::<String>()
    });
    words.collect::<Vec<_>>().join(" ")
}

pub(super) fn merge(old: Option<&str>, with: &Settings) -> Result<String, Left> {
    let Some(author) = &with.author else {
        return Ok(old.unwrap_or_default().to_owned());
    };
    let (style, body) = Style::of(old.unwrap_or_default());
    let marks = Marks::of(NAME);
    let broken = |broken: Broken| Left::unreadable_at(FORMAT, broken.line);
    let found = block::find(body, &marks).map_err(broken)?;
    let end = style.end();
    let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    let (name, email) = (quoted(&author.name), quoted(&author.email));
    let (begin, last) = (&marks.begin, &marks.end);
    let block = format!(
        "{begin}{end}[user]{end}\tname = \"{name}\"{end}\temail = \"{email}\"{end}{last}{end}"
    );
    let body = match found {
        Some(found) => format!("{}{block}{}", &body[..found.start], &body[found.end..]),
        None => format!("{block}{body}"),
    };
    Ok(style.restore(&body))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(user_name: &str, display_name: Option<&str>) -> Person {
        Person {
            user_name: user_name.to_owned(),
            display_name: display_name.map(str::to_owned),
        }
    }

    #[test]
    fn people_have_a_name_and_others_are_none() {
        let of = |name: &str, shown| {
            let author = Author::of(&person(name, shown))?;
            Some((author.name, author.email))
        };
        let ana = |name: &str| Some((name.to_owned(), "ana.maria@x.net".to_owned()));
        assert_eq!(
            of("ana.maria@x.net", Some("Ana \"A\" M\n[x]")),
            ana("Ana \"A\" M[x]")
        );
        assert_eq!(of("ana.maria@x.net", None), ana("Ana Maria"));
        assert_eq!(of("ana.maria@x.net", Some(" . ")), ana("Ana Maria"));
        for nobody in [
            "6c1f0000-0000-4000-8000-000000000000",
            "@x",
            "a@",
            "a b@x",
            "<a@x>",
        ] {
            assert_eq!(of(nobody, Some("x")), None, "{nobody}");
        }
    }
}
