//! A request goes on: load and decide, commit, answer; between any two of them everything else may happen.

use proofkey_protocol::{Commit, Committed, Verdict};

use super::answer::Answer;
use super::state::World;
use super::under_way::{Pending, Request, Stage};
use crate::model::{Again, BrokenGate};

/// How often a decision is made again after a conflict.
const DECISIONS_MAX: u8 = 4;
/// Commits whose answer is lost on the way from the database, in a thousand.
const LOST_COMMITS: usize = 25;
/// Answers that never reach the sender, in a thousand.
const LOST_ANSWERS: usize = 40;

impl World {
    /// The request goes one step further.
    pub(super) fn advance(&mut self, mut request: Request) {
        match std::mem::replace(&mut request.stage, Stage::Load) {
            Stage::Load => self.decide_request(request),
            Stage::Commit(pending) => self.commit_request(request, *pending),
            Stage::Reply(answer) => self.reply(request, answer),
        }
    }

    fn decide_request(&mut self, mut request: Request) {
        if self.reads_user(&mut request) && self.dice.per_mille(500) {
            return self.requests.push(request);
        }
        request.decisions += 1;
        if request.decisions > DECISIONS_MAX {
            request.stage = Stage::Reply(Answer::Unsettled);
            return self.requests.push(request);
        }
        let loaded = self.ledger.seq();
        let Verdict { outcome: answer, commit } = self.decide(&request);
        self.tell(|| {
            let change =
                commit.as_ref().map_or_else(String::new, |commit| format!(", to write {}", named(commit)));
            format!("request {} decided: {answer}{change}", request.number)
        });
        self.ledger.decided(&answer, commit.as_ref());
        match commit {
            Some(commit) => {
                let pending = Pending { commit, answer, loaded, is_lost: false, was_written: false };
                request.stage = Stage::Commit(Box::new(pending));
                self.requests.push(request);
            }
            None => self.settled(request, answer, loaded),
        }
    }

    fn commit_request(&mut self, mut request: Request, mut pending: Pending) {
        if !pending.is_lost && self.may_lose(&pending.commit) && self.dice.per_mille(LOST_COMMITS) {
            pending.is_lost = true;
            self.summary.commits_unanswered += 1;
            if self.dice.per_mille(500) && self.model.commit(&pending.commit) == Committed::Applied {
                pending.was_written = true;
                self.ledger.written(&pending.commit, pending.loaded, request.now);
            }
            let written = pending.was_written;
            self.tell(|| {
                format!("request {}: the answer to its commit is lost; written: {written}", request.number)
            });
            request.stage = Stage::Commit(Box::new(pending));
            return self.requests.push(request);
        }
        let Pending { commit, answer, loaded, is_lost, was_written } = pending;
        let again = if is_lost {
            self.model.commit_again(&commit)
        } else if self.model.commit(&commit) == Committed::Applied {
            Again::Written
        } else {
            Again::Conflict
        };
        self.tell(|| format!("request {} commits: {again:?}", request.number));
        match again {
            // Also where the first run was written and undone meanwhile: then this request came after what has undone it.
            Again::Written => self.ledger.written(&commit, loaded, request.now),
            Again::WasWritten if was_written => {}
            Again::WasWritten => self.ledger.taken_for_own(&commit, loaded, request.now),
            Again::Conflict if self.model.has_broken(BrokenGate::ConflictAnswered) => {
                self.ledger.written(&commit, loaded, request.now);
            }
            Again::Conflict => {
                self.summary.conflicts += 1;
                return self.requests.push(request);
            }
        }
        self.settled(request, answer, loaded);
    }

    /// Whether the answer to a commit may be lost. Two redemptions of a code in the same second are not told apart then
    /// (decision 30), and where histories are judged the clocks stand still.
    fn may_lose(&self, commit: &Commit) -> bool {
        self.recorder.is_none() || !matches!(commit, Commit::RedeemCode { .. })
    }

    /// The answer is true from now on.
    fn settled(&mut self, mut request: Request, answer: Answer, loaded: u64) {
        if let Answer::Reserved(reserved) = answer {
            request.sent.reserve(reserved);
            request.decisions = 0;
        } else {
            self.ledger.judge(&request.sent, &answer, loaded, request.now);
            request.stage = Stage::Reply(answer);
        }
        self.requests.push(request);
    }

    fn reply(&mut self, request: Request, answer: Answer) {
        if self.dice.per_mille(LOST_ANSWERS) {
            self.summary.answers_lost += 1;
            self.tell(|| format!("the answer to request {} is lost", request.number));
            self.unanswered(&request.sent);
        } else {
            if let Some(recorder) = &mut self.recorder {
                recorder.answered(request.number, &answer);
            }
            self.received(&request.sent, answer);
        }
    }
}

/// What a commit is, in a word.
const fn named(commit: &Commit) -> &'static str {
    match commit {
        Commit::RedeemCode { .. } => "a grant",
        Commit::CountCodeFailure { .. } => "a wrong verifier",
        Commit::UseRefreshToken { .. } => "the use of a refresh token",
        Commit::SuspectGrant { .. } => "a suspicion",
        Commit::RevokeGrant { .. } => "the revocation of a grant",
        Commit::RevokeAccessToken { .. } => "the revocation of a token",
        Commit::SignIn { .. } => "a session",
        Commit::Reauthenticate { .. } => "a renewed session",
        Commit::ReserveSignInFailure(_) => "a failure in advance",
        Commit::TouchSession { .. } => "the use of a session",
        Commit::EndSession { .. } => "the end of a session",
        Commit::GiveConsent { .. } => "a consent",
    }
}
