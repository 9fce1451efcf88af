//! Dark, light, or as the system has it. The choice lives in a cookie, so that the server renders the
//! first paint in it; the colours live in `style/themes.css` and nowhere else.

use serde::{Deserialize, Serialize};

/// Name of the cookie that holds the choice.
pub const COOKIE: &str = "bowline-theme";

/// What the user chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// Nothing: the system decides.
    #[default]
    System,
    /// Dark.
    Dark,
    /// Light.
    Light,
}

impl Theme {
    /// The value of `<html data-theme>`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Dark => "dark",
            Self::Light => "light",
        }
    }

    /// The choice of that name; another name is the system's.
    pub fn of(name: &str) -> Self {
        match name {
            "dark" => Self::Dark,
            "light" => Self::Light,
            _ => Self::System,
        }
    }

    /// The choice in a `Cookie` header.
    pub fn from_cookies(header: &str) -> Self {
        let value = header.split(';').find_map(|pair| {
            let (name, value) = pair.split_once('=')?;
            (name.trim() == COOKIE).then(|| value.trim())
        });
        value.map(Self::of).unwrap_or_default()
    }

    /// The cookie that keeps the choice for a year, below the page's folder.
    pub fn cookie(self, folder: &str) -> String {
        format!(
            "{COOKIE}={}; path={folder}; max-age=31536000; samesite=lax",
            self.name()
        )
    }
}

/// `0xRRGGBB` of a colour as browsers compute it: `rgb(1, 2, 3)`, or `rgba(1, 2, 3, 0.5)`.
#[cfg(any(feature = "hydrate", test))]
fn rgb(colour: &str) -> Option<u32> {
    let (_, channels) = colour.strip_suffix(')')?.split_once('(')?;
    let mut channels = channels.split(',').map(|channel| channel.trim().parse());
    let mut next = || channels.next()?.ok();
    let [red, green, blue]: [u8; 3] = [next()?, next()?, next()?];
    Some(u32::from_be_bytes([0, red, green, blue]))
}

#[cfg(feature = "hydrate")]
pub(crate) mod browser {
    //! Reading and changing the theme of the page that is open.

    use bowline_protocol::frame::{Colours, Sixteen};
    use leptos::prelude::*;
    use wasm_bindgen::JsCast as _;

    use super::Theme;

    /// The theme that the page shows.
    pub(crate) fn shown() -> Theme {
        let root = document().document_element();
        let name = root.and_then(|root| root.get_attribute("data-theme"));
        name.map(|name| Theme::of(&name)).unwrap_or_default()
    }

    /// The other one: light if the theme is dark or, without a choice, the system is.
    pub(crate) fn other(theme: Theme) -> Theme {
        let dark = match theme {
            Theme::Dark => true,
            Theme::Light => false,
            Theme::System => system().is_none_or(|query| query.matches()),
        };
        if dark { Theme::Light } else { Theme::Dark }
    }

    fn system() -> Option<web_sys::MediaQueryList> {
        window()
            .match_media("(prefers-color-scheme: dark)")
            .ok()
            .flatten()
    }

    /// Shows a theme and keeps it for the next first paint.
    pub(crate) fn show(theme: Theme) {
        if let Some(root) = document().document_element() {
            // Fails only for names that aren't attribute names.
            let _ = root.set_attribute("data-theme", theme.name());
        }
        let folder = document().base_uri().ok().flatten().unwrap_or_default();
        let folder =
            web_sys::Url::new(&folder).map_or_else(|_| "/".to_owned(), |url| url.pathname());
        let folder = folder.rfind('/').map_or("/", |slash| &folder[..=slash]);
        if let Ok(page) = document().dyn_into::<web_sys::HtmlDocument>() {
            // A browser that refuses cookies keeps the choice for this page only.
            let _ = page.set_cookie(&theme.cookie(folder));
        }
    }

    /// The custom properties that colour a terminal, by xterm.js's names for them.
    const COLOURS: [(&str, &str); 24] = [
        ("foreground", "--term-foreground"),
        ("background", "--term-background"),
        ("cursor", "--term-cursor"),
        ("cursorAccent", "--term-background"),
        ("selectionBackground", "--term-selection"),
        ("scrollbarSliderBackground", "--term-slider"),
        ("scrollbarSliderHoverBackground", "--term-slider-hover"),
        ("scrollbarSliderActiveBackground", "--term-slider-hover"),
        ("black", "--ansi-0"),
        ("red", "--ansi-1"),
        ("green", "--ansi-2"),
        ("yellow", "--ansi-3"),
        ("blue", "--ansi-4"),
        ("magenta", "--ansi-5"),
        ("cyan", "--ansi-6"),
        ("white", "--ansi-7"),
        ("brightBlack", "--ansi-8"),
        ("brightRed", "--ansi-9"),
        ("brightGreen", "--ansi-10"),
        ("brightYellow", "--ansi-11"),
        ("brightBlue", "--ansi-12"),
        ("brightMagenta", "--ansi-13"),
        ("brightCyan", "--ansi-14"),
        ("brightWhite", "--ansi-15"),
    ];

    /// The terminal's colours as the page has them now. A custom property keeps the words it was written
    /// with; only a real property of an element is a colour, so an element is asked.
    pub(crate) fn palette() -> crate::xterm::Palette {
        let (Ok(probe), Some(body)) = (document().create_element("span"), document().body()) else {
            return Vec::new();
        };
        let probe: web_sys::HtmlElement = probe.unchecked_into();
        if body.append_child(&probe).is_err() {
            return Vec::new();
        }
        let Ok(Some(computed)) = window().get_computed_style(&probe) else {
            return Vec::new();
        };
        let palette = COLOURS
            .iter()
            .filter_map(|(name, property)| {
                let wanted = format!("var({property})");
                probe.style().set_property("color", &wanted).ok()?;
                Some((*name, computed.get_property_value("color").ok()?))
            })
            .collect();
        probe.remove();
        palette
    }

    /// The names of the 16 colours begin here.
    const FIRST_OF_SIXTEEN: usize = 8;

    /// The colours that programs may ask for.
    pub(crate) fn colours(palette: &crate::xterm::Palette) -> Option<(Colours, Sixteen)> {
        let of = |wanted: &str| {
            let (_, colour) = palette.iter().find(|(name, _)| *name == wanted)?;
            super::rgb(colour)
        };
        let colours = Colours {
            foreground: of("foreground")?,
            background: of("background")?,
            cursor: of("cursor")?,
        };
        let mut sixteen = Sixteen::default();
        for (colour, (name, _)) in sixteen.iter_mut().zip(&COLOURS[FIRST_OF_SIXTEEN..]) {
            *colour = of(name)?;
        }
        Some((colours, sixteen))
    }

    /// Calls back when the system changes between dark and light. For the life of the page.
    pub(crate) fn on_system_change(callback: impl Fn() + 'static) {
        if let Some(query) = system() {
            crate::components::dom::listen(&query, "change", move |_| callback());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_choice_is_found_among_other_cookies() {
        assert_eq!(Theme::from_cookies(""), Theme::System);
        assert_eq!(Theme::from_cookies("a=b; bowline-theme=dark"), Theme::Dark);
        assert_eq!(Theme::from_cookies("bowline-theme=light;a=b"), Theme::Light);
        assert_eq!(Theme::from_cookies("bowline-theme=pink"), Theme::System);
        assert_eq!(Theme::from_cookies("my-bowline-theme=dark"), Theme::System);
    }

    #[test]
    fn a_computed_colour_is_a_number() {
        assert_eq!(rgb("rgb(1, 2, 255)"), Some(0x01_02_ff));
        assert_eq!(rgb("rgba(16, 0, 1, 0.5)"), Some(0x10_00_01));
        assert_eq!(rgb("color(srgb 1 0 0)"), None);
        assert_eq!(rgb("rgb(1, 2)"), None);
    }

    const SHEET: &str = include_str!("../../style/themes.css");

    /// Both values of a custom property: light, dark.
    fn colours(property: &str) -> [&'static str; 2] {
        let line = SHEET
            .lines()
            .find_map(|line| {
                line.trim()
                    .strip_prefix(property)?
                    .strip_prefix(": light-dark(")
            })
            .unwrap_or_else(|| panic!("{property} is missing"));
        let (light, dark) = line.trim_end_matches(");").split_once(", ").unwrap();
        [light, dark]
    }

    /// Relative luminance by WCAG 2.
    fn luminance(colour: &str) -> f64 {
        let digits = colour.strip_prefix('#').unwrap();
        let channel = |at: usize| {
            let value = u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
            match f64::from(value) / 255.0 {
                low if low <= 0.04045 => low / 12.92,
                high => ((high + 0.055) / 1.055).powf(2.4),
            }
        };
        0.2126 * channel(0) + 0.7152 * channel(2) + 0.0722 * channel(4)
    }

    #[track_caller]
    fn readable(text: &str, ground: &str) {
        for (theme, (text, ground)) in colours(text).iter().zip(colours(ground)).enumerate() {
            let (one, two) = (luminance(text), luminance(ground));
            let ratio = (one.max(two) + 0.05) / (one.min(two) + 0.05);
            assert!(
                ratio >= 4.5,
                "{text} on {ground} in theme {theme}: {ratio:.2}"
            );
        }
    }

    #[test]
    fn text_of_the_page_is_readable() {
        for ground in ["--bar", "--surface", "--raised", "--sunken"] {
            for text in ["--text", "--muted", "--accent", "--danger", "--warn"] {
                readable(text, ground);
            }
        }
        readable("--on-accent", "--accent");
        readable("--on-warn", "--warn");
    }

    #[test]
    fn a_terminals_colours_are_readable_greys_included() {
        readable("--term-foreground", "--term-background");
        readable("--term-foreground", "--term-selection");
        // Black is for backgrounds; as text the emulator lifts it.
        for colour in 1..16 {
            readable(&format!("--ansi-{colour}"), "--term-background");
        }
    }

    #[test]
    fn the_cookie_says_where_it_belongs() {
        let cookie = Theme::Dark.cookie("/base/");
        assert!(cookie.starts_with("bowline-theme=dark; path=/base/;"));
    }
}
