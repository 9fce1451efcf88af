//! Who looks at one session: how each is woken, and whose size rules. Lives under the session's lock, so
//! that a viewer arms itself in the same moment in which it saw the end of the log: no wake is lost, and
//! a viewer that is hidden or full is never woken by output.

use std::sync::Arc;

use bowline_protocol::frame::Size;
use bowline_protocol::ids::{ClientId, SessionId};

use crate::options::SizeRule;
use crate::wake::Wake;

/// Whether a viewer's page shows the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    Visible,
    Hidden,
}

#[derive(Debug)]
struct Viewer {
    client: ClientId,
    wake: Arc<Wake>,
    wish: Option<Size>,
    shown: Shown,
    focused: bool,
    /// When it last got the keyboard, in turns; 0 = never.
    focus_turn: u64,
    /// When it last said a size, in turns.
    wish_turn: u64,
    /// Waits for output.
    armed: bool,
    /// Has named the session to its client, which has not looked yet.
    ready: bool,
}

impl Viewer {
    fn wake(&mut self, session: SessionId) {
        self.armed = false;
        if !self.ready {
            self.ready = true;
            self.wake.ready(session);
        }
    }
}

/// All viewers of one session. Few: one per page that shows it.
#[derive(Debug, Default)]
pub(crate) struct Viewers {
    viewers: Vec<Viewer>,
    turns: u64,
}

impl Viewers {
    fn viewer(&mut self, client: ClientId) -> Option<&mut Viewer> {
        self.viewers
            .iter_mut()
            .find(|viewer| viewer.client == client)
    }

    pub(crate) fn len(&self) -> usize {
        self.viewers.len()
    }

    /// Whether anybody sees the session now.
    pub(crate) fn any_visible(&self) -> bool {
        self.viewers
            .iter()
            .any(|viewer| viewer.shown == Shown::Visible)
    }

    /// A client looks, from now on or again.
    pub(crate) fn join(&mut self, client: ClientId, wake: Arc<Wake>, wish: Option<Size>) {
        self.turns += 1;
        let wish_turn = self.turns;
        match self.viewer(client) {
            Some(viewer) => {
                viewer.wake = wake;
                viewer.shown = Shown::Visible;
                viewer.ready = false;
                viewer.armed = false;
                if wish.is_some() && wish != viewer.wish {
                    viewer.wish = wish;
                    viewer.wish_turn = wish_turn;
                }
            }
            None => self.viewers.push(Viewer {
                client,
                wake,
                wish,
                shown: Shown::Visible,
                focused: false,
                focus_turn: 0,
                wish_turn,
                armed: false,
                ready: false,
            }),
        }
    }

    pub(crate) fn leave(&mut self, client: ClientId) {
        self.viewers.retain(|viewer| viewer.client != client);
    }

    pub(crate) fn view(&mut self, client: ClientId, shown: Shown, focused: bool) {
        self.turns += 1;
        let turn = self.turns;
        if let Some(viewer) = self.viewer(client) {
            viewer.shown = shown;
            if focused && !viewer.focused {
                viewer.focus_turn = turn;
            }
            viewer.focused = focused;
        }
    }

    pub(crate) fn wish(&mut self, client: ClientId, wish: Size) {
        self.turns += 1;
        let turn = self.turns;
        if let Some(viewer) = self.viewer(client) {
            viewer.wish = Some(wish);
            viewer.wish_turn = turn;
        }
    }

    /// The size that rules now, if any viewer has a say.
    pub(crate) fn ruling_size(&self, rule: SizeRule) -> Option<Size> {
        let visible = || {
            self.viewers
                .iter()
                .filter(|viewer| viewer.shown == Shown::Visible)
                .filter_map(|viewer| Some((viewer, viewer.wish?)))
        };
        match rule {
            SizeRule::Focused => visible()
                .max_by_key(|(viewer, _)| (viewer.focus_turn, viewer.wish_turn))
                .map(|(_, wish)| wish),
            SizeRule::Smallest => visible().map(|(_, wish)| wish).reduce(|left, right| Size {
                cols: left.cols.min(right.cols),
                rows: left.rows.min(right.rows),
            }),
        }
    }

    /// A viewer has seen everything and waits for output.
    pub(crate) fn arm(&mut self, client: ClientId) {
        if let Some(viewer) = self.viewer(client) {
            viewer.armed = true;
        }
    }

    /// A viewer looks now: what it was woken for is served.
    pub(crate) fn looked(&mut self, client: ClientId) {
        if let Some(viewer) = self.viewer(client) {
            viewer.ready = false;
            viewer.armed = false;
        }
    }

    /// There is output.
    pub(crate) fn wake_armed(&mut self, session: SessionId) {
        for viewer in self.viewers.iter_mut().filter(|viewer| viewer.armed) {
            viewer.wake(session);
        }
    }

    /// Something that everybody is told.
    pub(crate) fn wake_all(&mut self, session: SessionId) {
        for viewer in &mut self.viewers {
            viewer.wake(session);
        }
    }

    /// Something for one client.
    pub(crate) fn wake_one(&mut self, session: SessionId, client: ClientId) {
        if let Some(viewer) = self.viewer(client) {
            viewer.wake(session);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(number: u8) -> ClientId {
        ClientId::from_bytes([number; 16])
    }

    fn size(cols: u16, rows: u16) -> Size {
        Size { cols, rows }
    }

    fn two() -> Viewers {
        let mut viewers = Viewers::default();
        let wake = Arc::new(Wake::new());
        viewers.join(client(1), wake.clone(), Some(size(100, 30)));
        viewers.join(client(2), wake, Some(size(80, 40)));
        viewers
    }

    #[test]
    fn the_viewer_that_had_the_keyboard_last_rules() {
        let mut viewers = two();
        viewers.view(client(1), Shown::Visible, true);
        viewers.view(client(2), Shown::Visible, true);
        let rule = SizeRule::Focused;
        assert_eq!(viewers.ruling_size(rule), Some(size(80, 40)));
        viewers.view(client(2), Shown::Visible, false);
        assert_eq!(viewers.ruling_size(rule), Some(size(80, 40)));
        viewers.view(client(2), Shown::Hidden, false);
        assert_eq!(viewers.ruling_size(rule), Some(size(100, 30)));
        viewers.leave(client(1));
        assert_eq!(viewers.ruling_size(rule), None);
    }

    #[test]
    fn the_smallest_of_the_visible_rules() {
        let mut viewers = two();
        let rule = SizeRule::Smallest;
        assert_eq!(viewers.ruling_size(rule), Some(size(80, 30)));
        viewers.view(client(2), Shown::Hidden, false);
        assert_eq!(viewers.ruling_size(rule), Some(size(100, 30)));
    }

    #[test]
    fn only_the_armed_are_woken_and_once() {
        let session = SessionId::from_bytes([1; 16]);
        let wake = Arc::new(Wake::new());
        let mut viewers = Viewers::default();
        viewers.join(client(1), wake.clone(), None);
        viewers.wake_armed(session);
        assert_eq!(wake.take(), []);
        viewers.arm(client(1));
        viewers.wake_armed(session);
        viewers.wake_armed(session);
        viewers.wake_all(session);
        assert_eq!(wake.take(), [session]);
        viewers.looked(client(1));
        viewers.wake_one(session, client(1));
        assert_eq!(wake.take(), [session]);
    }
}
