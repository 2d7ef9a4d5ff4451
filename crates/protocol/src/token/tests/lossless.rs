//! Rotation against a model of the store: whatever is lost, repeated or raced, and however long it takes, there are never two
//! live branches, and a client that merely loses replies is never locked out (RT-02, RT-03, RT-04, RT-14, V-25, K-12).

use proptest::prelude::*;
use serde_json::{Value, json};

use super::row::{Refreshed, Row};
use crate::fixtures::keys;
use crate::refresh_chain::{OVERLAP_SECONDS, RefreshOverlap};
use crate::refresh_token::RefreshToken;
use crate::refusal::Refusal;

/// What happens to a grant.
#[derive(Clone, Debug)]
enum Act {
    /// The client uses its token, and the reply arrives or is lost.
    Use { lost: bool },
    /// The client sends its token several times at once; the replies arrive or are lost.
    Race { requests: usize, lost: bool },
    /// Time passes.
    Wait { seconds: i64 },
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
    row: Row,
    /// Every token, each once.
    issued: Vec<Issued>,
    /// The token that the honest client holds.
    held: usize,
    /// Those that were used, in order, each once.
    path: Vec<usize>,
}

impl Model {
    fn new(metadata: Value) -> Self {
        let row = Row::new(metadata);
        let token = row.first();
        Self { row, issued: vec![Issued { token, parent: None }], held: 0, path: vec![] }
    }

    fn send(&mut self, which: usize) -> Result<usize, Refusal> {
        let result = self.row.send(&self.issued[which].token.clone());
        self.note(which, result)
    }

    /// All decide on the same facts before any commits.
    fn send_at_once(&mut self, all: &[usize]) -> Vec<Result<usize, Refusal>> {
        let tokens: Vec<_> = all.iter().map(|which| self.issued[*which].token.clone()).collect();
        let results = self.row.send_at_once(&tokens);
        all.iter().zip(results).map(|(which, result)| self.note(*which, result)).collect()
    }

    /// One branch: what is used is on it already, or a child of its end; and what is given is a child of one on it, of its end
    /// unless others used that meanwhile.
    fn note(&mut self, which: usize, result: Refreshed) -> Result<usize, Refusal> {
        let token = result?;
        if !self.path.contains(&which) {
            assert_eq!(self.issued[which].parent, self.path.last().copied(), "a second branch came alive");
            self.path.push(which);
        }
        let parent = self.path.get(usize::try_from(token.generation - 2).unwrap()).copied();
        assert!(parent.is_some());
        if let Some(known) = self.issued.iter().position(|issued| issued.token == token) {
            assert_eq!(self.issued[known].parent, parent, "a child of another token");
            return Ok(known);
        }
        self.issued.push(Issued { token, parent });
        Ok(self.issued.len() - 1)
    }

    /// Whether a token would be taken so many seconds from now.
    fn is_live(&mut self, which: usize, seconds: i64) -> bool {
        let (now, policy) = (self.row.now() + seconds, &self.row.server.world.policy);
        let overlap = RefreshOverlap::of(&self.row.server.client, policy);
        let token = self.issued[which].token.clone();
        let grant = self.row.grant();
        grant.revoked_at.is_none() && grant.refresh.judge(&token, overlap, now, &keys()).is_ok()
    }

    /// What would be taken once the overlap is over is the token used last and its children: no two of them on different
    /// branches. Until then tokens of the branch itself are taken too.
    fn check(&mut self) {
        let last = self.path.last().copied();
        for which in 0..self.issued.len() {
            let at_the_end = last == Some(which) || self.issued[which].parent == last;
            if self.is_live(which, 0) {
                assert!(at_the_end || self.path.contains(&which), "{which} is live beside {last:?}");
            }
            if self.is_live(which, 3_600) {
                assert!(at_the_end, "{which} is live beside {last:?} for ever");
            }
        }
    }
}

fn waits() -> impl Strategy<Value = Act> {
    prop::sample::select(vec![1, 30, OVERLAP_SECONDS, 600, 86_400]).prop_map(|seconds| Act::Wait { seconds })
}

fn honest() -> impl Strategy<Value = Act> {
    prop_oneof![
        any::<bool>().prop_map(|lost| Act::Use { lost }),
        (2usize..5, any::<bool>()).prop_map(|(requests, lost)| Act::Race { requests, lost }),
        waits(),
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

/// A client by default, one that shares its sign-ins, one with no overlap and one with the longest.
fn clients() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!({}),
        json!({"refresh_shared": true}),
        json!({"refresh_overlap_seconds": 0}),
        json!({"refresh_shared": true, "refresh_overlap_seconds": 0}),
        json!({"refresh_overlap_seconds": 3600}),
    ])
}

fn run(model: &mut Model, act: &Act) -> Vec<Result<usize, Refusal>> {
    let held = model.held;
    let count = model.issued.len();
    let results = match act {
        Act::Use { .. } => vec![model.send(held)],
        Act::Race { requests, .. } => model.send_at_once(&vec![held; *requests]),
        Act::Replay { which } => vec![model.send(which.index(count))],
        Act::Meet { one, other } => model.send_at_once(&[one.index(count), other.index(count)]),
        Act::Wait { seconds } => {
            model.row.wait(*seconds);
            vec![]
        }
        Act::Revoke => {
            model.row.grant().revoked_at = Some(crate::fixtures::NOW);
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
        metadata in clients(),
        acts in proptest::collection::vec(honest(), 1..60),
    ) {
        let mut model = Model::new(metadata);
        for act in &acts {
            for result in run(&mut model, act) {
                prop_assert!(result.is_ok(), "{:?}", result);
            }
        }
    }

    #[test]
    fn rt_02_rt_04_v_25_there_are_never_two_live_branches(
        metadata in clients(),
        acts in proptest::collection::vec(hostile(), 1..60),
    ) {
        let shared = metadata["refresh_shared"] == true;
        let mut model = Model::new(metadata);
        for act in &acts {
            let dead = model.row.is_revoked();
            let live: Vec<_> = (0..model.issued.len()).map(|which| model.is_live(which, 0)).collect();
            for result in run(&mut model, act) {
                match result {
                    Ok(_) => prop_assert!(!dead, "a revoked grant gave a token"),
                    Err(Refusal::GrantRevoked) => {}
                    Err(Refusal::RefreshTokenRetired) => prop_assert!(!dead && !shared),
                    Err(Refusal::RefreshTokenStale) => prop_assert!(!dead && shared),
                    Err(other) => prop_assert!(false, "{:?}", other),
                }
            }
            // A retired token that came alone has ended the family, or made it suspect.
            if let Act::Replay { which } = act && !live[which.index(live.len())] && !dead {
                prop_assert_eq!(model.row.is_revoked(), !shared);
                prop_assert_eq!(model.row.grant().refresh.suspect, shared);
            }
        }
    }
}

#[test]
fn rt_02_rt_03_k_12_the_thief_and_the_owner_cannot_both_go_on() {
    // Both hold one token; whichever of the two uses a successor first, the other's next use ends the family.
    for thief_first in [true, false] {
        let mut model = Model::new(json!({}));
        let owner = model.send(0).unwrap();
        model.row.wait(OVERLAP_SECONDS);
        let thief = model.send(0).unwrap();
        let (first, second) = if thief_first { (thief, owner) } else { (owner, thief) };
        assert!(model.send(first).is_ok());
        assert_eq!(model.send(second), Err(Refusal::RefreshTokenRetired));
        assert_eq!(model.send(first), Err(Refusal::GrantRevoked));
    }
}

#[test]
fn rt_04_siblings_that_race_leave_one_branch_or_none() {
    let mut model = Model::new(json!({}));
    let _ = model.send(0).unwrap();
    model.row.wait(OVERLAP_SECONDS);
    let siblings: Vec<_> = (0..5).map(|_| model.send(0).unwrap()).collect();
    let results = model.send_at_once(&siblings);
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    model.check();
    assert!(model.row.is_revoked(), "a loser is a retired token");
}
