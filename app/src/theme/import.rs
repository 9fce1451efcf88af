//! Schemes from files, and to one. Reads the JSON that terminals, editors and collections of schemes write:
//! Windows Terminal (one scheme, many, or a whole settings file), VS Code themes, Gogh, Alacritty, base16, kitty
//! and pywal; comments and commas too many are forgiven. What is missing is named.

use serde_json::{Map, Value, json};
use thiserror::Error;

use super::scheme::{self, Colour, Scheme};

/// Most of a file that is read, bytes.
pub const MAX_FILE: usize = 1024 * 1024;

/// Why a file holds no scheme.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ImportError {
    /// It is too large.
    #[error("the file is larger than 1 MiB")]
    Large,
    /// It is no JSON.
    #[error("this is no JSON: {0}")]
    Json(String),
    /// It is JSON of another kind.
    #[error(
        "no scheme found: known are Windows Terminal, VS Code, Gogh, Alacritty, base16 and kitty as JSON"
    )]
    Unknown,
    /// A colour is not there.
    #[error("{format} scheme without the colour {name}")]
    Missing {
        /// What the file seems to be.
        format: &'static str,
        /// The colour, as the file would name it.
        name: String,
    },
    /// A colour can't be read.
    #[error("{name} is no colour: {value}")]
    Colour {
        /// Its name.
        name: String,
        /// What stands there.
        value: String,
    },
}

/// Where a format has its colours. Paths go down by `/`; of several, between `|`, the first that is there
/// counts.
struct Format {
    name: &'static str,
    /// What a file of this kind has.
    mark: &'static str,
    background: &'static str,
    foreground: &'static str,
    cursor: &'static str,
    selection: &'static str,
    sixteen: [&'static str; 16],
}

#[rustfmt::skip]
const FORMATS: &[Format] = &[
    Format {
        name: "VS Code",
        mark: "colors/terminal.ansiBlack|colors/terminal.background|colors/editor.background",
        background: "colors/terminal.background|colors/editor.background",
        foreground: "colors/terminal.foreground|colors/editor.foreground|colors/foreground",
        cursor: "colors/terminalCursor.foreground|colors/editorCursor.foreground",
        selection: "colors/terminal.selectionBackground|colors/editor.selectionBackground",
        sixteen: [
            "colors/terminal.ansiBlack", "colors/terminal.ansiRed", "colors/terminal.ansiGreen",
            "colors/terminal.ansiYellow", "colors/terminal.ansiBlue", "colors/terminal.ansiMagenta",
            "colors/terminal.ansiCyan", "colors/terminal.ansiWhite", "colors/terminal.ansiBrightBlack",
            "colors/terminal.ansiBrightRed", "colors/terminal.ansiBrightGreen",
            "colors/terminal.ansiBrightYellow", "colors/terminal.ansiBrightBlue",
            "colors/terminal.ansiBrightMagenta", "colors/terminal.ansiBrightCyan",
            "colors/terminal.ansiBrightWhite",
        ],
    },
    Format {
        name: "Gogh",
        mark: "color_01|color_16",
        background: "background",
        foreground: "foreground",
        cursor: "cursor",
        selection: "selection",
        sixteen: [
            "color_01", "color_02", "color_03", "color_04", "color_05", "color_06", "color_07", "color_08",
            "color_09", "color_10", "color_11", "color_12", "color_13", "color_14", "color_15", "color_16",
        ],
    },
    Format {
        name: "Alacritty",
        mark: "colors/primary|colors/normal|normal/black",
        background: "colors/primary/background|primary/background",
        foreground: "colors/primary/foreground|primary/foreground",
        cursor: "colors/cursor/cursor|cursor/cursor",
        selection: "colors/selection/background|selection/background",
        sixteen: [
            "colors/normal/black|normal/black", "colors/normal/red|normal/red",
            "colors/normal/green|normal/green", "colors/normal/yellow|normal/yellow",
            "colors/normal/blue|normal/blue", "colors/normal/magenta|normal/magenta",
            "colors/normal/cyan|normal/cyan", "colors/normal/white|normal/white",
            "colors/bright/black|bright/black", "colors/bright/red|bright/red",
            "colors/bright/green|bright/green", "colors/bright/yellow|bright/yellow",
            "colors/bright/blue|bright/blue", "colors/bright/magenta|bright/magenta",
            "colors/bright/cyan|bright/cyan", "colors/bright/white|bright/white",
        ],
    },
    Format {
        name: "base16",
        mark: "base00|palette/base00",
        background: "base00|palette/base00",
        foreground: "base05|palette/base05",
        cursor: "base05|palette/base05",
        selection: "base02|palette/base02",
        sixteen: [
            "base00|palette/base00", "base08|palette/base08", "base0B|palette/base0B", "base0A|palette/base0A",
            "base0D|palette/base0D", "base0E|palette/base0E", "base0C|palette/base0C", "base05|palette/base05",
            "base03|palette/base03", "base08|palette/base08", "base0B|palette/base0B", "base0A|palette/base0A",
            "base0D|palette/base0D", "base0E|palette/base0E", "base0C|palette/base0C", "base07|palette/base07",
        ],
    },
    Format {
        name: "kitty",
        mark: "color0|colors/color0",
        background: "background|special/background",
        foreground: "foreground|special/foreground",
        cursor: "cursor|special/cursor",
        selection: "selection_background",
        sixteen: [
            "color0|colors/color0", "color1|colors/color1", "color2|colors/color2", "color3|colors/color3",
            "color4|colors/color4", "color5|colors/color5", "color6|colors/color6", "color7|colors/color7",
            "color8|colors/color8", "color9|colors/color9", "color10|colors/color10",
            "color11|colors/color11", "color12|colors/color12", "color13|colors/color13",
            "color14|colors/color14", "color15|colors/color15",
        ],
    },
    Format {
        name: "Windows Terminal",
        mark: "black|red|brightBlack",
        background: "background",
        foreground: "foreground",
        cursor: "cursorColor|cursor",
        selection: "selectionBackground|selection",
        sixteen: [
            "black", "red", "green", "yellow", "blue", "purple|magenta", "cyan", "white", "brightBlack",
            "brightRed", "brightGreen", "brightYellow", "brightBlue", "brightPurple|brightMagenta",
            "brightCyan", "brightWhite",
        ],
    },
];

/// The schemes of a file, at least one.
pub fn schemes(file: &str) -> Result<Vec<Scheme>, ImportError> {
    if file.len() > MAX_FILE {
        return Err(ImportError::Large);
    }
    let value: Value =
        crate::json::read(&plain(file)).map_err(|error| ImportError::Json(error.to_string()))?;
    let many = match &value {
        Value::Array(many) => Some(many),
        value => value.get("schemes").and_then(Value::as_array),
    };
    match many {
        Some(many) if many.is_empty() => Err(ImportError::Unknown),
        Some(many) => many.iter().map(one).collect(),
        None => Ok(vec![one(&value)?]),
    }
}

fn one(value: &Value) -> Result<Scheme, ImportError> {
    let found = FORMATS
        .iter()
        .find(|format| at(value, format.mark).is_some());
    let format = found.ok_or(ImportError::Unknown)?;
    let needed = |path: &str| colour(value, path)?.ok_or_else(|| missing(format, path));
    let (background, _) = needed(format.background)?;
    let (foreground, _) = needed(format.foreground)?;
    let mut sixteen = [Colour::BLACK; 16];
    for (colour, path) in sixteen.iter_mut().zip(format.sixteen) {
        *colour = needed(path)?.0;
    }
    let cursor = colour(value, format.cursor)?.map_or(foreground, |(colour, _)| colour);
    // Editors let what is below through.
    let selection = colour(value, format.selection)?.map_or_else(
        || background.mix(foreground, 0.25),
        |(colour, alpha)| background.mix(colour, alpha),
    );
    let name = at(value, "name|scheme")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .trim();
    let name = if name.is_empty() { "Imported" } else { name };
    let name: String = name.chars().take(scheme::MAX_NAME).collect();
    Ok(Scheme {
        slug: scheme::slug(&name).into(),
        name: name.into(),
        background,
        foreground,
        cursor,
        selection,
        sixteen,
    })
}

fn missing(format: &Format, path: &str) -> ImportError {
    let name = path.split('|').next().unwrap_or_default();
    let name = name
        .strip_prefix("colors/terminal.")
        .map_or(name, |_| &name["colors/".len()..]);
    ImportError::Missing {
        format: format.name,
        name: name.replace('/', "."),
    }
}

/// What stands at the first path that leads to something.
fn at<'a>(value: &'a Value, paths: &str) -> Option<&'a Value> {
    paths.split('|').find_map(|path| {
        let mut steps = path.split('/');
        let found = steps.try_fold(value, |value, step| value.get(step))?;
        (!found.is_null()).then_some(found)
    })
}

fn colour(value: &Value, paths: &str) -> Result<Option<(Colour, f64)>, ImportError> {
    let Some(found) = at(value, paths) else {
        return Ok(None);
    };
    let read = found.as_str().and_then(Colour::parse);
    let wrong = || ImportError::Colour {
        name: paths
            .split('|')
            .next()
            .unwrap_or_default()
            .replace('/', "."),
        value: found.to_string().chars().take(40).collect(),
    };
    read.map(Some).ok_or_else(wrong)
}

/// JSON without comments and without commas before a closing bracket.
fn plain(file: &str) -> String {
    let mut out = String::with_capacity(file.len());
    let mut rest = file.trim_start_matches('\u{feff}').chars().peekable();
    let mut in_text = false;
    while let Some(c) = rest.next() {
        match (c, rest.peek()) {
            ('\\', _) if in_text => {
                out.push(c);
                out.extend(rest.next());
                continue;
            }
            ('"', _) => in_text = !in_text,
            ('/', Some('/')) if !in_text => {
                while rest.next_if(|c| *c != '\n').is_some() {}
                continue;
            }
            ('/', Some('*')) if !in_text => {
                rest.next();
                let mut before = ' ';
                for c in rest.by_ref() {
                    if before == '*' && c == '/' {
                        break;
                    }
                    before = c;
                }
                continue;
            }
            ('}' | ']', _) if !in_text => {
                let kept = out.trim_end().len();
                if out[..kept].ends_with(',') {
                    out.truncate(kept - 1);
                }
            }
            _ => {}
        }
        out.push(c);
    }
    out
}

/// A scheme as Windows Terminal writes it.
pub fn written(scheme: &Scheme) -> String {
    const NAMES: [&str; 16] = [
        "black",
        "red",
        "green",
        "yellow",
        "blue",
        "purple",
        "cyan",
        "white",
        "brightBlack",
        "brightRed",
        "brightGreen",
        "brightYellow",
        "brightBlue",
        "brightPurple",
        "brightCyan",
        "brightWhite",
    ];
    let mut object = Map::new();
    let mut put = |name: &str, value: String| object.insert(name.to_owned(), json!(value));
    put("name", scheme.name.clone().into_owned());
    put("background", scheme.background.to_string());
    put("foreground", scheme.foreground.to_string());
    put("cursorColor", scheme.cursor.to_string());
    put("selectionBackground", scheme.selection.to_string());
    for (name, colour) in NAMES.iter().zip(scheme.sixteen) {
        put(name, colour.to_string());
    }
    // Texts only.
    serde_json::to_string_pretty(&object).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theme::builtin;

    #[test]
    fn what_is_written_is_read_alone_in_a_list_and_in_settings() {
        let nord = builtin::of("nord").unwrap();
        let text = written(nord);
        for file in [
            text.clone(),
            format!("[{text},]"),
            format!("{{\"schemes\": [{text}]}}"),
        ] {
            assert_eq!(schemes(&file).unwrap(), std::slice::from_ref(nord));
        }
    }

    #[test]
    fn a_theme_of_vs_code_may_have_comments() {
        let names = &FORMATS[0].sixteen;
        let colours = names.iter().enumerate().map(|(at, path)| {
            format!(
                "\"{}\": \"#0000{at:02x}\", // https://x\n",
                &path["colors/".len()..]
            )
        });
        let file = format!(
            "{{ /* a \"theme\" */ \"name\": \"Mine // yes\", \"colors\": {{ {} \"editor.background\": \"#102030\",\
             \"editor.foreground\": \"#fff\", \"editor.selectionBackground\": \"#ffffff80\", }} }}",
            colours.collect::<String>()
        );
        let scheme = schemes(&file).unwrap().remove(0);
        assert_eq!((&*scheme.name, &*scheme.slug), ("Mine // yes", "mine-yes"));
        assert_eq!(scheme.sixteen[15], Colour::hex(0x0f));
        assert_eq!(scheme.selection, Colour::hex(0x88_90_98));
        assert_eq!(scheme.cursor, Colour::WHITE);
    }

    #[test]
    fn gogh_alacritty_base16_and_kitty_are_known() {
        let of = |names: &[(&str, &str)], format: &Format| {
            let mut file = json!({});
            let paths = format.sixteen.iter().copied();
            for path in paths.chain([format.background, format.foreground]) {
                let mut place = &mut file;
                for step in path.split('|').next().unwrap().split('/') {
                    place = &mut place[step];
                }
                *place = json!("#123456");
            }
            for (name, value) in names {
                file[*name] = json!(value);
            }
            schemes(&file.to_string()).unwrap().remove(0)
        };
        for format in FORMATS {
            let scheme = of(&[("name", "X")], format);
            assert_eq!(
                scheme.sixteen,
                [Colour::hex(0x12_34_56); 16],
                "{}",
                format.name
            );
            assert_eq!(scheme.name, "X");
        }
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let full = written(builtin::of("nord").unwrap());
        let without = full.replace("\"purple\"", "\"pink\"");
        let why = schemes(&without).unwrap_err().to_string();
        assert_eq!(why, "Windows Terminal scheme without the colour purple");
        let wrong = full.replace("#bf616a", "red");
        let why = schemes(&wrong).unwrap_err().to_string();
        assert_eq!(why, "red is no colour: \"red\"");
        let code = r##"{"colors": {"editor.background": "#000", "editor.foreground": "#fff"}}"##;
        let why = schemes(code).unwrap_err().to_string();
        assert_eq!(why, "VS Code scheme without the colour terminal.ansiBlack");
        assert_eq!(schemes("{}"), Err(ImportError::Unknown));
        assert_eq!(schemes("[]"), Err(ImportError::Unknown));
        assert!(matches!(schemes("name: x"), Err(ImportError::Json(_))));
        assert_eq!(schemes(&" ".repeat(MAX_FILE + 1)), Err(ImportError::Large));
    }
}
