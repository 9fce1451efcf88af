//! Looking for text in a terminal: `public/search.mjs`, which is fetched when it is first asked for. Decides
//! nothing: what is looked for comes from [`crate::state::search`].

use js_sys::Function;
use wasm_bindgen::prelude::*;
use xterm_js_rs::Terminal;

use super::Emulator;
use crate::state::search::{Extent, Query, Step, Tally, Way};

// By the page's import map.
#[wasm_bindgen(module = "bowline-lazy")]
extern "C" {
    #[wasm_bindgen(js_name = finder, catch)]
    async fn load(terminal: &Terminal, tell: &Function) -> Result<JsValue, JsValue>;

    /// The module's `Finder`. Methods are looked up by name, so it needs no class.
    type Search;
    #[wasm_bindgen(method)]
    fn search(this: &Search, text: &str, regex: bool, match_case: bool, word: bool);
    #[wasm_bindgen(method)]
    fn step(this: &Search, by: i32);
    #[wasm_bindgen(method)]
    fn close(this: &Search);
}

/// A search in one terminal, until dropped.
pub(crate) struct Finder {
    search: Search,
    _tell: Closure<dyn Fn(String, u32, u32, bool)>,
}

impl Emulator {
    /// Begins to look for something; `tell` hears what was found. `None` if that could not be fetched.
    pub(crate) async fn finder(&self, tell: impl Fn(Tally) + 'static) -> Option<Finder> {
        let tell = Closure::<dyn Fn(String, u32, u32, bool)>::new(
            move |state: String, nth, count, whole| {
                let extent = match whole {
                    true => Extent::All,
                    false => Extent::AtLeast,
                };
                tell(Tally::of(&state, nth, count, extent));
            },
        );
        let loaded = load(&self.terminal, tell.as_ref().unchecked_ref()).await;
        Some(Finder {
            search: loaded.ok()?.unchecked_into(),
            _tell: tell,
        })
    }
}

impl Finder {
    /// Looks for something else.
    pub(crate) fn look(&self, query: &Query) {
        let [case, word, regex] = Way::ALL.map(|way| query.has(way));
        self.search.search(&query.text, regex, case, word);
    }

    /// Selects another match.
    pub(crate) fn step(&self, step: Step) {
        self.search.step(match step {
            Step::Next => 1,
            Step::Previous => -1,
        });
    }
}

impl Drop for Finder {
    fn drop(&mut self) {
        self.search.close();
    }
}
