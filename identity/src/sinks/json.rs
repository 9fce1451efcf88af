//! JSON as tools let people write it: with comments and trailing commas. Keys are set and removed where they stand; all
//! else keeps its place and its form.

use jsonc_parser::ParseOptions;
use jsonc_parser::cst::{CstInputValue, CstNode, CstObject, CstObjectProp, CstRootNode};

use super::left::Left;
use super::text::{Style, missing_end};

const FORMAT: &str = "JSON";
/// What keeps its form takes ninety times its size in memory.
const LARGEST: usize = 1 << 20;

/// Comments and trailing commas, and nothing else that is no JSON.
pub fn lenient() -> ParseOptions {
    ParseOptions {
        allow_comments: true,
        allow_trailing_commas: true,
        allow_loose_object_property_names: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    }
}

/// A document whose value is an object.
pub struct Json {
    style: Style,
    root: CstRootNode,
    top: CstObject,
    is_new: bool,
}

/// What a key is set to.
#[derive(Debug)]
pub enum Value<'a> {
    /// A text.
    Text(&'a str),
    /// `true`.
    True,
    /// A whole number.
    Number(u64),
}

impl std::fmt::Debug for Json {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // What is in it may be a secret.
        f.debug_struct("Json").finish_non_exhaustive()
    }
}

impl Json {
    /// Of a file; an empty document if there is none.
    pub fn read(old: Option<&str>) -> Result<Self, Left> {
        let (style, body) = Style::of(old.unwrap_or_default());
        if body.len() > LARGEST {
            return Err(Left::TooLarge);
        }
        let is_new = body.trim().is_empty();
        let options = lenient();
        let body = if is_new { "{}" } else { body };
        let root = CstRootNode::parse(body, &options)
            .map_err(|err| Left::unreadable_at(FORMAT, err.line_display()))?;
        let top = root.object_value().ok_or(Left::unreadable(FORMAT))?;
        if is_new {
            top.ensure_multiline();
        }
        Ok(Self {
            style,
            root,
            top,
            is_new,
        })
    }

    /// The text at a path; of keys that come twice the last counts, as it does for the tools.
    pub fn text(&self, path: &[&str]) -> Option<String> {
        let literal = self.node(path)?;
        literal.as_string_lit()?.decoded_value().ok()
    }

    /// Whether there is anything at a path.
    pub fn has(&self, path: &[&str]) -> bool {
        self.node(path).is_some()
    }

    /// What stands at a path, if there are no comments in it.
    pub fn value(&self, path: &[&str]) -> Option<serde_json::Value> {
        serde_json::from_str(&self.node(path)?.to_string()).ok()
    }

    /// Sets what stands at a path, and makes the objects on the way to it.
    pub fn set(&self, path: &[&str], value: &Value<'_>) -> Result<(), Left> {
        let Some((key, way)) = path.split_last() else {
            return Ok(());
        };
        let mut object = self.top.clone();
        for step in way {
            object = match last(&object, step) {
                Some(found) => found.object_value().ok_or(Left::unreadable(FORMAT))?,
                None => {
                    let made = object.append(step, CstInputValue::Object(Vec::new()));
                    made.object_value().ok_or(Left::unreadable(FORMAT))?
                }
            };
        }
        match last(&object, key) {
            Some(found) if found.value().is_some_and(|node| value.is(&node)) => {}
            Some(found) => found.set_value(value.input()),
            None => {
                object.append(key, value.input());
            }
        }
        Ok(())
    }

    /// Sets it if there is nothing at the path.
    pub fn set_if_absent(&self, path: &[&str], value: &Value<'_>) -> Result<(), Left> {
        if self.has(path) {
            return Ok(());
        }
        self.set(path, value)
    }

    /// Removes what stands at a path, each time if the key comes twice.
    pub fn remove(&self, path: &[&str]) {
        let Some((key, way)) = path.split_last() else {
            return;
        };
        let object = match way {
            [] => Some(self.top.clone()),
            way => self.node(way).and_then(|node| node.as_object()),
        };
        for property in object.iter().flat_map(|object| object.properties()) {
            if property.decoded_name().as_deref() == Some(key) {
                property.remove();
            }
        }
    }

    /// Removes from the list at a path the last element of which something is true.
    pub fn remove_element(&self, path: &[&str], is_it: impl Fn(&str) -> bool) {
        let list = self.node(path).and_then(|node| node.as_array());
        let elements = list.map(|list| list.elements()).unwrap_or_default();
        let mut found = elements.into_iter().rev();
        if let Some(element) = found.find(|element| is_it(&element.to_string())) {
            element.remove();
        }
    }

    /// The file.
    pub fn write(&self) -> String {
        let mut body = self.root.to_string();
        if self.is_new {
            body += missing_end(&body, self.style);
        }
        self.style.restore(&body)
    }

    fn node(&self, path: &[&str]) -> Option<CstNode> {
        let (first, rest) = path.split_first()?;
        let mut node = last(&self.top, first)?.value()?;
        for step in rest {
            node = last(&node.as_object()?, step)?.value()?;
        }
        Some(node)
    }
}

impl Value<'_> {
    fn input(&self) -> CstInputValue {
        match self {
            Self::Text(text) => CstInputValue::String((*text).to_owned()),
            Self::True => CstInputValue::Bool(true),
            Self::Number(number) => CstInputValue::Number(number.to_string()),
        }
    }

    fn is(&self, node: &CstNode) -> bool {
        match self {
            Self::Text(text) => {
                let literal = node.as_string_lit();
                literal.is_some_and(|literal| literal.decoded_value().is_ok_and(|has| has == *text))
            }
            Self::True => node.as_boolean_lit().is_some_and(|literal| literal.value()),
            Self::Number(number) => node.to_string() == number.to_string(),
        }
    }
}

fn last(object: &CstObject, key: &str) -> Option<CstObjectProp> {
    let properties = object.properties().into_iter().rev();
    let mut fitting = properties.filter(|property| property.decoded_name().as_deref() == Some(key));
    fitting.next()
}
