//! Dictation: how words are put together, what becomes of a recogniser that ends or fails, what is said of it.
//! Pure; the recogniser itself is `components::dictation`'s.

/// Ends that follow a start this soon, milliseconds, so often, mean that nothing will come of it.
const AT_ONCE_MS: f64 = 1_000.0;
const AT_ONCE_MOST: u32 = 3;

/// What the recogniser does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// It was asked to listen: the browser may be asking for leave.
    Starting,
    /// It listens.
    Listening,
    /// It doesn't listen.
    Resting,
}

impl Phase {
    /// For people.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Starting => "Waiting for the microphone\u{2026}",
            Self::Listening => "Listening",
            Self::Resting => "Paused",
        }
    }

    /// The value of `data-phase`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Listening => "listening",
            Self::Resting => "resting",
        }
    }
}

/// What to do with a recogniser that ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Start it again.
    Again,
    /// Leave it.
    Rest,
}

/// One dictation, from the panel's opening to its end.
#[derive(Debug)]
pub(crate) struct Dictation {
    phase: Phase,
    problem: Option<String>,
    started_ms: f64,
    at_once: u32,
}

impl Dictation {
    /// Nothing is heard yet.
    pub(crate) fn new() -> Self {
        Self {
            phase: Phase::Resting,
            problem: None,
            started_ms: 0.0,
            at_once: 0,
        }
    }

    /// What the recogniser does.
    pub(crate) fn phase(&self) -> Phase {
        self.phase
    }

    /// What is wrong, in words.
    pub(crate) fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// The user wants to be heard.
    pub(crate) fn wanted(&mut self, now: f64) {
        self.at_once = 0;
        self.problem = None;
        self.starts(now);
    }

    /// The recogniser is asked to listen.
    pub(crate) fn starts(&mut self, now: f64) {
        self.started_ms = now;
        self.phase = Phase::Starting;
    }

    /// It listens.
    pub(crate) fn listens(&mut self) {
        self.phase = Phase::Listening;
    }

    /// Something was heard.
    pub(crate) fn heard(&mut self) {
        self.problem = None;
        self.at_once = 0;
    }

    /// The user wants not to be heard any more.
    pub(crate) fn unwanted(&mut self) {
        self.phase = Phase::Resting;
    }

    /// The recogniser says that something is wrong, by a word of the standard's.
    pub(crate) fn failed(&mut self, error: &str) {
        let (words, lasting) = explain(error);
        if let Some(words) = words {
            self.problem = Some(words);
        }
        if lasting {
            self.phase = Phase::Resting;
        }
    }

    /// The recogniser ended. Browsers end it after a while of silence.
    pub(crate) fn ended(&mut self, now: f64) -> Next {
        if self.phase == Phase::Resting {
            return Next::Rest;
        }
        self.at_once = match now - self.started_ms < AT_ONCE_MS {
            true => self.at_once + 1,
            false => 0,
        };
        if self.at_once < AT_ONCE_MOST {
            return Next::Again;
        }
        self.phase = Phase::Resting;
        let given_up = || "The browser stops listening at once, again and again.".to_owned();
        self.problem.get_or_insert_with(given_up);
        Next::Rest
    }
}

/// An error in words, if it is worth any, and whether trying again is of no use.
fn explain(error: &str) -> (Option<String>, bool) {
    let (words, lasting) = match error {
        // We ended it ourselves.
        "aborted" => return (None, false),
        "no-speech" => ("Nothing was heard. Is it the right microphone?", false),
        "not-allowed" => (
            "The browser doesn\u{2019}t allow this page to use the microphone. Allow it in the address bar, then \
             resume.",
            true,
        ),
        "service-not-allowed" => (
            "The browser doesn\u{2019}t allow its speech service here.",
            true,
        ),
        "audio-capture" => ("There is no microphone that works.", true),
        "network" => (
            "The browser\u{2019}s speech service can\u{2019}t be reached.",
            true,
        ),
        "language-not-supported" => ("The browser doesn\u{2019}t understand this language.", true),
        other => {
            return (
                Some(format!("The browser can\u{2019}t listen: {other}.")),
                true,
            );
        }
    };
    (Some(words.to_owned()), lasting)
}

/// A text with words after it.
pub(crate) fn appended(text: &str, words: &str) -> String {
    let words = words.trim();
    match (
        text.is_empty() || text.ends_with(char::is_whitespace),
        words,
    ) {
        (_, "") => text.to_owned(),
        (true, words) => format!("{text}{words}"),
        (false, words) => format!("{text} {words}"),
    }
}

/// Languages to choose from: their tags and what their speakers call them.
pub(crate) const LANGUAGES: &[(&str, &str)] = &[
    ("ar-SA", "\u{627}\u{644}\u{639}\u{631}\u{628}\u{64a}\u{629}"),
    ("cs-CZ", "\u{10c}e\u{161}tina"),
    ("da-DK", "Dansk"),
    ("de-DE", "Deutsch"),
    ("en-GB", "English (UK)"),
    ("en-US", "English (US)"),
    ("es-ES", "Espa\u{f1}ol (Espa\u{f1}a)"),
    ("es-MX", "Espa\u{f1}ol (M\u{e9}xico)"),
    ("fi-FI", "Suomi"),
    ("fr-FR", "Fran\u{e7}ais"),
    ("hi-IN", "\u{939}\u{93f}\u{928}\u{94d}\u{926}\u{940}"),
    ("it-IT", "Italiano"),
    ("ja-JP", "\u{65e5}\u{672c}\u{8a9e}"),
    ("ko-KR", "\u{d55c}\u{ad6d}\u{c5b4}"),
    ("nb-NO", "Norsk"),
    ("nl-NL", "Nederlands"),
    ("pl-PL", "Polski"),
    ("pt-BR", "Portugu\u{ea}s (Brasil)"),
    ("sv-SE", "Svenska"),
    ("tr-TR", "T\u{fc}rk\u{e7}e"),
    (
        "uk-UA",
        "\u{423}\u{43a}\u{440}\u{430}\u{457}\u{43d}\u{441}\u{44c}\u{43a}\u{430}",
    ),
    ("zh-CN", "\u{4e2d}\u{6587}"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_put_together_with_one_space() {
        assert_eq!(appended("", " hello "), "hello");
        assert_eq!(appended("hello", "world"), "hello world");
        assert_eq!(appended("hello\n", "world"), "hello\nworld");
        assert_eq!(appended("hello", "  "), "hello");
    }

    #[test]
    fn a_recogniser_that_ends_is_started_again_while_somebody_speaks() {
        let mut dictation = Dictation::new();
        dictation.wanted(0.0);
        dictation.listens();
        assert_eq!(dictation.ended(9_000.0), Next::Again);
        dictation.starts(9_000.0);
        dictation.listens();
        dictation.unwanted();
        assert_eq!(dictation.ended(20_000.0), Next::Rest);
        assert_eq!(dictation.problem(), None);
    }

    #[test]
    fn one_that_ends_at_once_is_given_up() {
        let mut dictation = Dictation::new();
        dictation.wanted(0.0);
        let ends = [
            dictation.ended(1.0),
            dictation.ended(2.0),
            dictation.ended(3.0),
        ];
        assert_eq!(ends, [Next::Again, Next::Again, Next::Rest]);
        assert_eq!(dictation.phase(), Phase::Resting);
        assert!(
            dictation
                .problem()
                .is_some_and(|words| words.contains("again and again"))
        );
    }

    #[test]
    fn errors_are_said_in_words_and_those_that_last_end_it() {
        let mut dictation = Dictation::new();
        dictation.wanted(0.0);
        dictation.failed("no-speech");
        assert_eq!(dictation.phase(), Phase::Starting);
        assert!(dictation.problem().is_some());
        dictation.heard();
        assert_eq!(dictation.problem(), None);
        for error in [
            "not-allowed",
            "service-not-allowed",
            "audio-capture",
            "network",
            "else",
        ] {
            dictation.wanted(0.0);
            dictation.failed(error);
            assert_eq!(dictation.phase(), Phase::Resting, "{error}");
            assert_eq!(dictation.ended(9_000.0), Next::Rest, "{error}");
            assert!(dictation.problem().is_some(), "{error}");
        }
        dictation.wanted(0.0);
        dictation.failed("aborted");
        assert_eq!(dictation.problem(), None);
    }

    #[test]
    fn languages_are_in_order_and_once() {
        let tags: Vec<_> = LANGUAGES.iter().map(|(tag, _)| *tag).collect();
        assert!(tags.is_sorted());
        assert!(tags.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
