//! The machine against a workspace that is a table of tokens: clocks that jump, answers that fail or come late, restarts.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

const TIMES: Times = Times {
    every: seconds(600),
    margin: seconds(300),
    grace: seconds(240),
};
const LIFE: Duration = seconds(900);

const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

fn machine() -> Rotation {
    Rotation::new(TIMES, Chain::ByItself, Vec::new(), Duration::ZERO)
}

fn id(number: u32) -> TokenId {
    TokenId::new(number.to_string())
}

fn minted(number: u32) -> Event {
    Event::Minted {
        id: Some(id(number)),
        life: LIFE,
    }
}

/// One that has its first token, with sessions.
fn in_force() -> Rotation {
    let mut machine = machine();
    machine.step(seconds(0), Event::Use(Use::Used));
    assert_eq!(
        machine.step(seconds(0), Event::Supplied),
        [Effect::Mint(By::Supplied)]
    );
    assert_eq!(machine.step(seconds(1), minted(1)), [Effect::TakeUp]);
    machine
}

#[test]
fn a_token_is_replaced_by_itself_and_revoked_after_a_while() {
    let mut machine = in_force();
    assert_eq!(machine.wake_at(), Some(seconds(600)));
    assert_eq!(machine.step(seconds(599), Event::Time), []);
    assert_eq!(
        machine.step(seconds(600), Event::Time),
        [Effect::Mint(By::Current)]
    );
    assert_eq!(machine.step(seconds(601), Event::Time), []);
    assert_eq!(machine.step(seconds(602), minted(2)), [Effect::TakeUp]);
    assert_eq!(machine.good_until(seconds(602)), Some(seconds(1500)));
    assert_eq!(machine.wake_at(), Some(seconds(842)));
    assert_eq!(
        machine.step(seconds(842), Event::Time),
        [Effect::Revoke(id(1))]
    );
    machine.step(seconds(843), Event::Revoked(id(1)));
    assert_eq!(machine.wake_at(), Some(seconds(1200)));
}

#[test]
fn without_sessions_nothing_is_minted_and_the_first_session_gets_a_fresh_one() {
    let mut machine = in_force();
    machine.step(seconds(10), Event::Use(Use::Unused));
    assert_eq!(machine.wake_at(), None);
    assert_eq!(machine.step(seconds(5000), Event::Time), []);
    assert_eq!(machine.standing(seconds(5000)), Standing::Resting);
    // The token is dead: what was supplied is asked, not the page.
    let effects = machine.step(seconds(5000), Event::Use(Use::Used));
    assert_eq!(effects, [Effect::Mint(By::Supplied)]);
}

#[test]
fn what_may_pass_is_tried_again_ever_more_slowly() {
    let mut machine = in_force();
    machine.step(seconds(600), Event::Time);
    let mut now = seconds(600);
    for wait in [1, 2, 4, 8, 16, 32, 60, 60] {
        assert_eq!(machine.step(now, Event::NotMinted(Failure::Passing)), []);
        assert_eq!(machine.standing(now), Standing::Failing);
        assert_eq!(machine.wake_at(), Some(now + seconds(wait)));
        now += seconds(wait);
        assert_eq!(machine.step(now, Event::Time).len(), 1);
    }
    assert_eq!(machine.step(now, minted(2)), [Effect::TakeUp]);
}

#[test]
fn who_was_asked_says_when_to_come_again_but_no_token_is_left_to_die_for_that() {
    let later = |count| Event::NotMinted(Failure::Later(seconds(count)));
    let mut machine = in_force();
    machine.step(seconds(600), Event::Time);
    assert_eq!(machine.step(seconds(600), later(90)), []);
    assert_eq!(machine.wake_at(), Some(seconds(690)));
    // It has 210 s left by then.
    machine.step(seconds(690), Event::Time);
    assert_eq!(machine.step(seconds(690), later(3600)), []);
    assert_eq!(machine.wake_at(), Some(seconds(795)));
    machine.step(seconds(795), Event::Time);
    // Less than usual is never waited.
    assert_eq!(machine.step(seconds(795), later(0)), []);
    assert_eq!(machine.wake_at(), Some(seconds(799)));
    // Dead by now: nothing is won by waiting for as long as an hour.
    machine.step(seconds(900), Event::Time);
    assert_eq!(machine.step(seconds(900), later(3600)), []);
    assert_eq!(machine.wake_at(), Some(seconds(960)));
}

#[test]
fn a_token_found_dead_is_replaced_at_once_and_one_supplied_is_asked_for() {
    let mut machine = in_force();
    let effects = machine.step(seconds(60), Event::Gone);
    assert_eq!(effects, [Effect::Mint(By::Supplied)]);
    // Told again while it is replaced.
    assert_eq!(machine.step(seconds(61), Event::Gone), []);
    assert_eq!(machine.step(seconds(62), minted(2)), [Effect::TakeUp]);
    machine.step(seconds(662), Event::Time);
    machine.step(seconds(662), Event::NotMinted(Failure::Forbidden));
    machine.step(seconds(663), Event::NotMinted(Failure::Forbidden));
    assert_eq!(machine.standing(seconds(663)), Standing::Fixed);
    assert_eq!(machine.step(seconds(664), Event::Gone), [Effect::Ask]);
    assert_eq!(machine.standing(seconds(664)), Standing::Refused);
}

#[test]
fn a_token_that_was_revoked_from_outside_is_replaced_by_what_was_supplied() {
    let mut machine = in_force();
    machine.step(seconds(600), Event::Time);
    let effects = machine.step(seconds(600), Event::NotMinted(Failure::Refused));
    assert_eq!(effects, [Effect::Mint(By::Supplied)]);
    assert_eq!(machine.good_until(seconds(600)), None);
    let effects = machine.step(seconds(601), Event::NotMinted(Failure::Refused));
    assert_eq!(effects, [Effect::Ask]);
    assert_eq!(machine.standing(seconds(601)), Standing::Refused);
    assert_eq!(machine.wake_at(), None);
    let effects = machine.step(seconds(700), Event::Supplied);
    assert_eq!(effects, [Effect::Mint(By::Supplied)]);
}

#[test]
fn what_may_not_mint_is_used_itself() {
    let mut machine = machine();
    machine.step(seconds(0), Event::Supplied);
    let effects = machine.step(seconds(1), Event::NotMinted(Failure::Forbidden));
    assert_eq!(effects, [Effect::TakeUpSupplied]);
    assert_eq!(machine.standing(seconds(1)), Standing::Fixed);
    assert_eq!(machine.wake_at(), None);
    let effects = machine.step(seconds(2), Event::Wanted);
    assert_eq!(effects, [Effect::Mint(By::Supplied)]);
}

#[test]
fn what_comes_for_another_credential_is_for_nobody() {
    let mut machine = machine();
    machine.step(seconds(0), Event::Supplied);
    assert_eq!(machine.step(seconds(1), Event::Supplied), []);
    let effects = machine.step(seconds(2), minted(1));
    assert_eq!(effects, [Effect::Revoke(id(1)), Effect::Mint(By::Supplied)]);
    assert_eq!(machine.good_until(seconds(2)), None);

    let mut machine = in_force();
    machine.step(seconds(600), Event::Time);
    assert_eq!(
        machine.step(seconds(601), Event::Forgotten),
        [Effect::Revoke(id(1))]
    );
    assert_eq!(
        machine.step(seconds(602), minted(2)),
        [Effect::Revoke(id(2))]
    );
    assert_eq!(machine.standing(seconds(602)), Standing::Nothing);
}

#[test]
fn a_short_life_does_not_make_it_mint_for_ever() {
    let mut machine = machine();
    machine.step(seconds(0), Event::Use(Use::Used));
    machine.step(seconds(0), Event::Supplied);
    let short = Event::Minted {
        id: None,
        life: seconds(60),
    };
    machine.step(seconds(0), short);
    assert_eq!(machine.wake_at(), Some(seconds(30)));
}

#[test]
fn tokens_of_the_last_run_are_revoked_once_there_is_another() {
    let kept = in_force().kept(seconds(100));
    assert_eq!(kept[0].left, seconds(800));
    let mut machine = Rotation::new(TIMES, Chain::ByItself, kept, seconds(0));
    assert_eq!(machine.wake_at(), None);
    machine.step(seconds(1), Event::Supplied);
    machine.step(seconds(2), minted(2));
    assert_eq!(machine.wake_at(), Some(seconds(242)));
    let effects = machine.step(seconds(242), Event::Time);
    assert_eq!(effects, [Effect::Revoke(id(1))]);
}

/// What happens to the machine.
#[derive(Debug, Clone, Copy)]
enum Happens {
    /// So much later it is told the time, if not before.
    Pass(u64),
    Use(Use),
    Supplied,
    Wanted,
    Forgotten,
    /// From now on the workspace answers so.
    Answers(Answers),
    /// The token in force is revoked by somebody else.
    Stolen,
    Restart,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answers {
    Well,
    NotNow,
}

fn happens() -> impl Strategy<Value = Happens> {
    let seldom = 1;
    prop_oneof![
        10 => (0_u64..2000).prop_map(Happens::Pass),
        3 => prop_oneof![Just(Use::Used), Just(Use::Unused)].prop_map(Happens::Use),
        2 => Just(Happens::Supplied),
        2 => Just(Happens::Wanted),
        seldom => Just(Happens::Forgotten),
        2 => prop_oneof![Just(Answers::Well), Just(Answers::NotNow)].prop_map(Happens::Answers),
        seldom => Just(Happens::Stolen),
        seldom => Just(Happens::Restart),
    ]
}

/// The machine, its driver and the workspace.
struct World {
    now: Moment,
    machine: Rotation,
    answers: Answers,
    /// What was minted: until when it is good.
    good: HashMap<TokenId, Moment>,
    count: u32,
    /// The one that is handed out.
    in_force: Option<TokenId>,
    minting: Option<(Moment, By)>,
    is_supplied: bool,
    is_used: bool,
    /// Somebody's doing, or the workspace's, may have made a gap that is nobody's fault here.
    is_excused: bool,
}

impl World {
    fn new() -> Self {
        Self {
            now: Duration::ZERO,
            machine: machine(),
            answers: Answers::Well,
            good: HashMap::new(),
            count: 0,
            in_force: None,
            minting: None,
            is_supplied: false,
            is_used: false,
            is_excused: false,
        }
    }

    fn tell(&mut self, event: Event) {
        for effect in self.machine.step(self.now, event) {
            match effect {
                Effect::Mint(by) => {
                    assert!(self.minting.is_none(), "two at a time");
                    assert!(self.is_supplied, "with nothing to ask by");
                    self.minting = Some((self.now + seconds(2), by));
                }
                Effect::TakeUp => self.in_force = Some(id(self.count)),
                Effect::Revoke(gone) => {
                    assert!(self.good.contains_key(&gone), "not minted here");
                    let is_handed_out = self.in_force.as_ref() == Some(&gone) && self.is_supplied;
                    assert!(!is_handed_out, "revoked while handed out");
                    match self.answers {
                        Answers::Well => {
                            self.good.insert(gone.clone(), Duration::ZERO);
                            self.tell(Event::Revoked(gone));
                        }
                        Answers::NotNow => self.tell(Event::NotRevoked(gone)),
                    }
                }
                Effect::Ask | Effect::TakeUpSupplied => panic!("what was supplied is good"),
            }
        }
    }

    fn answer(&mut self, by: By) {
        self.minting = None;
        if self.answers == Answers::NotNow {
            self.is_excused = true;
            return self.tell(Event::NotMinted(Failure::Passing));
        }
        if by == By::Current {
            let current = self
                .in_force
                .as_ref()
                .and_then(|current| self.good.get(current));
            if current.is_none_or(|until| *until <= self.now) {
                return self.tell(Event::NotMinted(Failure::Refused));
            }
        }
        self.count += 1;
        // As the workspace counts: from when it was asked.
        self.good.insert(id(self.count), self.now + LIFE);
        self.tell(minted(self.count));
    }

    fn is_good(&self) -> bool {
        let current = self
            .in_force
            .as_ref()
            .and_then(|current| self.good.get(current));
        current.is_some_and(|until| *until > self.now)
    }

    fn check(&self) {
        if self.is_supplied && self.is_used && !self.is_excused && self.minting.is_none() {
            assert!(self.is_good(), "a gap at {:?}", self.now);
        }
    }

    fn pass(&mut self, until: Moment) {
        loop {
            let answer = self.minting.map(|(at, _)| at);
            let wake = self.machine.wake_at().map(|at| at.max(self.now));
            let next = answer.into_iter().chain(wake).min();
            let Some(next) = next.filter(|next| *next <= until) else {
                break;
            };
            self.now = next;
            match self.minting {
                Some((at, by)) if at <= next => self.answer(by),
                _ => self.tell(Event::Time),
            }
            if self.is_good() && self.answers == Answers::Well {
                self.is_excused = false;
            }
            self.check();
        }
        self.now = until;
        self.check();
    }

    fn happen(&mut self, what: Happens) {
        match what {
            Happens::Pass(count) => self.pass(self.now + seconds(count)),
            Happens::Use(in_use) => {
                self.is_used = in_use == Use::Used;
                self.tell(Event::Use(in_use));
            }
            Happens::Supplied => {
                self.is_supplied = true;
                self.tell(Event::Supplied);
            }
            Happens::Wanted => self.tell(Event::Wanted),
            Happens::Forgotten => {
                self.is_supplied = false;
                self.tell(Event::Forgotten);
                self.in_force = None;
            }
            Happens::Answers(answers) => {
                self.answers = answers;
                self.is_excused = true;
            }
            Happens::Stolen => {
                if let Some(current) = &self.in_force {
                    self.good.insert(current.clone(), Duration::ZERO);
                }
                self.is_excused = true;
            }
            Happens::Restart => {
                let kept = self.machine.kept(self.now);
                self.machine = Rotation::new(TIMES, Chain::ByItself, kept, self.now);
                // What was asked for is lost with who asked; the workspace may have made it all the same.
                self.minting = None;
                self.in_force = None;
                self.is_excused = true;
                let in_use = if self.is_used { Use::Used } else { Use::Unused };
                self.tell(Event::Use(in_use));
                if self.is_supplied {
                    self.tell(Event::Supplied);
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn never_two_at_a_time_never_a_revoked_one_handed_out_never_a_gap(
        happens in prop::collection::vec(happens(), 0..60)
    ) {
        let mut world = World::new();
        for what in happens {
            world.happen(what);
        }
        // In the end all is well again, whatever happened before.
        world.happen(Happens::Answers(Answers::Well));
        world.happen(Happens::Supplied);
        world.happen(Happens::Use(Use::Used));
        world.happen(Happens::Pass(300));
        prop_assert!(world.is_good());
        world.happen(Happens::Pass(10_000));
        let good = world.good.values().filter(|until| **until > world.now).count();
        prop_assert!(good <= 2, "{good} that nobody needs");
    }
}
