//! The checks of a code at redemption (OAuth 2.1 §4.1.3).
//!
//! Their order is part of the contract: client, redirect URI, verifier, and only then whether the code was redeemed before. A
//! replay that fails an earlier check revokes nothing, so a stolen code alone is no kill switch.

use proofkey_oauth::{CodeRequest, CodeVerifier};

use super::refused::Refused;
use crate::client::Client;
use crate::clock::is_ahead;
use crate::code::AuthorizationCode;
use crate::commit::Commit;
use crate::consent::Access;
use crate::cx::Cx;
use crate::facts::{CodeFacts, has_ended};
use crate::records::UserRecord;
use crate::refusal::Refusal;
use crate::session;

/// How long a spent code is remembered beyond its expiry, for clocks that differ.
pub(super) const SKEW_SECONDS: i64 = 60;

/// A request to redeem a code.
#[derive(Debug)]
pub struct CodeGrant<'a> {
    /// The request as it was sent.
    pub request: &'a CodeRequest,
    /// What the request's code opened to.
    pub code: Option<&'a AuthorizationCode>,
    /// What the store knows of that code.
    pub facts: &'a CodeFacts,
    /// The record of the code's user, where [`Client::needs_user`] says so.
    pub user: Option<&'a UserRecord>,
}

/// A code of this client, in time, at its address. Each check takes what the one before yields, so none can be left out.
#[derive(Clone, Copy, Debug)]
struct BoundCode<'a>(&'a AuthorizationCode);

/// A bound code, asked for with its verifier.
#[derive(Clone, Copy, Debug)]
struct VerifiedCode<'a>(&'a AuthorizationCode);

/// A verified code that was not redeemed before.
#[derive(Clone, Copy, Debug)]
struct UnspentCode<'a>(&'a AuthorizationCode);

/// An unspent code, of which all that it was given for still stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct EntitlingCode<'a> {
    code: &'a AuthorizationCode,
    ends_suspects: bool,
}

impl<'a> EntitlingCode<'a> {
    pub(super) const fn code(self) -> &'a AuthorizationCode {
        self.code
    }

    /// Whether grants of its user to its client are suspect: the person has signed in there, so they are needed no more.
    pub(super) const fn ends_suspects(self) -> bool {
        self.ends_suspects
    }
}

impl<'a> CodeGrant<'a> {
    pub(super) fn entitling_code(&self, client: &Client, cx: &Cx<'_>) -> Result<EntitlingCode<'a>, Refused> {
        let bound = self.check_bound(client, cx)?;
        let verified = self.check_verifier(bound)?;
        let unspent = self.check_unspent(verified, cx)?;
        Ok(self.check_subject(unspent, client, cx)?)
    }

    /// The code, once it is known to be this client's, in time, and asked for at this address.
    fn check_bound(&self, client: &Client, cx: &Cx<'_>) -> Result<BoundCode<'a>, Refusal> {
        let code = self.code.ok_or(Refusal::CodeInvalid)?;
        if code.client_id != client.id {
            return Err(Refusal::CodeOfAnotherClient);
        }
        if cx.now >= code.expires_at {
            return Err(Refusal::CodeExpired);
        }
        if is_ahead(code.id.issued_at(), cx.now) {
            return Err(Refusal::CodeAhead);
        }
        match self.request.redirect_uri.as_deref() {
            Some(sent) if !code.was_redirected_to(sent) => Err(Refusal::RedirectUriMismatch),
            None if client.require_redirect_uri && code.redirect_uri_sent => {
                Err(Refusal::RedirectUriMismatch)
            }
            _ => Ok(BoundCode(code)),
        }
    }

    /// The proof key: a challenge demands its verifier, and a verifier demands a challenge (RFC 9700 §4.8.2). A verifier that
    /// is wrong is counted: it may be a guess.
    fn check_verifier(&self, BoundCode(code): BoundCode<'a>) -> Result<VerifiedCode<'a>, Refused> {
        let refusal = match (&code.challenge, &self.request.code_verifier) {
            (None, None) => return Ok(VerifiedCode(code)),
            (None, Some(_)) => return Err(Refusal::VerifierUnexpected.into()),
            (Some(_), None) => return Err(Refusal::VerifierMissing.into()),
            (Some(challenge), Some(sent)) => match CodeVerifier::parse(sent.expose()) {
                Ok(verifier) if challenge.matches(&verifier) => return Ok(VerifiedCode(code)),
                Ok(_) => Refusal::VerifierWrong,
                Err(_) => Refusal::VerifierMalformed,
            },
        };
        let keep_until = code.expires_at + SKEW_SECONDS;
        Err(Refused::after(Commit::CountCodeFailure { code: code.id, keep_until }, refusal))
    }

    /// A code that was redeemed before is in two hands: what it gave is revoked.
    fn check_unspent(
        &self,
        VerifiedCode(code): VerifiedCode<'a>,
        cx: &Cx<'_>,
    ) -> Result<UnspentCode<'a>, Refused> {
        if let Some(redemption) = &self.facts.redemption {
            // Once is enough: of two hundred losers of a race, one writes.
            return Err(match redemption.revoked_at {
                Some(_) => Refusal::CodeRedeemed.into(),
                None => {
                    let revoke = Commit::RevokeGrant { grant: code.id, at: cx.now };
                    Refused::after(revoke, Refusal::CodeRedeemed)
                }
            });
        }
        if self.facts.failures >= cx.policy.code_failures_max {
            return Err(Refusal::CodeLocked.into());
        }
        Ok(UnspentCode(code))
    }

    /// The client, the user and the session that the code names, the consent, and the registration hold as they did.
    fn check_subject(
        &self,
        UnspentCode(code): UnspentCode<'a>,
        client: &Client,
        cx: &Cx<'_>,
    ) -> Result<EntitlingCode<'a>, Refusal> {
        let subject = self.facts.subject.as_ref().ok_or(Refusal::UserDisabled)?;
        subject.client.check()?;
        if subject.user.disabled {
            return Err(Refusal::UserDisabled);
        }
        let live = subject
            .session
            .as_ref()
            .is_some_and(|session| session::is_live(session, &subject.user, cx.now, cx.policy));
        // To sign in again in the same session revives no code from before everything ended.
        let issued_at = code.id.issued_at();
        if !live || has_ended(code.user_valid_from, issued_at, subject.user.valid_from) {
            return Err(Refusal::SessionEnded);
        }
        if has_ended(code.client_valid_from, issued_at, subject.client_valid_from) {
            return Err(Refusal::GrantRevoked);
        }
        let access = Access { scope: &code.scope, apis: &code.apis };
        // Nor does a consent that was withdrawn and given again.
        access.check_stands(subject.consent.as_ref(), Some(issued_at), client, cx.apis)?;
        Ok(EntitlingCode { code, ends_suspects: self.facts.suspect })
    }
}
