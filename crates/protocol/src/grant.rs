//! Whether a grant is still active: one rule for every path that relies on a grant, so that none can skip a part of it.
//!
//! The rule is asked of a grant together with its own user and its own client, and of no other pair: neither can be put
//! beside a grant by hand.
//!
//! ```compile_fail,E0451
//! # use proofkey_protocol::{GrantFacts, GrantWithSubject, SubjectFacts};
//! fn forge(grant: GrantFacts, subject: SubjectFacts) -> GrantWithSubject {
//!     GrantWithSubject { grant, subject }
//! }
//! ```
//! ```
//! # use proofkey_protocol::{GrantFacts, GrantWithSubject, SubjectFacts};
//! fn from_a_row(grant: GrantFacts, subject: SubjectFacts) -> Option<GrantWithSubject> {
//!     GrantWithSubject::new(grant, subject)
//! }
//! ```

use crate::client::Client;
use crate::clock::is_ahead;
use crate::consent::Access;
use crate::cx::Cx;
use crate::facts::{GrantFacts, SubjectFacts, UserFacts, has_ended};
use crate::refusal::Refusal;

/// A grant with the user who gave it, and with the session and consent by which it lives.
#[derive(Clone, Debug)]
pub struct GrantWithSubject {
    grant: GrantFacts,
    subject: SubjectFacts,
}

impl GrantWithSubject {
    /// `None` if the grant was given by another user.
    pub fn new(grant: GrantFacts, subject: SubjectFacts) -> Option<Self> {
        (grant.user_id == subject.user.id).then_some(Self { grant, subject })
    }

    /// What was granted.
    pub const fn grant(&self) -> &GrantFacts {
        &self.grant
    }

    /// The user who gave it, with the session in which it was given and the consent for its client, while they exist.
    pub const fn subject(&self) -> &SubjectFacts {
        &self.subject
    }

    /// The grant in the hands of a client. `None` if it was given to another one.
    pub(crate) fn of<'a, 'c>(&'a self, client: &'c Client) -> Option<ClientGrant<'a, 'c>> {
        (self.grant.client_id == client.id).then_some(ClientGrant { row: self, client })
    }
}

#[cfg(test)]
impl GrantWithSubject {
    pub(crate) fn grant_mut(&mut self) -> &mut GrantFacts {
        &mut self.grant
    }

    pub(crate) fn subject_mut(&mut self) -> &mut SubjectFacts {
        &mut self.subject
    }
}

/// A grant with its own user and its own client. Made by [`GrantWithSubject::of`] alone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClientGrant<'a, 'c> {
    row: &'a GrantWithSubject,
    client: &'c Client,
}

impl<'a> ClientGrant<'a, '_> {
    /// What was granted.
    pub(crate) const fn grant(self) -> &'a GrantFacts {
        &self.row.grant
    }

    /// Judges the grant with all that it lives by (OAuth 2.1 §4.3.1: is the grant still active?).
    pub(crate) fn check_active(self, cx: &Cx<'_>) -> Result<ActiveGrant<'a>, Refusal> {
        let Self { row: GrantWithSubject { grant, subject }, client } = self;
        check_active(grant, subject, client, cx)?;
        Ok(ActiveGrant { grant, user: &subject.user })
    }
}

/// Proof that a grant is active, in the hands of its own client. Made by [`ClientGrant::check_active`] alone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ActiveGrant<'a> {
    grant: &'a GrantFacts,
    user: &'a UserFacts,
}

impl<'a> ActiveGrant<'a> {
    /// What was granted.
    pub(crate) const fn grant(self) -> &'a GrantFacts {
        self.grant
    }

    /// The user who gave it.
    pub(crate) const fn user(self) -> &'a UserFacts {
        self.user
    }
}

fn check_active(
    grant: &GrantFacts,
    subject: &SubjectFacts,
    client: &Client,
    cx: &Cx<'_>,
) -> Result<(), Refusal> {
    let now = cx.now;
    // As the store has it, not as the client was when it was loaded.
    subject.client.check()?;
    if grant.revoked_at.is_some() {
        return Err(Refusal::GrantRevoked);
    }
    if is_ahead(grant.created_at, now) {
        return Err(Refusal::GrantAhead);
    }
    if now >= grant.expires_at || now >= grant.ends_at {
        return Err(Refusal::RefreshTokenExpired);
    }
    if subject.user.disabled {
        return Err(Refusal::UserDisabled);
    }
    if has_ended(grant.user_valid_from, grant.created_at, subject.user.valid_from) {
        return Err(Refusal::SessionEnded);
    }
    if has_ended(grant.client_valid_from, grant.created_at, subject.client_valid_from) {
        return Err(Refusal::GrantRevoked);
    }
    let access = Access { scope: &grant.scope, apis: &grant.apis };
    access.check_stands(subject.consent.as_ref(), Some(grant.created_at), client, cx.apis)?;
    if grant.session_bound {
        let session = subject.session.as_ref();
        let session =
            session.filter(|found| found.id == grant.session_id && found.user_id == subject.user.id);
        // The refresh itself is use of the session, so only its end counts here, not its idleness.
        if session.is_none_or(|session| now >= session.expires_at) {
            return Err(Refusal::SessionEnded);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proofkey_oauth::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::api::GrantedApis;
    use crate::facts::ClientStatus;
    use crate::fixtures::{
        NOTES, NOW, SCOPES, World, bob, client, client_named, consent, consent_since, grant, scope, subject,
    };
    use crate::ids::ApiId;
    use crate::refusal::Named;

    type Spoil = fn(&mut GrantFacts, &mut SubjectFacts, &mut Client);

    fn check(spoil: Spoil) -> Result<(), Refusal> {
        let (_, mut subject) = subject(&mut World::new());
        let mut grant = grant(subject.session.as_ref().unwrap(), "openid offline_access read");
        let mut client = (*client(json!({}))).clone();
        grant.session_bound = true;
        spoil(&mut grant, &mut subject, &mut client);
        GrantWithSubject::new(grant, subject)
            .unwrap()
            .of(&client)
            .unwrap()
            .check_active(&World::new().cx())
            .map(|_| ())
    }

    #[test]
    fn v_61_liveness_is_asked_of_a_grants_own_user_and_client_alone() {
        let (_, subject) = subject(&mut World::new());
        let grant = grant(subject.session.as_ref().unwrap(), "openid read");
        let of_another = SubjectFacts { user: bob(), ..subject.clone() };
        assert!(GrantWithSubject::new(grant.clone(), of_another).is_none());
        let row = GrantWithSubject::new(grant, subject).unwrap();
        assert!(row.of(&client(json!({}))).is_some());
        assert!(row.of(&client_named("other", json!({}))).is_none());
    }

    #[test]
    fn rt_07_rt_08_rt_09_v_27_v_29_each_loss_alone_ends_a_grant_to_the_second() {
        let cases: [(Spoil, Result<(), Refusal>); 32] = [
            (|_, _, _| {}, Ok(())),
            (|_, s, _| s.client = ClientStatus::Disabled, Err(Refusal::ClientDisabled)),
            (|_, s, _| s.client = ClientStatus::Unregistered, Err(Refusal::ClientUnknown)),
            (|g, _, _| g.revoked_at = Some(NOW + 5), Err(Refusal::GrantRevoked)),
            (|g, _, _| g.expires_at = NOW + 1, Ok(())),
            (|g, _, _| g.expires_at = NOW, Err(Refusal::RefreshTokenExpired)),
            (|g, _, _| g.ends_at = NOW + 1, Ok(())),
            (|g, _, _| g.ends_at = NOW, Err(Refusal::RefreshTokenExpired)),
            (|_, s, _| s.user.disabled = true, Err(Refusal::UserDisabled)),
            (|_, s, _| s.user.valid_from = Timestamp(1), Err(Refusal::SessionEnded)),
            (|_, s, _| s.client_valid_from = Timestamp(1), Err(Refusal::GrantRevoked)),
            // Under the mark that stands, whatever the instants say.
            (|g, s, _| (g.user_valid_from, s.user.valid_from) = (Some(NOW + 9_000), NOW + 9_000), Ok(())),
            (|g, s, _| (g.client_valid_from, s.client_valid_from) = (Some(NOW + 9_000), NOW + 9_000), Ok(())),
            // Of an earlier release: by the instant.
            (|g, s, _| (g.user_valid_from, s.user.valid_from) = (None, g.created_at + -1), Ok(())),
            (
                |g, s, _| (g.user_valid_from, s.user.valid_from) = (None, g.created_at),
                Err(Refusal::SessionEnded),
            ),
            (|g, s, _| (g.client_valid_from, s.client_valid_from) = (None, g.created_at + -1), Ok(())),
            (
                |g, s, _| (g.client_valid_from, s.client_valid_from) = (None, g.created_at),
                Err(Refusal::GrantRevoked),
            ),
            (|_, s, _| s.consent = None, Err(Refusal::ConsentWithdrawn)),
            (|_, s, _| s.consent = Some(consent("openid read")), Err(Refusal::ConsentWithdrawn)),
            (|_, s, _| s.consent = Some(consent("openid offline_access")), Err(Refusal::ConsentWithdrawn)),
            (|_, s, _| s.consent = Some(consent("read offline_access")), Err(Refusal::ConsentWithdrawn)),
            (|g, s, _| s.consent = Some(consent_since(g.created_at, SCOPES)), Ok(())),
            (
                |g, s, _| s.consent = Some(consent_since(g.created_at + 1, SCOPES)),
                Err(Refusal::ConsentWithdrawn),
            ),
            (|g, _, _| g.apis = GrantedApis::named([ApiId(1), ApiId(9)]), Err(Refusal::ApiRemoved)),
            (
                |_, _, c| c.scope = scope("openid read"),
                Err(Refusal::ScopeUnregistered(Named::of("offline_access"))),
            ),
            (|_, _, c| c.resources.clear(), Err(Refusal::ResourceUnregistered(Named::of(NOTES)))),
            (|_, s, _| s.session = None, Err(Refusal::SessionEnded)),
            (|_, s, _| s.session.as_mut().unwrap().expires_at = NOW, Err(Refusal::SessionEnded)),
            (|_, s, _| s.session.as_mut().unwrap().user_id = bob().id, Err(Refusal::SessionEnded)),
            (|_, s, _| s.session.as_mut().unwrap().seen_at = Timestamp(0), Ok(())),
            (
                |g, s, _| {
                    g.session_bound = false;
                    s.session = None;
                },
                Ok(()),
            ),
            // Another session of the same user.
            (|_, s, _| s.session.as_mut().unwrap().id.0[0] ^= 1, Err(Refusal::SessionEnded)),
        ];
        for (index, (spoil, expected)) in cases.into_iter().enumerate() {
            assert_eq!(check(spoil), expected, "case {index}");
        }
    }
}
