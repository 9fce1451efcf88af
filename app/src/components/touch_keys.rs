//! The row of keys that a screen's keyboard lacks, below the terminals, where fingers are the pointer. What
//! the keys say is [`crate::state::held`]'s. A tap never takes the keyboard from the terminal: the screen's
//! own keyboard stays as it is.

use leptos::prelude::*;

#[cfg(feature = "hydrate")]
use super::commands;
use super::icons::Icon;
#[cfg(feature = "hydrate")]
use crate::keys::Command;
use crate::state::desk::Desk;
use crate::state::held::{Held, Hold, Key};

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
    #[cfg(feature = "hydrate")]
    let repeat = repeat::Repeat::new(expect_context::<Desk>());
    #[cfg(feature = "hydrate")]
    let (down, up) = (
        {
            let repeat = repeat.clone();
            move || repeat.begin(does)
        },
        move || repeat.end(),
    );
    #[cfg(not(feature = "hydrate"))]
    let (down, up) = (
        move || {
            let _ = does;
        },
        || {},
    );
    let (left, cancelled) = (up.clone(), up.clone());
    // A click without a pointer is a keyboard's, or assistive technology's.
    let clicked = {
        let (down, up) = (down.clone(), up.clone());
        move |event: leptos::ev::MouseEvent| {
            if event.detail() == 0 {
                down();
                up();
            }
        }
    };
    view! {
        <button
            type="button"
            class="touch-key"
            aria-label=label
            on:pointerdown=move |_| down()
            on:pointerup=move |_| up()
            on:pointerleave=move |_| left()
            on:pointercancel=move |_| cancelled()
            on:click=clicked
        >
            {face}
        </button>
    }
}

#[cfg(feature = "hydrate")]
mod repeat {
    //! Keys that repeat while they are touched.

    use std::cell::Cell;
    use std::rc::Rc;
    use std::time::Duration;

    use leptos::leptos_dom::helpers::{IntervalHandle, TimeoutHandle};
    use leptos::prelude::*;
    use send_wrapper::SendWrapper;

    use super::Does;
    use crate::panes;
    use crate::state::desk::Desk;
    use crate::state::held::Key;

    /// A key that stays touched begins to repeat after so long, as keyboards do.
    const FIRST: Duration = Duration::from_millis(400);
    /// And goes on at this pace.
    const NEXT: Duration = Duration::from_millis(60);

    #[derive(Clone)]
    pub(super) struct Repeat(SendWrapper<Rc<State>>);

    struct State {
        desk: Desk,
        waiting: Cell<Option<TimeoutHandle>>,
        going: Cell<Option<IntervalHandle>>,
    }

    impl Repeat {
        pub(super) fn new(desk: Desk) -> Self {
            let state = Rc::new(State {
                desk,
                waiting: Cell::new(None),
                going: Cell::new(None),
            });
            let repeat = Self(SendWrapper::new(state));
            let cleaned = repeat.clone();
            on_cleanup(move || cleaned.end());
            repeat
        }

        pub(super) fn begin(&self, does: Does) {
            self.end();
            match does {
                Does::Press(key) => press(self.0.desk, key),
                Does::Repeat(key) => {
                    press(self.0.desk, key);
                    let state = Rc::downgrade(&self.0);
                    let go = move || {
                        let Some(state) = state.upgrade() else { return };
                        let desk = state.desk;
                        let again = set_interval_with_handle(move || press(desk, key), NEXT);
                        state.going.set(again.ok());
                    };
                    // Fails only outside a window.
                    self.0.waiting.set(set_timeout_with_handle(go, FIRST).ok());
                }
            }
        }

        pub(super) fn end(&self) {
            if let Some(waiting) = self.0.waiting.take() {
                waiting.clear();
            }
            if let Some(going) = self.0.going.take() {
                going.clear();
            }
        }
    }

    fn press(desk: Desk, key: Key) {
        let Some(emulator) = panes::shown_emulator() else {
            return;
        };
        let held = desk.held.get_untracked();
        let bytes = held.press(key, emulator.arrows());
        desk.spend_held();
        emulator.type_in(&String::from_utf8_lossy(&bytes));
    }
}
