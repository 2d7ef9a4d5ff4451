//! Ids, each its own type, so that one cannot stand where another belongs.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proofkey_oauth::Timestamp;

/// What every user id starts with. A client id never does, so the `sub` of a client's own token can never name a user.
pub const USER_ID_PREFIX: &str = "u-";

/// Longest client id, in bytes.
const CLIENT_ID_BYTES_MAX: usize = 128;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Takes over an id that was made or checked elsewhere.
            pub fn new(id: impl Into<String>) -> Self {
                Self(id.into())
            }

            /// The id as it stands on the wire and in rows.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The id as text of its own.
            pub fn into_string(self) -> String {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(&self.0)
            }
        }
    };
}

macro_rules! binary_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub struct $name(pub [u8; 16]);

        impl $name {
            /// Reads the text form back.
            pub fn parse(text: &str) -> Option<Self> {
                URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(&URL_SAFE_NO_PAD.encode(self.0))
            }
        }
    };
}

text_id! {
    /// A client's `client_id`.
    ClientId
}
text_id! {
    /// A user's `sub`: never reused, never a name.
    UserId
}
binary_id! {
    /// A grant. The authorization code that it came from has the same id.
    GrantId
}
binary_id! {
    /// A browser session; its text form is the `sid` claim.
    SessionId
}
binary_id! {
    /// An access token's `jti`.
    TokenId
}
binary_id! {
    /// One of the operator's sealing keys, as rows name it: it tells nothing of the key.
    SealingKeyId
}
binary_id! {
    /// A server from its start to its end, among those that work on one database.
    NodeId
}

impl GrantId {
    /// When the code was issued under this id, by the first bytes of [`crate::Cx::time_ordered_id`]: what a user or a client
    /// was given is compared by it with the instant up to which all of that has ended.
    pub fn issued_at(&self) -> Timestamp {
        let [a, b, c, d, ..] = self.0;
        Timestamp(i64::from(u32::from_be_bytes([a, b, c, d])))
    }
}

/// An API's internal id: what grants and consents name it by. It is never given again, so that no other API takes the place
/// of one that was removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApiId(pub i64);

impl ApiId {
    /// The issuer, which counts as an API: what it has is the user's claims. The APIs begin at 1.
    pub const ISSUER: Self = Self(0);

    /// Reads the text form back: digits, and no zero before them.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
        text.parse().ok().filter(|_| plain).map(Self)
    }
}

impl fmt::Display for ApiId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl ClientId {
    /// Reads what may be the id of a client: 1 to 128 letters, digits or `-._~`, and not the beginning of a user id.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        let ok = (1..=CLIENT_ID_BYTES_MAX).contains(&text.len())
            && text.bytes().all(plain)
            && !text.starts_with(USER_ID_PREFIX);
        ok.then(|| Self(text.to_owned()))
    }
}

impl UserId {
    /// The id of a new user: the prefix, then the bytes in hexadecimal.
    pub fn from_random(bytes: [u8; 10]) -> Self {
        let mut id = String::from(USER_ID_PREFIX);
        bytes.iter().for_each(|byte| id.push_str(&format!("{byte:02x}")));
        Self(id)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fixtures::World;

    proptest! {
        #[test]
        fn k_16_the_id_of_a_code_says_when_it_was_issued(seconds in 0..=i64::from(u32::MAX)) {
            let id = GrantId(World::new().cx().time_ordered_id(Timestamp(seconds)));
            prop_assert_eq!(id.issued_at(), Timestamp(seconds));
            prop_assert_eq!(GrantId::parse(&id.to_string()), Some(id));
        }
    }
}
