//! When a pointer that went down on something begins to drag it: a mouse that moves, a finger that rests first, so
//! that one that moves at once still scrolls. Pure: told of pointers and time, answers what to do.

use super::gesture::Point;

/// How far a mouse moves before it drags, CSS pixels.
const THRESHOLD: f64 = 5.0;
/// How far a finger may stray and still rest.
const SLACK: f64 = 9.0;

/// What points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hand {
    /// A mouse or a pen.
    Mouse,
    /// A finger.
    Finger,
}

/// A pointer at a place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Pointer {
    /// The browser's number for it.
    pub(crate) id: i32,
    /// Where it is.
    pub(crate) at: Point,
    /// What it is.
    pub(crate) hand: Hand,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// Nothing.
    Nothing,
    /// What was pressed is dragged from now on.
    Begin,
    /// It is dragged on.
    Move,
    /// It is dropped.
    Drop,
}

/// The pointer that holds something, if one does.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) enum Grip {
    /// None.
    #[default]
    Free,
    /// It went down here.
    Pressed(Pointer),
    /// It drags.
    Drags(Pointer),
}

impl Grip {
    /// A pointer goes down on something that can be dragged. A second one changes nothing.
    pub(crate) fn press(&mut self, pointer: Pointer) {
        if !matches!(self, Self::Drags(_)) {
            *self = Self::Pressed(pointer);
        }
    }

    /// A pointer moves.
    pub(crate) fn moved(&mut self, id: i32, at: Point) -> Act {
        match *self {
            Self::Pressed(pointer) if pointer.id == id => {
                let way = pointer.at.distance(at);
                match pointer.hand {
                    Hand::Mouse if way >= THRESHOLD => {
                        *self = Self::Drags(pointer);
                        Act::Begin
                    }
                    Hand::Finger if way > SLACK => {
                        *self = Self::Free;
                        Act::Nothing
                    }
                    Hand::Mouse | Hand::Finger => Act::Nothing,
                }
            }
            Self::Drags(pointer) if pointer.id == id => Act::Move,
            _ => Act::Nothing,
        }
    }

    /// A finger has rested long enough.
    pub(crate) fn rested(&mut self) -> Act {
        match *self {
            Self::Pressed(pointer) if pointer.hand == Hand::Finger => {
                *self = Self::Drags(pointer);
                Act::Begin
            }
            _ => Act::Nothing,
        }
    }

    /// A pointer goes up.
    pub(crate) fn up(&mut self, id: i32) -> Act {
        match *self {
            Self::Pressed(pointer) if pointer.id == id => {
                *self = Self::Free;
                Act::Nothing
            }
            Self::Drags(pointer) if pointer.id == id => {
                *self = Self::Free;
                Act::Drop
            }
            _ => Act::Nothing,
        }
    }

    /// The pointer that holds something, dragging it or not yet.
    pub(crate) fn holder(&self) -> Option<Pointer> {
        match *self {
            Self::Free => None,
            Self::Pressed(pointer) | Self::Drags(pointer) => Some(pointer),
        }
    }

    /// Whether something is dragged.
    pub(crate) fn drags(&self) -> bool {
        matches!(self, Self::Drags(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(x: f64) -> Point {
        Point { x, y: 0.0 }
    }

    fn pressed(hand: Hand) -> Grip {
        let mut grip = Grip::default();
        grip.press(Pointer {
            id: 1,
            at: at(0.0),
            hand,
        });
        grip
    }

    #[test]
    fn a_mouse_drags_once_it_has_moved_and_a_click_stays_one() {
        let mut grip = pressed(Hand::Mouse);
        assert_eq!(grip.moved(1, at(4.9)), Act::Nothing);
        assert_eq!(grip.rested(), Act::Nothing);
        assert_eq!(grip.moved(1, at(-5.0)), Act::Begin);
        assert_eq!(grip.moved(1, at(0.0)), Act::Move);
        assert_eq!(grip.up(1), Act::Drop);
        assert_eq!(grip.moved(1, at(9.0)), Act::Nothing);

        let mut grip = pressed(Hand::Mouse);
        assert_eq!(grip.moved(1, at(3.0)), Act::Nothing);
        assert_eq!(grip.up(1), Act::Nothing);
        assert_eq!(grip.moved(1, at(9.0)), Act::Nothing);
    }

    #[test]
    fn a_finger_drags_once_it_has_rested_and_scrolls_before() {
        let mut grip = pressed(Hand::Finger);
        assert_eq!(grip.moved(1, at(8.0)), Act::Nothing);
        assert_eq!(grip.rested(), Act::Begin);
        assert_eq!(grip.moved(1, at(50.0)), Act::Move);
        assert_eq!(grip.up(1), Act::Drop);

        let mut grip = pressed(Hand::Finger);
        assert_eq!(grip.moved(1, at(10.0)), Act::Nothing);
        assert_eq!(grip.rested(), Act::Nothing);
        assert_eq!(grip.moved(1, at(60.0)), Act::Nothing);
    }

    #[test]
    fn another_pointer_neither_moves_nor_drops() {
        let mut grip = pressed(Hand::Mouse);
        grip.moved(1, at(9.0));
        grip.press(Pointer {
            id: 2,
            at: at(9.0),
            hand: Hand::Finger,
        });
        assert_eq!(grip.moved(2, at(50.0)), Act::Nothing);
        assert_eq!(grip.up(2), Act::Nothing);
        assert!(grip.drags());
        assert_eq!(grip.up(1), Act::Drop);
    }
}
