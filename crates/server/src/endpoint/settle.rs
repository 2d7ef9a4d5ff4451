//! Load, decide, commit, and on a conflict again: the one way through an endpoint that changes anything.

use proofkey_protocol::{Commit, Committed, Cx, Verdict};
use proofkey_store::{Basis, Fault};

use super::context::RequestContext;
use super::failure::{Cause, Failure};

/// How often a decision is made again after a conflict. Each conflict means that another commit went through, and the facts
/// after it refuse or settle the request.
pub(crate) const DECISIONS_MAX: usize = 4;

impl RequestContext<'_> {
    /// Settles a request: `load` reads the facts, `decide` judges them, and its commit is durable before the outcome is
    /// returned. A conflict says that the facts were old: all of it is done again.
    ///
    /// `load` is a closure that returns a future, not an async closure: of the future of the latter the compiler cannot say
    /// yet, in generic code, that it may move between threads.
    ///
    /// The time stays as it was when the request had come; what `load` reads is new each time, and APIs and keys are those that it
    /// knows of. The outcome is that of the decision whose commit was applied, never of one that met a conflict.
    pub(super) async fn settle<F, T, L>(
        &self,
        load: impl Fn() -> L,
        decide: impl Fn(F, &mut Cx<'_>) -> Verdict<T>,
    ) -> Result<T, Failure>
    where
        L: Future<Output = Result<F, Failure>>,
    {
        let load = || async {
            let facts = load().await?;
            // What is decided now is decided by APIs, and sealed by keys, that hold now.
            self.current_keys().await?;
            Ok(facts)
        };
        let decide = |facts| self.decide(|cx| decide(facts, cx));
        let settled = repeat(load, decide, |commit| self.app.store.commit(commit)).await?;
        settled.ok_or(Failure::Temporary(Cause::Unsettled))
    }

    /// Decides by facts that were not read for it. `None` unless the decision redeems a code and that was written: the write looks
    /// again at what the one writer cannot know, or at all of it (`basis`). A refusal wants facts that were read.
    pub(super) async fn settle_remembered<F, T>(
        &self,
        facts: F,
        basis: Basis,
        decide: impl FnOnce(F, &mut Cx<'_>) -> Verdict<T>,
    ) -> Result<Option<T>, Failure> {
        self.current_keys().await?;
        let Verdict { outcome, commit } = self.decide(|cx| decide(facts, cx));
        let Some(commit @ Commit::RedeemCode { .. }) = commit else { return Ok(None) };
        let committed = self.app.store.commit_remembered(commit, basis).await?;
        Ok((committed == Committed::Applied).then_some(outcome))
    }
}

/// The outcome of the first decision that changes nothing or whose commit was applied. `None` if each met a conflict.
async fn repeat<F, T, L, C>(
    load: impl Fn() -> L,
    decide: impl Fn(F) -> Verdict<T>,
    commit: impl Fn(Commit) -> C,
) -> Result<Option<T>, Failure>
where
    L: Future<Output = Result<F, Failure>>,
    C: Future<Output = Result<Committed, Fault>>,
{
    for _ in 0..DECISIONS_MAX {
        let facts = load().await?;
        let verdict = decide(facts);
        let Some(change) = verdict.commit else { return Ok(Some(verdict.outcome)) };
        match commit(change).await? {
            Committed::Applied => return Ok(Some(verdict.outcome)),
            Committed::Conflict => {}
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::future::ready;

    use proofkey_protocol::SessionId;

    use super::*;

    /// On which look at the facts the outcome rests, and how many looks there were, when so many commits meet a conflict.
    async fn check(conflicts: usize, changes: bool) -> (Option<usize>, usize) {
        let (looks, commits) = (Cell::new(0), Cell::new(0));
        let load = || {
            looks.set(looks.get() + 1);
            ready(Ok(looks.get()))
        };
        let decide = |look| Verdict {
            outcome: look,
            commit: changes.then_some(Commit::EndSession { session: SessionId([0; 16]) }),
        };
        let commit = |_| {
            commits.set(commits.get() + 1);
            ready(Ok(if commits.get() > conflicts { Committed::Applied } else { Committed::Conflict }))
        };
        (repeat(load, decide, commit).await.unwrap(), looks.get())
    }

    #[tokio::test]
    async fn a_decision_that_met_a_conflict_is_made_again_on_new_facts_and_never_answered() {
        assert_eq!(check(0, false).await, (Some(1), 1));
        assert_eq!(check(0, true).await, (Some(1), 1));
        assert_eq!(check(1, true).await, (Some(2), 2));
        assert_eq!(check(DECISIONS_MAX - 1, true).await, (Some(DECISIONS_MAX), DECISIONS_MAX));
        assert_eq!(check(DECISIONS_MAX, true).await, (None, DECISIONS_MAX), "and not without end");
    }

    #[tokio::test]
    async fn a_fault_ends_it_whether_it_came_of_reading_or_of_writing() {
        let decide = |()| Verdict::after(Commit::EndSession { session: SessionId([0; 16]) }, ());
        let unread = || ready(Err(Failure::from(Fault::Locked)));
        let applied = |_| ready(Ok(Committed::Applied));
        let read = || ready(Ok(()));
        let unwritten = |_| ready(Err(Fault::AlreadyServed));
        assert!(matches!(repeat(unread, decide, applied).await, Err(Failure::Temporary(Cause::Store(_)))));
        assert!(matches!(repeat(read, decide, unwritten).await, Err(Failure::Fault(Cause::Store(_)))));
    }
}
