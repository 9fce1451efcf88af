//! The machine by scripts: what happens when, and what it concludes. Looks at the foreground are made
//! when it asks for them.

use bowline_protocol::frame::{Activity, Attention, CommandMark, Event, Progress};

use proptest::prelude::*;

use super::{Focus, Foreground, Mark, Reads, Sign, Status, Told, Waits, Word};

const RUNNING: Activity = Activity::Running;
const IDLE: Activity = Activity::Idle;

const fn needs(why: Attention) -> Activity {
    Activity::NeedsAttention(why)
}

const KEYS: Foreground = Foreground {
    reads: Reads::Keys,
    waits: Waits::Unknown,
};
const LINES: Foreground = Foreground {
    reads: Reads::Lines,
    waits: Waits::ForOther,
};
const QUESTION: Foreground = Foreground {
    reads: Reads::Lines,
    waits: Waits::ForTerminal,
};
const PASSWORD: Foreground = Foreground {
    reads: Reads::Secret,
    waits: Waits::Unknown,
};

/// A session in the making: nothing but a clock, a foreground and the machine.
pub(super) struct Play {
    pub(super) status: Status,
    pub(super) now: u64,
    pub(super) foreground: Foreground,
}

impl Play {
    /// At a prompt that reads keys, with nobody looking.
    fn new() -> Self {
        Self {
            status: Status::default(),
            now: 0,
            foreground: KEYS,
        }
    }

    /// Time passes; the looks that are due are made.
    pub(super) fn until(&mut self, time: u64) {
        while let Some(at) = self.status.look_at().filter(|at| *at <= time) {
            self.now = self.now.max(at);
            let _ = self.status.look(self.now, self.foreground);
            let next = self.status.look_at();
            assert!(next.is_none_or(|next| next > self.now), "looks for ever");
        }
        self.now = time;
    }

    fn wait(&mut self, ms: u64) -> &mut Self {
        self.until(self.now + ms);
        self
    }

    fn print(&mut self) -> &mut Self {
        let _ = self.status.output(self.now);
        self
    }

    /// Output every 100 ms.
    fn spin(&mut self, ms: u64) -> &mut Self {
        let end = self.now + ms;
        while self.now < end {
            self.print().wait(100);
        }
        self
    }

    fn type_key(&mut self) -> &mut Self {
        let _ = self.status.input(self.now);
        self.wait(5).print()
    }

    fn sign(&mut self, sign: Sign) -> &mut Self {
        let _ = self.status.output(self.now);
        let _ = self.status.sign(self.now, sign);
        self
    }

    fn mark(&mut self, mark: Mark) -> &mut Self {
        self.sign(Sign::Mark(mark))
    }

    fn say(&mut self, word: Word) -> &mut Self {
        let _ = self.status.sign(self.now, Sign::Word(word));
        self
    }

    fn focus(&mut self, focus: Focus) -> &mut Self {
        let _ = self.status.focus(self.now, focus);
        self
    }

    fn foreground(&mut self, foreground: Foreground) -> &mut Self {
        self.foreground = foreground;
        self
    }

    #[track_caller]
    fn is(&mut self, expected: Activity) -> &mut Self {
        assert_eq!(self.status.activity(), expected, "at {} ms", self.now);
        self
    }

    /// A command line in a shell that marks.
    fn command(&mut self, foreground: Foreground) -> &mut Self {
        self.mark(Mark::Prompt).wait(500).type_key();
        self.wait(50).mark(Mark::Output).foreground(foreground)
    }

    fn ends(&mut self, status: i32) -> &mut Self {
        let status = Some(status);
        self.mark(Mark::End { status }).mark(Mark::Prompt)
    }
}

#[test]
fn a_command_runs_from_mark_to_mark() {
    let mut play = Play::new();
    play.is(IDLE).command(LINES).is(RUNNING);
    play.wait(60_000).is(RUNNING).ends(3);
    play.is(needs(Attention::Quiet));
    let last = play.status.facts().last_command.expect("one ended");
    assert_eq!((last.status, last.duration.as_secs()), (Some(3), 60));
    play.focus(Focus::Somebody).is(IDLE);
    play.focus(Focus::Nobody).wait(60_000).is(IDLE);
}

#[test]
fn who_was_there_when_it_ended_is_not_called() {
    let mut play = Play::new();
    play.focus(Focus::Somebody)
        .command(LINES)
        .wait(9_000)
        .ends(0);
    play.is(IDLE).focus(Focus::Nobody).wait(9_000).is(IDLE);
}

#[test]
fn short_work_calls_nobody() {
    let mut play = Play::new();
    play.command(LINES).wait(1_500).is(RUNNING).ends(0).is(IDLE);
}

#[test]
fn an_editor_is_idle_and_an_agent_that_draws_by_itself_works() {
    let mut play = Play::new();
    play.command(KEYS).wait(100).print().wait(1_000).is(IDLE);
    for _ in 0..50 {
        play.type_key().wait(150);
    }
    play.is(IDLE).wait(3_000);
    play.spin(900).is(IDLE);
    play.spin(9_000).is(RUNNING);
    play.wait(3_500).is(RUNNING);
    play.wait(600).is(needs(Attention::Quiet));
    play.spin(2_500).is(RUNNING);
    play.wait(5_000).is(needs(Attention::Quiet));
    play.type_key().is(IDLE);
}

#[test]
fn a_clock_in_a_status_line_is_no_work() {
    let mut play = Play::new();
    play.command(KEYS);
    for _ in 0..20 {
        play.wait(15_000).print().is(IDLE);
    }
}

#[test]
fn a_question_in_the_middle_of_work_calls() {
    let mut play = Play::new();
    play.command(LINES).wait(3_000).print().is(RUNNING);
    play.foreground(QUESTION).wait(2_500);
    play.is(needs(Attention::Quiet));
    play.foreground(LINES).type_key().wait(3_000).is(RUNNING);
}

#[test]
fn a_password_is_asked_for() {
    let mut play = Play::new();
    play.command(LINES).wait(600).print().foreground(PASSWORD);
    play.wait(2_500).is(needs(Attention::Quiet));
}

#[test]
fn a_program_that_waits_for_what_was_just_typed_in_calls_nobody() {
    let mut play = Play::new();
    play.command(QUESTION).wait(5_000).is(IDLE);
}

#[test]
fn a_shell_without_marks_is_known_by_how_it_reads() {
    let mut play = Play::new();
    play.print().wait(3_000).is(IDLE);
    play.type_key().foreground(LINES).wait(2_600).is(RUNNING);
    play.wait(20_000).foreground(KEYS).print();
    play.wait(2_100).is(needs(Attention::Quiet));
    play.type_key().is(IDLE);
}

#[test]
fn a_bell_calls_who_is_away_until_somebody_comes() {
    let mut play = Play::new();
    play.wait(1_000).sign(Sign::Bell).is(needs(Attention::Bell));
    play.wait(90_000).is(needs(Attention::Bell));
    play.focus(Focus::Somebody)
        .is(IDLE)
        .sign(Sign::Bell)
        .is(IDLE);
    play.focus(Focus::Nobody).is(IDLE);
    play.wait(1_000).type_key().sign(Sign::Bell).is(IDLE);
}

#[test]
fn a_notification_calls_and_is_told() {
    let mut play = Play::new();
    let body = "finished".to_owned();
    play.sign(Sign::Notification { title: None, body });
    play.is(needs(Attention::Notification));
    play.sign(Sign::Cwd("/srv".to_owned()));
    assert_eq!(play.status.facts().cwd.value, "/srv");
    let told = events(&play.status, &mut Told::default());
    assert!(matches!(
        &told[..],
        [
            Event::Cwd { .. },
            Event::Notification { number: 1, .. },
            Event::Activity { .. }
        ]
    ));
}

#[test]
fn a_word_stands_above_every_guess() {
    let mut play = Play::new();
    play.command(KEYS)
        .wait(3_000)
        .say(Word::Working)
        .is(RUNNING);
    play.wait(600_000).is(RUNNING);
    play.spin(5_000).say(Word::Waiting);
    play.spin(5_000).is(needs(Attention::Waiting));
    play.focus(Focus::Somebody).is(needs(Attention::Waiting));
    play.wait(5_000).type_key().is(IDLE);
    play.focus(Focus::Nobody).say(Word::Working).spin(5_000);
    play.say(Word::Done).is(needs(Attention::Done));
    play.spin(500).is(needs(Attention::Done));
    play.focus(Focus::Somebody).is(IDLE);
    play.say(Word::Working).say(Word::Clear).is(IDLE);
}

#[test]
fn a_bell_behind_the_word_working_is_heard() {
    let mut play = Play::new();
    play.command(KEYS).say(Word::Working).wait(1_000);
    play.sign(Sign::Bell).is(needs(Attention::Bell));
    play.say(Word::Working).is(RUNNING);
}

#[test]
fn a_word_ends_with_the_command_that_said_it() {
    let mut play = Play::new();
    play.command(KEYS).wait(1_000).say(Word::Working);
    play.wait(20_000).ends(130).is(needs(Attention::Quiet));
    play.type_key();
    // Typed at a prompt: the line that ends is the one that said it.
    play.command(LINES)
        .wait(20)
        .say(Word::Working)
        .wait(5)
        .ends(0);
    play.wait(9_000).is(RUNNING);
    play.command(LINES).wait(3_000).ends(0).is(RUNNING);
}

#[test]
fn working_is_taken_back_where_keys_and_silence_follow() {
    let mut play = Play::new();
    play.command(KEYS)
        .wait(1_000)
        .say(Word::Working)
        .spin(5_000);
    play.type_key().wait(9_000).is(RUNNING);
    play.wait(2_000).is(IDLE);
}

#[test]
fn progress_is_work_while_something_is_printed() {
    let mut play = Play::new();
    play.command(KEYS).wait(2_000);
    play.sign(Sign::Progress(Progress::Normal(10))).is(RUNNING);
    play.wait(50_000).is(RUNNING).wait(11_000).is(IDLE);
    play.sign(Sign::Progress(Progress::Indeterminate))
        .is(RUNNING);
    play.ends(0);
    assert_eq!(play.status.facts().progress.value, Progress::None);
}

#[test]
fn marks_that_come_twice_count_once() {
    let mut play = Play::new();
    play.command(LINES).mark(Mark::Output).wait(5_000);
    play.ends(1).ends(0);
    let last = play.status.facts().last_command.expect("one ended");
    assert_eq!(last.status, Some(1));
    let commands = events(&play.status, &mut Told::default());
    let ended = commands.iter().filter(|event| {
        matches!(
            event,
            Event::Command {
                mark: CommandMark::Ended { .. },
                ..
            }
        )
    });
    assert_eq!(ended.count(), 1);
}

fn events(status: &Status, told: &mut Told) -> Vec<Event> {
    let mut events = Vec::new();
    told.tell(status, |event| events.push(event));
    events
}

#[test]
fn a_viewer_is_told_state_whole_and_happenings_from_its_first_moment_on() {
    let mut play = Play::new();
    play.wait(1_000)
        .sign(Sign::Title("t".to_owned()))
        .sign(Sign::Bell);
    let mut told = Told::default();
    told.attach(&play.status);
    let title = Event::Title {
        title: "t".to_owned(),
    };
    let activity = Event::Activity {
        activity: needs(Attention::Bell),
    };
    let whole = [title, activity];
    assert_eq!(events(&play.status, &mut told), whole);
    assert_eq!(events(&play.status, &mut told), []);
    play.wait(1_000).sign(Sign::Bell);
    let bell = Event::Bell { number: 2 };
    assert_eq!(events(&play.status, &mut told), std::slice::from_ref(&bell));
    // Another transport: what the old one said last may be lost.
    told.attach(&play.status);
    let [title, activity] = whole;
    assert_eq!(events(&play.status, &mut told), [title, bell, activity]);
}

#[test]
fn a_flood_of_bells_is_bounded() {
    let mut play = Play::new();
    for _ in 0..1_000 {
        play.wait(1).sign(Sign::Bell);
    }
    let [Event::Bell { number: 1 }, _] = events(&play.status, &mut Told::default())[..] else {
        panic!("bells that ring on are one");
    };
    for _ in 0..1_000 {
        play.wait(150).sign(Sign::Bell);
    }
    let told = events(&play.status, &mut Told::default());
    let Event::Bell { number } = told[0] else {
        panic!("the oldest kept comes first");
    };
    assert_eq!((told.len(), number), (32 + 1, 1_001 - 31));
}

/// Anything that can happen.
fn happenings() -> impl Strategy<Value = Vec<(u64, u8)>> {
    prop::collection::vec((0..9_000_u64, 0..16_u8), 0..200)
}

proptest! {
    /// Whatever happens: it never looks for ever, comes to rest, and what is told last is what it is.
    #[test]
    fn it_comes_to_rest(happenings in happenings()) {
        let mut play = Play::new();
        let mut told = Told::default();
        told.attach(&play.status);
        let mut last = None;
        for (wait, what) in happenings {
            play.wait(wait);
            match what {
                0..=3 => play.print(),
                4 => play.type_key(),
                5 => play.focus(Focus::Somebody),
                6 => play.focus(Focus::Nobody),
                7 => play.mark(Mark::Prompt),
                8 => play.mark(Mark::Output),
                9 => play.mark(Mark::End { status: Some(1) }),
                10 => play.sign(Sign::Bell),
                11 => play.sign(Sign::Progress(Progress::Indeterminate)),
                12 => play.say(Word::Working),
                13 => play.say(Word::Done),
                14 => play.foreground(LINES),
                _ => play.foreground(KEYS),
            };
            for event in events(&play.status, &mut told) {
                if let Event::Activity { activity } = event {
                    last = Some(activity);
                }
            }
            prop_assert_eq!(last, Some(play.status.activity()));
        }
        play.wait(120_000);
        prop_assert_eq!(play.status.look_at(), None);
    }
}
