//! The browser's speech recognition, where there is one. Says what it hears and keeps nothing.

use js_sys::{Array, Function, Reflect};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// A `SpeechRecognition`.
    type Api;
    #[wasm_bindgen(method, setter)]
    fn set_lang(this: &Api, lang: &str);
    #[wasm_bindgen(method, setter)]
    fn set_continuous(this: &Api, on: bool);
    #[wasm_bindgen(method, setter, js_name = "interimResults")]
    fn set_interim_results(this: &Api, on: bool);
    #[wasm_bindgen(method, setter)]
    fn set_onstart(this: &Api, handler: &JsValue);
    #[wasm_bindgen(method, setter)]
    fn set_onresult(this: &Api, handler: &JsValue);
    #[wasm_bindgen(method, setter)]
    fn set_onerror(this: &Api, handler: &JsValue);
    #[wasm_bindgen(method, setter)]
    fn set_onend(this: &Api, handler: &JsValue);
    #[wasm_bindgen(method, catch)]
    fn start(this: &Api) -> Result<(), JsValue>;
    #[wasm_bindgen(method)]
    fn abort(this: &Api);

    /// What its events carry.
    type Heard;
    #[wasm_bindgen(method, getter, js_name = "resultIndex")]
    fn result_index(this: &Heard) -> u32;
    #[wasm_bindgen(method, getter)]
    fn results(this: &Heard) -> Array;
    #[wasm_bindgen(method, getter)]
    fn error(this: &Heard) -> Option<String>;

    /// One stretch of speech: how it may be read, best first.
    type Stretch;
    #[wasm_bindgen(method, getter, js_name = "isFinal")]
    fn is_final(this: &Stretch) -> bool;
    /// One reading of it.
    type Reading;
    #[wasm_bindgen(method, getter)]
    fn transcript(this: &Reading) -> String;
}

/// What the recogniser says.
pub(super) enum Said {
    /// It listens from now on.
    Listens,
    /// Words: those that are settled, and those that may yet change.
    Words {
        /// Settled.
        settled: String,
        /// Not yet.
        guessed: String,
    },
    /// Something is wrong.
    Failed(String),
    /// It listens no longer.
    Ended,
}

fn constructor() -> Option<Function> {
    let global = js_sys::global();
    let names = ["SpeechRecognition", "webkitSpeechRecognition"];
    names.into_iter().find_map(|name| {
        let found = Reflect::get(&global, &name.into()).ok()?;
        found.dyn_into::<Function>().ok()
    })
}

/// Whether this browser can listen.
pub(super) fn is_there() -> bool {
    constructor().is_some()
}

/// A recogniser. Dropping it ends it, silently.
pub(super) struct Recognition {
    api: Api,
    _handlers: [Closure<dyn Fn(JsValue)>; 4],
}

impl Recognition {
    /// One for a language (`""` = the browser's), which says what it has to say to `tell`. `None` where there is
    /// none.
    pub(super) fn new(language: &str, tell: impl Fn(Said) + Clone + 'static) -> Option<Self> {
        let api = Reflect::construct(&constructor()?, &Array::new()).ok()?;
        let api: Api = api.unchecked_into();
        if !language.is_empty() {
            api.set_lang(language);
        }
        api.set_continuous(true);
        api.set_interim_results(true);
        let handler = |said: fn(JsValue) -> Said| {
            let tell = tell.clone();
            Closure::<dyn Fn(JsValue)>::new(move |event| tell(said(event)))
        };
        let handlers = [
            handler(|_| Said::Listens),
            handler(words),
            handler(|event| {
                let error = event.unchecked_into::<Heard>().error();
                Said::Failed(error.unwrap_or_default())
            }),
            handler(|_| Said::Ended),
        ];
        api.set_onstart(handlers[0].as_ref());
        api.set_onresult(handlers[1].as_ref());
        api.set_onerror(handlers[2].as_ref());
        api.set_onend(handlers[3].as_ref());
        Some(Self {
            api,
            _handlers: handlers,
        })
    }

    /// Asks it to listen.
    pub(super) fn start(&self) {
        // Fails only while it listens already.
        let _ = self.api.start();
    }
}

impl Drop for Recognition {
    fn drop(&mut self) {
        self.api.set_onstart(&JsValue::NULL);
        self.api.set_onresult(&JsValue::NULL);
        self.api.set_onerror(&JsValue::NULL);
        self.api.set_onend(&JsValue::NULL);
        self.api.abort();
    }
}

fn words(event: JsValue) -> Said {
    let heard: Heard = event.unchecked_into();
    let (mut settled, mut guessed) = (String::new(), String::new());
    // A list like an array, and an array in tests.
    let results = Array::from(&heard.results());
    for at in heard.result_index()..results.length() {
        let stretch = results.get(at);
        let Ok(best) = Reflect::get_u32(&stretch, 0) else {
            continue;
        };
        let words = best.unchecked_into::<Reading>().transcript();
        match stretch.unchecked_into::<Stretch>().is_final() {
            true => settled.push_str(&words),
            false => guessed.push_str(&words),
        }
    }
    Said::Words { settled, guessed }
}
