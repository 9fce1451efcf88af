//! Who may put the page into a frame.

use super::{ConfigError, is_given};

/// The value of `frame-ancestors` in a policy.
pub(super) fn ancestors(given: Vec<String>) -> Result<String, ConfigError> {
    let given = given.into_iter().filter(|text| is_given(text));
    let sources: Vec<_> = given.map(source).collect::<Result<_, _>>()?;
    match sources.is_empty() {
        true => Ok("'none'".to_owned()),
        false => Ok(sources.join(" ")),
    }
}

fn source(given: String) -> Result<String, ConfigError> {
    let text = given.trim().to_ascii_lowercase();
    if text.trim_matches('\'') == "self" {
        return Ok("'self'".to_owned());
    }
    let host = ["https://", "http://"]
        .into_iter()
        .find_map(|scheme| text.strip_prefix(scheme));
    let is_plain = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
    let is_host = |host: &str| !host.is_empty() && host.chars().all(is_plain);
    match host {
        // Nothing of it can end the directive.
        Some(host) if is_host(host.strip_prefix("*.").unwrap_or(host)) => Ok(text),
        _ => Err(ConfigError::FrameAncestors(given)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(given: &[&str]) -> Option<String> {
        ancestors(given.iter().map(|&text| text.to_owned()).collect()).ok()
    }

    #[test]
    fn without_a_setting_nobody_frames_the_page() {
        assert_eq!(of(&[]).unwrap(), "'none'");
        assert_eq!(of(&["", " "]).unwrap(), "'none'");
    }

    #[test]
    fn origins_are_listed() {
        let given = [
            "self",
            " https://Portal.example ",
            "https://*.example.com:8443",
        ];
        let expected = "'self' https://portal.example https://*.example.com:8443";
        assert_eq!(of(&given).unwrap(), expected);
    }

    #[test]
    fn nothing_else_gets_into_the_policy() {
        for given in [
            "*",
            "https:",
            "https://",
            "https://*",
            "portal.example",
            "https://a; script-src *",
            "https://a b",
            "https://a/path",
            "https://a\n",
            "data:",
        ] {
            // A line's end is trimmed away with other blanks.
            let is_fine = given.trim() == "https://a";
            assert_eq!(of(&[given]).is_some(), is_fine, "{given:?}");
        }
    }
}
