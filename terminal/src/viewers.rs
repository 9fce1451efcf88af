//! Who looks at one session: how each is woken, what each may do, and whose size rules. Lives under the session's lock, so
//! that a viewer arms itself in the same moment in which it saw the end of the log: no wake is lost, and
//! a viewer that is full is never woken by output, and one that is hidden at most once.

use std::sync::Arc;

use bowline_protocol::frame::{Colours, Role, Sixteen, Size};
use bowline_protocol::ids::{ClientId, SessionId};

use crate::options::SizeRule;
use crate::wake::Wake;

/// Whether a viewer's page shows the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    Visible,
    Hidden,
}

/// Whether a viewer's page can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    There,
    Away,
}

/// What a viewer is told about who looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    /// How many look.
    pub(crate) viewers: u16,
    pub(crate) size: Rules,
}

/// Whether a viewer's wish is the size that rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rules {
    /// It is, or nobody has a say.
    Mine,
    Another,
}

impl Standing {
    /// What a viewer takes for granted when it joins.
    const ALONE: Self = Self {
        viewers: 1,
        size: Rules::Mine,
    };
}

/// How a viewer shows the session.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View {
    pub(crate) shown: Shown,
    pub(crate) focused: bool,
    pub(crate) colours: Option<Colours>,
}

#[derive(Debug)]
struct Viewer {
    client: ClientId,
    wake: Arc<Wake>,
    role: Role,
    wish: Option<Size>,
    shown: Shown,
    focused: bool,
    colours: Option<Colours>,
    sixteen: Option<Sixteen>,
    /// When it last got the keyboard, in turns; 0 = never.
    focus_turn: u64,
    /// When it last said a size, in turns.
    wish_turn: u64,
    /// Waits for output.
    armed: bool,
    /// Has named the session to its client, which has not looked yet.
    ready: bool,
    /// Its page can't be reached: it sees nothing, and nobody counts it.
    away: bool,
    /// What it knows about who looks.
    told: Standing,
}

impl Viewer {
    fn sees(&self) -> bool {
        self.shown == Shown::Visible && !self.away
    }

    /// The size it has a say with.
    fn say(&self) -> Option<Size> {
        let counts = self.sees() && self.role == Role::Writer;
        self.wish.filter(|_| counts)
    }

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

    /// Whether nobody looks, nor may come back to look.
    pub(crate) fn is_empty(&self) -> bool {
        self.viewers.is_empty()
    }

    /// How many look.
    pub(crate) fn count(&self) -> usize {
        self.viewers.iter().filter(|viewer| !viewer.away).count()
    }

    /// Whether anybody sees the session now.
    pub(crate) fn any_visible(&self) -> bool {
        self.viewers.iter().any(Viewer::sees)
    }

    /// Whether anybody has the keyboard in it.
    pub(crate) fn any_focused(&self) -> bool {
        self.viewers
            .iter()
            .any(|viewer| viewer.sees() && viewer.focused)
    }

    /// A client's page can't be reached, or can again.
    pub(crate) fn reach(&mut self, client: ClientId, reach: Reach) {
        if let Some(viewer) = self.viewer(client) {
            viewer.away = reach == Reach::Away;
        }
    }

    /// A client looks, from now on or again; as a writer, until it says otherwise.
    pub(crate) fn join(&mut self, client: ClientId, wake: Arc<Wake>, wish: Option<Size>) {
        self.turns += 1;
        let wish_turn = self.turns;
        match self.viewer(client) {
            Some(viewer) => {
                viewer.wake = wake;
                viewer.shown = Shown::Visible;
                viewer.away = false;
                viewer.ready = false;
                viewer.armed = false;
                viewer.role = Role::Writer;
                viewer.told = Standing::ALONE;
                if wish.is_some() && wish != viewer.wish {
                    viewer.wish = wish;
                    viewer.wish_turn = wish_turn;
                }
            }
            None => self.viewers.push(Viewer {
                client,
                wake,
                role: Role::Writer,
                wish,
                shown: Shown::Visible,
                focused: false,
                colours: None,
                sixteen: None,
                focus_turn: 0,
                wish_turn,
                armed: false,
                ready: false,
                away: false,
                told: Standing::ALONE,
            }),
        }
    }

    pub(crate) fn leave(&mut self, client: ClientId) {
        self.viewers.retain(|viewer| viewer.client != client);
    }

    pub(crate) fn view(&mut self, client: ClientId, view: View) {
        self.turns += 1;
        let turn = self.turns;
        if let Some(viewer) = self.viewer(client) {
            viewer.shown = view.shown;
            if view.focused && !viewer.focused {
                viewer.focus_turn = turn;
            }
            viewer.focused = view.focused;
            viewer.colours = view.colours.or(viewer.colours);
        }
    }

    pub(crate) fn has(&self, client: ClientId) -> bool {
        self.viewers.iter().any(|viewer| viewer.client == client)
    }

    /// A viewer's theme has these 16 colours.
    pub(crate) fn sixteen(&mut self, client: ClientId, sixteen: Sixteen) {
        if let Some(viewer) = self.viewer(client) {
            viewer.sixteen = Some(sixteen);
        }
    }

    /// The colours of the viewer that had the keyboard last.
    pub(crate) fn colours(&self) -> Option<(Colours, Option<Sixteen>)> {
        let coloured = self.viewers.iter().filter_map(|viewer| {
            let colours = (viewer.colours?, viewer.sixteen);
            Some((viewer.focus_turn, colours))
        });
        let (_, colours) = coloured.max_by_key(|(turn, _)| *turn)?;
        Some(colours)
    }

    pub(crate) fn wish(&mut self, client: ClientId, wish: Size) {
        self.turns += 1;
        let turn = self.turns;
        if let Some(viewer) = self.viewer(client) {
            viewer.wish = Some(wish);
            viewer.wish_turn = turn;
        }
    }

    /// What a client may do. A reader's wish is forgotten.
    pub(crate) fn role(&mut self, client: ClientId, role: Role) {
        if let Some(viewer) = self.viewer(client) {
            viewer.role = role;
            if role == Role::Reader {
                viewer.wish = None;
            }
        }
    }

    /// Whether a client only looks.
    pub(crate) fn only_reads(&self, client: ClientId) -> bool {
        self.viewers
            .iter()
            .any(|viewer| viewer.client == client && viewer.role == Role::Reader)
    }

    /// The size that rules now, if any viewer has a say.
    pub(crate) fn ruling_size(&self, rule: SizeRule) -> Option<Size> {
        match rule {
            SizeRule::Focused => self.ruler()?.say(),
            SizeRule::Smallest => {
                let says = self.viewers.iter().filter_map(Viewer::say);
                says.reduce(|left, right| Size {
                    cols: left.cols.min(right.cols),
                    rows: left.rows.min(right.rows),
                })
            }
        }
    }

    /// Of those who have a say, the one that had the keyboard last.
    fn ruler(&self) -> Option<&Viewer> {
        self.viewers
            .iter()
            .filter(|viewer| viewer.say().is_some())
            .max_by_key(|viewer| (viewer.focus_turn, viewer.wish_turn))
    }

    /// What each client's standing is now.
    fn standings(&self, rule: SizeRule) -> Vec<Standing> {
        let viewers = u16::try_from(self.count()).unwrap_or(u16::MAX);
        let size = self.ruling_size(rule);
        let ruler = self.ruler().map(|viewer| viewer.client);
        let mine = |viewer: &Viewer| match rule {
            _ if size.is_none() => true,
            SizeRule::Focused => ruler == Some(viewer.client),
            SizeRule::Smallest => viewer.say() == size,
        };
        let standing = |viewer| Standing {
            viewers,
            size: if mine(viewer) {
                Rules::Mine
            } else {
                Rules::Another
            },
        };
        self.viewers.iter().map(standing).collect()
    }

    /// Wakes those whose standing is not what they were told.
    pub(crate) fn wake_changed(&mut self, session: SessionId, rule: SizeRule) {
        for (standing, viewer) in self.standings(rule).into_iter().zip(&mut self.viewers) {
            if viewer.told != standing {
                viewer.wake(session);
            }
        }
    }

    /// A client's standing, if it is news to it. Told by the caller.
    pub(crate) fn news(&mut self, client: ClientId, rule: SizeRule) -> Option<Standing> {
        let standings = self.standings(rule);
        let mut both = standings.into_iter().zip(&mut self.viewers);
        let (standing, viewer) = both.find(|(_, viewer)| viewer.client == client)?;
        let news = viewer.told != standing;
        viewer.told = standing;
        news.then_some(standing)
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

    fn view(shown: Shown, focused: bool) -> View {
        View {
            shown,
            focused,
            colours: None,
        }
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
        viewers.view(client(1), view(Shown::Visible, true));
        viewers.view(client(2), view(Shown::Visible, true));
        let rule = SizeRule::Focused;
        assert_eq!(viewers.ruling_size(rule), Some(size(80, 40)));
        viewers.view(client(2), view(Shown::Visible, false));
        assert_eq!(viewers.ruling_size(rule), Some(size(80, 40)));
        viewers.view(client(2), view(Shown::Hidden, false));
        assert_eq!(viewers.ruling_size(rule), Some(size(100, 30)));
        viewers.leave(client(1));
        assert_eq!(viewers.ruling_size(rule), None);
    }

    #[test]
    fn the_smallest_of_the_visible_rules() {
        let mut viewers = two();
        let rule = SizeRule::Smallest;
        assert_eq!(viewers.ruling_size(rule), Some(size(80, 30)));
        viewers.view(client(2), view(Shown::Hidden, false));
        assert_eq!(viewers.ruling_size(rule), Some(size(100, 30)));
    }

    #[test]
    fn who_is_away_rules_nothing_and_is_not_counted() {
        let mut viewers = two();
        viewers.view(client(2), view(Shown::Visible, true));
        viewers.reach(client(2), Reach::Away);
        for rule in [SizeRule::Focused, SizeRule::Smallest] {
            assert_eq!(viewers.ruling_size(rule), Some(size(100, 30)));
        }
        assert!(!viewers.any_focused() && !viewers.is_empty());
        assert_eq!(viewers.count(), 1);
        viewers.reach(client(2), Reach::There);
        assert!(viewers.any_focused());
        let rule = SizeRule::Focused;
        assert_eq!(viewers.ruling_size(rule), Some(size(80, 40)));
    }

    #[test]
    fn a_reader_has_no_say_in_the_size() {
        let mut viewers = two();
        viewers.view(client(2), view(Shown::Visible, true));
        viewers.role(client(2), Role::Reader);
        for rule in [SizeRule::Focused, SizeRule::Smallest] {
            assert_eq!(viewers.ruling_size(rule), Some(size(100, 30)));
        }
        assert!(viewers.only_reads(client(2)) && !viewers.only_reads(client(1)));
        // Whoever joins again is a writer, and says its wish anew.
        viewers.join(client(2), Arc::new(Wake::new()), None);
        assert!(!viewers.only_reads(client(2)));
        let rule = SizeRule::Focused;
        assert_eq!(viewers.ruling_size(rule), Some(size(100, 30)));
        viewers.wish(client(2), size(60, 20));
        assert_eq!(viewers.ruling_size(rule), Some(size(60, 20)));
    }

    #[test]
    fn everybody_learns_whose_size_rules_and_once() {
        let session = SessionId::from_bytes([1; 16]);
        let rule = SizeRule::Focused;
        let standing = |viewers, size| Some(Standing { viewers, size });
        let mut viewers = Viewers::default();
        let wakes = [Arc::new(Wake::new()), Arc::new(Wake::new())];
        viewers.join(client(1), wakes[0].clone(), Some(size(100, 30)));
        assert_eq!(viewers.news(client(1), rule), None);
        viewers.join(client(2), wakes[1].clone(), Some(size(80, 40)));
        viewers.wake_changed(session, rule);
        assert_eq!(wakes[0].take(), [session]);
        assert_eq!(viewers.news(client(1), rule), standing(2, Rules::Another));
        assert_eq!(viewers.news(client(1), rule), None);
        assert_eq!(viewers.news(client(2), rule), standing(2, Rules::Mine));
        viewers.looked(client(1));
        viewers.view(client(1), view(Shown::Visible, true));
        viewers.wake_changed(session, rule);
        assert_eq!(
            (wakes[0].take(), wakes[1].take()),
            (vec![session], vec![session])
        );
        assert_eq!(viewers.news(client(1), rule), standing(2, Rules::Mine));
        assert_eq!(viewers.news(client(2), rule), standing(2, Rules::Another));
        viewers.leave(client(1));
        assert_eq!(viewers.news(client(2), rule), standing(1, Rules::Mine));
    }

    #[test]
    fn the_smallest_rules_only_if_it_is_ones_own() {
        let rule = SizeRule::Smallest;
        let mut viewers = two();
        let rules = |viewers: &mut Viewers| {
            [1, 2].map(|number| viewers.news(client(number), rule).map(|news| news.size))
        };
        // 80×30 is nobody's wish.
        assert_eq!(rules(&mut viewers), [Some(Rules::Another); 2]);
        viewers.wish(client(2), size(80, 20));
        assert_eq!(rules(&mut viewers), [None, Some(Rules::Mine)]);
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
