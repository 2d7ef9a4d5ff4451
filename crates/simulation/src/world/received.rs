//! What the senders make of an answer, or of none.

use proofkey_protocol::Refusal;
use proofkey_protocol::token::Issue;

use super::answer::Answer;
use super::cast::{Held, OpenPage};
use super::sent::{Sent, Who};
use super::state::World;

/// Copies that the thief gets, in a thousand of what arrives.
const COPIED: usize = 120;

impl World {
    /// The sender hears nothing: what it holds is what it was.
    pub(super) fn unanswered(&mut self, sent: &Sent) {
        if let Some(held) = sent.grant().and_then(|id| self.cast.held(id)) {
            held.is_busy = false;
        }
    }

    /// The sender takes the answer.
    pub(super) fn received(&mut self, sent: &Sent, answer: Answer) {
        self.unanswered(sent);
        if matches!(answer, Answer::Refused(_)) {
            self.summary.refused += 1;
        }
        if matches!(answer, Answer::Refused(Refusal::AlgorithmOff(_))) {
            self.summary.algorithms_refused += 1;
        }
        match (sent, answer) {
            (Sent::SignIn(sign_in), Answer::SignedIn { cookie, device }) => {
                self.summary.signed_in += 1;
                if let Some(browser) = self.cast.browsers.get_mut(sign_in.browser) {
                    (browser.cookie, browser.device) = (Some(cookie), Some(device));
                }
            }
            (Sent::Authorize(asked), Answer::ConsentPage(sealed)) => {
                if let Some(browser) = self.cast.browsers.get_mut(asked.browser) {
                    browser.pages.push(OpenPage { sealed, ask: asked.ask.clone() });
                    let beyond = browser.pages.len().saturating_sub(3);
                    browser.pages.drain(..beyond);
                }
            }
            (Sent::Authorize(asked), Answer::Code { code, text, .. }) => {
                self.summary.codes += 1;
                let held = Held {
                    id: code.id,
                    client: asked.ask.client,
                    code: text,
                    verifier: asked.ask.verifier.clone(),
                    refresh: None,
                    older: None,
                    access: None,
                    is_busy: false,
                    is_redeemed: false,
                };
                let is_copied = self.dice.per_mille(COPIED);
                self.cast.keep(held, is_copied);
            }
            (Sent::Logout(browser, _), Answer::Done) => {
                if let Some(browser) = self.cast.browsers.get_mut(*browser) {
                    browser.cookie = None;
                }
            }
            (Sent::OwnToken(_), Answer::Tokens(issue)) => self.cast.keep_own(issue.access),
            (Sent::Redeem { id, who: Who::Honest, .. }, Answer::Refused(refusal)) => {
                // A mistyped verifier is tried again, and what no key can sign; what else is refused is over.
                let again = matches!(refusal, Refusal::VerifierWrong | Refusal::AlgorithmOff(_));
                if let Some(held) = self.cast.held(*id).filter(|_| !again) {
                    held.is_redeemed = true;
                }
            }
            (Sent::Redeem { .. } | Sent::Refresh { .. }, Answer::Tokens(issue)) => {
                self.take_tokens(sent, *issue);
            }
            _ => {}
        }
    }

    fn take_tokens(&mut self, sent: &Sent, issue: Issue) {
        let Issue { access, refresh, id, .. } = issue;
        if id.is_some_and(|id| !id.user.is_empty()) {
            self.summary.claims_told += 1;
        }
        let token = refresh.map(|refresh| refresh.token.expose().to_owned());
        let is_copied = self.dice.per_mille(COPIED);
        match sent {
            Sent::Redeem { .. } => self.summary.redeemed += 1,
            _ => self.summary.refreshed += 1,
        }
        let Some((client, who)) = sent.client() else { return };
        if who == Who::Thief || is_copied {
            self.cast.steal_access(&access);
            if let Some(token) = &token {
                self.cast.steal_refresh(client, token);
            }
        }
        if who == Who::Honest
            && let Some(held) = sent.grant().and_then(|id| self.cast.held(id))
        {
            held.is_redeemed = true;
            held.older = std::mem::replace(&mut held.refresh, token);
            held.access = Some(access);
        }
    }
}
