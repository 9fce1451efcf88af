//! Dictation: a panel below the terminals with what was heard, to be looked over before it is sent. It goes to
//! the pane in front as a paste does, without a newline. What becomes of a recogniser is decided in
//! [`crate::state::dictation`].

#[cfg(feature = "hydrate")]
mod recognition;

use leptos::ev::KeyboardEvent;
use leptos::html::Textarea;
use leptos::prelude::*;

use super::clock;
use super::icons::Icon;
#[cfg(feature = "hydrate")]
use crate::browser::stored;
use crate::state::desk::{Desk, Overlay};
#[cfg(feature = "hydrate")]
use crate::state::dictation::Next;
use crate::state::dictation::{Dictation, LANGUAGES, Phase, appended};
#[cfg(feature = "hydrate")]
use recognition::Said;

/// Where the browser keeps the language that was chosen.
#[cfg(feature = "hydrate")]
const LANGUAGE_KEY: &str = "bowline-dictation-language";

/// How text goes to the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sending {
    /// As it is.
    Text,
    /// With Enter behind it.
    Line,
}

/// What the panel's parts share.
#[derive(Clone, Copy)]
struct Panel {
    desk: Desk,
    dictation: RwSignal<Dictation>,
    text: RwSignal<String>,
    guessed: RwSignal<String>,
    language: RwSignal<String>,
    #[cfg(feature = "hydrate")]
    recogniser: StoredValue<Option<recognition::Recognition>, LocalStorage>,
}

/// Whether this browser can listen; the server doesn't know.
pub(crate) fn is_there() -> bool {
    #[cfg(feature = "hydrate")]
    return recognition::is_there();
    #[cfg(not(feature = "hydrate"))]
    false
}

/// Its button in the bar, in a browser that can listen.
#[component]
pub(crate) fn DictationButton() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let there = RwSignal::new(false);
    Effect::new(move |_| there.set(is_there()));
    view! {
        <Show when=move || there.get()>
            <button
                type="button"
                class="icon-button dictation-button"
                aria-label="Dictate"
                title=crate::keys::hint("Dictate", crate::keys::Command::Dictate)
                aria-pressed=move || (desk.overlay.get() == Some(Overlay::Dictation)).to_string()
                on:click=move |_| desk.toggle(Overlay::Dictation)
            >
                <Icon name="mic" />
            </button>
        </Show>
    }
}

/// The panel.
#[component]
pub(crate) fn DictationPanel() -> impl IntoView {
    let panel = Panel {
        desk: expect_context::<Desk>(),
        dictation: RwSignal::new(Dictation::new()),
        text: RwSignal::new(String::new()),
        guessed: RwSignal::new(String::new()),
        language: RwSignal::new(String::new()),
        #[cfg(feature = "hydrate")]
        recogniser: StoredValue::new_local(None),
    };
    let node = NodeRef::<Textarea>::new();
    Effect::new(move |_| {
        if let Some(field) = node.get() {
            // Fails only for elements outside the document.
            let _ = field.focus();
            panel.begin();
        }
    });
    let phase = Memo::new(move |_| panel.dictation.with(Dictation::phase));
    let problem = Memo::new(move |_| {
        panel
            .dictation
            .with(|dictation| dictation.problem().map(str::to_owned))
    });
    let listens = move || phase.get() != Phase::Resting;
    let languages = LANGUAGES.iter().map(|(tag, name)| {
        view! { <option value=*tag prop:selected=move || panel.language.get() == *tag>{*name}</option> }
    });
    view! {
        <section class="dictation" role="dialog" aria-label="Dictation" on:keydown=move |event| panel.pressed(&event)>
            <header class="dictation-head">
                <span class="dictation-mark" data-phase=move || phase.get().name() aria-hidden="true"></span>
                <span class="dictation-phase" role="status">{move || phase.get().words()}</span>
                <select
                    class="dictation-language"
                    aria-label="Language"
                    on:change=move |event| panel.choose(event_target_value(&event))
                >
                    <option value="">"Browser\u{2019}s language"</option>
                    {languages.collect_view()}
                </select>
                <button type="button" class="button" on:click=move |_| panel.turn()>
                    {move || if listens() { "Pause" } else { "Resume" }}
                </button>
            </header>
            <textarea
                class="dictation-text"
                aria-label="What was heard"
                placeholder="Speak. What is heard stands here, and you can change it."
                rows="3"
                node_ref=node
                prop:value=move || panel.text.get()
                on:input=move |event| panel.text.set(event_target_value(&event))
            ></textarea>
            <p class="dictation-guessed" aria-hidden="true">{move || panel.guessed.get()}</p>
            <p class="dictation-problem" role="alert">{move || problem.get()}</p>
            <footer class="dictation-foot">
                <span class="dictation-hint">
                    "Some browsers send what you say to a service of theirs."
                </span>
                <button type="button" class="button" on:click=move |_| panel.close()>"Cancel"</button>
                <button type="button" class="button" on:click=move |_| panel.send(Sending::Line)>
                    "Send and press Enter"
                </button>
                <button
                    type="button"
                    class="button primary"
                    title="Enter; Shift+Enter begins a new line"
                    on:click=move |_| panel.send(Sending::Text)
                >
                    "Send"
                </button>
            </footer>
        </section>
    }
    .into_any()
}

impl Panel {
    fn pressed(self, event: &KeyboardEvent) {
        let in_text = event.target().is_some_and(|target| is_textarea(&target));
        match event.key().as_str() {
            "Escape" => self.close(),
            "Enter" if in_text && !event.shift_key() && !event.is_composing() => {
                self.send(Sending::Text);
            }
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    }

    /// Ends it; nothing is sent.
    fn close(self) {
        self.desk.overlay.set(None);
        self.desk.focus();
    }

    /// Sends what stands there, guesses included, and ends it.
    fn send(self, sending: Sending) {
        let all = appended(&self.text.get_untracked(), &self.guessed.get_untracked());
        let text = all.trim();
        // Before anything is asked about the paste: the question takes the panel's place.
        self.close();
        #[cfg(feature = "hydrate")]
        match (sending, crate::panes::shown_pane()) {
            (Sending::Text, Some(pane)) if !text.is_empty() => {
                super::clipboard::paste(self.desk, pane, text);
            }
            (Sending::Line, Some(_)) => {
                if let Some(emulator) = crate::panes::shown_emulator() {
                    emulator.paste(text);
                    emulator.type_in("\r");
                }
            }
            _ => {}
        }
        #[cfg(not(feature = "hydrate"))]
        let _ = (text, sending);
    }

    /// Listens, or rests.
    fn turn(self) {
        if self.dictation.with_untracked(Dictation::phase) == Phase::Resting {
            self.listen();
        } else {
            self.rest();
        }
    }

    fn listen(self) {
        self.dictation
            .update(|dictation| dictation.wanted(clock::now_ms()));
        self.start();
    }
}

#[cfg(not(feature = "hydrate"))]
fn is_textarea(_: &leptos::web_sys::EventTarget) -> bool {
    false
}

#[cfg(feature = "hydrate")]
fn is_textarea(target: &leptos::web_sys::EventTarget) -> bool {
    use leptos::wasm_bindgen::JsCast as _;
    target.has_type::<leptos::web_sys::HtmlTextAreaElement>()
}

/// The server hears nothing.
#[cfg(not(feature = "hydrate"))]
impl Panel {
    fn begin(self) {}
    fn start(self) {}
    fn choose(self, language: String) {
        self.language.set(language);
    }
    fn rest(self) {
        self.dictation.update(Dictation::unwanted);
    }
}

#[cfg(feature = "hydrate")]
impl Panel {
    fn begin(self) {
        let kept = stored::get(LANGUAGE_KEY);
        let known = |kept: &String| LANGUAGES.iter().any(|(tag, _)| tag == kept);
        self.language.set(kept.filter(known).unwrap_or_default());
        self.listen();
    }

    /// Another language, from now on and the next time.
    fn choose(self, language: String) {
        stored::set(LANGUAGE_KEY, &language);
        self.language.set(language);
        if self.dictation.with_untracked(Dictation::phase) != Phase::Resting {
            self.keep_guess();
            self.listen();
        }
    }

    /// A fresh recogniser in the place of the last.
    fn start(self) {
        let tell = move |said| self.said(said);
        let language = self.language.get_untracked();
        let recogniser = recognition::Recognition::new(&language, tell);
        if let Some(recogniser) = &recogniser {
            recogniser.start();
        } else {
            self.dictation
                .update(|dictation| dictation.failed("this browser has no speech recognition"));
        }
        self.recogniser.set_value(recogniser);
    }

    fn rest(self) {
        self.dictation.update(Dictation::unwanted);
        self.keep_guess();
        self.recogniser.set_value(None);
    }

    /// What was only guessed is kept when nothing more will come of it.
    fn keep_guess(self) {
        let guessed = self.guessed.get_untracked();
        self.guessed.set(String::new());
        self.text.update(|text| *text = appended(text, &guessed));
    }

    fn said(self, said: recognition::Said) {
        match said {
            Said::Listens => {
                self.dictation.try_update(Dictation::listens);
            }
            Said::Words { settled, guessed } => {
                self.dictation.try_update(Dictation::heard);
                self.text
                    .try_update(|text| *text = appended(text, &settled));
                self.guessed.try_set(guessed);
            }
            Said::Failed(error) => {
                self.dictation
                    .try_update(|dictation| dictation.failed(&error));
            }
            Said::Ended => {
                let next = self
                    .dictation
                    .try_update(|dictation| dictation.ended(clock::now_ms()));
                // Not from within the call of the recogniser that would be dropped.
                set_timeout(move || self.ended(next), std::time::Duration::ZERO);
            }
        }
    }

    fn ended(self, next: Option<Next>) {
        if self.guessed.try_get_untracked().is_none() {
            return;
        }
        self.keep_guess();
        if next == Some(Next::Again) {
            self.dictation
                .update(|dictation| dictation.starts(clock::now_ms()));
            self.start();
        }
    }
}
