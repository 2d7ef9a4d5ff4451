//! Lossless rotation against a model of the store: whatever is lost, repeated or raced, there are never two live branches,
//! and a client that merely loses replies is never locked out (RT-02, RT-03, RT-04, V-25).

use proptest::prelude::*;
use serde_json::json;

use super::{Issue, Refreshing};
use crate::commit::{Commit, Committed, Verdict};
use crate::facts::GrantFacts;
use crate::fixtures::{confidential, keys};
use crate::refresh_token::RefreshToken;
use crate::refusal::Refusal;

/// What happens to a grant.
#[derive(Clone, Debug)]
enum Act {
    /// The client uses its token, and the reply arrives or is lost.
    Use { lost: bool },
    /// The client sends its token several times at once; the replies arrive or are lost.
    Race { requests: usize, lost: bool },
    /// Any token that was ever issued is sent.
    Replay { which: prop::sample::Index },
    /// Two tokens that were ever issued meet.
    Meet { one: prop::sample::Index, other: prop::sample::Index },
    /// The user or the client revokes the grant.
    Revoke,
}

struct Issued {
    token: RefreshToken,
    parent: Option<usize>,
}

struct Model {
    server: Refreshing,
    issued: Vec<Issued>,
    /// The token that the honest client holds.
    held: usize,
    /// Those that were used, in order, each once.
    path: Vec<usize>,
}

/// The store's compare-and-set: a write holds only while the row is as it was read.
fn apply(grant: &mut GrantFacts, commit: &Commit) -> Committed {
    match commit {
        Commit::UseRefreshToken { grant: id, generation, token, expires_at } => {
            assert_eq!(*id, grant.id);
            let first = grant.generation == generation - 1;
            let again = grant.generation == *generation && grant.used == Some(*token);
            if grant.revoked_at.is_some() || !(first || again) {
                return Committed::Conflict;
            }
            (grant.generation, grant.used, grant.expires_at) = (*generation, Some(*token), *expires_at);
        }
        Commit::RevokeGrant { grant: id, at } => {
            assert_eq!(*id, grant.id);
            grant.revoked_at = grant.revoked_at.or(Some(*at));
        }
        other => panic!("{other:?}"),
    }
    Committed::Applied
}

impl Model {
    fn new(public: bool) -> Self {
        let server = if public { Refreshing::new() } else { Refreshing::by(confidential(json!({}))) };
        let token = server.token.clone().unwrap();
        Self { server, issued: vec![Issued { token, parent: None }], held: 0, path: vec![] }
    }

    fn decide(&mut self, which: usize) -> Verdict<Result<Issue, Refusal>> {
        self.server.token = Some(self.issued[which].token.clone());
        self.server.refresh()
    }

    /// What the shell does: decide, commit, and on a conflict load and decide again. `first` was decided on older facts.
    fn finish(&mut self, which: usize, first: Verdict<Result<Issue, Refusal>>) -> Result<usize, Refusal> {
        let mut verdict = first;
        for _ in 0..3 {
            let committed = match &verdict.commit {
                None => Committed::Applied,
                Some(commit) => apply(self.server.grant(), commit),
            };
            if committed == Committed::Conflict {
                verdict = self.decide(which);
                continue;
            }
            let issue = verdict.outcome?;
            self.used(which);
            let token = RefreshToken::read(&keys(), issue.refresh.unwrap().token.expose()).unwrap();
            self.issued.push(Issued { token, parent: Some(which) });
            return Ok(self.issued.len() - 1);
        }
        panic!("a conflict that does not end");
    }

    fn send(&mut self, which: usize) -> Result<usize, Refusal> {
        let verdict = self.decide(which);
        self.finish(which, verdict)
    }

    /// All decide on the same facts before any commits.
    fn send_at_once(&mut self, all: &[usize]) -> Vec<Result<usize, Refusal>> {
        let verdicts: Vec<_> = all.iter().map(|which| (*which, self.decide(*which))).collect();
        verdicts.into_iter().map(|(which, verdict)| self.finish(which, verdict)).collect()
    }

    /// One branch: what is used is what was used last, or a child of it.
    fn used(&mut self, which: usize) {
        match self.path.last() {
            Some(last) if *last == which => return,
            last => assert_eq!(self.issued[which].parent, last.copied(), "a second branch came alive"),
        }
        self.path.push(which);
    }

    fn is_live(&self, which: usize) -> bool {
        let grant = self.server.facts.as_ref().unwrap().grant();
        grant.revoked_at.is_none() && !self.issued[which].token.is_retired(grant)
    }

    /// What would be taken now is the token used last and its children: no two of them on different branches.
    fn check(&self) {
        let last = self.path.last().copied();
        for which in (0..self.issued.len()).filter(|which| self.is_live(*which)) {
            let on_the_branch = last == Some(which) || self.issued[which].parent == last;
            assert!(on_the_branch, "{which} is live beside {last:?}");
        }
    }
}

fn honest() -> impl Strategy<Value = Act> {
    prop_oneof![
        any::<bool>().prop_map(|lost| Act::Use { lost }),
        (2usize..5, any::<bool>()).prop_map(|(requests, lost)| Act::Race { requests, lost }),
    ]
}

fn hostile() -> impl Strategy<Value = Act> {
    prop_oneof![
        8 => honest(),
        2 => any::<prop::sample::Index>().prop_map(|which| Act::Replay { which }),
        2 => (any::<prop::sample::Index>(), any::<prop::sample::Index>())
            .prop_map(|(one, other)| Act::Meet { one, other }),
        1 => Just(Act::Revoke),
    ]
}

fn run(model: &mut Model, act: &Act) -> Vec<Result<usize, Refusal>> {
    let held = model.held;
    let count = model.issued.len();
    let results = match act {
        Act::Use { .. } => vec![model.send(held)],
        Act::Race { requests, .. } => model.send_at_once(&vec![held; *requests]),
        Act::Replay { which } => vec![model.send(which.index(count))],
        Act::Meet { one, other } => model.send_at_once(&[one.index(count), other.index(count)]),
        Act::Revoke => {
            model.server.grant().revoked_at = Some(crate::fixtures::NOW);
            vec![]
        }
    };
    if let Act::Use { lost: false } | Act::Race { lost: false, .. } = act
        && let Some(Ok(next)) = results.iter().rev().find(|result| result.is_ok())
    {
        model.held = *next;
    }
    model.check();
    results
}

proptest! {
    #[test]
    fn rt_03_a_client_that_loses_replies_is_never_locked_out(
        public in any::<bool>(),
        acts in proptest::collection::vec(honest(), 1..60),
    ) {
        let mut model = Model::new(public);
        for act in &acts {
            for result in run(&mut model, act) {
                prop_assert!(result.is_ok(), "{:?}", result);
            }
        }
    }

    #[test]
    fn rt_02_rt_04_v_25_there_are_never_two_live_branches(
        acts in proptest::collection::vec(hostile(), 1..60),
    ) {
        let mut model = Model::new(true);
        for act in &acts {
            let dead = model.server.grant().revoked_at.is_some();
            let live: Vec<_> = (0..model.issued.len()).map(|which| model.is_live(which)).collect();
            for result in run(&mut model, act) {
                match result {
                    Ok(_) => prop_assert!(!dead, "a revoked grant gave a token"),
                    Err(Refusal::GrantRevoked) => {}
                    Err(Refusal::RefreshTokenRetired) => prop_assert!(!dead),
                    Err(other) => prop_assert!(false, "{:?}", other),
                }
            }
            // A retired token that came alone has ended the family.
            if let Act::Replay { which } = act && !live[which.index(live.len())] {
                prop_assert!(model.server.grant().revoked_at.is_some());
                prop_assert!((0..model.issued.len()).all(|which| !model.is_live(which)));
            }
        }
    }
}

#[test]
fn rt_02_rt_03_the_thief_and_the_owner_cannot_both_go_on() {
    // Both hold one token; whichever of the two uses a successor first, the other's next use ends the family.
    for thief_first in [true, false] {
        let mut model = Model::new(true);
        let (owner, thief) = (model.send(0).unwrap(), model.send(0).unwrap());
        let (first, second) = if thief_first { (thief, owner) } else { (owner, thief) };
        assert!(model.send(first).is_ok());
        assert_eq!(model.send(second), Err(Refusal::RefreshTokenRetired));
        assert_eq!(model.send(first), Err(Refusal::GrantRevoked));
    }
}

#[test]
fn rt_04_siblings_that_race_leave_one_branch_or_none() {
    let mut model = Model::new(true);
    let siblings: Vec<_> = (0..5).map(|_| model.send(0).unwrap()).collect();
    let results = model.send_at_once(&siblings);
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    model.check();
    assert!(model.server.grant().revoked_at.is_some(), "a loser is a retired token");
}
