//! Whose a session and a token are.

use proofkey_protocol::session::SessionCookie;
use proofkey_protocol::token::Issue;

use super::Ledger;
use crate::world::{CLAIM, CLIENT_OF_CLAIMS, SignIn};

impl Ledger {
    /// A browser is signed in: as who has the name that was typed, and by the password of that person.
    pub(super) fn session_begun(&mut self, form: &SignIn, cookie: &str) {
        let session = SessionCookie::parse(cookie).and_then(|cookie| self.sessions.get(&cookie.id.0));
        let signed_in = session.map(|session| &session.user);
        let named = self.names.get(form.user);
        if signed_in.is_none() || signed_in != named {
            let told = format!("{} was typed, and {signed_in:?} is signed in", form.user);
            return self.violated("C6", told);
        }
        let password = named.and_then(|user| self.users.get(user)).map(|life| &life.password);
        if password != Some(&form.password) {
            self.violated("C6", format!("{} was signed in by another password", form.user));
        }
    }
}

/// Whether tokens say this user and, where the client asked for it and it was granted, no other one's claims.
pub(super) fn says_this_user(user: &str, client: &str, issue: &Issue) -> bool {
    let asked = client == CLIENT_OF_CLAIMS && issue.scope.contains("profile");
    issue.access.sub == user
        && issue.id.as_ref().is_none_or(|id| {
            let claims = id.user.iter().all(|(name, value)| asked && name == CLAIM && value == user);
            id.sub == user && claims
        })
}
