//! A script as one transaction: its steps go out together, as far as what one finds does not decide whether the
//! next may run.

use futures_util::future::{join, join_all};

use super::connection::Session;
use super::severity::{Failure, Severity, Stage};
use crate::script::{Script, ScriptOutcome, ScriptStep};

const BEGIN: &str = "BEGIN ISOLATION LEVEL SERIALIZABLE";
/// For steps that have nothing to do with each other: each looks again at the row that it locks.
const BEGIN_SEPARATE: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";
const COMMIT: &str = "COMMIT";
const ROLLBACK: &str = "ROLLBACK";

/// Steps that are under way at once.
const FLIGHT_MAX: usize = 16;

/// A step with its statement as it is prepared in this session.
type Ready<'s> = (&'s ScriptStep, tokio_postgres::Statement);

/// Runs a script in a session of which every transaction is serializable that does not say otherwise. However it ends, no transaction
/// is open in a session that is still usable. One step needs no `BEGIN` and `COMMIT`: it is a transaction by itself.
pub(super) async fn run(session: &Session, script: &Script) -> Result<ScriptOutcome, Failure> {
    let mut steps: Vec<Ready<'_>> = Vec::new();
    for step in script.steps() {
        steps.push((step, session.prepared(step.statement).await?));
    }
    match &steps[..] {
        [only] => flight(session, std::slice::from_ref(only), Stage::Deciding).await,
        _ => in_flights(session, &steps, if script.are_separate() { BEGIN_SEPARATE } else { BEGIN }).await,
    }
}

async fn in_flights(
    session: &Session,
    steps: &[Ready<'_>],
    begin: &'static str,
) -> Result<ScriptOutcome, Failure> {
    let outcome = open(session, steps, begin).await;
    match outcome {
        Ok(ScriptOutcome::Written { .. }) => session.say("commit", COMMIT, Stage::Deciding).await?,
        Ok(ScriptOutcome::Undone(_) | ScriptOutcome::Unsettled(_)) | Err(_) => {
            if session.is_usable() && session.say("roll back", ROLLBACK, Stage::Open).await.is_err() {
                session.retire();
            }
        }
    }
    outcome
}

/// All but the end of the transaction.
async fn open(session: &Session, steps: &[Ready<'_>], begin: &'static str) -> Result<ScriptOutcome, Failure> {
    let mut written = 0;
    let mut begin = Some(session.say("begin a transaction", begin, Stage::Open));
    for steps in flights(steps) {
        let ran = flight(session, steps, Stage::Open);
        let outcome = match begin.take() {
            Some(begin) => {
                let (begun, ran) = join(begin, ran).await;
                begun.map_err(|failure| without_transaction(session, failure))?;
                ran?
            }
            None => ran.await?,
        };
        match outcome {
            ScriptOutcome::Written { rows } => written += rows,
            undone => return Ok(undone),
        }
    }
    Ok(ScriptOutcome::Written { rows: written })
}

/// What a `BEGIN` that failed means for the steps that went out behind it. Where the server has refused it and goes on, each of them was a
/// transaction by itself; where the link has gone, none was committed.
fn without_transaction(session: &Session, failure: Failure) -> Failure {
    match failure.severity {
        Severity::Statement | Severity::Again => {
            session.retire();
            Failure { severity: Severity::Unknown, ..failure }
        }
        Severity::Connection | Severity::Server | Severity::Unknown => failure,
    }
}

/// The steps in order, parted where one asks for the time: it is asked when those before it have been answered, and so hold
/// their locks.
fn flights<'a, 's>(mut steps: &'a [Ready<'s>]) -> impl Iterator<Item = &'a [Ready<'s>]> {
    std::iter::from_fn(move || {
        let (_, later) = steps.split_first()?;
        let until_asked = later.iter().take_while(|(step, _)| !step.asks_time()).count();
        let (flight, rest) = steps.split_at((1 + until_asked).min(FLIGHT_MAX));
        steps = rest;
        Some(flight)
    })
}

/// Runs steps, all sent before the first is answered, and judges them in their order: what came of a step that should not have
/// run any more does not count.
async fn flight(session: &Session, steps: &[Ready<'_>], stage: Stage) -> Result<ScriptOutcome, Failure> {
    let running =
        steps.iter().map(|(step, prepared)| session.execute((step.statement, prepared), &step.values, stage));
    let mut written = 0;
    for ((step, _), rows) in steps.iter().zip(join_all(running).await) {
        match step.judge(rows?) {
            ScriptOutcome::Written { rows } => written += rows,
            undone => return Ok(undone),
        }
    }
    Ok(ScriptOutcome::Written { rows: written })
}
