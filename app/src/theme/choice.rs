//! Which theme the user chose: a dark scheme, a light one, and which of them, or as the system has it. Kept for
//! the server in a cookie that carries imported schemes whole, so that the first paint is in them too. What a
//! cookie says is only ever used as names of [`slug`](super::scheme::slug)s and as colours.

use serde::{Deserialize, Serialize};

use super::scheme::{self, Colour, Kind, Scheme};
use super::{builtin, derive};

/// Name of the cookie that holds the choice.
pub const COOKIE: &str = "bowline-theme";
/// The element that holds the choice's custom properties.
pub const STYLE_ID: &str = "bowline-theme";

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// As the system has it.
    #[default]
    System,
    /// The dark one.
    Dark,
    /// The light one.
    Light,
}

impl Mode {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Dark => "dark",
            Self::Light => "light",
        }
    }

    /// The mode of that name; another name is the system's.
    pub fn of(name: &str) -> Self {
        match name {
            "dark" => Self::Dark,
            "light" => Self::Light,
            _ => Self::System,
        }
    }

    /// The one that always shows such a scheme.
    pub const fn always(kind: Kind) -> Self {
        match kind {
            Kind::Dark => Self::Dark,
            Kind::Light => Self::Light,
        }
    }

    /// What is shown when the system is so.
    pub const fn shown(self, system: Kind) -> Kind {
        match self {
            Self::System => system,
            Self::Dark => Kind::Dark,
            Self::Light => Kind::Light,
        }
    }
}

/// The choice, with its schemes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Which of the two.
    pub mode: Mode,
    /// What dark is.
    pub dark: Scheme,
    /// What light is.
    pub light: Scheme,
}

impl Default for Choice {
    fn default() -> Self {
        Self {
            mode: Mode::System,
            dark: builtin::first(Kind::Dark).clone(),
            light: builtin::first(Kind::Light).clone(),
        }
    }
}

impl Choice {
    /// The value of `<html data-theme>`: the scheme's name, or `system`.
    pub fn attribute(&self) -> &str {
        match self.mode {
            Mode::System => Mode::System.name(),
            Mode::Dark => &self.dark.slug,
            Mode::Light => &self.light.slug,
        }
    }

    /// The scheme shown when the system is so.
    pub fn shown(&self, system: Kind) -> &Scheme {
        match self.mode.shown(system) {
            Kind::Dark => &self.dark,
            Kind::Light => &self.light,
        }
    }

    /// The choice in a `Cookie` header, if there is one.
    pub fn from_cookies(header: &str) -> Option<Self> {
        let value = header.split(';').find_map(|pair| {
            let (name, value) = pair.split_once('=')?;
            (name.trim() == COOKIE).then(|| value.trim())
        })?;
        let mut parts = value.split('~');
        let mode = Mode::of(parts.next()?);
        let mut scheme = |kind| {
            parts
                .next()
                .and_then(read)
                .unwrap_or_else(|| builtin::first(kind).clone())
        };
        Some(Self {
            mode,
            dark: scheme(Kind::Dark),
            light: scheme(Kind::Light),
        })
    }

    /// The cookie that keeps the choice for a year, below the page's folder. At most some 400 bytes.
    pub fn cookie(&self, folder: &str) -> String {
        let (dark, light) = (written(&self.dark), written(&self.light));
        format!(
            "{COOKIE}={}~{dark}~{light}; path={folder}; max-age=31536000; samesite=lax",
            self.mode.name()
        )
    }

    /// The style sheet with its custom properties.
    pub fn css(&self) -> String {
        match self.mode {
            Mode::System => format!(
                ":root{{{}}}@media(prefers-color-scheme:dark){{:root{{{}}}}}",
                derive::declarations(&self.light),
                derive::declarations(&self.dark)
            ),
            _ => format!(":root{{{}}}", derive::declarations(self.shown(Kind::Dark))),
        }
    }

    /// The colour of the browser's own bar when the system is so.
    pub fn bar(&self, system: Kind) -> Colour {
        let colours = derive::colours(self.shown(system));
        let bar = colours.iter().find(|(name, _)| *name == "--bar");
        bar.map_or(self.shown(system).background, |(_, ink)| ink.colour)
    }

    /// What belongs into the document's head: the style sheet, and the colours of the browser's bar.
    pub fn head(&self) -> String {
        format!(
            "<style id=\"{STYLE_ID}\">{}</style>\
             <meta name=\"theme-color\" media=\"(prefers-color-scheme: dark)\" content=\"{}\">\
             <meta name=\"theme-color\" media=\"(prefers-color-scheme: light)\" content=\"{}\">",
            self.css(),
            self.bar(Kind::Dark),
            self.bar(Kind::Light)
        )
    }
}

/// A scheme in a cookie: its name, and its colours unless it comes with the page.
fn written(scheme: &Scheme) -> String {
    match builtin::of(&scheme.slug) {
        Some(_) => scheme.slug.clone().into_owned(),
        None => format!("{}.{}", scheme.slug, scheme.digits()),
    }
}

fn read(text: &str) -> Option<Scheme> {
    match text.split_once('.') {
        None => builtin::of(text).cloned(),
        Some((name, digits)) => {
            let slug = scheme::slug(name);
            Scheme::of_digits(slug.clone(), slug, digits)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: &str) -> Choice {
        Choice::from_cookies(&format!("a=b; {COOKIE}={value}; c=d")).unwrap()
    }

    #[test]
    fn no_cookie_is_no_choice() {
        assert_eq!(Choice::from_cookies(""), None);
        assert_eq!(Choice::from_cookies("my-bowline-theme=dark"), None);
    }

    #[test]
    fn a_choice_comes_back_from_its_cookie() {
        let digits = "0f".repeat(60);
        let own = Scheme::of_digits("mine".into(), "mine".into(), &digits).unwrap();
        for mode in [Mode::System, Mode::Dark, Mode::Light] {
            let choice = Choice {
                mode,
                dark: own.clone(),
                light: builtin::of("solarized-light").unwrap().clone(),
            };
            let cookie = choice.cookie("/base/");
            assert!(cookie.contains("; path=/base/;") && cookie.len() < 2_000);
            let (value, _) = cookie.split_once(';').unwrap();
            assert_eq!(Choice::from_cookies(value), Some(choice));
        }
    }

    #[test]
    fn what_a_cookie_cannot_mean_is_the_default() {
        assert_eq!(of("pink"), Choice::default());
        assert_eq!(of("system~no-such~x.12"), Choice::default());
        assert_eq!(of("light").attribute(), "light");
        assert_eq!(of("dark~nord").attribute(), "nord");
    }

    #[test]
    fn nothing_of_a_cookie_gets_into_the_head_as_it_stands() {
        let digits = "ab".repeat(60);
        let choice = of(&format!("dark~</style><script>.{digits}"));
        assert!(!choice.head().contains("script"));
        assert_eq!(choice.attribute(), "style-script");
    }

    #[test]
    fn following_the_system_holds_both() {
        let css = Choice::default().css();
        assert!(css.contains("color-scheme:light") && css.contains("color-scheme:dark"));
        let css = of("dark").css();
        assert!(!css.contains("color-scheme:light") && css.contains("--surface:#101318"));
    }
}
