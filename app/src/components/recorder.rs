//! Records the new keys of a command: press them, and hear what speaks against them before they are used. What
//! speaks against them is decided here in plain functions; the keymap is [`crate::keys::keymap`]'s.

use leptos::ev::KeyboardEvent;
use leptos::html::Div;
use leptos::prelude::*;

use crate::keys::held::Recording;
use crate::keys::keymap::Keymap;
use crate::keys::place::Place;
use crate::keys::reserved::{self, Keeper};
use crate::keys::{Chord, Command, Keys, Modifiers, entry_of};

/// What is being changed: a chord of a command, or a further one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Edit {
    /// Whose.
    pub(super) command: Command,
    /// The chord that is replaced.
    pub(super) old: Option<Chord>,
}

/// What speaks against a chord.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doubt {
    /// It means something else.
    Taken(Command),
    /// It will hardly reach the page.
    Kept(Keeper),
    /// Programs in the terminal don't get it any more.
    Programs,
}

/// What speaks against giving a command a chord.
fn doubts(keymap: &Keymap, place: Place, command: Command, chord: Chord) -> Vec<Doubt> {
    let owner = keymap.command(chord).filter(|owner| *owner != command);
    let taken = owner.map(Doubt::Taken);
    let kept = reserved::keeper(place, chord).map(Doubt::Kept);
    let Modifiers {
        ctrl,
        alt,
        shift,
        meta,
    } = chord.modifiers;
    // What terminals have a code for: Ctrl or Alt with a key, function keys.
    let programs = !(meta || shift || ctrl && alt);
    let is_new = owner.is_none() && kept.is_none();
    let programs =
        (programs && is_new && keymap.command(chord).is_none()).then_some(Doubt::Programs);
    taken.into_iter().chain(kept).chain(programs).collect()
}

impl Doubt {
    fn words(self) -> String {
        match self {
            Self::Taken(other) => {
                let title = entry_of(other).map_or("another command", |entry| entry.title);
                format!("It means \u{201c}{title}\u{201d} now, which would lose it.")
            }
            Self::Kept(keeper) => keeper.words(),
            Self::Programs => "Programs in the terminal would not get it any more.".to_owned(),
        }
    }
}

/// The recorder, in the place of a command's chords. `done` takes it away.
#[component]
pub(super) fn Recorder(edit: Edit, #[prop(into)] done: Callback<()>) -> impl IntoView {
    let keys = expect_context::<Keys>();
    let pressed = RwSignal::new(None::<Chord>);
    let node = NodeRef::<Div>::new();
    keys.recording.set(Recording::Yes);
    on_cleanup(move || {
        // Gone with the page.
        let _ = keys.recording.try_set(Recording::No);
    });
    Effect::new(move |_| {
        if let Some(field) = node.get() {
            // Fails only for elements outside the document.
            let _ = field.focus();
        }
    });
    let doubts = Memo::new(move |_| {
        let chord = pressed.get()?;
        Some(keys.with(|keymap| doubts(keymap, keys.place(), edit.command, chord)))
    });
    let use_it = move |chord: Chord| {
        keys.change(|keymap| keymap.put(edit.command, chord, edit.old));
        done.run(());
    };
    let on_key = move |event: KeyboardEvent| {
        if event.key() == "Escape" {
            // The dialog stays.
            event.prevent_default();
            event.stop_propagation();
            done.run(());
        } else {
            #[cfg(feature = "hydrate")]
            if let Some(chord) = super::keyboard::chord_of(keys, &event) {
                event.prevent_default();
                event.stop_propagation();
                pressed.set(Some(chord));
                if doubts.with_untracked(|doubts| doubts.as_ref().is_some_and(Vec::is_empty)) {
                    use_it(chord);
                }
            }
        }
    };
    let title = entry_of(edit.command).map_or("", |entry| entry.title);
    let chips = move || {
        let chord = pressed.get()?;
        Some(super::shortcuts::chips(chord.keys(keys.place().system)))
    };
    let warnings = move || {
        let doubts = doubts.get().unwrap_or_default().into_iter();
        let warnings = doubts.map(|doubt| view! { <p class="recorder-doubt">{doubt.words()}</p> });
        warnings.collect_view()
    };
    view! {
        <div class="recorder" role="group" aria-label=format!("New keys for {title}") on:keydown=on_key>
            <div class="recorder-field" tabindex="0" role="textbox" aria-readonly="true"
                aria-label="Press the new keys" node_ref=node>
                {chips}
                <Show when=move || pressed.get().is_none()>
                    <span class="recorder-wait">"Press the new keys\u{2026}"</span>
                </Show>
            </div>
            <div class="recorder-doubts" role="alert">{warnings}</div>
            <div class="recorder-actions">
                <Show when=move || pressed.get().is_some()>
                    <button type="button" class="button primary" on:click=move |_| {
                        if let Some(chord) = pressed.get_untracked() {
                            use_it(chord);
                        }
                    }>"Use it anyway"</button>
                </Show>
                {edit.old.map(|old| view! {
                    <button type="button" class="button danger" on:click=move |_| {
                        keys.change(|keymap| keymap.remove(edit.command, old));
                        done.run(());
                    }>"Remove"</button>
                })}
                <button type="button" class="button" on:click=move |_| done.run(())>"Cancel"</button>
            </div>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::place::{Browser, System, Window};

    fn against(text: &str) -> Vec<String> {
        let place = Place {
            browser: Browser::Firefox,
            system: System::Linux,
            window: Window::Tab,
        };
        let chord = Chord::parse(text).unwrap();
        let doubts = doubts(&Keymap::default(), place, Command::NewTab, chord);
        doubts.into_iter().map(Doubt::words).collect()
    }

    #[test]
    fn nothing_speaks_against_a_free_chord_or_ones_own() {
        assert_eq!(against("Ctrl+Shift+F9"), Vec::<String>::new());
        assert_eq!(against("Alt+Shift+T"), Vec::<String>::new());
    }

    #[test]
    fn the_other_command_and_the_browser_are_named() {
        assert!(against("Alt+Shift+W")[0].contains("\u{201c}Close pane"));
        assert!(against("Ctrl+T")[0].contains("Firefox keeps it"));
        assert!(against("Alt+Tab")[0].contains("the desktop"));
        assert_eq!(against("Ctrl+Shift+W").len(), 2);
    }

    #[test]
    fn what_programs_would_miss_is_said() {
        assert!(against("Ctrl+R")[0].contains("Programs"));
        assert!(against("F5")[0].contains("Programs"));
        assert!(against("Alt+B")[0].contains("Programs"));
    }
}
