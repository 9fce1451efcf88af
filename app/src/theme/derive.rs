//! The page's colours from a scheme's, as custom properties: grounds, lines, text, marks, and the terminal's
//! own. Whatever a scheme holds, text is readable where it stands (WCAG 2: 4.5, edges of controls 3): a
//! colour that isn't goes towards white on dark grounds, towards black on light ones. The bright colours of a
//! terminal stay as they are, since the emulator lifts them where they stand; greys, which hints are written
//! in, don't.

use std::fmt::{self, Write as _};

use super::scheme::{Colour, Kind, Scheme};

/// Contrast of text.
pub const TEXT: f64 = 4.5;
/// Contrast of edges and rings that say something.
pub const EDGE: f64 = 3.0;
/// Contrast of the page's own text, where the scheme allows it.
const COMFORT: f64 = 7.0;
/// Contrast of what is selected with what is not, at least.
const SELECTED: f64 = 1.25;

/// A colour that may let what is below through.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ink {
    /// The colour.
    pub colour: Colour,
    /// How much of it, from 0 to 1.
    pub alpha: f64,
}

impl Ink {
    /// What is seen on a ground.
    pub fn over(self, ground: Colour) -> Colour {
        ground.mix(self.colour, self.alpha)
    }
}

impl fmt::Display for Ink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.colour)?;
        if self.alpha < 1.0 {
            // From 0 to 255.
            write!(f, "{:02x}", (self.alpha * 255.0).round() as u8)?;
        }
        Ok(())
    }
}

/// The names of the sixteen.
pub const SIXTEEN: [&str; 16] = [
    "--ansi-0",
    "--ansi-1",
    "--ansi-2",
    "--ansi-3",
    "--ansi-4",
    "--ansi-5",
    "--ansi-6",
    "--ansi-7",
    "--ansi-8",
    "--ansi-9",
    "--ansi-10",
    "--ansi-11",
    "--ansi-12",
    "--ansi-13",
    "--ansi-14",
    "--ansi-15",
];

/// White, grey and their bright ones among the sixteen: what hints are written in.
const GREYS: [usize; 3] = [7, 8, 15];

/// Every custom property with its colour.
pub fn colours(scheme: &Scheme) -> Vec<(&'static str, Ink)> {
    let kind = scheme.kind();
    let (far, near) = match kind {
        Kind::Dark => (Colour::WHITE, Colour::BLACK),
        Kind::Light => (Colour::BLACK, Colour::WHITE),
    };
    let surface = scheme.background;
    let body = towards(far, scheme.foreground, |text| {
        text.contrast(surface) >= TEXT
    });
    // On every ground the far end is readable, or nothing could be.
    let ground = |colour: Colour| towards(near, colour, |ground| ground.contrast(far) >= TEXT);
    let tint = |dark: f64, light: f64| match kind {
        Kind::Dark => ground(surface.mix(body, dark)),
        Kind::Light => ground(surface.mix(body, light)),
    };
    let (bar, sunken) = (tint(0.04, 0.085), tint(0.02, 0.04));
    let raised = match kind {
        Kind::Dark => tint(0.065, 0.0),
        Kind::Light => ground(surface.mix(Colour::WHITE, 0.75)),
    };
    let grounds = [bar, surface, raised, sunken];
    let on_all = |colour: Colour, least: f64| {
        let fits = |colour: Colour| {
            grounds
                .iter()
                .all(|ground| colour.contrast(*ground) >= least)
        };
        towards(far, colour, fits)
    };
    // Less and less of a tint, until what stands on it is readable.
    let soft = |colour: Colour, most: f64, text: Colour| {
        let fits = |alpha: &f64| {
            let ink = Ink {
                colour,
                alpha: *alpha,
            };
            grounds
                .iter()
                .all(|ground| text.contrast(ink.over(*ground)) >= TEXT)
        };
        let steps = (0..8).map(|step| most * (1.0 - f64::from(step) / 8.0));
        let alpha = { steps }.find(fits).unwrap_or(0.0);
        Ink { colour, alpha }
    };
    // Text on a ground of this colour.
    let on = |colour: Colour| match Colour::WHITE.contrast(colour) >= TEXT {
        true => Colour::WHITE,
        false => towards(Colour::BLACK, colour.mix(Colour::BLACK, 0.84), |text| {
            text.contrast(colour) >= TEXT
        }),
    };

    let sixteen = &scheme.sixteen;
    let accent = match scheme.cursor.chroma() > 0.25 {
        true => scheme.cursor,
        false => sixteen[4],
    };
    let text = on_all(body, COMFORT);
    let muted = on_all(text.mix(surface, 0.33), TEXT);
    let accent = on_all(accent, TEXT);
    let danger = on_all(sixteen[1], TEXT);
    let warn = on_all(sixteen[3], TEXT);
    let line = surface.mix(body, if kind == Kind::Dark { 0.135 } else { 0.18 });
    let selection = selection(scheme.selection, surface, far, near);
    let (shade, shadow) = match kind {
        Kind::Dark => (
            (surface.mix(Colour::BLACK, 0.6), 0.58),
            (Colour::BLACK, 0.55),
        ),
        Kind::Light => ((body.mix(Colour::BLACK, 0.2), 0.28), (body, 0.22)),
    };
    let solid = |colour| Ink { colour, alpha: 1.0 };
    let through = |(colour, alpha)| Ink { colour, alpha };
    let mut all = vec![
        ("--bar", solid(bar)),
        ("--surface", solid(surface)),
        ("--raised", solid(raised)),
        ("--sunken", solid(sunken)),
        ("--line", solid(line)),
        ("--control", solid(on_all(line, EDGE))),
        ("--text", solid(text)),
        ("--muted", solid(muted)),
        ("--hover", soft(body, 0.07, text)),
        ("--pressed", soft(body, 0.125, text)),
        ("--accent", solid(accent)),
        ("--on-accent", solid(on(accent))),
        ("--accent-soft", soft(accent, 0.13, text)),
        ("--good", solid(on_all(sixteen[2], EDGE))),
        ("--warn", solid(warn)),
        ("--on-warn", solid(on(warn))),
        ("--danger", solid(danger)),
        ("--danger-soft", soft(danger, 0.12, danger)),
        ("--shade", through(shade)),
        ("--shadow", through(shadow)),
        ("--term-background", solid(surface)),
        (
            "--term-foreground",
            // Selected or not: on the way it may be far from the one and near the other.
            solid(towards(far, body, |text| {
                text.contrast(selection) >= TEXT && text.contrast(surface) >= TEXT
            })),
        ),
        (
            "--term-cursor",
            solid(towards(far, scheme.cursor, |cursor| {
                cursor.contrast(surface) >= EDGE
            })),
        ),
        ("--term-selection", solid(selection)),
        ("--term-slider", through((body, 0.2))),
        ("--term-slider-hover", through((body, 0.36))),
    ];
    for (at, (name, colour)) in SIXTEEN.iter().zip(sixteen).enumerate() {
        let readable = |text: Colour| text.contrast(surface) >= TEXT;
        let colour = match GREYS.contains(&at) {
            true => towards(far, *colour, readable),
            false => *colour,
        };
        all.push((name, solid(colour)));
    }
    all
}

/// The first colour on the way from one to another that fits; the other, if none does.
fn towards(end: Colour, from: Colour, fits: impl Fn(Colour) -> bool) -> Colour {
    let steps = (0..=32).map(|step| from.mix(end, f64::from(step) / 32.0));
    { steps }.find(|colour| fits(*colour)).unwrap_or(end)
}

/// The ground of what is selected: seen beside the other, and text can be read on it.
fn selection(wanted: Colour, surface: Colour, far: Colour, near: Colour) -> Colour {
    let fits =
        |ground: Colour| ground.contrast(surface) >= SELECTED && ground.contrast(far) >= TEXT;
    let farther = towards(far, wanted, fits);
    if fits(farther) {
        return farther;
    }
    towards(near, wanted, fits)
}

/// One scheme's custom properties as CSS declarations, and whether controls of the browser are dark.
pub fn declarations(scheme: &Scheme) -> String {
    let (kind, dark, light) = match scheme.kind() {
        Kind::Dark => ("dark", "block", "none"),
        Kind::Light => ("light", "none", "block"),
    };
    let mut css = format!("color-scheme:{kind};--when-dark:{dark};--when-light:{light};");
    for (name, ink) in colours(scheme) {
        // Writing to a string cannot fail.
        let _ = write!(css, "{name}:{ink};");
    }
    css
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::theme::builtin;

    fn ink(all: &[(&str, Ink)], name: &str) -> Ink {
        let found = all.iter().find(|(other, _)| *other == name);
        found.unwrap_or_else(|| panic!("{name} is missing")).1
    }

    #[track_caller]
    fn apart(what: &str, (one, two): (Colour, Colour), least: f64) {
        let ratio = one.contrast(two);
        assert!(
            ratio >= least,
            "{what}: {one} on {two} is {ratio:.2}, not {least}"
        );
    }

    /// Everything that somebody reads or looks for, where it stands.
    fn measure(scheme: &Scheme) {
        let all = colours(scheme);
        let of = |name: &str| ink(&all, name);
        let slug = &scheme.slug;
        for ground in ["--bar", "--surface", "--raised", "--sunken"] {
            let ground = of(ground).colour;
            for text in ["--text", "--muted", "--accent", "--danger", "--warn"] {
                apart(&format!("{slug} {text}"), (of(text).colour, ground), TEXT);
            }
            for edge in ["--control", "--good", "--accent"] {
                apart(&format!("{slug} {edge}"), (of(edge).colour, ground), EDGE);
            }
            for soft in ["--hover", "--pressed", "--accent-soft"] {
                let pair = (of("--text").colour, of(soft).over(ground));
                apart(&format!("{slug} text on {soft}"), pair, TEXT);
            }
            let pair = (of("--danger").colour, of("--danger-soft").over(ground));
            apart(&format!("{slug} danger"), pair, TEXT);
        }
        for (text, ground) in [
            ("--on-accent", "--accent"),
            ("--on-warn", "--warn"),
            ("--term-foreground", "--term-background"),
            ("--term-foreground", "--term-selection"),
            ("--ansi-7", "--term-background"),
            ("--ansi-8", "--term-background"),
            ("--ansi-15", "--term-background"),
        ] {
            apart(
                &format!("{slug} {text}"),
                (of(text).colour, of(ground).colour),
                TEXT,
            );
        }
        let ground = of("--term-background").colour;
        apart(
            &format!("{slug} cursor"),
            (of("--term-cursor").colour, ground),
            EDGE,
        );
        apart(
            &format!("{slug} selected"),
            (of("--term-selection").colour, ground),
            SELECTED,
        );
    }

    #[test]
    fn every_theme_is_readable() {
        builtin::ALL.iter().for_each(measure);
    }

    #[test]
    fn the_greys_of_the_built_in_ones_are_readable_as_they_stand() {
        for scheme in &builtin::ALL {
            for grey in GREYS {
                let pair = (scheme.sixteen[grey], scheme.background);
                apart(&format!("{} {grey}", scheme.slug), pair, TEXT);
            }
        }
    }

    #[test]
    fn the_pages_own_are_readable_in_every_colour() {
        for scheme in &builtin::ALL[..2] {
            // Black is for grounds.
            for colour in &scheme.sixteen[1..] {
                apart(&scheme.slug, (*colour, scheme.background), TEXT);
            }
        }
    }

    proptest! {
        #[test]
        fn whatever_is_imported_is_readable(digits in "[0-9a-f]{120}") {
            let scheme = Scheme::of_digits("any".to_owned(), "Any".to_owned(), &digits).unwrap();
            measure(&scheme);
        }

        #[test]
        fn so_is_a_scheme_of_greys_in_the_middle(grey in 0x60_u32..0x90, other in 0_u32..0x100) {
            let (grey, other) = (grey * 0x01_01_01, other * 0x01_01_01);
            let digits = format!("{grey:06x}{}", format!("{other:06x}").repeat(19));
            let scheme = Scheme::of_digits("any".to_owned(), "Any".to_owned(), &digits).unwrap();
            measure(&scheme);
        }
    }

    /// Whether a line of a style sheet names a colour itself.
    fn names_a_colour(line: &str) -> bool {
        let hex = line.match_indices('#').any(|(at, _)| {
            let rest = &line[at + 1..];
            let digits = rest
                .find(|c: char| !c.is_ascii_alphanumeric())
                .unwrap_or(rest.len());
            [3, 4, 6, 8].contains(&digits) && rest[..digits].chars().all(|c| c.is_ascii_hexdigit())
        });
        hex || ["rgb(", "rgba(", "hsl(", "light-dark("]
            .iter()
            .any(|word| line.contains(word))
    }

    #[test]
    fn style_sheets_name_variables_only_and_only_those_there_are() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../style");
        let known: Vec<_> = colours(&builtin::ALL[0])
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            let sheet = std::fs::read_to_string(&path).unwrap();
            for line in sheet.lines() {
                assert!(!names_a_colour(line), "{}: {line}", path.display());
                let colour = ["color:", "background:", "border:"];
                if !colour
                    .iter()
                    .any(|property| line.trim_start().starts_with(property))
                {
                    continue;
                }
                for used in line.split("var(").skip(1) {
                    let name = used.split([')', ',']).next().unwrap();
                    let own = sheet.contains(&format!("{name}: "));
                    assert!(own || known.contains(&name), "{}: {name}", path.display());
                }
            }
        }
        assert!(names_a_colour("color: #fff;") && !names_a_colour("#app .x {"));
    }
}
