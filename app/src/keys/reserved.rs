//! Chords that never reach the page, or that it can't take: what browsers and systems keep for themselves. A
//! table of facts, each with its source; decides nothing about commands.
//!
//! Where sources leave doubt a chord is listed: a warning too many costs nothing, a dead default does.

use super::chord::{Chord, Modifiers};
use super::place::{Browser, Place, System, Window};

/// Who keeps a chord.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keeper {
    /// The browser.
    Browser(Browser),
    /// The system or its desktop.
    System(System),
}

impl Keeper {
    /// What it means for keys that it keeps, as a sentence.
    pub(crate) fn words(self) -> String {
        match self {
            Self::Browser(browser) => format!(
                "{} keeps it for itself: it may never come here.",
                browser.name()
            ),
            Self::System(system) => {
                format!("It belongs to {}: it may never come here.", system.name())
            }
        }
    }
}

const fn held(ctrl: u8, alt: u8, shift: u8, meta: u8) -> Modifiers {
    Modifiers {
        ctrl: ctrl > 0,
        alt: alt > 0,
        shift: shift > 0,
        meta: meta > 0,
    }
}

const CTRL: Modifiers = held(1, 0, 0, 0);
const CTRL_SHIFT: Modifiers = held(1, 0, 1, 0);
const CTRL_ALT: Modifiers = held(1, 1, 0, 0);
const ALT: Modifiers = held(0, 1, 0, 0);
const ALT_SHIFT: Modifiers = held(0, 1, 1, 0);
const CMD: Modifiers = held(0, 0, 0, 1);
const CMD_SHIFT: Modifiers = held(0, 0, 1, 1);
const CMD_ALT: Modifiers = held(0, 1, 0, 1);
const CMD_CTRL: Modifiers = held(1, 0, 0, 1);

/// Modifiers and the codes that are kept with them.
type Keys = &'static [(Modifiers, &'static [&'static str])];

/// Chromium, in a tab, on Windows and Linux. `BrowserCommandController::IsReservedCommandOrKey`
/// (chrome/browser/ui/browser_command_controller.cc) reserves the commands close tab, close window, new incognito
/// window, new tab, new window, restore tab, next tab, previous tab and exit; their keys are in
/// chrome/browser/ui/views/accelerator_table.cc. "In Apps mode, no keys are reserved."
const CHROMIUM: Keys = &[
    (
        CTRL,
        &["KeyT", "KeyW", "KeyN", "F4", "Tab", "PageUp", "PageDown"],
    ),
    (CTRL_SHIFT, &["KeyT", "KeyW", "KeyN", "Tab"]),
    (ALT, &["F4"]),
];

/// Chromium, in a tab, on macOS: the same commands by chrome/browser/global_keyboard_shortcuts_mac.mm and
/// chrome/browser/ui/cocoa/accelerators_cocoa.mm.
const CHROMIUM_MAC: Keys = &[
    (CMD, &["KeyT", "KeyW", "KeyN", "KeyQ"]),
    (
        CMD_SHIFT,
        &["KeyT", "KeyW", "KeyN", "BracketLeft", "BracketRight"],
    ),
    (CMD_ALT, &["ArrowLeft", "ArrowRight"]),
    (CTRL, &["Tab", "PageUp", "PageDown"]),
    (CTRL_SHIFT, &["Tab"]),
];

/// Firefox on Windows and Linux, tab or not: the keys with `reserved="true"` in
/// browser/base/content/browser-sets.inc (new window, new tab, close, close window, private window, quit: Ctrl+Q,
/// on Windows Ctrl+Shift+Q). Walking the tabs (toolkit/content/widgets/tabbox.js) happens although a page says no.
/// Ctrl+Shift+T and Ctrl+Shift+N are not reserved: the page gets them.
const FIREFOX: Keys = &[
    (
        CTRL,
        &[
            "KeyT", "KeyW", "KeyN", "KeyQ", "F4", "Tab", "PageUp", "PageDown",
        ],
    ),
    (
        CTRL_SHIFT,
        &["KeyW", "KeyP", "KeyQ", "Tab", "PageUp", "PageDown"],
    ),
];

/// Firefox on macOS: the same file; `accel` is Cmd there.
const FIREFOX_MAC: Keys = &[
    (CMD, &["KeyT", "KeyW", "KeyN", "KeyQ"]),
    (CMD_SHIFT, &["KeyW", "KeyP", "BracketLeft", "BracketRight"]),
    (CMD_ALT, &["ArrowLeft", "ArrowRight"]),
    (CTRL, &["Tab", "PageUp", "PageDown"]),
    (CTRL_SHIFT, &["Tab", "PageUp", "PageDown"]),
];

/// Safari publishes no list. Pages are known to take Cmd+W from it (github.com/grantm/sudoku-web-app, issue 32),
/// so this is what nobody should take rather than what nobody can: tabs and windows
/// (support.apple.com/guide/safari/keyboard-and-other-shortcuts-cpsh003).
const SAFARI: Keys = &[
    (CMD, &["KeyT", "KeyW", "KeyN", "KeyQ"]),
    (
        CMD_SHIFT,
        &[
            "KeyT",
            "KeyW",
            "KeyN",
            "BracketLeft",
            "BracketRight",
            "Backslash",
        ],
    ),
    (CTRL, &["Tab"]),
    (CTRL_SHIFT, &["Tab"]),
];

/// Windows (support.microsoft.com, "Keyboard shortcuts in Windows"); the Windows key is its own with everything.
const WINDOWS: Keys = &[
    (ALT, &["Tab", "F4", "Escape", "Space"]),
    (ALT_SHIFT, &["Tab", "Escape"]),
    (CTRL, &["Escape"]),
    (CTRL_SHIFT, &["Escape"]),
    (CTRL_ALT, &["Delete", "Tab"]),
];

/// GNOME's defaults (`gsettings list-recursively org.gnome.desktop.wm.keybindings`), which others follow, and the
/// kernel's consoles; the Super key is the desktop's with everything.
const LINUX: Keys = &[
    (
        ALT,
        &[
            "Tab",
            "F1",
            "F2",
            "F4",
            "F6",
            "F7",
            "F8",
            "F10",
            "Escape",
            "Space",
            "Backquote",
        ],
    ),
    (ALT_SHIFT, &["Tab", "F6", "Escape", "Backquote"]),
    (
        CTRL_ALT,
        &[
            "Delete",
            "Tab",
            "KeyT",
            "KeyL",
            "ArrowLeft",
            "ArrowRight",
            "ArrowUp",
            "ArrowDown",
            "F1",
            "F2",
            "F3",
            "F4",
            "F5",
            "F6",
            "F7",
            "F8",
            "F9",
            "F10",
            "F11",
            "F12",
        ],
    ),
];

/// macOS (support.apple.com/102650, "Mac keyboard shortcuts", and System Settings › Keyboard › Shortcuts).
const MAC_OS: Keys = &[
    (CMD, &["KeyH", "KeyM", "KeyQ", "Tab", "Space", "Backquote"]),
    (
        CMD_SHIFT,
        &["KeyQ", "Tab", "Backquote", "Digit3", "Digit4", "Digit5"],
    ),
    (CMD_ALT, &["KeyH", "KeyM", "KeyD", "Escape", "Space"]),
    (CMD_CTRL, &["KeyQ", "KeyF", "Space"]),
    (
        CTRL,
        &[
            "ArrowLeft",
            "ArrowRight",
            "ArrowUp",
            "ArrowDown",
            "Space",
            "F1",
            "F2",
            "F3",
            "F4",
            "F5",
            "F6",
            "F7",
            "F8",
        ],
    ),
];

/// Who keeps a chord from the page, if anybody does.
pub(crate) fn keeper(place: Place, chord: Chord) -> Option<Keeper> {
    let Place {
        browser,
        system,
        window,
    } = place;
    let by_system = match system {
        System::Windows => WINDOWS,
        System::Linux => LINUX,
        System::MacOs => MAC_OS,
    };
    // Alone with everything: one modifier is the desktop's.
    let all_meta = system != System::MacOs && chord.modifiers.meta;
    if all_meta || has(by_system, chord) {
        return Some(Keeper::System(system));
    }
    let by_browser = match (browser, system) {
        (Browser::Chromium, _) if window == Window::App => return None,
        (Browser::Chromium, System::MacOs) => CHROMIUM_MAC,
        (Browser::Chromium, _) => CHROMIUM,
        (Browser::Firefox, System::MacOs) => FIREFOX_MAC,
        (Browser::Firefox, _) => FIREFOX,
        (Browser::Safari, _) => SAFARI,
    };
    has(by_browser, chord).then_some(Keeper::Browser(browser))
}

fn has(keys: Keys, chord: Chord) -> bool {
    let mut keys = keys.iter();
    keys.any(|(held, codes)| *held == chord.modifiers && codes.contains(&chord.code))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::codes;
    use crate::keys::table::TABLE;

    const BROWSERS: [(Browser, &[System]); 3] = [
        (
            Browser::Chromium,
            &[System::Windows, System::Linux, System::MacOs],
        ),
        (
            Browser::Firefox,
            &[System::Windows, System::Linux, System::MacOs],
        ),
        (Browser::Safari, &[System::MacOs]),
    ];

    fn places(window: Window) -> impl Iterator<Item = Place> {
        BROWSERS.into_iter().flat_map(move |(browser, systems)| {
            systems.iter().map(move |system| Place {
                browser,
                system: *system,
                window,
            })
        })
    }

    fn keeper_of(text: &str, browser: Browser, system: System, window: Window) -> Option<Keeper> {
        let place = Place {
            browser,
            system,
            window,
        };
        keeper(place, Chord::parse(text).unwrap())
    }

    #[test]
    fn every_command_has_a_default_that_reaches_the_page_everywhere() {
        for place in places(Window::Tab).chain(places(Window::App)) {
            for entry in TABLE {
                let mut chords = entry.chords.iter();
                let free = chords.any(|chord| keeper(place, *chord).is_none());
                assert!(free || entry.chords.is_empty(), "{} in {place:?}", entry.id);
            }
        }
    }

    #[test]
    fn the_first_default_is_the_one_to_tell_people() {
        for place in places(Window::Tab) {
            for entry in TABLE {
                if let Some(first) = entry.chords.first() {
                    assert_eq!(keeper(place, *first), None, "{} in {place:?}", entry.id);
                }
            }
        }
    }

    #[test]
    fn tabs_belong_to_the_browser_until_the_page_is_an_app() {
        let kept = Some(Keeper::Browser(Browser::Chromium));
        for text in ["Ctrl+T", "Ctrl+Shift+N", "Ctrl+Shift+T", "Ctrl+PgDn"] {
            let (browser, system) = (Browser::Chromium, System::Linux);
            assert_eq!(
                keeper_of(text, browser, system, Window::Tab),
                kept,
                "{text}"
            );
            assert_eq!(
                keeper_of(text, browser, system, Window::App),
                None,
                "{text}"
            );
        }
        let (browser, system) = (Browser::Firefox, System::Linux);
        assert_eq!(
            keeper_of("Ctrl+Shift+N", browser, system, Window::Tab),
            None
        );
        assert!(keeper_of("Ctrl+Shift+P", browser, system, Window::Tab).is_some());
    }

    #[test]
    fn systems_keep_theirs_also_from_apps() {
        let (browser, app) = (Browser::Chromium, Window::App);
        let by = |system| Some(Keeper::System(system));
        assert_eq!(
            keeper_of("Alt+Tab", browser, System::Windows, app),
            by(System::Windows)
        );
        assert_eq!(
            keeper_of("Win+K", browser, System::Windows, app),
            by(System::Windows)
        );
        assert_eq!(
            keeper_of("Cmd+Space", browser, System::MacOs, app),
            by(System::MacOs)
        );
        assert_eq!(keeper_of("Cmd+K", browser, System::MacOs, app), None);
        assert_eq!(keeper_of("Ctrl+C", browser, System::Windows, app), None);
    }

    #[test]
    fn the_table_names_keys_that_exist() {
        let tables = [
            CHROMIUM,
            CHROMIUM_MAC,
            FIREFOX,
            FIREFOX_MAC,
            SAFARI,
            WINDOWS,
            LINUX,
            MAC_OS,
        ];
        for (_, names) in tables.into_iter().flatten() {
            for code in *names {
                assert_eq!(codes::known(code), Some(*code));
            }
        }
    }
}
