//! What cells refer to by number: extended looks, hyperlinks, clusters of code points. Numbers are dealt
//! out as things appear; [`Styles::is_crowded`] says when those nobody uses any more should be collected.

use std::collections::HashMap;

use crate::cell::Extended;

/// A hyperlink (OSC 8).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Link {
    pub(crate) id: Option<String>,
    pub(crate) uri: String,
}

/// Things with numbers from 1 on.
#[derive(Debug)]
struct Numbered<T> {
    things: Vec<T>,
    numbers: HashMap<T, u32>,
}

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Self {
            things: Vec::new(),
            numbers: HashMap::new(),
        }
    }
}

impl<T: Clone + Eq + std::hash::Hash> Numbered<T> {
    fn number(&mut self, thing: T) -> u32 {
        if let Some(&number) = self.numbers.get(&thing) {
            return number;
        }
        self.things.push(thing.clone());
        // Collected long before: a cell has 21 bits for it.
        let number = u32::try_from(self.things.len()).unwrap_or(u32::MAX);
        self.numbers.insert(thing, number);
        number
    }

    fn get(&self, number: u32) -> Option<&T> {
        self.things.get((number as usize).checked_sub(1)?)
    }
}

/// How many may pile up, used or not, before it is worth looking which are.
const CROWD: usize = 8_192;

/// All that cells of one screen refer to.
#[derive(Debug, Default)]
pub(crate) struct Styles {
    extended: Numbered<Extended>,
    links: Numbered<Link>,
    clusters: Numbered<Box<str>>,
    /// How many were in use at the last collection: the next comes at twice that.
    lived: usize,
}

impl Styles {
    pub(crate) fn extended_number(&mut self, extended: Extended) -> u32 {
        self.extended.number(extended)
    }

    pub(crate) fn extended(&self, number: u32) -> Extended {
        self.extended.get(number).copied().unwrap_or_default()
    }

    pub(crate) fn link_number(&mut self, link: Link) -> u32 {
        self.links.number(link)
    }

    pub(crate) fn link(&self, number: u32) -> Option<&Link> {
        self.links.get(number)
    }

    pub(crate) fn cluster_number(&mut self, cluster: &str) -> u32 {
        self.clusters.number(cluster.into())
    }

    pub(crate) fn cluster(&self, number: u32) -> &str {
        self.clusters.get(number).map_or("", |cluster| cluster)
    }

    /// Whether a collection is due.
    pub(crate) fn is_crowded(&self) -> bool {
        let all = self.extended.things.len() + self.links.things.len() + self.clusters.things.len();
        all > CROWD.max(self.lived * 2)
    }

    /// Called at the end of a collection.
    pub(crate) fn collected(&mut self) {
        self.lived =
            self.extended.things.len() + self.links.things.len() + self.clusters.things.len();
    }
}
