//! Load, decide, commit, and on a conflict again: the one way through an endpoint that changes anything.

use proofkey_protocol::{Committed, Cx, Verdict};

use super::context::RequestContext;
use super::failure::{Cause, Failure};

/// How often a decision is made again after a conflict. Each conflict means that another commit went through, and the facts
/// after it refuse or settle the request.
const DECISIONS_MAX: usize = 4;

impl RequestContext<'_> {
    /// Settles a request: `load` reads the facts, `decide` judges them, and its commit is durable before the outcome is
    /// returned. A conflict says that the facts were old: all of it is done again.
    ///
    /// `load` is a closure that returns a future, not an async closure: of the future of the latter the compiler cannot say
    /// yet, in generic code, that it may move between threads.
    ///
    /// Time, clients and APIs stay as they were when the request arrived; what `load` reads is new each time. The outcome
    /// is that of the decision whose commit was applied, never of one that met a conflict.
    pub(super) async fn settle<F, T, L>(
        &self,
        load: impl Fn() -> L,
        decide: impl Fn(F, &mut Cx<'_>) -> Verdict<T>,
    ) -> Result<T, Failure>
    where
        L: Future<Output = Result<F, Failure>>,
    {
        for _ in 0..DECISIONS_MAX {
            let facts = load().await?;
            let Verdict { outcome, commit } = self.decide(|cx| decide(facts, cx));
            let Some(commit) = commit else { return Ok(outcome) };
            match self.app.store.commit(commit).await? {
                Committed::Applied => return Ok(outcome),
                Committed::Conflict => {}
            }
        }
        Err(Failure::Temporary(Cause::Unsettled))
    }
}
