//! The row of keys that a screen's keyboard lacks, below the terminals, where fingers are the pointer. What
//! the keys say is [`crate::state::held`]'s. A tap never takes the keyboard from the terminal: the screen's
//! own keyboard stays as it is.

use std::time::Duration;

use leptos::leptos_dom::helpers::{IntervalHandle, TimeoutHandle};
use leptos::prelude::*;

#[cfg(feature = "hydrate")]
use super::commands;
use super::icons::Icon;
#[cfg(feature = "hydrate")]
use crate::keys::Command;
use crate::state::desk::Desk;
use crate::state::held::{Held, Hold, Key};

/// A key that stays touched begins to repeat after so long, as keyboards do.
const FIRST_REPEAT: Duration = Duration::from_millis(400);
/// And goes on at this pace.
const NEXT: Duration = Duration::from_millis(60);

/// What a button of the row does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Does {
    /// Presses a key.
    Press(Key),
    /// Presses it again and again while it is touched.
    Repeat(Key),
}

/// A button: what it says, what it is called, what it does.
type Button = (&'static str, &'static str, Does);

static FIRST: [Button; 6] = [
    ("Esc", "Escape", Does::Press(Key::Escape)),
    ("Tab", "Tab", Does::Press(Key::Tab)),
    ("\u{2190}", "Left", Does::Repeat(Key::Left)),
    ("\u{2193}", "Down", Does::Repeat(Key::Down)),
    ("\u{2191}", "Up", Does::Repeat(Key::Up)),
    ("\u{2192}", "Right", Does::Repeat(Key::Right)),
];

static MORE: [Button; 8] = [
    ("Home", "Home", Does::Press(Key::Home)),
    ("End", "End", Does::Press(Key::End)),
    ("PgUp", "Page up", Does::Repeat(Key::PageUp)),
    ("PgDn", "Page down", Does::Repeat(Key::PageDown)),
    ("/", "Slash", Does::Press(Key::Character('/'))),
    ("-", "Minus", Does::Press(Key::Character('-'))),
    ("|", "Pipe", Does::Press(Key::Character('|'))),
    ("~", "Tilde", Does::Press(Key::Character('~'))),
];

/// The row.
#[component]
pub(crate) fn TouchKeys() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let more = RwSignal::new(false);
    let keys = |row: &'static [Button]| {
        let key = |(face, name, does): &'static Button| {
            view! { <TouchKey face=face name=name does=*does /> }
        };
        row.iter().map(key).collect_view()
    };
    let (first, rest) = FIRST.split_at(2);
    let hold = move |which: fn(&mut Held) -> &mut Hold| {
        desk.held.update(|held| {
            let hold = which(held);
            *hold = hold.tapped();
        });
    };
    let held = move |hold: fn(Held) -> Hold| desk.held.with(|held| hold(*held));
    view! {
        <div
            class="touch-keys"
            role="toolbar"
            aria-label="Keys"
            on:pointerdown=|event| event.prevent_default()
            on:mousedown=|event| event.prevent_default()
        >
            <Show when=move || more.get()>
                <div class="touch-row">{keys(&MORE[..])}</div>
            </Show>
            <div class="touch-row">
                {keys(first)}
                <button
                    type="button"
                    class="touch-key"
                    data-hold=move || held(|held| held.ctrl).name()
                    aria-pressed=move || (held(|held| held.ctrl) != Hold::Up).to_string()
                    on:click=move |_| hold(|held| &mut held.ctrl)
                >
                    "Ctrl"
                </button>
                <button
                    type="button"
                    class="touch-key"
                    data-hold=move || held(|held| held.alt).name()
                    aria-pressed=move || (held(|held| held.alt) != Hold::Up).to_string()
                    on:click=move |_| hold(|held| &mut held.alt)
                >
                    "Alt"
                </button>
                {keys(rest)}
                <button
                    type="button"
                    class="touch-key"
                    aria-label="Paste"
                    on:click=move |_| {
                        #[cfg(feature = "hydrate")]
                        commands::run(desk, Command::Paste);
                    }
                >
                    <Icon name="paste" />
                </button>
                <button
                    type="button"
                    class="touch-key"
                    aria-label="More keys"
                    aria-expanded=move || more.get().to_string()
                    on:click=move |_| more.update(|more| *more = !*more)
                >
                    <Icon name="more" />
                </button>
            </div>
        </div>
    }
}

#[component]
fn TouchKey(face: &'static str, name: &'static str, does: Does) -> impl IntoView {
    let label = (face != name).then_some(name);
    let touch = Touch {
        desk: expect_context::<Desk>(),
        waiting: StoredValue::new(None),
        going: StoredValue::new(None),
    };
    on_cleanup(move || touch.end());
    // A click without a pointer is a keyboard's, or assistive technology's.
    let clicked = move |event: leptos::ev::MouseEvent| {
        if event.detail() == 0 {
            touch.begin(does);
            touch.end();
        }
    };
    view! {
        <button
            type="button"
            class="touch-key"
            aria-label=label
            on:pointerdown=move |_| touch.begin(does)
            on:pointerup=move |_| touch.end()
            on:pointerleave=move |_| touch.end()
            on:pointercancel=move |_| touch.end()
            on:click=clicked
        >
            {face}
        </button>
    }
}

/// A key that is touched, and repeats meanwhile.
#[derive(Clone, Copy)]
struct Touch {
    desk: Desk,
    waiting: StoredValue<Option<TimeoutHandle>>,
    going: StoredValue<Option<IntervalHandle>>,
}

impl Touch {
    fn begin(self, does: Does) {
        self.end();
        let (key, repeats) = match does {
            Does::Press(key) => (key, false),
            Does::Repeat(key) => (key, true),
        };
        self.press(key);
        if repeats {
            let go = move || {
                let again = set_interval_with_handle(move || self.press(key), NEXT);
                self.going.set_value(again.ok());
            };
            // Fails only outside a window.
            self.waiting
                .set_value(set_timeout_with_handle(go, FIRST_REPEAT).ok());
        }
    }

    fn end(self) {
        if let Some(waiting) = self.waiting.try_update_value(Option::take).flatten() {
            waiting.clear();
        }
        if let Some(going) = self.going.try_update_value(Option::take).flatten() {
            going.clear();
        }
    }

    fn press(self, key: Key) {
        #[cfg(feature = "hydrate")]
        if let Some(emulator) = crate::panes::shown_emulator() {
            let held = self.desk.held.get_untracked();
            let bytes = held.press(key, emulator.arrows());
            self.desk.spend_held();
            emulator.type_in(&String::from_utf8_lossy(&bytes));
        }
        #[cfg(not(feature = "hydrate"))]
        let _ = (self.desk, key);
    }
}
