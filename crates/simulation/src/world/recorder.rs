//! What clients saw of each grant, as a history for the judge of histories.

use std::collections::BTreeMap;

use super::answer::Answer;
use super::sent::Sent;
use crate::history::{GrantHistories, GrantOperation, GrantOutcome, Started, Unexplained};
use crate::ledger::Ledger;

/// The histories, with the requests under way.
#[derive(Default)]
pub(super) struct Recorder {
    histories: GrantHistories,
    started: BTreeMap<u64, Started>,
}

impl Recorder {
    /// A request is sent.
    pub(super) fn sent(&mut self, number: u64, sent: &Sent, ledger: &Ledger) {
        let (grant, asked) = match sent {
            Sent::Redeem { id, .. } => (Some(id.to_string()), GrantOperation::Redeem),
            Sent::Refresh { token, .. } => (ledger.grant_of(token), GrantOperation::Refresh(token.clone())),
            Sent::RevokeRefresh { id, .. } => (Some(id.to_string()), GrantOperation::Revoke),
            Sent::Use(claims) => (claims.grant_id.clone(), GrantOperation::Look),
            _ => return,
        };
        if let Some(grant) = grant {
            let started = self.histories.invoke(&grant, asked);
            self.started.insert(number, started);
        }
    }

    /// Its answer has come.
    pub(super) fn answered(&mut self, number: u64, answer: &Answer) {
        let told = match answer {
            Answer::Tokens(issue) => {
                let refresh = issue.refresh.as_ref().map(|refresh| refresh.token.expose().to_owned());
                GrantOutcome::Tokens(refresh.unwrap_or_default())
            }
            Answer::Refused(_) => GrantOutcome::Refused,
            Answer::Done => GrantOutcome::Done,
            Answer::Active(active) => GrantOutcome::Active(*active),
            _ => return,
        };
        if let Some(started) = self.started.remove(&number) {
            self.histories.answer(&started, told);
        }
    }

    /// Looks for an order of each history.
    pub(super) fn check(&self) -> Result<usize, (String, Unexplained)> {
        self.histories.check()
    }
}
