//! The mergers of all tools: what users have stays, what is ours is repaired, and twice is once.

mod apply;
mod brokered;
mod golden;
mod properties;

use super::*;
use crate::secret::Secret;

pub(super) const TOKEN: &str = "dapi0123456789abcdef";

/// Of a workspace without a gateway.
pub(super) fn settings(host: &str) -> Settings {
    settings_with(host, TOKEN)
}

pub(super) fn settings_with(host: &str, token: &str) -> Settings {
    let endpoints = Endpoints::new(Host::parse(host).unwrap());
    let models = Models::embedded().unwrap();
    let mut settings = Settings::new(endpoints, Secret::new(token).unwrap(), models).unwrap();
    settings.trusted = vec!["/home/u".to_owned(), "/home/u/projects".to_owned()];
    settings
}

/// Merges twice, and demands that the second time changes nothing.
fn merged(merge: Merge, old: &str) -> Result<String, Left> {
    let with = settings("w.example");
    let new = merge(Some(old), &with)?;
    assert_eq!(
        merge(Some(&new), &with).as_deref(),
        Ok(new.as_str()),
        "twice: {old:?}"
    );
    Ok(new)
}
