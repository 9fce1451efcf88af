//! Tests of the workspace: tabs one by one, trees by random operations.

use super::*;

pub(crate) fn pane(id: &str) -> Pane {
    Pane {
        id: id.to_owned(),
        session: None,
    }
}

pub(crate) fn tab(id: &str, only: &str) -> Tab {
    Tab::new(id.to_owned(), pane(only))
}

/// Beside a pane; the split is called by it.
pub(crate) fn beside(pane: &str, side: Side) -> Beside {
    Beside {
        pane: pane.to_owned(),
        side,
        split: format!("split-{pane}"),
    }
}

/// Tabs with these ids, each with a pane `pane-ID`.
pub(crate) fn workspace(ids: &str) -> Workspace {
    let mut workspace = Workspace::default();
    for id in ids.split_whitespace() {
        workspace.add(tab(id, &format!("pane-{id}")));
    }
    workspace
}

/// The tabs in order, the active one in brackets.
fn shown(workspace: &Workspace) -> String {
    let name = |tab: &Tab| match workspace.active.as_ref() == Some(&tab.id) {
        true => format!("[{}]", tab.id),
        false => tab.id.clone(),
    };
    let names: Vec<_> = workspace.tabs.iter().map(name).collect();
    names.join(" ")
}

#[track_caller]
fn check(start: &str, change: impl FnOnce(&mut Workspace), expected: &str) {
    let mut workspace = workspace(start);
    change(&mut workspace);
    assert_eq!(shown(&workspace), expected);
    assert_eq!(workspace.check(), Ok(()));
}

#[test]
fn a_new_tab_stands_behind_the_active_one() {
    check("a b c", |_| {}, "a b [c]");
    check(
        "a b c",
        |w| {
            w.activate("a");
            w.add(tab("d", "pane-d"));
        },
        "a [d] b c",
    );
    check("a b", |w| w.add(tab("a", "pane-a")), "[a] b");
}

#[test]
fn closing_shows_a_neighbour() {
    check("a b c", |w| drop(w.close("c")), "a [b]");
    check(
        "a b c",
        |w| {
            w.activate("b");
            w.close("b");
        },
        "a [c]",
    );
    check("a b c", |w| drop(w.close("a")), "b [c]");
    check("a", |w| drop(w.close("a")), "");
    check("a", |w| drop(w.close("x")), "[a]");
}

#[test]
fn moving_keeps_the_active_tab() {
    check("a b c", |w| w.move_to("c", 0), "[c] a b");
    check("a b c", |w| w.move_to("a", 2), "b [c] a");
    check("a b c", |w| w.move_to("a", 99), "b [c] a");
}

#[test]
fn cycling_goes_around() {
    check("a b c", Workspace::next, "[a] b c");
    check("a b c", Workspace::previous, "a [b] c");
    check("", Workspace::next, "");
    check("", Workspace::previous, "");
}

#[test]
fn jumping_counts_from_one_and_nine_is_the_last() {
    check("a b c", |w| w.jump(1), "[a] b c");
    check("a b c", |w| w.jump(7), "a b [c]");
    check(
        "a b c",
        |w| {
            w.jump(1);
            w.jump(9);
        },
        "a b [c]",
    );
    check("a b c", |w| w.jump(0), "a b [c]");
}

#[test]
fn names_are_trimmed_cut_at_a_character_and_can_be_taken_away() {
    let mut workspace = workspace("a");
    workspace.rename("a", "  build  ");
    assert_eq!(workspace.tabs[0].name.as_deref(), Some("build"));
    workspace.rename("a", &"é".repeat(MAX_NAME));
    assert_eq!(workspace.check(), Ok(()));
    workspace.rename("a", " ");
    assert_eq!(workspace.tabs[0].name, None);
}

#[test]
fn what_cannot_be_kept_is_named() {
    let mut twice = workspace("a");
    twice.tabs.push(tab("a", "pane-a"));
    assert_eq!(twice.check(), Err(Invalid::Duplicate("a".to_owned())));

    let mut lost = workspace("a");
    lost.active = Some("b".to_owned());
    assert_eq!(lost.check(), Err(Invalid::Active));

    let mut empty = workspace("a");
    empty.tabs[0].id.clear();
    assert_eq!(empty.check(), Err(Invalid::Id));
}

/// The panes of every tab as they lie: `|` side by side, `/` one below the other, `*` in use.
fn drawn(workspace: &Workspace) -> String {
    fn draw(tab: &Tab, node: &Node) -> String {
        match node {
            Node::Pane(pane) if pane.id == tab.focused => format!("{}*", pane.id),
            Node::Pane(pane) => pane.id.clone(),
            Node::Split(split) => {
                let sign = match split.axis {
                    Axis::Row => '|',
                    Axis::Column => '/',
                };
                format!("({}{sign}{})", draw(tab, &split.a), draw(tab, &split.b))
            }
        }
    }
    let tabs = workspace.tabs.iter().map(|tab| draw(tab, &tab.root));
    tabs.collect::<Vec<_>>().join(" ")
}

/// One tab with `a | (b / c)`, `b` in use, and another with `d`.
fn trees() -> Workspace {
    let mut workspace = Workspace::default();
    workspace.add(tab("second", "d"));
    workspace.add(tab("first", "a"));
    workspace.move_to("first", 0);
    workspace.split(&beside("a", Side::Right), pane("c"));
    workspace.split(&beside("c", Side::Up), pane("b"));
    workspace
}

#[track_caller]
fn check_panes(change: impl FnOnce(&mut Workspace), expected: &str) {
    let mut workspace = trees();
    change(&mut workspace);
    assert_eq!(drawn(&workspace), expected);
    assert_eq!(workspace.check(), Ok(()));
}

#[test]
fn a_split_gives_half_the_room_and_the_keyboard_to_the_new_pane() {
    check_panes(|_| {}, "(a|(b*/c)) d*");
    check_panes(
        |w| w.split(&beside("d", Side::Left), pane("e")),
        "(a|(b*/c)) (e*|d)",
    );
}

#[test]
fn a_split_of_a_pane_that_is_gone_makes_a_tab() {
    check_panes(
        |w| w.split(&beside("x", Side::Left), pane("e")),
        "(a|(b*/c)) e* d*",
    );
    // Made again on a workspace that has it.
    check_panes(
        |w| w.split(&beside("a", Side::Left), pane("c")),
        "(a|(b/c*)) d*",
    );
}

#[test]
fn who_stands_beside_a_closed_pane_gets_its_room() {
    check_panes(|w| drop(w.close_pane("a")), "(b*/c) d*");
    check_panes(|w| drop(w.close_pane("b")), "(a*|c) d*");
    check_panes(|w| drop(w.close_pane("d")), "(a|(b*/c))");
    check_panes(|w| drop(w.close_pane("x")), "(a|(b*/c)) d*");
}

/// Beside a pane, as a split that is new.
fn anew(pane: &str, side: Side) -> Beside {
    Beside {
        split: "new".to_owned(),
        ..beside(pane, side)
    }
}

#[test]
fn a_pane_moves_to_any_place() {
    let to = |target| move |workspace: &mut Workspace| workspace.move_pane("c", &target);
    let down = Target::Beside(anew("d", Side::Down));
    check_panes(to(down), "(a|b*) (d/c*)");
    check_panes(to(Target::Beside(anew("a", Side::Up))), "((c*/a)|b) d*");
    check_panes(to(Target::Swap("d".to_owned())), "(a|(b*/d)) c*");
    check_panes(to(Target::Swap("a".to_owned())), "(c*|(b/a)) d*");
    let other = Target::Tab("second".to_owned(), "new".to_owned());
    check_panes(to(other), "(a|b*) (d|c*)");
    check_panes(to(Target::NewTab("new".to_owned())), "(a|b*) c* d*");
    // Nowhere.
    check_panes(to(Target::Beside(anew("c", Side::Up))), "(a|(b*/c)) d*");
    check_panes(to(Target::Beside(anew("x", Side::Up))), "(a|(b*/c)) d*");
    check_panes(to(Target::Swap("x".to_owned())), "(a|(b*/c)) d*");
    let home = Target::Tab("first".to_owned(), "new".to_owned());
    check_panes(to(home), "(a|(b*/c)) d*");
}

#[test]
fn the_last_pane_of_a_tab_takes_the_tab_along() {
    let target = Target::Beside(anew("a", Side::Down));
    check_panes(|w| w.move_pane("d", &target), "((a/d*)|(b/c))");
    let target = Target::NewTab("new".to_owned());
    check_panes(|w| w.move_pane("d", &target), "(a|(b*/c)) d*");
}

#[test]
fn equal_sizes_are_of_panes_and_not_of_halves() {
    let mut workspace = trees();
    workspace.split(&anew("a", Side::Left), pane("z"));
    workspace.equalise("first");
    let layout = layout::of_tab(&workspace.tabs[0], None);
    let lefts = ["z", "a", "b"].map(|pane| layout.rect(pane).map(|rect| rect.left / 10_000));
    assert_eq!(lefts, [Some(0), Some(33), Some(66)]);
}

#[test]
fn zooming_follows_the_focus_and_ends_with_a_split() {
    let mut workspace = trees();
    workspace.zoom("first", Zoom::On);
    workspace.focus("c");
    assert_eq!(workspace.tabs[0].zoom, Zoom::On);
    workspace.split(&anew("c", Side::Down), pane("e"));
    assert_eq!(workspace.tabs[0].zoom, Zoom::Off);
}

#[test]
fn panes_are_walked_around_the_end() {
    let workspace = trees();
    assert_eq!(workspace.pane_at_step(Step::Next), Some("c"));
    assert_eq!(workspace.pane_at_step(Step::Previous), Some("a"));
}

#[test]
fn there_is_an_end_to_splitting() {
    let mut workspace = workspace("a");
    let mut last = "pane-a".to_owned();
    for number in 0..MAX_DEPTH {
        assert_eq!(workspace.room_beside(&last), Ok(()));
        let next = format!("n{number}");
        workspace.split(&beside(&last, Side::Right), pane(&next));
        last = next;
    }
    assert_eq!(workspace.room_beside(&last), Err(Full::Depth));
    workspace.split(&beside(&last, Side::Right), pane("beyond"));
    assert_eq!(workspace.tabs.len(), 2);
    assert_eq!(workspace.check(), Ok(()));
}

#[test]
fn trees_that_cannot_be_kept_are_named() {
    let mut ratio = trees();
    if let Node::Split(split) = &mut ratio.tabs[0].root {
        split.ratio = 1000;
    }
    assert_eq!(ratio.check(), Err(Invalid::Ratio));

    let mut twice = trees();
    twice.tabs.push(tab("third", "b"));
    assert_eq!(twice.check(), Err(Invalid::Duplicate("b".to_owned())));

    let mut deep = workspace("a");
    for number in 0..=MAX_DEPTH {
        let inner = std::mem::replace(&mut deep.tabs[0].root, Node::Pane(pane("x")));
        let b = Node::Pane(pane(&format!("b{number}")));
        deep.tabs[0].root = Node::Split(Box::new(Split {
            id: format!("s{number}"),
            axis: Axis::Row,
            ratio: tree::HALF,
            a: inner,
            b,
        }));
    }
    assert_eq!(deep.check(), Err(Invalid::TooDeep));
}

mod random {
    use super::*;

    /// Numbers that look drawn and are the same in every run (SplitMix64).
    struct Dice(u64);

    impl Dice {
        fn below(&mut self, end: usize) -> usize {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut drawn = self.0;
            drawn = (drawn ^ (drawn >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            drawn = (drawn ^ (drawn >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            usize::try_from((drawn ^ (drawn >> 31)) % end as u64).unwrap()
        }

        fn one_of(&mut self, ids: &[String]) -> String {
            match ids.len() {
                0 => "none".to_owned(),
                len => ids[self.below(len)].clone(),
            }
        }

        fn side(&mut self) -> Side {
            [Side::Left, Side::Right, Side::Up, Side::Down][self.below(4)]
        }
    }

    fn ids(panes: &[&Pane]) -> Vec<String> {
        panes.iter().map(|pane| pane.id.clone()).collect()
    }

    /// Does something, and says what, which panes were closed, and which was made.
    fn act(
        workspace: &mut Workspace,
        dice: &mut Dice,
        fresh: &str,
    ) -> (String, Vec<String>, Option<String>) {
        let panes = ids(&workspace.panes().collect::<Vec<_>>());
        let tabs: Vec<_> = workspace.tabs.iter().map(|tab| tab.id.clone()).collect();
        let (one, other) = (dice.one_of(&panes), dice.one_of(&panes));
        let tab_id = dice.one_of(&tabs);
        let at = Beside {
            pane: other.clone(),
            side: dice.side(),
            split: fresh.to_owned(),
        };
        let (mut closed, mut made) = (Vec::new(), None);
        let did = match dice.below(16) {
            0 => {
                workspace.add(tab(fresh, fresh));
                made = Some(fresh.to_owned());
                "add".to_owned()
            }
            1..=5 => {
                workspace.split(&at, pane(fresh));
                made = Some(fresh.to_owned());
                format!("split {at:?}")
            }
            6 => {
                closed.extend(workspace.close_pane(&one).map(|pane| pane.id));
                format!("close {one}")
            }
            7 => {
                let gone = workspace.close(&tab_id);
                closed.extend(gone.iter().flat_map(|tab| ids(&tab.panes())));
                format!("close tab {tab_id}")
            }
            8..=12 => {
                let target = match dice.below(4) {
                    0 => Target::Beside(at),
                    1 => Target::Swap(other),
                    2 => Target::Tab(tab_id, fresh.to_owned()),
                    _ => Target::NewTab(fresh.to_owned()),
                };
                workspace.move_pane(&one, &target);
                format!("move {one} to {target:?}")
            }
            13 => {
                workspace.focus(&one);
                format!("focus {one}")
            }
            14 => {
                workspace.zoom(&tab_id, Zoom::On);
                format!("zoom {tab_id}")
            }
            _ => {
                let splits = workspace.tabs.iter().flat_map(|tab| tab.root.splits());
                let splits: Vec<_> = splits.map(str::to_owned).collect();
                let split = dice.one_of(&splits);
                workspace.resize(&split, u16::try_from(dice.below(1_200)).unwrap());
                workspace.equalise(&tab_id);
                format!("resize {split}, equalise {tab_id}")
            }
        };
        (did, closed, made)
    }

    #[test]
    fn no_pane_is_ever_lost_or_doubled() {
        for run in 0..60 {
            let mut dice = Dice(run);
            let mut workspace = Workspace::default();
            let mut expected = std::collections::BTreeSet::new();
            for number in 0..80 {
                let fresh = format!("n{number}");
                let (did, closed, made) = act(&mut workspace, &mut dice, &fresh);
                for pane in closed {
                    assert!(
                        expected.remove(&pane),
                        "run {run}, {did}: {pane} closed twice"
                    );
                }
                expected.extend(made);
                assert_eq!(workspace.check(), Ok(()), "run {run}, {did}");
                let mut panes = ids(&workspace.panes().collect::<Vec<_>>());
                panes.sort();
                let all: Vec<_> = expected.iter().cloned().collect();
                assert_eq!(panes, all, "run {run}, {did}");
                for tab in &workspace.tabs {
                    let seen = layout::of_tab(tab, None);
                    assert!(seen.rect(&tab.focused).is_some(), "run {run}, {did}");
                    let text = serde_json::to_string(tab).unwrap();
                    assert_eq!(&serde_json::from_str::<Tab>(&text).unwrap(), tab);
                }
            }
        }
    }
}
