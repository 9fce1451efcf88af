//! Where the page runs, as far as keys depend on it: the browser, the system, and whether in a tab or in a window
//! of its own. Told by the browser's own words; decides no key.

/// Families of browsers that treat keys alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Browser {
    /// Chromium, Chrome, Edge, Brave, Opera, Vivaldi.
    Chromium,
    /// Firefox.
    Firefox,
    /// Safari.
    Safari,
}

/// Systems, by their keyboards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum System {
    /// Windows.
    Windows,
    /// Linux and what is like it.
    Linux,
    /// macOS and iPadOS.
    MacOs,
}

/// What the page is shown in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Window {
    /// A tab among others.
    Tab,
    /// A window of its own: the page is installed as an app.
    App,
}

/// All three.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    /// Whose keys are gone before the page hears them.
    pub(crate) browser: Browser,
    /// Whose signs stand on the keys.
    pub(crate) system: System,
    /// Whether the browser keeps the keys of tabs.
    pub(crate) window: Window,
}

impl Default for Place {
    /// What the server says, which can't know: most people's, in a tab.
    fn default() -> Self {
        Self {
            browser: Browser::Chromium,
            system: System::Linux,
            window: Window::Tab,
        }
    }
}

impl Browser {
    /// As a sentence names it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Chromium => "Chromium",
            Self::Firefox => "Firefox",
            Self::Safari => "Safari",
        }
    }
}

impl System {
    /// As a sentence names it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Windows => "Windows",
            Self::Linux => "the desktop",
            Self::MacOs => "macOS",
        }
    }
}

impl Place {
    /// From `navigator.userAgent`.
    pub(crate) fn of(agent: &str, window: Window) -> Self {
        let says = |word: &str| agent.contains(word);
        let system = if says("Macintosh") || says("iPhone") || says("iPad") {
            System::MacOs
        } else if says("Windows") {
            System::Windows
        } else {
            System::Linux
        };
        let browser = if says("Firefox/") {
            Browser::Firefox
        } else if says("Safari/") && !says("Chrome/") && !says("Chromium/") && !says("CriOS/") {
            Browser::Safari
        } else {
            Browser::Chromium
        };
        Self {
            browser,
            system,
            window,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(agent: &str, browser: Browser, system: System) {
        let place = Place::of(agent, Window::Tab);
        assert_eq!((place.browser, place.system), (browser, system));
    }

    #[test]
    fn browsers_and_systems_say_who_they_are() {
        check(
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0",
            Browser::Chromium,
            System::Windows,
        );
        check(
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            Browser::Firefox,
            System::Linux,
        );
        check(
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.3 Safari/605.1.15",
            Browser::Safari,
            System::MacOs,
        );
        check(
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
            Browser::Chromium,
            System::MacOs,
        );
    }
}
