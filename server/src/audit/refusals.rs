//! Refusals of which many come are told together, so that a scanner can't fill the disk or push what matters out of
//! the trail. Pure; the caller gives the time.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Of the same, one line in so long.
const ONE_IN: Duration = Duration::from_secs(60);
/// Addresses and reasons that are told apart at a time; what else comes is told as of `others`.
const MOST: usize = 64;
/// The address of whoever is one too many.
const OTHERS: &str = "others";

/// What is refused, why, and to whom.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct From {
    pub(super) of: &'static str,
    pub(super) reason: &'static str,
    pub(super) address: Box<str>,
}

/// A line that is due.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) from: From,
    /// How many came since the line before.
    pub(super) count: u64,
}

#[derive(Debug)]
struct Held {
    since: Instant,
    count: u64,
}

/// What was refused within the last minute.
#[derive(Debug, Default)]
pub(super) struct Refusals(HashMap<From, Held>);

impl Refusals {
    /// Counts one, and gives the lines that are due.
    pub(super) fn note(&mut self, mut from: From, now: Instant) -> Vec<Told> {
        let mut told = self.over(now);
        if !self.0.contains_key(&from) && self.0.len() >= MOST {
            from.address = OTHERS.into();
        }
        match self.0.get_mut(&from) {
            Some(held) => held.count += 1,
            None => {
                let held = Held {
                    since: now,
                    count: 0,
                };
                self.0.insert(from.clone(), held);
                told.push(Told { from, count: 1 });
            }
        }
        told
    }

    /// The lines of those whose minute is over.
    pub(super) fn over(&mut self, now: Instant) -> Vec<Told> {
        let is_over = |held: &Held| now.saturating_duration_since(held.since) >= ONE_IN;
        let over = self.0.extract_if(|_, held| is_over(held));
        lines(over)
    }

    /// The lines of all.
    pub(super) fn all(&mut self) -> Vec<Told> {
        lines(self.0.drain())
    }
}

fn lines(held: impl Iterator<Item = (From, Held)>) -> Vec<Told> {
    let untold = held.filter(|(_, held)| held.count > 0);
    let told = untold.map(|(from, Held { count, .. })| Told { from, count });
    told.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(address: &str) -> From {
        From {
            of: "request",
            reason: "unauthenticated",
            address: address.into(),
        }
    }

    #[test]
    fn of_the_same_there_is_one_line_a_minute_and_none_is_left_out() {
        let (mut refusals, start) = (Refusals::default(), Instant::now());
        let mut told = Vec::new();
        for second in 0..150 {
            told.extend(refusals.note(from("a"), start + Duration::from_secs(second)));
        }
        told.extend(refusals.all());
        assert!(told.iter().all(|line| line.from == from("a")));
        let counts: Vec<u64> = told.iter().map(|line| line.count).collect();
        assert_eq!(counts, [1, 59, 1, 59, 1, 29]);
        assert_eq!(counts.iter().sum::<u64>(), 150);
    }

    #[test]
    fn what_differs_is_told_apart_until_there_is_too_much() {
        let (mut refusals, now) = (Refusals::default(), Instant::now());
        let mut told = Vec::new();
        for number in 0..1000 {
            told.extend(refusals.note(from(&number.to_string()), now));
        }
        // One line each, and one for the first of all others.
        assert_eq!(told.len(), MOST + 1);
        assert_eq!(told[MOST].from, from(OTHERS));
        let held = refusals.over(now + ONE_IN);
        let count = (1000 - MOST - 1) as u64;
        assert_eq!(
            held,
            [Told {
                from: from(OTHERS),
                count
            }]
        );
        assert!(refusals.all().is_empty());
    }
}
