//! The shells' integration: marks of prompts, commands and folders, put into a login shell at its start
//! without touching a file of the user's. Each shell is led to a script of ours by a way of its own, and
//! does everything else as without it:
//!
//! | shell | way |
//! |---|---|
//! | bash | started in POSIX mode, reads `$ENV` in place of the login files; the script leaves the mode and reads them as bash does. It stays a login shell, with `~/.bash_logout` |
//! | zsh | `ZDOTDIR` leads to our `.zshenv`, which puts it right before anything else is read |
//! | fish | `--init-command`, which comes after all of its files |
//!
//! Other shells are left alone, and so is a program that was asked for by name.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

/// Below the folder: the scripts, as they are in this program.
const SCRIPTS: [(&str, &str); 4] = [
    ("bowline.bash", include_str!("integration/bowline.bash")),
    ("bowline.fish", include_str!("integration/bowline.fish")),
    ("zsh/.zshenv", include_str!("integration/zshenv")),
    ("zsh/bowline.zsh", include_str!("integration/bowline.zsh")),
];

/// What a login shell is started with besides.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Injection {
    pub(crate) arguments: Vec<String>,
    pub(crate) environment: Vec<(String, String)>,
}

impl Injection {
    /// What leads a shell (`bash`, not its path) to the scripts in `folder`, which are written if they are
    /// not there. The shell's environment as it would be without is in `environment`. A shell that is
    /// not known gets nothing.
    pub(crate) fn prepare(
        folder: &Path,
        shell: &str,
        environment: &BTreeMap<String, String>,
    ) -> io::Result<Self> {
        let Some(folder_text) = folder.to_str() else {
            return Err(io::Error::other("its path is not UTF-8"));
        };
        let injection = Self::of(folder_text, shell, environment);
        if injection != Self::default() {
            write_scripts(folder)?;
        }
        Ok(injection)
    }

    fn of(folder: &str, shell: &str, environment: &BTreeMap<String, String>) -> Self {
        // What we set is kept under another name for the script to put right.
        let kept = |name: &str, as_name: &str| {
            let before = environment.get(name);
            before.map(|value| (as_name.to_owned(), value.clone()))
        };
        match shell {
            "bash" => Self {
                arguments: vec!["--posix".to_owned()],
                environment: kept("ENV", "BOWLINE_ENV")
                    .into_iter()
                    .chain([(
                        "ENV".to_owned(),
                        // bash expands it as a text in double quotes.
                        escape(&format!("{folder}/bowline.bash"), &['\\', '$', '`', '"']),
                    )])
                    .collect(),
            },
            "zsh" => Self {
                arguments: Vec::new(),
                environment: kept("ZDOTDIR", "BOWLINE_ZDOTDIR")
                    .into_iter()
                    .chain([("ZDOTDIR".to_owned(), format!("{folder}/zsh"))])
                    .collect(),
            },
            "fish" => {
                let script = escape(&format!("{folder}/bowline.fish"), &['\\', '\'']);
                Self {
                    arguments: vec!["--init-command".to_owned(), format!("source '{script}'")],
                    environment: Vec::new(),
                }
            }
            _ => Self::default(),
        }
    }
}

fn escape(text: &str, special: &[char]) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if special.contains(&character) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

/// Writes what is missing or of another version. Shells that start meanwhile see the old or the new.
fn write_scripts(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(folder.join("zsh"))?;
    for (name, text) in SCRIPTS {
        let path = folder.join(name);
        if fs::read(&path).is_ok_and(|found| found == text.as_bytes()) {
            continue;
        }
        let mut random = String::new();
        for byte in &crate::random_bytes()[..8] {
            random.push_str(&format!("{byte:02x}"));
        }
        let new = folder.join(format!("new-{random}"));
        let mut options = File::options();
        options.write(true).create_new(true).mode(0o600);
        let written = options
            .open(&new)
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .and_then(|()| fs::rename(&new, &path));
        if written.is_err() {
            let _ = fs::remove_file(&new);
        }
        written?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(of: &[(&str, &str)]) -> BTreeMap<String, String> {
        of.iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn what_was_set_is_kept_for_the_script() {
        let before = environment(&[("ZDOTDIR", "/home/ada/.zsh"), ("ENV", "~/.shrc")]);
        let zsh = Injection::of("/s", "zsh", &before);
        let expected = environment(&[("BOWLINE_ZDOTDIR", "/home/ada/.zsh"), ("ZDOTDIR", "/s/zsh")]);
        assert_eq!(
            zsh.environment.into_iter().collect::<BTreeMap<_, _>>(),
            expected
        );
        let bash = Injection::of("/s", "bash", &before);
        let expected = environment(&[("BOWLINE_ENV", "~/.shrc"), ("ENV", "/s/bowline.bash")]);
        assert_eq!(
            bash.environment.into_iter().collect::<BTreeMap<_, _>>(),
            expected
        );
    }

    #[test]
    fn a_folder_may_have_any_name() {
        let fish = Injection::of("/it's", "fish", &BTreeMap::new());
        assert_eq!(fish.arguments[1], r"source '/it\'s/bowline.fish'");
        let bash = Injection::of("/a$b", "bash", &BTreeMap::new());
        assert_eq!(bash.environment[0].1, r"/a\$b/bowline.bash");
    }

    #[test]
    fn other_shells_are_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let inside = folder.path().join("scripts");
        for shell in ["sh", "dash", "nu", "zsh-5.9"] {
            let injection = Injection::prepare(&inside, shell, &BTreeMap::new());
            assert_eq!(injection.expect("nothing to do"), Injection::default());
        }
        assert!(!inside.exists());
    }

    #[test]
    fn scripts_are_written_for_their_owner_and_put_right() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().expect("a folder");
        let inside = folder.path().join("scripts");
        let prepare = || Injection::prepare(&inside, "zsh", &BTreeMap::new()).expect("written");
        prepare();
        let script = inside.join("zsh/.zshenv");
        fs::write(&script, "an older version").expect("writable");
        prepare();
        assert_eq!(fs::read_to_string(&script).expect("there"), SCRIPTS[2].1);
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!((mode(&inside), mode(&script)), (0o700, 0o600));
        assert_eq!(fs::read_dir(&inside).expect("there").count(), 3);
    }
}
