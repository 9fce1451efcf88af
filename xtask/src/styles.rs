//! Joins the page's style sheets, one file per part of the page in `style/`, into one: a browser waits for
//! each before it paints. Must not change what they say.

use std::path::Path;

use anyhow::{Context as _, Result, bail};

/// The joined sheet, in `dist`.
const JOINED: &str = "page.css";
/// How Trunk writes a sheet's link.
const LINK: &str = "<link rel=\"stylesheet\" href=\"./assets/";

/// Joins the sheets that `dist/index.html` names, in their order, and names the joined one in their place.
pub(crate) fn join(dist: &Path) -> Result<()> {
    let index = dist.join("index.html");
    let (text, names) = joined(&std::fs::read_to_string(&index)?)?;
    let mut sheet = String::new();
    for name in &names {
        let file = dist.join(name);
        let part = std::fs::read_to_string(&file).with_context(|| name.clone())?;
        sheet.push_str(&part);
        sheet.push('\n');
        std::fs::remove_file(file)?;
    }
    std::fs::write(dist.join(JOINED), sheet)?;
    Ok(std::fs::write(index, text)?)
}

/// The page with one sheet in place of the first, and the names of all.
fn joined(page: &str) -> Result<(String, Vec<String>)> {
    let mut pieces = page.split(LINK);
    let mut text = pieces.next().unwrap_or_default().to_owned();
    let mut names = Vec::new();
    for piece in pieces {
        let (Some((name, _)), Some((_, rest))) = (piece.split_once('"'), piece.split_once('>'))
        else {
            bail!("dist/index.html has a style sheet's link without an end");
        };
        if names.is_empty() {
            text.push_str(&format!("{LINK}{JOINED}\"/>"));
        }
        names.push(name.to_owned());
        text.push_str(rest);
    }
    if names.is_empty() {
        bail!("dist/index.html names no style sheet as Trunk writes it");
    }
    Ok((text, names))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_link_stands_in_place_of_all() {
        let page = format!("<a>{LINK}one.css\" integrity=\"x\"/>\n{LINK}two.css\"/><b>");
        let (text, names) = joined(&page).unwrap();
        assert_eq!(text, format!("<a>{LINK}page.css\"/>\n<b>"));
        assert_eq!(names, ["one.css", "two.css"]);
        assert!(joined("<a>").is_err());
    }
}
