//! How much is tested, from the environment.

/// `BOWLINE_ORACLE_TIMES` multiplies the number of cases (1).
pub(crate) fn times() -> usize {
    number("BOWLINE_ORACLE_TIMES").map_or(1, |times| usize::try_from(times).unwrap_or(usize::MAX))
}

/// `BOWLINE_ORACLE_SEED` makes other cases of the same kind (0).
pub(crate) fn seed() -> u64 {
    number("BOWLINE_ORACLE_SEED").unwrap_or(0)
}

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is a number, not {text:?}")),
    )
}
