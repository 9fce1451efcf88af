//! The table that is printed: figure, Bowline, what bounds it, ratio.

use std::fmt;

use crate::stats::Spread;

/// Rows in the order they were measured.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<[String; 4]>,
}

impl Table {
    /// A row of texts: what, measured, bound, ratio.
    pub(crate) fn row(&mut self, what: &str, measured: String, bound: String, ratio: String) {
        self.rows.push([what.to_owned(), measured, bound, ratio]);
    }

    /// A row without a bound.
    pub(crate) fn alone(&mut self, what: &str, measured: String) {
        self.row(what, measured, "–".to_owned(), "–".to_owned());
    }

    /// A row of round trips beside those of the bound.
    pub(crate) fn spread(&mut self, what: &str, measured: Spread, name: &str, bound: Spread) {
        let both = |spread: Spread| format!("{:.3} / {:.3} ms", spread.p50, spread.p99);
        let ratio = format!(
            "{:.2} / {:.2}",
            measured.p50 / bound.p50,
            measured.p99 / bound.p99
        );
        let bound = format!("{name}: {}", both(bound));
        self.row(what, both(measured), bound, ratio);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| figure | Bowline | its bound in the same run | ratio |"
        )?;
        writeln!(f, "|---|---:|---:|---:|")?;
        for [what, measured, bound, ratio] in &self.rows {
            writeln!(f, "| {what} | {measured} | {bound} | {ratio} |")?;
        }
        Ok(())
    }
}
