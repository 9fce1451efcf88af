//! What is to be done about one file, by its three states. Pure.

/// How one side stands to when both were last the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// As it was; that may be: not there.
    Same,
    /// There, and not as it was.
    Changed,
    /// It was there, and is no more.
    Gone,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// Nothing.
    Nothing,
    /// From here to there.
    Send,
    /// From there to here.
    Fetch,
    /// Both have something new: it is looked at.
    Compare,
    /// It was removed here.
    RemoveThere,
    /// It was removed there.
    RemoveHere,
    /// It was removed on both sides.
    Forget,
}

impl Side {
    /// How a side stands: what it was then, and what it is now.
    pub(super) fn of<T: PartialEq>(then: Option<&T>, now: Option<&T>) -> Self {
        match (then, now) {
            (then, now) if then == now => Self::Same,
            (_, None) => Self::Gone,
            (_, Some(_)) => Self::Changed,
        }
    }
}

/// What is to be done. Whatever was changed wins over a removal: then nothing is lost.
pub(super) fn decide(here: Side, there: Side) -> Action {
    match (here, there) {
        (Side::Same, Side::Same) => Action::Nothing,
        (Side::Changed, Side::Changed) => Action::Compare,
        (Side::Changed, _) => Action::Send,
        (_, Side::Changed) => Action::Fetch,
        (Side::Gone, Side::Gone) => Action::Forget,
        (Side::Gone, Side::Same) => Action::RemoveThere,
        (Side::Same, Side::Gone) => Action::RemoveHere,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Three states of one file, each a content or nothing.
        #[test]
        fn no_content_is_lost_that_the_other_side_does_not_have(
            then in proptest::option::of(0..3_u8),
            here in proptest::option::of(0..3_u8),
            there in proptest::option::of(0..3_u8),
        ) {
            let action = decide(
                Side::of(then.as_ref(), here.as_ref()),
                Side::of(then.as_ref(), there.as_ref()),
            );
            match action {
                Action::Nothing | Action::Compare => {}
                // What is overwritten is what the other side had, too.
                Action::Send => prop_assert!(there.is_none() || there == then),
                Action::Fetch => prop_assert!(here.is_none() || here == then),
                Action::RemoveThere => prop_assert!(here.is_none() && there == then),
                Action::RemoveHere => prop_assert!(there.is_none() && here == then),
                Action::Forget => prop_assert!(here.is_none() && there.is_none()),
            }
            // And nothing is left undone.
            if action == Action::Nothing {
                prop_assert_eq!(here, there);
            }
        }

        #[test]
        fn without_a_former_state_nothing_is_removed(
            here in proptest::option::of(0..3_u8),
            there in proptest::option::of(0..3_u8),
        ) {
            let action = decide(Side::of(None, here.as_ref()), Side::of(None, there.as_ref()));
            prop_assert!(!matches!(action, Action::RemoveHere | Action::RemoveThere));
        }
    }
}
