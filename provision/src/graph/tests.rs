//! The machine by examples, and by any plan whatever becomes of its steps.

use proptest::prelude::*;

use super::*;

const FILES: [&str; 3] = [".a", ".b", ".c"];

fn spec(name: &str, needs: &[&str], touches: &[&'static str]) -> Spec {
    Spec {
        id: StepId::new(name),
        label: name.to_owned(),
        needs: needs.iter().copied().map(StepId::new).collect(),
        touches: touches.to_vec(),
        bound: Bound::Machine,
        limit: Duration::from_secs(60),
        tries: 1,
    }
}

fn graph(specs: Vec<Spec>) -> Graph {
    Graph::new(specs, Width::default()).unwrap()
}

fn names(ids: &[StepId]) -> Vec<&str> {
    ids.iter().map(StepId::as_str).collect()
}

fn state<'a>(graph: &'a Graph, name: &str) -> &'a State {
    let mut steps = graph.steps();
    steps.find(|(spec, _)| spec.id.as_str() == name).unwrap().1
}

const NOW: Duration = Duration::ZERO;

#[test]
fn a_step_waits_for_what_it_needs_wherever_that_stands() {
    let mut graph = graph(vec![spec("b", &["a"], &[]), spec("a", &[], &[])]);
    assert_eq!(names(&graph.start(NOW)), ["a"]);
    assert_eq!(names(&graph.start(NOW)), [""; 0]);
    graph.ended(&StepId::new("a"), Ended::Warning, NOW);
    assert_eq!(names(&graph.start(NOW)), ["b"]);
}

#[test]
fn of_two_steps_of_one_file_the_earlier_goes_first() {
    let mut graph = graph(vec![spec("a", &[], &[".x", ".y"]), spec("b", &[], &[".y"])]);
    assert_eq!(names(&graph.start(NOW)), ["a"]);
    graph.ended(&StepId::new("a"), Ended::Failed(Again::Pointless), NOW);
    assert_eq!(names(&graph.start(NOW)), ["b"]);
}

#[test]
fn so_many_run_beside_each_other_and_no_more() {
    let of = |name: &str, bound| Spec {
        bound,
        ..spec(name, &[], &[])
    };
    let specs = ["a", "b", "c"].map(|name| of(name, Bound::Network));
    let specs = specs.into_iter().chain([of("d", Bound::Machine)]);
    let width = Width {
        network: 2,
        machine: 1,
    };
    let mut graph = Graph::new(specs.collect(), width).unwrap();
    assert_eq!(names(&graph.start(NOW)), ["a", "b", "d"]);
    assert_eq!(graph.wake(), None);
    graph.ended(&StepId::new("b"), Ended::Complete, NOW);
    assert_eq!(names(&graph.start(NOW)), ["c"]);
}

#[test]
fn what_failed_is_tried_again_later_each_time_unless_that_is_pointless() {
    let again = Ended::Failed(Again::Worthwhile);
    let id = StepId::new("a");
    let mut graph = graph(vec![Spec {
        tries: 3,
        ..spec("a", &[], &[])
    }]);
    for pause in [2, 4] {
        assert_eq!(names(&graph.start(NOW)), ["a"]);
        graph.ended(&id, again, NOW);
        assert_eq!(graph.start(NOW), []);
        assert_eq!(graph.wake(), Some(Duration::from_secs(pause)));
        graph.nodes[0].not_before = NOW;
    }
    graph.start(NOW);
    graph.ended(&id, again, NOW);
    assert_eq!(*state(&graph, "a"), State::Error);
    graph.retry(&id).unwrap();
    graph.start(NOW);
    graph.ended(&id, Ended::Failed(Again::Pointless), NOW);
    assert_eq!(*state(&graph, "a"), State::Error);
}

#[test]
fn what_waited_for_a_failed_step_is_skipped_and_comes_back_with_it() {
    let specs = vec![
        spec("a", &[], &[]),
        spec("b", &["a"], &[]),
        spec("c", &["b"], &[]),
        spec("d", &[], &[]),
    ];
    let mut graph = graph(specs);
    graph.start(NOW);
    graph.ended(&StepId::new("a"), Ended::Failed(Again::Pointless), NOW);
    graph.ended(&StepId::new("d"), Ended::Complete, NOW);
    assert!(graph.is_over());
    let needs = |name| State::Skipped(Why::Needs(StepId::new(name)));
    assert_eq!(*state(&graph, "b"), needs("a"));
    assert_eq!(*state(&graph, "c"), needs("b"));
    // Also if the last of them is what somebody wants.
    graph.retry(&StepId::new("c")).unwrap();
    assert_eq!(names(&graph.start(NOW)), ["a"]);
    assert_eq!(*state(&graph, "c"), State::Pending);
    assert_eq!(*state(&graph, "d"), State::Complete);
    assert_eq!(
        graph.retry(&StepId::new("a")),
        Err(Refused::NotOver(StepId::new("a")))
    );
}

#[test]
fn a_cancelled_step_is_stopped_if_it_runs_and_else_never_starts() {
    let mut graph = graph(vec![spec("a", &[], &[]), spec("b", &["a"], &[])]);
    let [a, b] = ["a", "b"].map(StepId::new);
    graph.start(NOW);
    assert_eq!(graph.cancel(&a), Ok(Cancelled::Stop));
    assert_eq!(*state(&graph, "a"), State::Running);
    graph.ended(&a, Ended::Failed(Again::Worthwhile), NOW);
    assert_eq!(*state(&graph, "a"), State::Skipped(Why::Cancelled));
    assert_eq!(graph.cancel(&b), Err(Refused::Over(b)));
    let nobody = StepId::new("nobody");
    assert_eq!(graph.cancel(&nobody), Err(Refused::Unknown(nobody)));
}

#[test]
fn what_was_done_before_it_could_be_stopped_is_done() {
    let mut graph = graph(vec![spec("a", &[], &[])]);
    graph.start(NOW);
    graph.cancel(&StepId::new("a")).unwrap();
    graph.ended(&StepId::new("a"), Ended::Complete, NOW);
    assert_eq!(*state(&graph, "a"), State::Complete);
}

#[test]
fn a_plan_that_cannot_be_carried_out_is_none() {
    let try_out = |specs| Graph::new(specs, Width::default()).err();
    let [a, b] = ["a", "b"].map(StepId::new);
    assert_eq!(
        try_out(vec![spec("a", &[], &[]), spec("a", &[], &[])]),
        Some(BadPlan::Twice(a.clone()))
    );
    assert_eq!(
        try_out(vec![spec("a", &["b"], &[])]),
        Some(BadPlan::Unknown(a.clone(), b))
    );
    assert_eq!(
        try_out(vec![spec("a", &["b"], &[]), spec("b", &["a"], &[])]),
        Some(BadPlan::Round(a))
    );
}

fn any_specs() -> impl Strategy<Value = Vec<Spec>> {
    let one = (
        any::<u8>(),
        proptest::sample::subsequence(FILES.to_vec(), 0..3),
        any::<bool>(),
        1_u32..4,
    );
    let all = proptest::collection::vec(one, 1..9);
    all.prop_map(|raw| {
        let of =
            |(index, (needs, touches, is_far, tries)): (usize, (u8, Vec<_>, bool, u32))| Spec {
                id: StepId::new(&format!("s{index}")),
                label: String::new(),
                // Of those before; the order in which they are given is turned round below.
                needs: (0..index.min(8))
                    .filter(|before| needs & (1 << before) != 0)
                    .map(|before| StepId::new(&format!("s{before}")))
                    .collect(),
                touches,
                bound: if is_far {
                    Bound::Network
                } else {
                    Bound::Machine
                },
                limit: Duration::from_secs(1),
                tries,
            };
        raw.into_iter().enumerate().map(of).rev().collect()
    })
}

/// Something happens to one of the steps.
fn happen(graph: &mut Graph, choice: u8, now: Duration) {
    let ids: Vec<StepId> = graph.steps().map(|(spec, _)| spec.id.clone()).collect();
    let id = &ids[usize::from(choice >> 3) % ids.len()];
    match choice & 7 {
        0 => drop(graph.cancel(id)),
        1 => drop(graph.retry(id)),
        2 => graph.ended(id, Ended::Failed(Again::Worthwhile), now),
        3 => graph.ended(id, Ended::Failed(Again::Pointless), now),
        4 => graph.ended(id, Ended::Warning, now),
        _ => graph.ended(id, Ended::Complete, now),
    }
}

fn check(graph: &Graph) {
    let running: Vec<&Node> = graph
        .nodes
        .iter()
        .filter(|node| node.state == State::Running)
        .collect();
    for (at, node) in running.iter().enumerate() {
        for other in &running[at + 1..] {
            assert!(!shares(&node.spec, &other.spec), "two of one file");
        }
    }
    let far = running
        .iter()
        .filter(|node| node.spec.bound == Bound::Network);
    assert!(far.count() <= graph.width.network);
}

proptest! {
    #[test]
    fn no_step_starts_before_its_needs_are_there(specs in any_specs(), events in proptest::collection::vec(any::<u8>(), 0..60)) {
        let mut graph = graph(specs);
        let mut now = NOW;
        for event in events {
            now += Duration::from_secs(1);
            let before: Vec<State> = graph.nodes.iter().map(|node| node.state.clone()).collect();
            graph.start(now);
            for (node, before) in graph.nodes.iter().zip(&before) {
                if node.state == State::Running && *before != State::Running {
                    prop_assert!(node.needs.iter().all(|need| graph.nodes[*need].state.is_there()));
                }
            }
            check(&graph);
            happen(&mut graph, event, now);
        }
    }

    #[test]
    fn every_run_ends_whatever_becomes_of_its_steps(specs in any_specs(), events in proptest::collection::vec(any::<u8>(), 0..60)) {
        let mut graph = graph(specs);
        let (mut now, mut starts) = (NOW, 0);
        let mut events = events.into_iter();
        loop {
            let started = graph.start(now);
            starts += started.len();
            check(&graph);
            if let Some(event) = events.next() {
                now += Duration::from_secs(1);
                happen(&mut graph, event, now);
                continue;
            }
            if graph.is_over() {
                break;
            }
            let running: Vec<StepId> = graph.steps().filter(|(_, state)| **state == State::Running).map(|(spec, _)| spec.id.clone()).collect();
            match running.first() {
                Some(id) => graph.ended(id, Ended::Failed(Again::Worthwhile), now),
                // Nobody is on the way: then time alone helps.
                None => {
                    let wake = graph.wake().expect("somebody may start some time");
                    prop_assert!(wake > now);
                    now = wake;
                }
            }
            prop_assert!(starts < 1_000);
        }
    }
}
