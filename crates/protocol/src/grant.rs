//! Whether a grant still stands: one rule for every path that relies on a grant, so that none can skip a part of it.

use proofkey_oauth::Timestamp;

use crate::client::Client;
use crate::facts::{GrantFacts, SubjectFacts};
use crate::refusal::Refusal;

/// Judges a grant with the user, session and consent behind it (OAuth 2.1 §4.3.1: is the grant still active?).
pub(crate) fn standing(
    grant: &GrantFacts,
    subject: &SubjectFacts,
    client: &Client,
    now: Timestamp,
) -> Result<(), Refusal> {
    if client.disabled {
        return Err(Refusal::ClientDisabled);
    }
    if grant.revoked_at.is_some() {
        return Err(Refusal::GrantRevoked);
    }
    if now >= grant.expires_at || now >= grant.ends_at {
        return Err(Refusal::RefreshTokenExpired);
    }
    if subject.user.disabled {
        return Err(Refusal::UserDisabled);
    }
    // In the same second the grant may have come first, so it is the one that ends.
    if grant.created_at <= subject.user.valid_from {
        return Err(Refusal::SessionEnded);
    }
    let consent = subject.consent.as_ref().ok_or(Refusal::ConsentWithdrawn)?;
    if grant.created_at < consent.since || !grant.scope.is_subset(&consent.scope) {
        return Err(Refusal::ConsentWithdrawn);
    }
    if !grant.scope.is_subset(&client.scope) {
        return Err(Refusal::ScopeUnregistered);
    }
    if grant.session_bound {
        let session = subject.session.as_ref().filter(|session| session.user_id == subject.user.id);
        // The refresh itself is use of the session, so only its end counts here, not its idleness.
        if session.is_none_or(|session| now >= session.expires_at) {
            return Err(Refusal::SessionEnded);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fixtures::{NOW, World, bob, client, grant, scope, subject};

    type Spoil = fn(&mut GrantFacts, &mut SubjectFacts, &mut Client);

    fn check(spoil: Spoil) -> Result<(), Refusal> {
        let (_, mut subject) = subject(&mut World::new());
        let mut grant = grant(subject.session.as_ref().unwrap(), "openid offline_access read");
        let mut client = (*client(json!({}))).clone();
        grant.session_bound = true;
        spoil(&mut grant, &mut subject, &mut client);
        standing(&grant, &subject, &client, NOW)
    }

    #[test]
    fn rt_07_rt_08_rt_09_v_27_v_29_each_loss_alone_ends_a_grant_to_the_second() {
        let cases: [(Spoil, Result<(), Refusal>); 20] = [
            (|_, _, _| {}, Ok(())),
            (|_, _, c| c.disabled = true, Err(Refusal::ClientDisabled)),
            (|g, _, _| g.revoked_at = Some(NOW + 5), Err(Refusal::GrantRevoked)),
            (|g, _, _| g.expires_at = NOW + 1, Ok(())),
            (|g, _, _| g.expires_at = NOW, Err(Refusal::RefreshTokenExpired)),
            (|g, _, _| g.ends_at = NOW + 1, Ok(())),
            (|g, _, _| g.ends_at = NOW, Err(Refusal::RefreshTokenExpired)),
            (|_, s, _| s.user.disabled = true, Err(Refusal::UserDisabled)),
            (|g, s, _| s.user.valid_from = g.created_at + -1, Ok(())),
            (|g, s, _| s.user.valid_from = g.created_at, Err(Refusal::SessionEnded)),
            (|_, s, _| s.consent = None, Err(Refusal::ConsentWithdrawn)),
            (
                |_, s, _| s.consent.as_mut().unwrap().scope = scope("openid read"),
                Err(Refusal::ConsentWithdrawn),
            ),
            (|g, s, _| s.consent.as_mut().unwrap().since = g.created_at, Ok(())),
            (|g, s, _| s.consent.as_mut().unwrap().since = g.created_at + 1, Err(Refusal::ConsentWithdrawn)),
            (|_, _, c| c.scope = scope("openid read"), Err(Refusal::ScopeUnregistered)),
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
        ];
        for (index, (spoil, expected)) in cases.into_iter().enumerate() {
            assert_eq!(check(spoil), expected, "case {index}");
        }
    }
}
