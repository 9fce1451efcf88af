//! Bowline as a Databricks App: made, deployed, its log shown, by the Databricks CLI, which says by itself where and as whom
//! it does so.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};

use crate::shell::{self, Root, timed};

/// What to do with an app.
#[derive(Debug, Subcommand)]
pub(crate) enum App {
    /// Makes the app, on large compute, and waits for it.
    Create(Which),
    /// Builds Bowline, uploads it, and has the app run it.
    Deploy(Which),
    /// How the app is.
    Status(Which),
    /// What it prints, from now on.
    Logs(Which),
}

/// Which app.
#[derive(Debug, Args)]
pub(crate) struct Which {
    /// The app's name.
    #[arg(default_value = "bowline")]
    name: String,
    /// A profile of the Databricks CLI.
    #[arg(long)]
    profile: Option<String>,
}

/// The CLI, as somebody.
struct Cli<'a> {
    root: &'a Root,
    profile: Option<String>,
}

impl Cli<'_> {
    fn task(&self, arguments: &[&str]) -> shell::Task {
        let mut all = arguments.to_vec();
        if let Some(profile) = &self.profile {
            all.extend(["--profile", profile]);
        }
        self.root.command("databricks", &all)
    }

    fn run(&self, arguments: &[&str]) -> Result<()> {
        self.task(arguments).run()
    }

    /// Where the app's files are in the workspace.
    fn place(&self, name: &str) -> Result<String> {
        let me = self
            .task(&["current-user", "me", "--output", "json"])
            .read();
        let me = me.context(
            "the Databricks CLI does not say who you are: install it (`bowline setup databricks-cli`), then `databricks \
             auth login`",
        )?;
        let me: serde_json::Value =
            serde_json::from_str(&me).context("`databricks current-user me`")?;
        match me["userName"].as_str() {
            Some(who) => Ok(format!("/Workspace/Users/{who}/{name}")),
            None => bail!("`databricks current-user me` names nobody"),
        }
    }
}

/// Does it; `build` makes the program.
pub(crate) fn carry_out(
    root: &Root,
    what: &App,
    build: impl FnOnce() -> Result<std::path::PathBuf>,
) -> Result<()> {
    let (App::Create(which) | App::Deploy(which) | App::Status(which) | App::Logs(which)) = what;
    let cli = Cli {
        root,
        profile: which.profile.clone(),
    };
    let name = &*which.name;
    match what {
        App::Create(_) => cli.run(&["apps", "create", name, "--compute-size", "LARGE"]),
        App::Deploy(_) => {
            let place = cli.place(name)?;
            let binary = build()?;
            let folder = root.target().join("app");
            pack(root, &binary, &folder)?;
            timed("uploading the app", || upload(&cli, &folder, &place))?;
            cli.run(&["apps", "deploy", name, "--source-code-path", &place])
        }
        App::Status(_) => cli.run(&["apps", "get", name]),
        App::Logs(_) => cli.run(&["apps", "logs", name, "--follow"]),
    }
}

/// Makes the app's folder anew.
fn pack(root: &Root, binary: &Path, folder: &Path) -> Result<()> {
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    let text = |path: &Path| {
        path.to_str()
            .map(str::to_owned)
            .context("a path is not UTF-8")
    };
    let script = "docs/deploy/databricks/pack.sh";
    let (binary, folder) = (text(binary)?, text(folder)?);
    root.command("sh", &[script, &binary, &folder]).run()
}

/// Exchanges what is there: a piece of another build would be put together with these. `databricks sync` would leave all of
/// it out, as git ignores where it is made.
fn upload(cli: &Cli<'_>, folder: &Path, place: &str) -> Result<()> {
    // The first time nothing is there.
    let _ = cli
        .task(&["workspace", "delete", place, "--recursive"])
        .read();
    let folder = folder.to_str().context("a path is not UTF-8")?;
    cli.run(&["workspace", "import-dir", folder, place, "--overwrite"])
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// A program in the CLI's place that notes how it was called: the real one has no workspace here.
    fn stand_in(folder: &Path) {
        let noted = folder.join("noted");
        let script = format!(
            "#!/bin/sh\necho \"$*\" >> {}\ncase $* in current-user*) echo '{{\"userName\": \"ana@example.com\"}}';; esac\n",
            noted.display()
        );
        let program = folder.join("databricks");
        std::fs::write(&program, script).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    #[test]
    fn the_cli_is_asked_for_what_its_reference_says() {
        let folder = tempfile::tempdir().unwrap();
        stand_in(folder.path());
        let root = Root::find().with_tools(folder.path());
        let which = || Which {
            name: "bowline".to_owned(),
            profile: Some("work".to_owned()),
        };
        let binary = folder.path().join("program");
        std::fs::write(&binary, "the program").unwrap();
        for what in [
            App::Create(which()),
            App::Deploy(which()),
            App::Status(which()),
            App::Logs(which()),
        ] {
            carry_out(&root, &what, || Ok(binary.clone())).unwrap();
        }
        let noted = std::fs::read_to_string(folder.path().join("noted")).unwrap();
        let app = root.target().join("app");
        let place = "/Workspace/Users/ana@example.com/bowline";
        let expected = [
            "apps create bowline --compute-size LARGE".to_owned(),
            "current-user me --output json".to_owned(),
            format!("workspace delete {place} --recursive"),
            format!("workspace import-dir {} {place} --overwrite", app.display()),
            format!("apps deploy bowline --source-code-path {place}"),
            "apps get bowline".to_owned(),
            "apps logs bowline --follow".to_owned(),
        ];
        let expected = expected.map(|line| format!("{line} --profile work\n"));
        assert_eq!(noted, expected.concat());
        for file in ["app.yaml", "start.sh", "bowline.gz.aa"] {
            assert!(app.join(file).is_file(), "{file}");
        }
    }
}
