//! All that there is in the workspace, and what has been asked of it.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::{Clock, millis};
use crate::faults::Faults;
use crate::files::Files;

/// Requests that are remembered; later ones are not.
const MAX_NOTED: usize = 10_000;

/// Somebody, or something that acts.
#[derive(Debug, Clone)]
pub struct Person {
    /// A number, as text.
    pub id: String,
    /// For people.
    pub display_name: String,
    /// Names of groups.
    pub groups: Vec<String>,
}

/// How a token came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Somebody's own, by hand or by the API.
    Personal,
    /// A service principal's, for its secret.
    OAuth,
}

/// A token.
#[derive(Debug, Clone, Serialize)]
pub struct Token {
    /// Whose it is.
    pub who: String,
    /// What it is revoked by.
    pub id: String,
    /// How it came to be.
    pub kind: Kind,
    /// What it is for.
    pub comment: String,
    /// Since when it is good, by the workspace's clock, in milliseconds.
    pub made_ms: u64,
    /// Until when; none for ever.
    pub until_ms: Option<u64>,
}

/// Whether people may make tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Minting {
    /// They may.
    #[default]
    Allowed,
    /// Some may, who ask may not.
    Forbidden,
    /// Nobody may.
    Off,
}

/// A request that came.
#[derive(Debug, Clone, Serialize)]
pub struct Asked {
    /// GET, POST.
    pub method: String,
    /// Without the query.
    pub path: String,
    /// What was answered.
    pub status: u16,
    /// The id of the token, if it was good.
    pub by: Option<String>,
    /// When, by the workspace's clock.
    pub at_ms: u64,
}

/// The workspace.
#[derive(Debug)]
pub struct World {
    pub(crate) root: String,
    /// What time it is there.
    pub clock: Clock,
    /// Tokens by what is shown; dead ones too, until they are revoked.
    pub tokens: HashMap<String, Token>,
    /// By their names.
    pub people: BTreeMap<String, Person>,
    /// Ids of groups by their names; who is in one stands with the people.
    pub groups: BTreeMap<String, String>,
    /// Secrets of service principals by their ids.
    pub principals: HashMap<String, String>,
    /// Who made each app, by its name.
    pub apps: BTreeMap<String, String>,
    /// Whether tokens may be made.
    pub minting: Minting,
    /// Where else tokens are said to be had.
    pub elsewhere: Option<String>,
    /// What is to go wrong.
    pub faults: Faults,
    /// Files, notebooks and folders.
    pub files: Files,
    /// Tokens that were made, of either kind.
    pub minted: usize,
    /// Ids, in the order in which they were revoked.
    pub revoked: Vec<String>,
    /// Requests with a token that opens nothing, or with none.
    pub strangers: usize,
    /// Secrets that came for a token.
    pub exchanged: usize,
    /// What was asked for, in order.
    pub log: Vec<Asked>,
    ids: u64,
}

impl World {
    pub(crate) fn new(root: String) -> Self {
        let clock = Clock::begin();
        let mut world = Self {
            root,
            files: Files::new(clock.now_ms()),
            clock,
            tokens: HashMap::new(),
            people: BTreeMap::new(),
            groups: BTreeMap::new(),
            principals: HashMap::new(),
            apps: BTreeMap::new(),
            minting: Minting::Allowed,
            elsewhere: None,
            faults: Faults::default(),
            minted: 0,
            revoked: Vec::new(),
            strangers: 0,
            exchanged: 0,
            log: Vec::new(),
            ids: 1000,
        };
        for group in ["admins", "users"] {
            world.group(group);
        }
        world.principal("principal", "its-secret");
        world
    }

    /// A service principal with a secret.
    pub fn principal(&mut self, id: &str, secret: &str) {
        self.principals.insert(id.to_owned(), secret.to_owned());
        self.person(id);
    }

    /// Somebody, who is there from now on, and a user.
    pub fn person(&mut self, who: &str) -> &mut Person {
        let id = self.fresh_id();
        self.files.home(who, self.clock.now_ms());
        self.people.entry(who.to_owned()).or_insert_with(|| Person {
            id,
            display_name: who.split('@').next().unwrap_or(who).to_owned(),
            groups: vec!["users".to_owned()],
        })
    }

    /// A group, which is there from now on; its id.
    pub fn group(&mut self, name: &str) -> String {
        let id = self.fresh_id();
        let known = self.groups.entry(name.to_owned());
        known.or_insert(id).clone()
    }

    /// Somebody is in a group from now on.
    pub fn join(&mut self, who: &str, group: &str) {
        self.group(group);
        let groups = &mut self.person(who).groups;
        if !groups.iter().any(|known| known == group) {
            groups.push(group.to_owned());
        }
    }

    pub(crate) fn fresh_id(&mut self) -> String {
        self.ids += 1;
        self.ids.to_string()
    }

    pub(crate) fn give(&mut self, token: &str, who: &str, life: Option<Duration>) {
        self.person(who);
        let made_ms = self.clock.now_ms();
        let made = Token {
            who: who.to_owned(),
            id: format!("id-of-{token}"),
            kind: Kind::Personal,
            comment: "by hand".to_owned(),
            made_ms,
            until_ms: life.map(|life| made_ms + millis(life)),
        };
        self.tokens.insert(token.to_owned(), made);
    }

    /// Makes a token; what is shown, and what is known of it.
    pub(crate) fn make(&mut self, who: &str, kind: Kind, life: Duration) -> (String, Token) {
        self.minted += 1;
        let count = self.minted;
        let shown = match kind {
            Kind::Personal => format!("dapi-{count}"),
            Kind::OAuth => format!("oauth-{count}"),
        };
        let made_ms = self.clock.now_ms();
        let made = Token {
            who: who.to_owned(),
            id: format!("id-{count}"),
            kind,
            comment: String::new(),
            made_ms,
            until_ms: Some(made_ms.saturating_add(millis(life))),
        };
        self.tokens.insert(shown.clone(), made.clone());
        (shown, made)
    }

    /// Whose a token is, if it is good.
    pub fn who(&self, token: &str) -> Option<&Token> {
        let found = self.tokens.get(token)?;
        let now = self.clock.now_ms();
        found
            .until_ms
            .is_none_or(|until| until > now)
            .then_some(found)
    }

    pub(crate) fn note(&mut self, asked: Asked) {
        if self.log.len() < MAX_NOTED {
            self.log.push(asked);
        }
    }
}
