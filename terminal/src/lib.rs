//! PTY sessions.
