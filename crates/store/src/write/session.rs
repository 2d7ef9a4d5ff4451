//! Browser sessions, and the failures to begin one.

use proofkey_oauth::{Sha256, Timestamp};
use proofkey_protocol::session::{SessionProof, VerifiedPassword};
use proofkey_protocol::{SessionFacts, SessionId};

use crate::script::{Script, Step};
use crate::sql::{failures, sessions, users};
use crate::value::values;

/// Begins a session; then the one that it replaces ends, failures are forgotten, and a stronger hash is stored.
pub(super) fn sign_in(
    session: SessionFacts,
    replaces: Option<SessionProof>,
    verified: VerifiedPassword,
) -> Script {
    let VerifiedPassword { stored, rehashed, account, failures_max } = verified;
    let rehash = rehashed.map(|password| {
        let values = values![session.user_id.clone(), password, stored.clone()];
        Step::may_find(&users::REHASH_PASSWORD, values)
    });
    let begin = values![
        session.id,
        session.secret,
        session.user_id,
        session.auth_time,
        session.seen_at,
        session.expires_at,
        stored,
        account,
        failures_max,
    ];
    let replace = replaces
        .map(|replaced| Step::may_find(&sessions::REPLACE_SESSION, values![replaced.id, replaced.secret]));
    Script::from(Step::must_add(&sessions::INSERT_SESSION, begin))
        .then_all(replace)
        .then(Step::may_find(&failures::CLEAR_SIGN_IN_FAILURES, values![account]))
        .then_all(rehash)
}

/// Counts a failed sign-in.
pub(super) fn count_failure(account: Sha256, at: Timestamp) -> Script {
    Step::may_find(&failures::COUNT_SIGN_IN_FAILURE, values![account, at]).into()
}

/// No row: a later request came first, or the session has ended. Nothing is left to note.
pub(super) fn touch(session: SessionId, at: Timestamp) -> Script {
    Step::may_find(&sessions::TOUCH_SESSION, values![session, at]).into()
}

/// Ends a session.
pub(super) fn end(session: SessionId) -> Script {
    Step::may_find(&sessions::DELETE_SESSION, values![session]).into()
}
