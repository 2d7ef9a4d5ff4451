//! The one hash of a sign-in, between its two decisions.
//!
//! Whatever the account is, this function runs for it, and what it costs depends on the stored parameters alone: an unknown
//! name, a wrong password, a disabled and a locked account take the same time (LG-08).

use proofkey_protocol::sign_in::{HashVerdict, Started};

use crate::password::{Password, Passwords};

/// Compares what was typed with what is stored. A right password whose stored hash is weaker than new ones are is hashed
/// again, where a session may come of it. `None` if hashing fails, which no input explains.
pub(crate) async fn compare(
    passwords: &Passwords,
    started: &Started,
    password: &Password,
) -> Option<HashVerdict> {
    let verdict = passwords.verify(started.stored_password(), password, started.is_open()).await?;
    if !verdict.matches {
        return Some(HashVerdict::Differs);
    }
    let rehashed = if verdict.needs_rehash { passwords.hash(password).await } else { None };
    Some(HashVerdict::Matches { rehashed: rehashed.map(|phc| phc.as_str().to_owned()) })
}
