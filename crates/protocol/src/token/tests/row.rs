//! A grant's row with the store's compare-and-set, and the shell's loop around a decision, for games over time.

use proofkey_oauth::Timestamp;
use serde_json::Value;

use super::{Issue, Refreshing};
use crate::commit::{Commit, Committed, Verdict};
use crate::facts::GrantFacts;
use crate::fixtures::{client, keys};
use crate::refresh_token::RefreshToken;
use crate::refusal::Refusal;

/// What a refresh came to.
pub(super) type Refreshed = Result<RefreshToken, Refusal>;

/// One grant, and what has been written of it.
pub(super) struct Row {
    pub(super) server: Refreshing,
    pub(super) writes: usize,
}

impl Row {
    /// A grant of a year to a client of this metadata.
    pub(super) fn new(metadata: Value) -> Self {
        let mut server = Refreshing::by(client(metadata));
        let end = server.world.now + 365 * 86_400;
        (server.grant().ends_at, server.grant().expires_at) = (end, end);
        Self { server, writes: 0 }
    }

    /// The first token of the grant.
    pub(super) fn first(&self) -> RefreshToken {
        self.server.token.clone().unwrap()
    }

    pub(super) fn grant(&mut self) -> &mut GrantFacts {
        self.server.grant()
    }

    pub(super) fn is_revoked(&mut self) -> bool {
        self.grant().revoked_at.is_some()
    }

    pub(super) fn now(&self) -> Timestamp {
        self.server.world.now
    }

    pub(super) fn wait(&mut self, seconds: i64) {
        self.server.world.now = self.now() + seconds;
    }

    pub(super) fn decide(&mut self, token: &RefreshToken) -> Verdict<Result<Box<Issue>, Refusal>> {
        self.server.token = Some(token.clone());
        self.server.refresh()
    }

    /// The store's compare-and-set: a write holds only while the row is as it was read.
    fn apply(&mut self, commit: &Commit) -> Committed {
        let grant = self.server.grant();
        match commit {
            Commit::UseRefreshToken { grant: id, chain, expires_at } => {
                assert_eq!(*id, grant.id);
                if grant.revoked_at.is_some() || grant.refresh.revision + 1 != chain.revision {
                    return Committed::Conflict;
                }
                let suspect = grant.refresh.suspect;
                (grant.refresh, grant.expires_at) = (chain.clone(), *expires_at);
                grant.refresh.suspect = suspect;
            }
            Commit::SuspectGrant { grant: id, revision } => {
                assert_eq!(*id, grant.id);
                if grant.revoked_at.is_some() || grant.refresh.revision + 1 != *revision {
                    return Committed::Conflict;
                }
                (grant.refresh.suspect, grant.refresh.revision) = (true, *revision);
            }
            Commit::RevokeGrant { grant: id, at } => {
                assert_eq!(*id, grant.id);
                grant.revoked_at = grant.revoked_at.or(Some(*at));
                grant.refresh.revision += 1;
            }
            other => panic!("{other:?}"),
        }
        self.writes += 1;
        Committed::Applied
    }

    /// What the shell does: decide, commit, and on a conflict load and decide again. `first` may rest on older facts.
    pub(super) fn settle(
        &mut self,
        token: &RefreshToken,
        first: Verdict<Result<Box<Issue>, Refusal>>,
    ) -> Refreshed {
        let mut verdict = first;
        for _ in 0..4 {
            let committed = match &verdict.commit {
                None => Committed::Applied,
                Some(commit) => self.apply(commit),
            };
            if committed == Committed::Applied {
                let refresh = verdict.outcome?.refresh.unwrap();
                return Ok(RefreshToken::read(&keys(), refresh.token.expose()).unwrap());
            }
            verdict = self.decide(token);
        }
        panic!("a conflict that does not end");
    }

    pub(super) fn send(&mut self, token: &RefreshToken) -> Refreshed {
        let verdict = self.decide(token);
        self.settle(token, verdict)
    }

    /// All decide on the same facts before any commits.
    pub(super) fn send_at_once(&mut self, tokens: &[RefreshToken]) -> Vec<Refreshed> {
        let verdicts: Vec<_> = tokens.iter().map(|token| self.decide(token)).collect();
        tokens.iter().zip(verdicts).map(|(token, verdict)| self.settle(token, verdict)).collect()
    }
}
