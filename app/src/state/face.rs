//! What a tab says of its session: a name, a detail, a mark, progress. Pure, and all of it derived from the
//! tab and its session's row: nothing here remembers anything.

use bowline_protocol::frame::Exit;

use crate::functions::sessions::{AttentionReply, ProgressReply, SessionRow, State};
use crate::text;
use crate::workspace::Tab;

/// One tab, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Face {
    /// What it is called.
    pub(crate) name: String,
    /// What stands small beside the name.
    pub(crate) detail: Option<String>,
    /// What its mark says.
    pub(crate) mark: Mark,
    /// How far its program says it is.
    pub(crate) progress: Option<ProgressReply>,
}

/// What a tab's mark says. There is one place for it, so the most urgent stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Mark {
    /// Nothing.
    #[default]
    None,
    /// There is output that nobody at this page has seen.
    Unseen,
    /// Somebody should look.
    Attention(AttentionReply),
    /// The program ended.
    Ended(Exit),
}

/// Whether there is output that nobody at this page has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Output {
    /// There is.
    Unseen,
    /// All of it was seen, or the tab is looked at now.
    Seen,
}

impl Face {
    /// The face of a tab.
    pub(crate) fn of(tab: &Tab, row: Option<&SessionRow>, output: Output) -> Self {
        let name = text::tab_name(tab, row);
        let mark = Mark::of(row, output);
        let detail = match mark {
            Mark::Ended(exit) => Some(text::short_exit(exit)),
            _ => row.and_then(|row| text::tab_detail(&name, &row.process, row.cwd.as_deref())),
        };
        Self {
            name,
            detail,
            mark,
            progress: row.and_then(|row| row.progress),
        }
    }

    /// The same face with what another pane of the tab has to say, if that is more urgent.
    pub(crate) fn beside(mut self, row: Option<&SessionRow>, output: Output) -> Self {
        let mark = Mark::of(row, output);
        if mark.urgency() > self.mark.urgency() {
            self.mark = mark;
        }
        self.progress = self.progress.or(row.and_then(|row| row.progress));
        self
    }

    /// Its name and all that its looks say, for who doesn't see them.
    pub(crate) fn words(&self) -> String {
        let mut words = self.name.clone();
        let progress = self.progress.map(text::progress);
        for said in self.mark.words().into_iter().chain(progress) {
            words.push_str(", ");
            words.push_str(&said);
        }
        words
    }

    /// The same for who points at it, with the detail that narrow tabs leave out.
    pub(crate) fn tip(&self) -> String {
        let mut lines = vec![self.name.clone()];
        if let (Some(detail), false) = (&self.detail, matches!(self.mark, Mark::Ended(_))) {
            lines[0] = format!("{} \u{2013} {detail}", self.name);
        }
        let progress = self.progress.map(text::progress);
        lines.extend(self.mark.words().into_iter().chain(progress).map(capital));
        lines.join("\n")
    }
}

impl Mark {
    /// What one session says.
    fn of(row: Option<&SessionRow>, output: Output) -> Self {
        let exit = row.and_then(|row| row.exit).map(Exit::from);
        let attention = row
            .filter(|row| row.state == State::NeedsAttention)
            .and_then(|row| row.attention);
        match (exit, attention, output) {
            (Some(exit), _, _) => Self::Ended(exit),
            (None, Some(why), _) => Self::Attention(why),
            (None, None, Output::Unseen) => Self::Unseen,
            (None, None, Output::Seen) => Self::None,
        }
    }

    /// How soon somebody should look.
    fn urgency(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Unseen => 1,
            Self::Ended(_) => 2,
            Self::Attention(_) => 3,
        }
    }

    /// The value of `data-mark`.
    pub(crate) fn name(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Unseen => Some("unseen"),
            Self::Attention(_) => Some("attention"),
            Self::Ended(Exit::Code(0)) => Some("ended"),
            Self::Ended(_) => Some("failed"),
        }
    }

    /// Its icon.
    pub(crate) fn icon(self) -> Option<&'static str> {
        match self {
            Self::None | Self::Unseen => None,
            Self::Attention(why) => Some(match why {
                AttentionReply::Bell => "bell",
                AttentionReply::Notification => "note",
                AttentionReply::Quiet => "pause",
                AttentionReply::Waiting => "question",
                AttentionReply::Done => "check",
            }),
            Self::Ended(Exit::Code(0)) => Some("stop"),
            Self::Ended(_) => Some("failed"),
        }
    }

    fn words(self) -> Option<String> {
        match self {
            Self::None => None,
            Self::Unseen => Some("new output".to_owned()),
            Self::Attention(why) => Some(text::attention(why).to_owned()),
            Self::Ended(exit) => Some(text::exit(exit)),
        }
    }
}

/// How much of a bar a progress fills, of 100.
pub(crate) fn filled(progress: ProgressReply) -> u8 {
    match progress {
        ProgressReply::Normal(percent)
        | ProgressReply::Error(percent)
        | ProgressReply::Paused(percent) => percent.min(100),
        ProgressReply::Indeterminate => 100,
    }
}

/// The value of `data-kind` of a bar.
pub(crate) fn kind(progress: ProgressReply) -> &'static str {
    match progress {
        ProgressReply::Normal(_) => "normal",
        ProgressReply::Error(_) => "error",
        ProgressReply::Paused(_) => "paused",
        ProgressReply::Indeterminate => "indeterminate",
    }
}

/// These words are the page's own: nothing needs the tables of all letters.
fn capital(mut words: String) -> String {
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::sessions::ExitReply;
    use crate::state::known::tests::row;
    fn tab() -> Tab {
        let mut tab = crate::workspace::tests::tab("t", "p");
        tab.name = Some("build".to_owned());
        tab
    }

    #[track_caller]
    fn check(change: impl FnOnce(&mut SessionRow), output: Output, words: &str) {
        let mut row = row(1);
        change(&mut row);
        let face = Face::of(&tab(), Some(&row), output);
        assert_eq!(face.words(), words);
    }

    #[test]
    fn one_mark_says_the_most_urgent() {
        check(|_| {}, Output::Seen, "build");
        check(|_| {}, Output::Unseen, "build, new output");
        let needs = |row: &mut SessionRow| {
            row.state = State::NeedsAttention;
            row.attention = Some(AttentionReply::Waiting);
        };
        check(needs, Output::Unseen, "build, waits for you");
        let ended = |row: &mut SessionRow| {
            row.state = State::Exited;
            row.exit = Some(ExitReply::Code(3));
        };
        check(ended, Output::Unseen, "build, exited with status 3");
    }

    #[test]
    fn a_tab_of_several_panes_says_the_most_urgent_of_them() {
        let mut calls = row(2);
        calls.state = State::NeedsAttention;
        calls.attention = Some(AttentionReply::Bell);
        let mut ended = row(3);
        ended.exit = Some(ExitReply::Code(0));
        let quiet = row(1);
        let face = || Face::of(&tab(), Some(&quiet), Output::Seen);
        let words = |face: Face| face.words();
        let both = face().beside(Some(&ended), Output::Unseen);
        assert_eq!(words(both.clone()), "build, exited with status 0");
        let all = both.beside(Some(&calls), Output::Seen);
        assert_eq!(words(all.clone()), "build, rang");
        assert_eq!(words(all.beside(Some(&ended), Output::Seen)), "build, rang");
        assert_eq!(
            words(face().beside(None, Output::Unseen)),
            "build, new output"
        );
    }

    #[test]
    fn progress_is_said_beside_the_mark() {
        let half = |row: &mut SessionRow| row.progress = Some(ProgressReply::Paused(50));
        check(half, Output::Unseen, "build, new output, paused at 50 %");
    }

    #[test]
    fn an_end_takes_the_place_of_the_detail() {
        let mut row = row(1);
        row.exit = Some(ExitReply::Signal(9));
        let face = Face::of(&tab(), Some(&row), Output::Seen);
        assert_eq!(face.detail.as_deref(), Some("signal 9"));
        assert_eq!(face.mark.name(), Some("failed"));
        assert_eq!(face.tip(), "build\nEnded by signal 9 (SIGKILL)");
        row.exit = Some(ExitReply::Code(0));
        let face = Face::of(&tab(), Some(&row), Output::Seen);
        assert_eq!(face.mark.name(), Some("ended"));
    }

    #[test]
    fn a_bar_is_never_fuller_than_full() {
        assert_eq!(filled(ProgressReply::Error(250)), 100);
        assert_eq!(filled(ProgressReply::Normal(25)), 25);
    }
}
