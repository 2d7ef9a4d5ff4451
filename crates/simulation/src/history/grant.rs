//! A code and the grant that comes of it as one object: redeemed once, refreshed along one line, revoked for good.
//!
//! It holds for histories that are shorter than the overlap of refresh tokens, in which nothing else ends a grant: then every token
//! that was ever used is good, and all who use one get the same successor.

use std::collections::{BTreeMap, BTreeSet};

use super::linear::{Operation, Rules, Unexplained, check};

/// What can be asked of a code and its grant. Tokens are their texts, or anything that tells them apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GrantOperation {
    /// To redeem the code, with all that it is bound to.
    Redeem,
    /// To use this refresh token.
    Refresh(String),
    /// To revoke the grant by a refresh token.
    Revoke,
    /// Whether an access token of it works.
    Look,
}

/// What was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GrantOutcome {
    /// Tokens, with this refresh token.
    Tokens(String),
    /// `invalid_grant`.
    Refused,
    /// The revocation is done.
    Done,
    /// Whether the token works.
    Active(bool),
}

/// One object's rules.
#[derive(Clone, Copy, Debug)]
pub struct GrantRules;

/// What a code is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum GrantState {
    /// Not redeemed yet.
    Unspent,
    /// Redeemed.
    Live {
        /// The token that was used last; none before the first use.
        current: Option<String>,
        /// Its successor, as far as a client was told of it.
        child: Option<String>,
        /// Tokens that were used before it.
        retired: BTreeSet<String>,
    },
    /// Over.
    Revoked,
}

impl Rules for GrantRules {
    type Asked = GrantOperation;
    type Told = GrantOutcome;
    type State = GrantState;

    fn initial(&self) -> GrantState {
        GrantState::Unspent
    }

    fn after(
        &self,
        state: &GrantState,
        asked: &GrantOperation,
        told: Option<&GrantOutcome>,
    ) -> Vec<GrantState> {
        let (next, answer) = match asked {
            GrantOperation::Redeem => redeem(state, told),
            GrantOperation::Refresh(token) => refresh(state, token, told),
            GrantOperation::Revoke => {
                let revoked = if *state == GrantState::Unspent { state.clone() } else { GrantState::Revoked };
                (revoked, GrantOutcome::Done)
            }
            GrantOperation::Look => {
                (state.clone(), GrantOutcome::Active(matches!(state, GrantState::Live { .. })))
            }
        };
        if told.is_none_or(|told| *told == answer) { vec![next] } else { vec![] }
    }
}

/// A redemption succeeds once; one more ends what the first gave.
fn redeem(state: &GrantState, told: Option<&GrantOutcome>) -> (GrantState, GrantOutcome) {
    if *state != GrantState::Unspent {
        return (GrantState::Revoked, GrantOutcome::Refused);
    }
    let first = token_told(told);
    let answer = GrantOutcome::Tokens(first.clone().unwrap_or_default());
    (GrantState::Live { current: None, child: first, retired: BTreeSet::new() }, answer)
}

/// A token that was never used becomes the current one; any that was used is answered by the current one's successor.
fn refresh(state: &GrantState, token: &str, told: Option<&GrantOutcome>) -> (GrantState, GrantOutcome) {
    let GrantState::Live { current, child, retired } = state else {
        return (state.clone(), GrantOutcome::Refused);
    };
    let was_used = current.as_deref() == Some(token) || retired.contains(token);
    if was_used {
        let child = child.clone().or_else(|| token_told(told));
        let answer = GrantOutcome::Tokens(child.clone().unwrap_or_default());
        return (GrantState::Live { current: current.clone(), child, retired: retired.clone() }, answer);
    }
    if child.as_deref().is_some_and(|child| child != token) {
        // A sibling, of which no history tells.
        return (state.clone(), GrantOutcome::Refused);
    }
    let retired = retired.iter().cloned().chain(current.clone()).collect();
    let next = token_told(told);
    let answer = GrantOutcome::Tokens(next.clone().unwrap_or_default());
    (GrantState::Live { current: Some(token.to_owned()), child: next, retired }, answer)
}

fn token_told(told: Option<&GrantOutcome>) -> Option<String> {
    match told {
        Some(GrantOutcome::Tokens(token)) => Some(token.clone()),
        _ => None,
    }
}

/// The histories of many grants, each an object of its own.
#[derive(Debug, Default)]
pub struct GrantHistories {
    clock: u64,
    histories: BTreeMap<String, Vec<Operation<GrantOperation, GrantOutcome>>>,
}

/// An operation that has been sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Started {
    grant: String,
    place: usize,
}

impl GrantHistories {
    /// An operation on a grant is sent.
    pub fn invoke(&mut self, grant: &str, asked: GrantOperation) -> Started {
        self.clock += 1;
        let history = self.histories.entry(grant.to_owned()).or_default();
        history.push(Operation { invoked: self.clock, returned: None, asked, told: None });
        Started { grant: grant.to_owned(), place: history.len() - 1 }
    }

    /// Its answer has come. Of one whose answer never comes nothing is said.
    pub fn answer(&mut self, started: &Started, told: GrantOutcome) {
        self.clock += 1;
        let history = self.histories.get_mut(&started.grant);
        if let Some(operation) = history.and_then(|history| history.get_mut(started.place)) {
            (operation.returned, operation.told) = (Some(self.clock), Some(told));
        }
    }

    /// Looks for an order of each history; how many operations there are in all, or the grant that none explains.
    pub fn check(&self) -> Result<usize, (String, Unexplained)> {
        for (grant, history) in &self.histories {
            check(&GrantRules, history).map_err(|why| (grant.clone(), why))?;
        }
        Ok(self.histories.values().map(Vec::len).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::GrantOperation::{Look, Redeem, Refresh, Revoke};
    use super::GrantOutcome::{Active, Done, Refused, Tokens};
    use super::*;

    /// Operations that follow one another.
    fn in_turn(operations: &[(GrantOperation, Option<GrantOutcome>)]) -> bool {
        let mut histories = GrantHistories::default();
        for (asked, told) in operations {
            let started = histories.invoke("g", asked.clone());
            if let Some(told) = told {
                histories.answer(&started, told.clone());
            }
        }
        histories.check().is_ok()
    }

    /// Operations that are all under way at once.
    fn at_once(operations: &[(GrantOperation, GrantOutcome)]) -> bool {
        let mut histories = GrantHistories::default();
        let started: Vec<_> =
            operations.iter().map(|(asked, _)| histories.invoke("g", asked.clone())).collect();
        for (started, (_, told)) in started.iter().zip(operations) {
            histories.answer(started, told.clone());
        }
        histories.check().is_ok()
    }

    fn tokens(token: &str) -> GrantOutcome {
        Tokens(token.to_owned())
    }

    fn used(token: &str) -> GrantOperation {
        Refresh(token.to_owned())
    }

    #[test]
    fn what_a_server_may_say_is_explained() {
        assert!(in_turn(&[
            (Redeem, Some(tokens("1"))),
            (used("1"), Some(tokens("2"))),
            (used("1"), Some(tokens("2"))),
            (used("2"), Some(tokens("3"))),
            (used("1"), Some(tokens("3"))),
            (Look, Some(Active(true))),
            (Revoke, Some(Done)),
            (used("3"), Some(Refused)),
            (Look, Some(Active(false))),
        ]));
        assert!(in_turn(&[(Redeem, None), (Redeem, Some(Refused)), (Look, Some(Active(false)))]));
        assert!(in_turn(&[(Redeem, None), (Redeem, Some(tokens("1")))]), "the first never came");
        assert!(in_turn(&[(Redeem, Some(tokens("1"))), (used("1"), None), (used("1"), Some(tokens("2")))]));
        assert!(in_turn(&[(Redeem, Some(tokens("1"))), (Revoke, None), (used("1"), Some(tokens("2")))]));
        assert!(at_once(&[(Redeem, Refused), (Redeem, tokens("1")), (Look, Active(true))]));
        assert!(at_once(&[(Redeem, tokens("1")), (Redeem, Refused), (Look, Active(false))]));
    }

    #[test]
    fn what_no_server_may_say_is_not() {
        assert!(!in_turn(&[(Redeem, Some(tokens("1"))), (Redeem, Some(tokens("2")))]), "twice");
        assert!(!at_once(&[(Redeem, tokens("1")), (Redeem, tokens("2"))]), "twice at once");
        assert!(!in_turn(&[(Redeem, Some(Refused))]), "for no reason");
        assert!(!in_turn(&[(Redeem, Some(tokens("1"))), (used("1"), Some(Refused))]), "lost");
        assert!(
            !in_turn(&[
                (Redeem, Some(tokens("1"))),
                (used("1"), Some(tokens("2"))),
                (used("1"), Some(tokens("3")))
            ]),
            "two branches"
        );
        assert!(
            !in_turn(&[(Redeem, Some(tokens("1"))), (Revoke, Some(Done)), (used("1"), Some(tokens("2")))]),
            "a revocation came undone"
        );
        assert!(
            !in_turn(&[(Redeem, Some(tokens("1"))), (Redeem, Some(Refused)), (Look, Some(Active(true)))]),
            "a replay ends nothing"
        );
        assert!(!at_once(&[(Redeem, tokens("1")), (used("1"), tokens("2")), (used("1"), tokens("3"))]));
    }
}
