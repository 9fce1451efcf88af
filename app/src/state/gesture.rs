//! What fingers mean in a terminal: one that moves scrolls, one that rests selects, two change the size of the
//! text. Pure: told of fingers and time, answers what to do.

/// How far a finger may stray and still rest, CSS pixels.
const SLACK: f64 = 9.0;
/// Two fingers change the size by a step when their distance grows or shrinks by this share.
const PINCH: f64 = 1.12;

/// A point of the window, CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Point {
    /// From the left.
    pub(crate) x: f64,
    /// From the top.
    pub(crate) y: f64,
}

impl Point {
    /// How far another is from here.
    pub(crate) fn distance(self, other: Self) -> f64 {
        (self.x - other.x).hypot(self.y - other.y)
    }
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Act {
    /// Nothing.
    Nothing,
    /// Scroll so many pixels, down if positive, under a finger here.
    Scroll(f64, Point),
    /// Select the word here.
    SelectWord(Point),
    /// Select up to here.
    SelectTo(Point),
    /// The selection is made: offer what can be done with it, here.
    Offer(Point),
    /// Scrolling goes on by itself with so many pixels per millisecond.
    Fling(f64, Point),
    /// Larger text.
    Larger,
    /// Smaller text.
    Smaller,
}

#[derive(Debug, Clone, Copy, PartialEq, Default)]
enum Phase {
    #[default]
    Idle,
    /// A finger rests since then.
    Resting { at: Point, place: Point },
    /// It moves.
    Scrolling {
        last: Point,
        last_ms: f64,
        speed: f64,
    },
    /// It has rested long enough.
    Selecting,
    /// A second one came.
    Pinching { distance: f64 },
}

/// The fingers on one terminal.
#[derive(Debug, Default)]
pub(crate) struct Gesture {
    phase: Phase,
    fingers: Vec<(i32, Point)>,
}

impl Gesture {
    /// A finger came down. Whether to ask [`Gesture::rested`] after a while.
    pub(crate) fn down(&mut self, finger: i32, at: Point) -> bool {
        self.fingers.retain(|(other, _)| *other != finger);
        self.fingers.push((finger, at));
        self.phase = match self.fingers[..] {
            [_] => Phase::Resting { at, place: at },
            [(_, one), (_, other)] => Phase::Pinching {
                distance: one.distance(other).max(1.0),
            },
            _ => Phase::Idle,
        };
        self.fingers.len() == 1
    }

    /// A finger moved.
    pub(crate) fn moved(&mut self, finger: i32, to: Point, now_ms: f64) -> Act {
        let Some(known) = self.fingers.iter_mut().find(|(other, _)| *other == finger) else {
            return Act::Nothing;
        };
        known.1 = to;
        match self.phase {
            Phase::Resting { at, .. } if at.distance(to) <= SLACK => {
                self.phase = Phase::Resting { at, place: to };
                Act::Nothing
            }
            Phase::Resting { at, .. } => {
                self.phase = Phase::Scrolling {
                    last: to,
                    last_ms: now_ms,
                    speed: 0.0,
                };
                Act::Scroll(at.y - to.y, to)
            }
            Phase::Scrolling {
                last,
                last_ms,
                speed,
            } => {
                let by = last.y - to.y;
                let took = (now_ms - last_ms).max(1.0);
                self.phase = Phase::Scrolling {
                    last: to,
                    last_ms: now_ms,
                    // The last moves count most.
                    speed: speed * 0.4 + by / took * 0.6,
                };
                Act::Scroll(by, to)
            }
            Phase::Selecting => Act::SelectTo(to),
            Phase::Pinching { distance } => self.pinched(distance),
            Phase::Idle => Act::Nothing,
        }
    }

    fn pinched(&mut self, distance: f64) -> Act {
        let [(_, one), (_, other)] = self.fingers[..] else {
            return Act::Nothing;
        };
        let now = one.distance(other).max(1.0);
        let act = if now >= distance * PINCH {
            Act::Larger
        } else if now <= distance / PINCH {
            Act::Smaller
        } else {
            return Act::Nothing;
        };
        self.phase = Phase::Pinching { distance: now };
        act
    }

    /// A while has passed since the first finger came down.
    pub(crate) fn rested(&mut self) -> Act {
        match self.phase {
            Phase::Resting { place, .. } => {
                self.phase = Phase::Selecting;
                Act::SelectWord(place)
            }
            _ => Act::Nothing,
        }
    }

    /// A finger went up.
    pub(crate) fn up(&mut self, finger: i32, at: Point, now_ms: f64) -> Act {
        self.fingers.retain(|(other, _)| *other != finger);
        let phase = std::mem::take(&mut self.phase);
        match phase {
            Phase::Selecting => Act::Offer(at),
            // A finger that stopped before it went up flings nothing.
            Phase::Scrolling { last_ms, speed, .. } if now_ms - last_ms < 60.0 => {
                Act::Fling(speed, at)
            }
            _ => Act::Nothing,
        }
    }

    /// The system took the fingers.
    pub(crate) fn cancel(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(x: f64, y: f64) -> Point {
        Point { x, y }
    }

    #[test]
    fn a_finger_that_moves_scrolls_and_flings() {
        let mut gesture = Gesture::default();
        assert!(gesture.down(1, at(10.0, 100.0)));
        assert_eq!(gesture.moved(1, at(10.0, 96.0), 5.0), Act::Nothing);
        let place = at(10.0, 80.0);
        assert_eq!(gesture.moved(1, place, 10.0), Act::Scroll(20.0, place));
        let place = at(10.0, 60.0);
        assert_eq!(gesture.moved(1, place, 20.0), Act::Scroll(20.0, place));
        assert_eq!(gesture.rested(), Act::Nothing);
        let Act::Fling(speed, _) = gesture.up(1, place, 25.0) else {
            panic!("it goes on");
        };
        assert!(speed > 1.0);
    }

    #[test]
    fn a_finger_that_stops_flings_nothing() {
        let mut gesture = Gesture::default();
        gesture.down(1, at(0.0, 0.0));
        gesture.moved(1, at(0.0, 30.0), 10.0);
        assert_eq!(gesture.up(1, at(0.0, 30.0), 500.0), Act::Nothing);
    }

    #[test]
    fn a_finger_that_rests_selects_a_word_and_then_more() {
        let mut gesture = Gesture::default();
        gesture.down(1, at(5.0, 5.0));
        assert_eq!(gesture.rested(), Act::SelectWord(at(5.0, 5.0)));
        let place = at(90.0, 5.0);
        assert_eq!(gesture.moved(1, place, 700.0), Act::SelectTo(place));
        assert_eq!(gesture.up(1, place, 800.0), Act::Offer(place));
        assert_eq!(gesture.rested(), Act::Nothing);
    }

    #[test]
    fn two_fingers_change_the_size_by_steps() {
        let mut gesture = Gesture::default();
        gesture.down(1, at(0.0, 0.0));
        assert!(!gesture.down(2, at(100.0, 0.0)));
        assert_eq!(gesture.moved(2, at(105.0, 0.0), 1.0), Act::Nothing);
        assert_eq!(gesture.moved(2, at(113.0, 0.0), 2.0), Act::Larger);
        assert_eq!(gesture.moved(2, at(100.0, 0.0), 3.0), Act::Smaller);
        assert_eq!(gesture.up(2, at(100.0, 0.0), 4.0), Act::Nothing);
        // The finger that stays scrolls nothing before it came anew.
        assert_eq!(gesture.moved(1, at(0.0, 50.0), 5.0), Act::Nothing);
    }
}
