//! Which process group had the terminal when it said what: whoever asks something must still be there to
//! be answered. Noted as output comes, since the screen reads it later.

use std::collections::VecDeque;

use rustix::process::Pid;
use serde::{Deserialize, Serialize};

use crate::handover;

/// Changes remembered. Screens are a few milliseconds behind; beyond so many programs within that time the
/// oldest are taken for their successors.
const KEPT: usize = 64;

/// A speaker as it is handed over to another image of this process.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CarriedSpeaker {
    from: u64,
    #[serde(default)]
    group: Option<i32>,
}

/// The speakers of a log's end.
#[derive(Debug, Default)]
pub(crate) struct Speakers {
    /// From which offset on each spoke.
    changes: VecDeque<(u64, Option<Pid>)>,
}

impl Speakers {
    pub(crate) fn carry(&self) -> Vec<CarriedSpeaker> {
        let carry = |(from, speaker): &(u64, Option<Pid>)| CarriedSpeaker {
            from: *from,
            group: speaker.map(Pid::as_raw_pid),
        };
        self.changes.iter().map(carry).collect()
    }

    pub(crate) fn take_up(carried: Vec<CarriedSpeaker>) -> Self {
        let mut speakers = Self::default();
        for speaker in carried {
            speakers.note(speaker.from, speaker.group.and_then(handover::pid));
        }
        speakers
    }

    /// `speaker` has the terminal as output from `offset` on comes.
    pub(crate) fn note(&mut self, offset: u64, speaker: Option<Pid>) {
        if self
            .changes
            .back()
            .is_some_and(|(_, last)| *last == speaker)
        {
            return;
        }
        self.changes.push_back((offset, speaker));
        if self.changes.len() > KEPT {
            self.changes.pop_front();
        }
    }

    /// Who speaks at `offset`, and for how many bytes. What comes before is forgotten.
    pub(crate) fn at(&mut self, offset: u64) -> (Option<Pid>, u64) {
        while self
            .changes
            .get(1)
            .is_some_and(|(start, _)| *start <= offset)
        {
            self.changes.pop_front();
        }
        let speaker = self.changes.front().filter(|(start, _)| *start <= offset);
        let next = self.changes.iter().find(|(start, _)| *start > offset);
        (
            speaker.and_then(|(_, speaker)| *speaker),
            next.map_or(u64::MAX, |(start, _)| start - offset),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_piece_has_its_speaker() {
        let pid = Pid::from_raw;
        let mut speakers = Speakers::default();
        assert_eq!(speakers.at(0), (None, u64::MAX));
        speakers.note(10, pid(1));
        speakers.note(15, pid(1));
        speakers.note(20, pid(2));
        assert_eq!(speakers.at(0), (None, 10));
        assert_eq!(speakers.at(12), (pid(1), 8));
        assert_eq!(speakers.at(20), (pid(2), u64::MAX));
    }
}
