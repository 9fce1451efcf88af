//! The files of tools that use the workspace's credential, kept up to date while it changes, where that is wanted: what
//! stands in them is `identity::sinks`'. A file that can't be merged into is left alone, which the log says once.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bowline_identity::credentials::Credentials;
use bowline_identity::secret::Secret;
use bowline_identity::sinks::{
    self, Author, BadSetting, Broker, Damaged, Done, Endpoints, Host, Models, Outcome, Program,
    Settings,
};
use bowline_provision::run::Status;
use bowline_provision::steps::{McpServer, OPENCODE_MODELS};
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

use crate::config::{Databricks, GitToken};
use crate::endpoints::Finding;
use crate::git_credential::link;

/// How often files are looked at without a reason: a tool may have been installed, or a file restored.
const LOOK: Duration = Duration::from_secs(60);

/// What is written besides the token.
#[derive(Clone)]
struct Plan {
    home: PathBuf,
    broker: Option<Broker>,
    models: Models,
    bowline: Option<Program>,
    git_hosts: Vec<Host>,
    hermes_servers: Vec<(String, String)>,
}

/// Why nothing can be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("HOME is not set")]
    Homeless,
    #[error(transparent)]
    Models(#[from] Damaged),
    #[error(transparent)]
    Setting(#[from] BadSetting),
}

/// Keeps the files until what it returns is dropped. Whenever a step of `setup` is over, they are looked at: a tool may have
/// come.
pub(crate) fn keep(
    credentials: Credentials,
    endpoints: Finding,
    broker: Option<Broker>,
    databricks: &Databricks,
    git: Option<&GitToken>,
    setup: Option<(watch::Receiver<Arc<Status>>, Vec<McpServer>)>,
) -> Result<AbortOnDropHandle<()>, Error> {
    let home = databricks.home.clone().ok_or(Error::Homeless)?;
    let mut models = Models::embedded()?;
    for (tool, model) in &databricks.models {
        models.choose(*tool, model);
    }
    let program = std::env::current_exe().ok();
    if let Some(Err(error)) = program
        .as_deref()
        .map(|program| link::install(&home, program))
    {
        tracing::warn!(%error, "there is no {} in ~/.local/bin", link::NAME);
    }
    let program = program.and_then(|path| Program::new(path.to_str()?).ok());
    let hosts = git.map(|git| git.places.iter()).into_iter().flatten();
    let (setup, servers) = setup.unzip();
    let servers = match &setup {
        Some(setup) if has_hermes(&setup.borrow()) => servers.unwrap_or_default(),
        _ => Vec::new(),
    };
    let plan = Plan {
        home,
        broker,
        models,
        bowline: program,
        git_hosts: hosts
            .filter_map(|place| Host::parse(place.host()).ok())
            .collect(),
        hermes_servers: servers
            .into_iter()
            .map(|server| (server.name, server.url))
            .collect(),
    };
    Ok(AbortOnDropHandle::new(tokio::spawn(async move {
        let endpoints = endpoints.found().await;
        follow(credentials, endpoints, plan, setup).await;
    })))
}

/// Writes when the token changes, when set-up has brought something, and now and then.
async fn follow(
    credentials: Credentials,
    endpoints: Endpoints,
    plan: Plan,
    mut setup: Option<watch::Receiver<Arc<Status>>>,
) {
    let mut brought = 0;
    let mut watching = credentials.watch();
    let mut written: Option<Secret> = None;
    let mut told = HashMap::new();
    let mut author = None;
    loop {
        let fresh = watching.wait_for(|view| view.token.is_some() && view.token != written);
        tokio::select! {
            fresh = fresh => match fresh {
                Ok(view) => written = view.token.clone(),
                // Nobody keeps it any more.
                Err(_) => return,
            },
            () = bring(&mut setup, &mut brought) => {}
            () = tokio::time::sleep(LOOK) => {}
        }
        if let Some(token) = credentials.view().token {
            author = match author {
                None => who(&credentials, &token).await,
                known => known,
            };
            let (plan, endpoints) = (plan.clone(), endpoints.clone());
            let author = author.clone();
            let apply = move || plan.apply(endpoints, token, author);
            let applied = tokio::task::spawn_blocking(apply).await;
            match applied {
                Ok(Ok(outcomes)) => tell(outcomes, &mut told),
                Ok(Err(error)) => tracing::error!(%error, "the files of tools are not written"),
                Err(error) => tracing::error!(%error, "the files of tools could not be written"),
            }
        }
    }
}

/// Whether set-up brings it: who has it from elsewhere says by themselves what it uses.
fn has_hermes(status: &Status) -> bool {
    status.steps.iter().any(|step| step.id.as_str() == "hermes")
}

/// Waits until more steps are over than were.
async fn bring(setup: &mut Option<watch::Receiver<Arc<Status>>>, before: &mut usize) {
    let over = |status: &Status| {
        status
            .steps
            .iter()
            .filter(|step| step.state.is_over())
            .count()
    };
    let more = match setup {
        Some(setup) => {
            let more = setup.wait_for(|status| over(status) != *before).await;
            more.ok().map(|status| over(&status))
        }
        None => None,
    };
    match more {
        Some(more) => *before = more,
        // Nothing more comes.
        None => std::future::pending().await,
    }
}

/// Who commits; none while the workspace can't say.
async fn who(credentials: &Credentials, token: &Secret) -> Option<Author> {
    let person = match credentials.view().who {
        Some(person) => person,
        // The token came unseen.
        None => credentials.workspace().me(token).await.ok()?,
    };
    Author::of(&person)
}

impl Plan {
    fn apply(
        self,
        endpoints: Endpoints,
        token: Secret,
        author: Option<Author>,
    ) -> Result<Vec<Outcome>, BadSetting> {
        let mut settings = Settings::new(endpoints, token, self.models)?;
        settings.broker = self.broker;
        settings.author = author;
        if let Some(program) = self.bowline {
            settings.bowline = program;
        }
        settings.git_hosts = self.git_hosts;
        settings.hermes_servers = self.hermes_servers;
        let trusted = [self.home.join("projects"), self.home.clone()];
        let trusted = trusted.iter().filter_map(|path| path.to_str());
        settings.trusted = trusted.map(str::to_owned).collect();
        // Set-up has asked it, if it was set up here.
        let known = std::fs::read_to_string(self.home.join(OPENCODE_MODELS));
        settings.opencode_knows = known
            .unwrap_or_default()
            .lines()
            .map(str::to_owned)
            .collect();
        Ok(sinks::apply(Path::new(&self.home), &settings))
    }
}

/// Says what was done, and what somebody has to look at; the same again is no news.
fn tell(outcomes: Vec<Outcome>, told: &mut HashMap<&'static str, String>) {
    for Outcome { tool, path, done } in outcomes {
        let problem = match done {
            Done::Written => {
                tracing::info!(%tool, path, "the file has the credential in force");
                None
            }
            Done::Same | Done::Skipped(_) => None,
            Done::Failed(why) => Some(why.to_string()),
        };
        match problem {
            None => drop(told.remove(path)),
            Some(problem) if told.get(path) != Some(&problem) => {
                tracing::warn!(%tool, path, %problem, "the file is left as it is");
                told.insert(path, problem);
            }
            Some(_) => {}
        }
    }
}
