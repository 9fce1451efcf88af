//! Sizes as people write them.

/// Bytes of such as `32MiB`, `32M` or `33554432`.
pub(crate) fn parse(given: &str) -> Option<u64> {
    let text = given.trim();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit: u64 = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        _ => return None,
    };
    let number: u64 = digits.parse().ok()?;
    number.checked_mul(unit).filter(|bytes| *bytes > 0)
}

/// The shortest way to write it exactly.
pub(crate) fn written(bytes: u64) -> String {
    let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let fits = units
        .into_iter()
        .find(|(unit, _)| bytes >= *unit && bytes.is_multiple_of(*unit));
    match fits {
        Some((unit, name)) => format!("{} {name}", bytes / unit),
        None => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_a_number_with_or_without_a_unit() {
        for (given, bytes) in [
            ("1", 1),
            (" 512 ", 512),
            ("10b", 10),
            ("3K", 3 << 10),
            ("32MiB", 32 << 20),
            ("32m", 32 << 20),
            ("2GiB", 2 << 30),
        ] {
            assert_eq!(parse(given), Some(bytes), "{given}");
        }
        for given in [
            "",
            "M",
            "0",
            "0M",
            "-1",
            "1.5M",
            "1 MB",
            "1TB",
            "99999999999999G",
        ] {
            assert_eq!(parse(given), None, "{given}");
        }
    }

    #[test]
    fn a_size_is_told_exactly() {
        for (bytes, text) in [
            (1, "1 bytes"),
            (1000, "1000 bytes"),
            (1024, "1 KiB"),
            (32 << 20, "32 MiB"),
            ((1 << 30) + (1 << 20), "1025 MiB"),
        ] {
            assert_eq!(written(bytes), text);
        }
    }
}
