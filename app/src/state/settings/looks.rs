//! Colours: the part of the settings about themes. Imported schemes are kept whole, a few of them.

use serde::{Deserialize, Serialize};

use crate::theme::{Choice, Kind, Mode, Scheme, builtin};

/// Most imported schemes that are kept.
pub(crate) const MAX_IMPORTED: usize = 24;

/// Colours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Looks {
    /// Dark, light, or as the system has it.
    pub(crate) mode: Mode,
    /// Which scheme dark is: its slug.
    pub(crate) dark: String,
    /// Which scheme light is: its slug.
    pub(crate) light: String,
    /// Schemes that the user brought.
    pub(crate) imported: Vec<Scheme>,
}

impl Default for Looks {
    fn default() -> Self {
        Self::of(Choice::default())
    }
}

impl Looks {
    /// The settings of a choice, its own schemes included.
    pub(crate) fn of(choice: Choice) -> Self {
        let Choice { mode, dark, light } = choice;
        let mut looks = Self {
            mode,
            dark: dark.slug.clone().into_owned(),
            light: light.slug.clone().into_owned(),
            imported: Vec::new(),
        };
        for scheme in [dark, light] {
            if builtin::of(&scheme.slug).is_none() {
                looks.imported.push(scheme);
            }
        }
        looks
    }

    /// The choice, with its schemes.
    pub(crate) fn choice(&self) -> Choice {
        let scheme = |slug: &str, kind| self.scheme(slug).unwrap_or_else(|| builtin::first(kind));
        Choice {
            mode: self.mode,
            dark: scheme(&self.dark, Kind::Dark).clone(),
            light: scheme(&self.light, Kind::Light).clone(),
        }
    }

    /// All schemes of a kind, the page's first.
    pub(crate) fn schemes(&self, kind: Kind) -> Vec<Scheme> {
        let all = builtin::ALL.iter().chain(&self.imported);
        all.filter(|scheme| scheme.kind() == kind)
            .cloned()
            .collect()
    }

    fn scheme(&self, slug: &str) -> Option<&Scheme> {
        let mut all = builtin::ALL.iter().chain(&self.imported);
        all.find(|scheme| scheme.slug == slug)
    }

    /// Takes a scheme for its kind, and shows it unless the system decides.
    pub(crate) fn choose(&mut self, slug: &str) {
        let Some(kind) = self.scheme(slug).map(Scheme::kind) else {
            return;
        };
        let place = match kind {
            Kind::Dark => &mut self.dark,
            Kind::Light => &mut self.light,
        };
        slug.clone_into(place);
        if self.mode != Mode::System {
            self.mode = Mode::always(kind);
        }
    }

    /// Dark to light and back, each as last chosen.
    pub(crate) fn toggle(&mut self, system: Kind) {
        self.mode = match self.mode.shown(system) {
            Kind::Dark => Mode::Light,
            Kind::Light => Mode::Dark,
        };
    }

    /// Adds schemes and takes the last one. One of the same name is replaced, unless it came with the page. Fails
    /// when there are too many, and adds none then.
    pub(crate) fn import(&mut self, schemes: Vec<Scheme>) -> Result<(), TooMany> {
        let mut imported = self.imported.clone();
        let mut last = None;
        for mut scheme in schemes {
            if builtin::of(&scheme.slug).is_some() {
                scheme.slug = format!("my-{}", scheme.slug).into();
            }
            imported.retain(|other| other.slug != scheme.slug);
            last = Some(scheme.slug.clone());
            imported.push(scheme);
        }
        if imported.len() > MAX_IMPORTED {
            return Err(TooMany);
        }
        self.imported = imported;
        if let Some(slug) = last {
            self.choose(&slug);
        }
        Ok(())
    }

    /// Forgets an imported scheme; where it was in use, the page's own is.
    pub(crate) fn remove(&mut self, slug: &str) {
        self.imported.retain(|scheme| scheme.slug != slug);
        for (place, kind) in [(&mut self.dark, Kind::Dark), (&mut self.light, Kind::Light)] {
            if place == slug {
                *place = builtin::first(kind).slug.clone().into_owned();
            }
        }
    }

    /// With everything in bounds: no more schemes than are kept, none that hides one of the page's, and each in
    /// the place of its kind.
    pub(crate) fn bounded(mut self) -> Self {
        self.imported
            .retain(|scheme| builtin::of(&scheme.slug).is_none());
        self.imported.truncate(MAX_IMPORTED);
        let is = |slug: &str, kind| {
            self.scheme(slug)
                .is_some_and(|scheme| scheme.kind() == kind)
        };
        let (dark, light) = (is(&self.dark, Kind::Dark), is(&self.light, Kind::Light));
        if !dark {
            self.dark = builtin::first(Kind::Dark).slug.clone().into_owned();
        }
        if !light {
            self.light = builtin::first(Kind::Light).slug.clone().into_owned();
        }
        self
    }
}

/// There is no room for more schemes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no more than {MAX_IMPORTED} themes are kept: remove some first")]
pub(crate) struct TooMany;

#[cfg(test)]
mod tests {
    use super::*;

    fn own(name: &str, ground: &str) -> Scheme {
        let digits = format!("{ground}{}", "888888".repeat(19));
        Scheme::of_digits(name.to_owned(), name.to_owned(), &digits).unwrap()
    }

    #[test]
    fn the_toggle_goes_between_the_last_dark_and_the_last_light() {
        let mut looks = Looks {
            mode: Mode::Dark,
            ..Looks::default()
        };
        looks.choose("nord");
        looks.choose("solarized-light");
        assert_eq!(looks.choice().attribute(), "solarized-light");
        looks.toggle(Kind::Dark);
        assert_eq!(looks.choice().attribute(), "nord");
        looks.toggle(Kind::Dark);
        assert_eq!(looks.choice().attribute(), "solarized-light");
    }

    #[test]
    fn while_the_system_decides_a_scheme_waits_for_its_kind() {
        let mut looks = Looks::default();
        looks.choose("dracula");
        assert_eq!(looks.choice().attribute(), "system");
        assert_eq!(looks.choice().shown(Kind::Dark).slug, "dracula");
        assert_eq!(looks.choice().shown(Kind::Light).slug, "light");
        looks.toggle(Kind::Dark);
        assert_eq!(looks.mode, Mode::Light);
    }

    #[test]
    fn an_imported_scheme_is_chosen_replaced_and_removed() {
        let mut looks = Looks {
            mode: Mode::Dark,
            ..Looks::default()
        };
        looks.import(vec![own("mine", "000000")]).unwrap();
        assert_eq!(looks.choice().attribute(), "mine");
        looks.import(vec![own("mine", "111111")]).unwrap();
        assert_eq!(looks.imported.len(), 1);
        looks.import(vec![own("nord", "000000")]).unwrap();
        assert_eq!(looks.dark, "my-nord");
        looks.remove("my-nord");
        assert_eq!((&*looks.dark, looks.imported.len()), ("dark", 1));
    }

    #[test]
    fn too_many_schemes_are_refused_whole() {
        let mut looks = Looks::default();
        let many = (0..=MAX_IMPORTED).map(|nth| own(&format!("n{nth}"), "000000"));
        assert_eq!(looks.import(many.collect()), Err(TooMany));
        assert_eq!(looks, Looks::default());
    }

    #[test]
    fn what_was_kept_badly_is_put_right() {
        let looks = Looks {
            dark: "light".to_owned(),
            light: "gone".to_owned(),
            imported: vec![own("nord", "ffffff")],
            ..Looks::default()
        };
        assert_eq!(looks.bounded(), Looks::default());
    }
}
