//! Ids as newtypes, so that a session can't be mistaken for a client. Random values come from the
//! caller: this crate draws none.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An id's text was not 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected an id of 32 hexadecimal digits")]
pub struct ParseIdError;

/// Defines a 128-bit random id: 16 raw bytes in frames, 32 hexadecimal digits in text.
macro_rules! random_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// Makes an id of 16 random bytes.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// The id's bytes.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                let digits = text.as_bytes();
                if digits.len() != 32 {
                    return Err(ParseIdError);
                }
                let mut bytes = [0; 16];
                for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
                    let digit = |c: u8| (c as char).to_digit(16).ok_or(ParseIdError);
                    *byte = u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?)
                        .map_err(|_| ParseIdError)?;
                }
                Ok(Self(bytes))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    serializer.collect_str(self)
                } else {
                    self.0.serialize(serializer)
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
                } else {
                    <[u8; 16]>::deserialize(deserializer).map(Self)
                }
            }
        }
    };
}

random_id! {
    /// A session: one program on one PTY. Never reused, so an offset can't be mistaken for another
    /// life's.
    SessionId
}
random_id! {
    /// One page load. Every transport of that page says it, so a socket, a poll and a send belong to
    /// one viewer.
    ClientId
}
random_id! {
    /// One life of a session's output log. A log that starts again at 0 has another id.
    LogId
}
random_id! {
    /// One run of the server.
    ServerId
}

/// Grows with every transport a client opens; the server serves the highest it has seen and closes the
/// others. This is what keeps two transports from both delivering.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct Generation(pub u32);

impl Generation {
    /// The generation of the next transport.
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// An absolute byte offset in one life of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LogPosition {
    /// Which life.
    pub log: LogId,
    /// Bytes since its first.
    pub offset: u64,
}
