//! Which links of programs are opened. Anything else is only shown.

/// The address to open, if it is one that a page may open for a program.
pub(crate) fn address(target: &str) -> Option<&str> {
    let (scheme, rest) = target.split_once(':')?;
    let allowed = match scheme.to_ascii_lowercase().as_str() {
        "http" | "https" => rest.starts_with("//") && rest.len() > 2,
        "mailto" => !rest.is_empty(),
        _ => false,
    };
    let plain = !target.contains(|c: char| c.is_control() || c.is_whitespace());
    (allowed && plain).then_some(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_web_and_mail_are_opened() {
        for target in [
            "https://example.org/a?b=c#d",
            "HTTP://example.org",
            "mailto:someone@example.org",
        ] {
            assert_eq!(address(target), Some(target));
        }
        for target in [
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "vbscript:x",
            "https:",
            "https://",
            "mailto:",
            "example.org",
            " javascript:alert(1)",
            "java\nscript:alert(1)",
            "https://example.org/\u{1b}x",
            "",
        ] {
            assert_eq!(address(target), None, "{target}");
        }
    }
}
