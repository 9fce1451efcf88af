//! Finds what people mean by a few letters: letters in order, best where words begin and where they follow one
//! another. Plain text in, a score and places out; knows nothing of what is searched.

/// What a letter at the beginning of a word is worth.
const WORD_START: i32 = 8;
/// What a letter right behind the one before is worth.
const RUN: i32 = 9;
/// What any letter is worth.
const LETTER: i32 = 2;
/// Most letters of a query that count, and of a text that are looked at.
const MOST: usize = 200;

/// Where a query was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// The higher the better.
    pub(crate) score: i32,
    /// Places of its letters in the text, in characters, in order.
    pub(crate) places: Vec<usize>,
}

/// Looks for every word of a query in a text, in any order and whatever the case. An empty query is found.
pub(crate) fn find(query: &str, text: &str) -> Option<Found> {
    let text: Vec<char> = text.chars().take(MOST).map(lower).collect();
    let mut all = Found {
        // Among equals the shorter text is meant.
        score: -i32::try_from(text.len() / 8).unwrap_or(0),
        places: Vec::new(),
    };
    for word in query.split_whitespace() {
        let word: Vec<char> = word.chars().take(MOST).map(lower).collect();
        let found = best(&word, &text)?;
        all.score += found.score;
        all.places.extend(found.places);
    }
    all.places.sort_unstable();
    all.places.dedup();
    Some(all)
}

/// The best place of one word. `scores[at]` is the best score of the letters so far with the last one at `at`, and
/// `from` remembers where the letter before stood.
fn best(word: &[char], text: &[char]) -> Option<Found> {
    let mut scores: Vec<Option<i32>> = Vec::new();
    let mut from: Vec<Vec<usize>> = Vec::new();
    for (nth, letter) in word.iter().enumerate() {
        let mut next = vec![None; text.len()];
        let mut steps = vec![0; text.len()];
        // The best of the letters before that don't stand right before.
        let mut behind: Option<(i32, usize)> = None;
        for (at, other) in text.iter().enumerate() {
            if at >= 2
                && let Some(score) = scores.get(at - 2).copied().flatten()
                && behind.is_none_or(|(best, _)| score > best)
            {
                behind = Some((score, at - 2));
            }
            if other != letter {
                continue;
            }
            let worth = if starts_word(text, at) {
                LETTER + WORD_START
            } else {
                LETTER
            };
            let run = at
                .checked_sub(1)
                .and_then(|before| Some((scores.get(before).copied().flatten()? + RUN, before)));
            let before = match (run, behind) {
                (Some(run), Some(behind)) if behind.0 > run.0 => Some(behind),
                (Some(run), _) => Some(run),
                (None, behind) => behind,
            };
            match (nth, before) {
                (0, _) => next[at] = Some(worth),
                (_, Some((score, place))) => {
                    next[at] = Some(score + worth);
                    steps[at] = place;
                }
                (_, None) => {}
            }
        }
        scores = next;
        from.push(steps);
    }
    // The first among the best.
    let (score, mut at) = scores
        .iter()
        .enumerate()
        .filter_map(|(at, score)| Some(((*score)?, at)))
        .max_by_key(|(score, at)| (*score, std::cmp::Reverse(*at)))?;
    let mut places = Vec::with_capacity(word.len());
    for steps in from.iter().rev() {
        places.push(at);
        at = steps[at];
    }
    places.reverse();
    Some(Found { score, places })
}

fn starts_word(text: &[char], at: usize) -> bool {
    at.checked_sub(1)
        .is_none_or(|before| !text[before].is_alphanumeric() && text[at].is_alphanumeric())
}

/// One small letter for one letter, so that places stay places.
fn lower(letter: char) -> char {
    let mut small = letter.to_lowercase();
    match (small.next(), small.next()) {
        (Some(small), None) => small,
        _ => letter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(query: &str, text: &str) -> Option<Vec<usize>> {
        find(query, text).map(|found| found.places)
    }

    #[track_caller]
    fn better(query: &str, one: &str, other: &str) {
        let score = |text| find(query, text).map(|found| found.score);
        assert!(score(one) > score(other), "{query}: {one} before {other}");
    }

    #[test]
    fn letters_stand_in_order_or_nothing_is_found() {
        assert_eq!(places("nt", "New tab"), Some(vec![0, 4]));
        assert_eq!(places("tn", "New tab"), None);
        assert_eq!(places("new tab x", "New tab"), None);
        assert_eq!(places("", "New tab"), Some(vec![]));
    }

    #[test]
    fn words_come_in_any_order() {
        assert_eq!(places("tab new", "New tab"), Some(vec![0, 1, 2, 4, 5, 6]));
    }

    #[test]
    fn beginnings_of_words_and_runs_are_meant() {
        better("nt", "New tab", "Print");
        better("tab", "Next tab", "Toggle a bar");
        better("close", "Close tab", "Clear or lose it");
        // The run later in the text, not the letters that stand around before.
        assert_eq!(places("tab", "t a tab"), Some(vec![4, 5, 6]));
        assert_eq!(places("ar", "bar arrow"), Some(vec![4, 5]));
    }

    #[test]
    fn the_shorter_of_two_equals_is_meant() {
        better("tab", "Tab", "Tab and very many other words");
    }

    #[test]
    fn case_and_other_alphabets() {
        assert_eq!(places("\u{dc}B", "\u{fc}ber"), Some(vec![0, 1]));
        assert_eq!(places("\u{43d}", "\u{41d}\u{43e}\u{432}"), Some(vec![0]));
    }
}
