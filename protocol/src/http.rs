//! Names shared by both ends of the polling transport. Bodies are batches of frames ([`crate::codec`]).
//!
//! `POST link/poll` carries only `Ack` frames and is held until there is output; `POST link/send` carries
//! every state-changing frame. Each has one request in flight and numbers its requests: a number that
//! comes again (its answer never arrived) gets the remembered answer and is not carried out twice.

/// The page load, as 32 hexadecimal digits. Also the header that no foreign page can send.
pub const CLIENT: &str = "bowline-client";
/// The transport's generation.
pub const GENERATION: &str = "bowline-generation";
/// The request's number within its path and generation, from 0.
pub const SEQ: &str = "bowline-seq";
/// How long the answer may be held, milliseconds: for output on a poll, for the echo on a send.
pub const HOLD: &str = "bowline-hold";
/// The page's proof that the cookie beside it is its own.
pub const PROOF: &str = "bowline-proof";
/// On every answer of ours: the server's version. An answer without it came from somebody in between.
pub const SERVER_VERSION: &str = "bowline-version";
