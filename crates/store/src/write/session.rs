//! Browser sessions, and the failures to begin one.

use proofkey_oauth::{SecretHash, Timestamp};
use proofkey_protocol::session::SessionUse;
use proofkey_protocol::sign_in::{Factors, PasswordProof, Proof};
use proofkey_protocol::{SessionFacts, SessionId, SessionProof, SignInTry, UserId};

use crate::script::{Script, ScriptStep};
use crate::sql::{failures, sessions, users};
use crate::value::{Statement, Value, values};

/// Most sessions of one user that one sign-in ends. A user had any number of them before there was a limit.
const ENDED_MAX: i64 = 1000;

/// Begins a session while every factor still holds; then the one that it replaces ends, with those beyond the limit, and the
/// account's failures are forgotten.
pub(super) fn sign_in(
    session: SessionFacts,
    replaces: Option<SessionProof>,
    factors: &Factors,
    sessions_max: i64,
) -> Script {
    let (id, user) = (session.id, session.user_id.clone());
    let authentication = session.authentication;
    let begin = values![
        session.id,
        session.secret,
        session.user_id,
        authentication.at,
        authentication.methods,
        authentication.context,
        session.seen_at,
        session.expires_at,
        session.remembered,
        session.valid_from,
    ];
    let beyond = values![user.clone(), id, sessions_max.saturating_sub(1), ENDED_MAX];
    let replace = replaces.map(|replaced| {
        ScriptStep::may_find(&sessions::REPLACE_SESSION, values![replaced.id, replaced.secret])
    });
    Script::from(ScriptStep::must_add(&sessions::INSERT_SESSION, begin))
        .then_all(guards(&user, factors))
        .then_all(replace)
        .then(ScriptStep::may_find(&sessions::END_UNUSED_SESSIONS, beyond))
}

/// Writes a new authentication and a new secret into a session that still has this one, while every factor still holds; then
/// the account's failures are forgotten.
pub(super) fn reauthenticate(session: SessionFacts, secret: SecretHash, factors: &Factors) -> Script {
    let authentication = session.authentication;
    let renew = values![
        session.id,
        secret,
        session.secret,
        authentication.at,
        authentication.methods,
        authentication.context,
        session.seen_at,
    ];
    Script::from(ScriptStep::must_find(&sessions::RENEW_SESSION, renew))
        .then_all(guards(&session.user_id, factors))
}

/// Should one find no row, what was written before it is undone too.
fn guards(user: &UserId, factors: &Factors) -> impl Iterator<Item = ScriptStep> {
    factors.iter().flat_map(|proof| guard(user, proof).steps())
}

/// What holds a factor to the moment at which the session begins.
struct Guard {
    /// Finds its row while what was proved still holds.
    condition: &'static Statement,
    values: Box<[Value<'static>]>,
    /// What follows from the proof.
    then: ScriptStep,
}

impl Guard {
    /// No factor is guarded by a statement that may find nothing.
    fn steps(self) -> [ScriptStep; 2] {
        [ScriptStep::must_find(self.condition, self.values), self.then]
    }
}

fn guard(user: &UserId, proof: &Proof) -> Guard {
    match proof {
        Proof::Password(PasswordProof { stored, rehashed, counted_as }) => {
            let password = rehashed.as_ref().unwrap_or(stored);
            Guard {
                condition: &users::PASSWORD_HOLDS,
                values: values![user.clone(), stored.clone(), password.clone()],
                then: ScriptStep::may_find(&failures::CLEAR_SIGN_IN_FAILURES, values![*counted_as]),
            }
        }
    }
}

/// Counts a sign-in as failed, while the account's failures are such that it may be tried.
pub(super) fn reserve_failure(tried: &SignInTry) -> Script {
    let SignInTry { counted_as, owner, is_unknown_name, at, below, seen } = *tried;
    let values = values![counted_as, owner, is_unknown_name, at, below, seen.failures, seen.last_at];
    ScriptStep::must_add(&failures::RESERVE_SIGN_IN_FAILURE, values).into()
}

/// No row: a later request came first, or the session has ended. Nothing is left to note.
pub(super) fn touch(session: SessionId, at: Timestamp) -> Script {
    touch_step(session, at).into()
}

/// The same for several, in the order in which they are given: of two scripts that note the same sessions in one order, one waits for the
/// other. `None` for none.
pub(super) fn touch_all(uses: &[SessionUse]) -> Option<Script> {
    let (first, others) = uses.split_first()?;
    let step = |used: &SessionUse| touch_step(used.session, used.at);
    Some(Script::separate(step(first), others.iter().map(step)))
}

fn touch_step(session: SessionId, at: Timestamp) -> ScriptStep {
    ScriptStep::may_find(&sessions::TOUCH_SESSION, values![session, at])
}

/// Ends a session.
pub(super) fn end(session: SessionId) -> Script {
    ScriptStep::may_find(&sessions::DELETE_SESSION, values![session]).into()
}
