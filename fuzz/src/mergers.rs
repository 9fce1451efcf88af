//! The mergers of tools' files: whatever a user's file holds, merging ends, and what it wrote is what it would write again.
//! The first byte says which file it is, as a digit or a letter behind the digits.

use bowline_identity::secret::Secret;
use bowline_identity::sinks::{self, Endpoints, Host, Models, Settings};

/// Merges into it.
pub fn merge(data: &[u8]) {
    let Some((which, text)) = data.split_first() else {
        return;
    };
    let Ok(text) = str::from_utf8(text) else {
        return;
    };
    let paths: Vec<&str> = sinks::paths().collect();
    let path = paths[usize::from(which.wrapping_sub(b'0')) % paths.len()];
    let settings = settings();
    let Some(Ok(merged)) = sinks::merge(path, Some(text), &settings) else {
        return;
    };
    match sinks::merge(path, Some(&merged), &settings) {
        Some(Ok(again)) => assert_eq!(again, merged, "{path} changes each time"),
        other => panic!("{path} cannot read what it wrote: {other:?} of {merged:?}"),
    }
}

fn settings() -> Settings {
    let host = Host::parse("https://w.example").expect("it is a host");
    let token = Secret::new("dapi0123456789abcdef").expect("it is a token");
    let models = Models::embedded().expect("the data is whole");
    Settings::new(Endpoints::new(host), token, models).expect("they can be written")
}
