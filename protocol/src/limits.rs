//! Every bound of the link in one place, each with its reason.

/// The protocol's version; the subprotocol of the WebSocket is `bowline.1`.
pub const VERSION: u16 = 1;

/// WebSocket subprotocol naming [`VERSION`].
pub const SUBPROTOCOL: &str = "bowline.1";

/// Largest payload of one `Output` or `Input` frame, bytes: small enough that a resize or another
/// session's echo never waits behind a long one.
pub const FRAME_PAYLOAD: usize = 32 * 1024;

/// Largest batch the server sends, bytes of payload: one WebSocket message, one poll answer.
pub const BATCH_PAYLOAD: usize = 256 * 1024;

/// Largest batch the server accepts, bytes: a full input window and its headers.
pub const CLIENT_BATCH: usize = 512 * 1024;

/// Input that a client may have unacknowledged per session, bytes. What lies beyond waits at the client.
pub const INPUT_WINDOW: u64 = 256 * 1024;

/// Smallest and largest output a viewer may have unparsed, bytes.
pub const WINDOW_MIN: u64 = 32 * 1024;
/// See [`WINDOW_MIN`].
pub const WINDOW_MAX: u64 = 1024 * 1024;

/// A client acknowledges at the latest after this many parsed bytes: a quarter of the smallest window,
/// so that acknowledgements never hold the server up and an echo costs none.
pub const ACK_EVERY: u64 = WINDOW_MIN / 4;

/// Fewest and most columns of a terminal. One column can't show a wide character.
pub const COLS: std::ops::RangeInclusive<u16> = 2..=1000;
/// Fewest and most rows of a terminal.
pub const ROWS: std::ops::RangeInclusive<u16> = 1..=1000;

/// Longest hold of a poll, milliseconds.
pub const POLL_HOLD_MS: u32 = 20_000;

/// The server says something at least this often on a socket, milliseconds: some gateways count only
/// what the server sends.
pub const KEEP_ALIVE_MS: u32 = 20_000;

/// Attachments of one client. More than the sessions one page shows.
pub const ATTACHMENTS: usize = 1024;

/// Longest label, path, title or command argument in a frame or request, bytes.
pub const TEXT: usize = 4096;
