//! The page's other files: what comes from npm packages as `package-lock.json` pins them, what is our own, and its style
//! sheets joined into two, as a browser waits for each of the first before it paints. Must not change what they say.

use std::path::Path;

use anyhow::{Context as _, Result};

use crate::shell::Root;

/// Folder in `dist`, folder that they come from, files.
type Copies = (&'static str, &'static str, &'static [&'static str]);

/// What is copied as it is.
const COPIES: [Copies; 8] = [
    (
        "",
        "public",
        &[
            "apple-touch-icon.png",
            "favicon.svg",
            "icon-192.png",
            "icon-512.png",
            "icon-maskable-512.png",
            "link-worker-loader.js",
            "manifest.webmanifest",
        ],
    ),
    (
        "vendor",
        "public",
        &[
            "elsewhere.mjs",
            "lazy.mjs",
            "search.mjs",
            "takeover.mjs",
            "transfer.mjs",
            "width.mjs",
        ],
    ),
    ("vendor", "node_modules/@xterm/xterm/lib", &["xterm.mjs"]),
    (
        "vendor",
        "node_modules/@xterm/addon-fit/lib",
        &["addon-fit.mjs"],
    ),
    (
        "vendor",
        "node_modules/@xterm/addon-image/lib",
        &["addon-image.mjs"],
    ),
    (
        "vendor",
        "node_modules/@xterm/addon-serialize/lib",
        &["addon-serialize.mjs"],
    ),
    (
        "vendor",
        "node_modules/@xterm/addon-web-links/lib",
        &["addon-web-links.mjs"],
    ),
    (
        "vendor",
        "node_modules/@xterm/addon-webgl/lib",
        &["addon-webgl.mjs"],
    ),
];

/// The fonts: names of packages and of the files in them.
const FONTS: [&str; 5] = [
    "cascadia-code",
    "fira-code",
    "ibm-plex-mono",
    "jetbrains-mono",
    "source-code-pro",
];

/// What the page begins with: style sheets in their order, below the root.
const STYLES: [&str; 11] = [
    "node_modules/@xterm/xterm/css/xterm.css",
    "style/fonts.css",
    "style/base.css",
    "style/bar.css",
    "style/panes.css",
    "style/layout.css",
    "style/grid.css",
    "style/messages.css",
    "style/login.css",
    "style/sizes.css",
    "style/motion.css",
];

/// What comes with the page's later chunk, and stands behind those: `components/later.rs` waits for it.
const LATER_STYLES: [&str; 12] = [
    "style/search.css",
    "style/files.css",
    "style/drag.css",
    "style/dialogs.css",
    "style/connection.css",
    "style/dictation.css",
    "style/setup.css",
    "style/picker.css",
    "style/shortcuts.css",
    "style/settings.css",
    "style/palette.css",
    "style/touch.css",
];

/// Puts them into a folder.
pub(crate) fn gather(root: &Root, dist: &Path) -> Result<()> {
    for (to, from, names) in COPIES {
        for name in names {
            copy(&root.join(from).join(name), &dist.join(to).join(name))?;
        }
    }
    for font in FONTS {
        let from = root.join(&format!("node_modules/@fontsource/{font}/files"));
        for weight in [400, 700] {
            let name = format!("{font}-latin-{weight}-normal.woff2");
            copy(&from.join(&name), &dist.join("fonts").join(&name))?;
        }
    }
    join(root, &STYLES, &dist.join("page.css"))?;
    join(root, &LATER_STYLES, &dist.join("later.css"))?;
    copy(&root.join("index.html"), &dist.join("index.html"))
}

fn join(root: &Root, names: &[&'static str], to: &Path) -> Result<()> {
    let mut sheet = String::new();
    for name in names {
        sheet.push_str(&std::fs::read_to_string(root.join(name)).context(*name)?);
        sheet.push('\n');
    }
    std::fs::write(to, sheet).with_context(|| to.display().to_string())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    if let Some(folder) = to.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::copy(from, to).with_context(|| from.display().to_string())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sheet_of_the_folder_is_joined() {
        let folder = Root::find().join("style");
        for entry in std::fs::read_dir(folder).unwrap() {
            let name = entry.unwrap().file_name();
            let path = format!("style/{}", name.to_string_lossy());
            let joined = STYLES.iter().chain(&LATER_STYLES);
            assert_eq!(joined.filter(|name| **name == path).count(), 1, "{path}");
        }
    }

    #[test]
    fn everything_the_page_names_is_there() {
        let root = Root::find();
        let page = std::fs::read_to_string(root.join("index.html")).unwrap();
        let made = ["page.css", "page.js", "page_bg.wasm"];
        for piece in page.split("\"./assets/").skip(1) {
            let (name, _) = piece.split_once('"').unwrap();
            let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
            let is_copied = |(to, _, names): &Copies| *to == folder && names.contains(&file);
            let known = made.contains(&name) || COPIES.iter().any(is_copied);
            assert!(known, "index.html names {name}, which nothing brings");
        }
    }
}
