//! The configuration of our own tmux server: nothing of tmux is to be seen or felt, but that sessions
//! outlive the server. Pure text; the user's `~/.tmux.conf` is never read or written.

use std::path::Path;

/// Told to a client as a variable: what it becomes when its program has ended, so that the page sees the
/// last output, and the client ends as the program did. Its argument: session, status, signal and line of the
/// cursor, with commas between.
pub(super) const LAST_WORDS: &str = r#"
ended=$0
IFS=,
set -- $ended
tmux() { "$BOWLINE_TMUX" -N -S "$BOWLINE_TMUX_SOCKET" "$@" 2>/dev/null; }
ulimit -c 0
tmux capture-pane -p -e -S -10000 -E "$4" -t "=$1:"
printf '\033[m'
tmux kill-session -t "=$1"
[ -z "$3" ] || kill -s "$3" $$
exit "${2:-0}"
"#;

/// Names of the variables that [`LAST_WORDS`] needs, and its own.
pub(super) const LAST_WORDS_VARIABLE: &str = "BOWLINE_LAST_WORDS";
pub(super) const TMUX_VARIABLE: &str = "BOWLINE_TMUX";
pub(super) const SOCKET_VARIABLE: &str = "BOWLINE_TMUX_SOCKET";

/// The file, for a server whose programs are told this `TERM`.
pub(super) fn text(term: &str) -> String {
    format!(
        r##"# Written by Bowline whenever it starts its tmux server. Changes are lost; your own ~/.tmux.conf is not read.

# Alive until the first session is there; then it ends with the last.
set -s exit-empty off

# Keys arrive as typed, and none belongs to tmux.
set -s escape-time 0
set -s extended-keys on
set -s focus-events on
set -g prefix None
set -g prefix2 None
unbind-key -q -a -T prefix
unbind-key -q -n MouseDown3Pane
unbind-key -q -n M-MouseDown3Pane

# What the page can show.
set -s default-terminal "{term}"
set -as terminal-features ",xterm-256color:256:RGB:clipboard:ccolour:cstyle:extkeys:focus:hyperlinks:mouse:osc7:overline:strikethrough:sync:title:usstyle"
set -s set-clipboard on
set -gq allow-passthrough on
set -g set-titles on
set -g set-titles-string "#{{?#{{==:#{{pane_title}},#{{host}}}},,#{{pane_title}}}}"

# Nothing of tmux on the screen.
set -g status off
set -g visual-activity off
set -g visual-bell off
set -g visual-silence off
set -g bell-action any
set -g automatic-rename off

# The page's size; the wheel scrolls, in programs that know no mouse too.
set -g window-size latest
set -g mouse on
set -g history-limit 10000
bind-key -n WheelUpPane if-shell -F "#{{||:#{{pane_in_mode}},#{{mouse_any_flag}}}}" {{ send-keys -M }} {{ if-shell -F "#{{alternate_on}}" {{ send-keys -N 3 Up }} {{ copy-mode -e }} }}
bind-key -n WheelDownPane if-shell -F "#{{||:#{{pane_in_mode}},#{{mouse_any_flag}}}}" {{ send-keys -M }} {{ if-shell -F "#{{alternate_on}}" {{ send-keys -N 3 Down }} }}

# Variables are handed over by name as each session is made.
set -g update-environment ""

# What ended stays to be asked how; Bowline takes it away.
set -g remain-on-exit on
set -gq remain-on-exit-format ""
"##
    )
}

/// What programs are told their terminal is: tmux's own description where the system has it.
pub(super) fn term() -> &'static str {
    const FOLDERS: [&str; 3] = ["/etc/terminfo", "/lib/terminfo", "/usr/share/terminfo"];
    let has = |folder: &str| {
        let folder = Path::new(folder);
        // Some systems name the folders by letter, others by its number.
        folder.join("t/tmux-256color").exists() || folder.join("74/tmux-256color").exists()
    };
    if FOLDERS.into_iter().any(has) {
        "tmux-256color"
    } else {
        "screen-256color"
    }
}
