//! This terminal: raw while a session is shown in it, and usable afterwards, however that ends. Writing to it
//! and reading from it block, so each has a thread; neither is waited for at the end.

use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use bowline_terminal::Size;
use bytes::Bytes;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};
use tokio::sync::mpsc;

/// Pieces of what was typed that wait; then reading waits.
const TYPED_MAX: usize = 16;
/// Longest piece, bytes.
const PIECE_MAX: usize = 16 * 1024;

/// Ends every mode that programs set, in an order in which none undoes another, and leaves what is shown.
/// Begins with the end of a string that may have been cut.
pub(super) const RESET: &str = concat!(
    "\x1b\\\x1b[?2026l",
    // Mouse, focus, bracketed paste, colour scheme.
    "\x1b[?9l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1005l\x1b[?1006l\x1b[?1015l\x1b[?1016l",
    "\x1b[?1004l\x1b[?2004l\x1b[?2031l",
    // Keys as they were spelt by default.
    "\x1b[<9u\x1b[>4;0m",
    // The normal screen, then softly everything; some leave the wrap off by that.
    "\x1b[?1049l\x1b[<9u\x1b[!p\x1b[?69l\x1b[r\x1b[?6l\x1b[4l\x1b[20l\x1b[?7h\x1b[?45l\x1b[?5l\x1b[?5W",
    "\x1b[?1l\x1b[?66l\x1b>\x1b(B\x1b)B\x0f\x1b[0m\x1b]8;;\x1b\\",
    "\x1b[0 q\x1b[?25h",
);
/// Takes back the colours that programs gave the terminal itself.
pub(super) const RESET_COLOURS: &str = "\x1b]104\x1b\\\x1b]110\x1b\\\x1b]111\x1b\\\x1b]112\x1b\\";
/// An empty screen.
pub(super) const CLEAR: &str = "\x1b[H\x1b[2J";
const KEEP_TITLE: &str = "\x1b[22;0t";
const GIVE_TITLE_BACK: &str = "\x1b[23;0t";
/// Below everything that is shown.
const TO_BOTTOM: &str = "\x1b[999;1H\r\n";

/// How the terminal was; `None` while it is not ours. Static, because a panic must find it.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);
static HOOK: Once = Once::new();

/// The terminal is ours while this lives.
#[derive(Debug)]
pub(super) struct Raw(());

/// Whether there is a terminal to read from and to write to.
pub(super) fn is_there() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// The terminal's size, if it tells one that a session can have.
pub(super) fn size() -> Option<Size> {
    let size = tcgetwinsize(io::stdout()).ok()?;
    let size = Size {
        cols: size.ws_col,
        rows: size.ws_row,
    };
    size.checked()
}

impl Raw {
    /// Takes the terminal, and puts what it shows out of the way: above, where it can be scrolled to.
    pub(super) fn enter() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut raw = before.clone();
        raw.make_raw();
        HOOK.call_once(|| {
            let report = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                leave();
                report(panic);
            }));
        });
        *lock() = Some(before);
        let entered = Self(());
        tcsetattr(io::stdin(), OptionalActions::Now, &raw)?;
        let rows = size().map_or(0, |size| usize::from(size.rows));
        let lines = "\n".repeat(rows);
        let text = format!("{KEEP_TITLE}\x1b[999;1H{lines}{RESET}{CLEAR}");
        write_all(text.as_bytes())?;
        Ok(entered)
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        leave();
    }
}

/// Gives the terminal back, once.
fn leave() {
    let Some(before) = lock().take() else {
        return;
    };
    // It may have been closed: then there is nothing to give back.
    let _ = write_all([RESET, GIVE_TITLE_BACK, TO_BOTTOM].concat().as_bytes());
    let _ = tcsetattr(io::stdin(), OptionalActions::Now, &before);
}

fn lock() -> MutexGuard<'static, Option<Termios>> {
    BEFORE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn write_all(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}

/// Writes, one piece after the other, and says when each is written.
pub(super) struct Writer {
    pieces: std::sync::mpsc::Sender<Vec<u8>>,
    written: mpsc::Receiver<io::Result<()>>,
}

impl Writer {
    /// Starts its thread.
    pub(super) fn start() -> io::Result<Self> {
        let (pieces, to_write) = std::sync::mpsc::channel::<Vec<u8>>();
        // Whoever writes waits for each: neither ever holds more than one.
        let (done, written) = mpsc::channel(1);
        let writing = std::thread::Builder::new().name("writing".to_owned());
        writing.spawn(move || {
            while let Ok(piece) = to_write.recv() {
                if done.blocking_send(write_all(&piece)).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self { pieces, written })
    }

    /// Writes a piece; [`Writer::written`] says when. Not before the last one is.
    pub(super) fn write(&mut self, piece: Vec<u8>) {
        // The thread lives as long as this does.
        let _ = self.pieces.send(piece);
    }

    /// The piece is written. Cancel-safe.
    pub(super) async fn written(&mut self) -> io::Result<()> {
        let gone = || Err(io::ErrorKind::BrokenPipe.into());
        self.written.recv().await.unwrap_or_else(gone)
    }
}

/// What is typed; ends when the terminal does.
pub(super) fn read() -> io::Result<mpsc::Receiver<Bytes>> {
    let (typed, reading) = mpsc::channel(TYPED_MAX);
    let thread = std::thread::Builder::new().name("reading".to_owned());
    thread.spawn(move || {
        let mut buffer = vec![0; PIECE_MAX];
        let mut input = io::stdin().lock();
        while let Ok(count @ 1..) = input.read(&mut buffer) {
            let piece = Bytes::copy_from_slice(&buffer[..count]);
            if typed.blocking_send(piece).is_err() {
                return;
            }
        }
    })?;
    Ok(reading)
}
