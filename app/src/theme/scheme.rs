//! A colour and how far it is from another, by WCAG 2; a scheme, which is what terminals call a theme; and the
//! short form in which a scheme is kept. Knows no scheme.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Longest name of a scheme, characters.
pub const MAX_NAME: usize = 40;
/// How many colours a scheme has: four of its own, and sixteen.
const COLOURS: usize = 20;

/// A colour without transparency: red, green, blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour(pub [u8; 3]);

impl Colour {
    /// White.
    pub const WHITE: Self = Self([255; 3]);
    /// Black.
    pub const BLACK: Self = Self([0; 3]);

    /// `0xRRGGBB`.
    pub const fn hex(number: u32) -> Self {
        let [_, red, green, blue] = number.to_be_bytes();
        Self([red, green, blue])
    }

    /// As a number: `0xRRGGBB`.
    pub const fn number(self) -> u32 {
        let [red, green, blue] = self.0;
        u32::from_be_bytes([0, red, green, blue])
    }

    /// Reads what scheme files write: `#rgb`, `#rrggbb`, `0xrrggbb` or the digits alone. Of a colour with
    /// transparency, the transparency is answered too, from 0 to 1.
    pub fn parse(text: &str) -> Option<(Self, f64)> {
        let text = text.trim();
        let digits = text
            .strip_prefix('#')
            .or_else(|| text.strip_prefix("0x"))
            .unwrap_or(text);
        let digits = digits
            .chars()
            .map(|digit| {
                digit
                    .to_digit(16)
                    .and_then(|digit| u8::try_from(digit).ok())
            })
            .collect::<Option<Vec<u8>>>()?;
        let pair = |pair: &[u8]| pair[0] * 16 + pair[1];
        let alpha = |value: u8| f64::from(value) / 255.0;
        match digits.len() {
            3 => Some((Self([digits[0] * 17, digits[1] * 17, digits[2] * 17]), 1.0)),
            6 | 8 => {
                let colour = Self([
                    pair(&digits[0..2]),
                    pair(&digits[2..4]),
                    pair(&digits[4..6]),
                ]);
                let alpha = digits.get(6..8).map_or(1.0, |last| alpha(pair(last)));
                Some((colour, alpha))
            }
            _ => None,
        }
    }

    /// Relative luminance, from 0 to 1.
    pub fn luminance(self) -> f64 {
        let [red, green, blue] = self.0.map(|value| match f64::from(value) / 255.0 {
            low if low <= 0.04045 => low / 12.92,
            high => ((high + 0.055) / 1.055).powf(2.4),
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    /// Contrast, from 1 to 21.
    pub fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    /// So much of the way to another colour.
    pub fn mix(self, other: Self, part: f64) -> Self {
        let mut mixed = self.0;
        for (value, other) in mixed.iter_mut().zip(other.0) {
            let (from, to) = (f64::from(*value), f64::from(other));
            // Between two bytes.
            *value = (from + (to - from) * part).round() as u8;
        }
        Self(mixed)
    }

    /// How far it is from a grey, from 0 to 1.
    pub fn chroma(self) -> f64 {
        let [red, green, blue] = self.0;
        let most = red.max(green).max(blue);
        let least = red.min(green).min(blue);
        f64::from(most - least) / 255.0
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:06x}", self.number())
    }
}

/// Whether a scheme is dark or light.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Light text on a dark ground.
    Dark,
    /// Dark text on a light ground.
    Light,
}

/// What a terminal's colours are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Kept", try_from = "Kept")]
pub struct Scheme {
    /// Its name in `data-theme`, cookies and settings: [`slug`].
    pub slug: Cow<'static, str>,
    /// Its name for people.
    pub name: Cow<'static, str>,
    /// The ground.
    pub background: Colour,
    /// Text.
    pub foreground: Colour,
    /// The cursor.
    pub cursor: Colour,
    /// The ground of what is selected.
    pub selection: Colour,
    /// Black, red, green, yellow, blue, magenta, cyan, white, and bright ones.
    pub sixteen: [Colour; 16],
}

impl Scheme {
    /// Dark if white is the better text on its ground.
    pub fn kind(&self) -> Kind {
        let ground = self.background;
        if ground.contrast(Colour::WHITE) >= ground.contrast(Colour::BLACK) {
            Kind::Dark
        } else {
            Kind::Light
        }
    }

    /// All its colours as digits.
    pub fn digits(&self) -> String {
        let own = [
            self.background,
            self.foreground,
            self.cursor,
            self.selection,
        ];
        let colours = own.iter().chain(&self.sixteen);
        colours
            .map(|colour| format!("{:06x}", colour.number()))
            .collect()
    }

    /// A scheme from [`Self::digits`].
    pub fn of_digits(slug: String, name: String, digits: &str) -> Option<Self> {
        if digits.len() != COLOURS * 6 || !digits.is_ascii() {
            return None;
        }
        let mut colours = [Colour::BLACK; COLOURS];
        for (at, colour) in colours.iter_mut().enumerate() {
            *colour = Colour::parse(&digits[at * 6..at * 6 + 6])?.0;
        }
        let [background, foreground, cursor, selection, sixteen @ ..] = colours;
        Some(Self {
            slug: slug.into(),
            name: name.into(),
            background,
            foreground,
            cursor,
            selection,
            sixteen,
        })
    }
}

/// A name for `data-theme` and cookies: small letters, digits and dashes.
pub fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars().take(MAX_NAME) {
        match c.to_ascii_lowercase() {
            c if c.is_ascii_alphanumeric() => slug.push(c),
            _ if slug.is_empty() || slug.ends_with('-') => {}
            _ => slug.push('-'),
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "theme" } else { slug }.to_owned()
}

/// How a scheme is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    slug: String,
    name: String,
    colours: String,
}

impl From<Scheme> for Kept {
    fn from(scheme: Scheme) -> Self {
        Self {
            colours: scheme.digits(),
            slug: scheme.slug.into_owned(),
            name: scheme.name.into_owned(),
        }
    }
}

impl TryFrom<Kept> for Scheme {
    type Error = &'static str;

    fn try_from(kept: Kept) -> Result<Self, Self::Error> {
        let name = kept.name.chars().take(MAX_NAME).collect();
        Self::of_digits(slug(&kept.slug), name, &kept.colours).ok_or("a scheme has 20 colours")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theme::builtin;

    #[test]
    fn colours_are_read_as_files_write_them() {
        let read = |text| Colour::parse(text).map(|(colour, alpha)| (colour.number(), alpha));
        assert_eq!(read("#0a1B2c"), Some((0x0a_1b_2c, 1.0)));
        assert_eq!(read(" 0x0a1b2c "), Some((0x0a_1b_2c, 1.0)));
        assert_eq!(read("fa0"), Some((0xff_aa_00, 1.0)));
        assert_eq!(read("#00000000"), Some((0, 0.0)));
        for bad in ["", "#12345", "#gggggg", "red", "#ääää"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn contrast_is_wcags() {
        assert!((Colour::BLACK.contrast(Colour::WHITE) - 21.0).abs() < 1e-9);
        let grey = Colour::hex(0x77_77_77);
        assert!((grey.contrast(Colour::WHITE) - 4.478).abs() < 0.001);
        assert_eq!(
            Colour::BLACK.mix(Colour::WHITE, 0.2),
            Colour::hex(0x33_33_33)
        );
    }

    #[test]
    fn a_scheme_is_kept_and_read() {
        for scheme in &builtin::ALL {
            let json = serde_json::to_string(scheme).unwrap();
            assert_eq!(serde_json::from_str::<Scheme>(&json).unwrap(), *scheme);
            assert_eq!(slug(&scheme.name), scheme.slug);
        }
        assert!(
            serde_json::from_str::<Scheme>(r#"{"slug":"a","name":"a","colours":"00"}"#).is_err()
        );
    }

    #[test]
    fn slugs_hold_nothing_that_markup_or_cookies_mind() {
        assert_eq!(slug("My  Théme <x>; 2"), "my-th-me-x-2");
        assert_eq!(slug("\u{1f308}"), "theme");
        assert_eq!(slug(&"a".repeat(99)).len(), MAX_NAME);
    }
}
