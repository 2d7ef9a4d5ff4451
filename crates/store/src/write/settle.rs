//! What became of a commit whose answer was lost, read by the commit's own key.
//!
//! It is asked after the commit has run again and found no row. A second run that comes to the row of the first waits until that one has
//! ended: whatever the lost run did, it did before. One that finds something else otherwise does not wait, and the first may still be
//! written: a redemption as read that is not found is therefore unknown.
//!
//! Some commits are never asked for, since to run them twice is to run them once: revocations, the use and the end of a session. A
//! wrong verifier may be counted once too often.

use proofkey_protocol::{Commit, Committed, GrantFacts, RefreshChain, SessionFacts};

use crate::fault::Fault;
use crate::store::ProtocolStore;

/// Whether it was written: a conflict if not.
pub(super) async fn settle(store: &ProtocolStore, commit: &Commit) -> Result<Committed, Fault> {
    let is_written = match commit {
        Commit::RedeemCode { grant, .. } => is_granted(store, grant).await?,
        Commit::UseRefreshToken { grant, chain, expires_at } => {
            let found = store.grant(*grant).await?;
            found.is_some_and(|found| {
                let GrantFacts { refresh, expires_at: ends, revoked_at, .. } = found.grant();
                // Whether a grant is suspect is not written by this commit.
                let ours = RefreshChain { suspect: refresh.suspect, ..chain.clone() };
                (refresh, ends, revoked_at) == (&ours, expires_at, &None)
            })
        }
        Commit::SuspectGrant { grant, revision } => {
            let found = store.grant(*grant).await?;
            found.is_some_and(|found| {
                let refresh = &found.grant().refresh;
                refresh.suspect && refresh.revision == *revision
            })
        }
        // A secret is random, and no other session has it.
        Commit::SignIn { session, .. } | Commit::Reauthenticate { session, .. } => {
            has_secret_of(store, session).await?
        }
        Commit::GiveConsent { user, client, after, .. } => {
            store.consent(user, client).await?.as_ref() == Some(after)
        }
        // It may be counted by now. Whether there is room for one more is decided again.
        Commit::ReserveSignInFailure(_) => false,
        // They need no row, and so are never unsettled.
        Commit::CountCodeFailure { .. }
        | Commit::RevokeGrant { .. }
        | Commit::RevokeAccessToken { .. }
        | Commit::TouchSession { .. }
        | Commit::EndSession { .. } => return Err(Fault::OutcomeUnknown),
    };
    Ok(if is_written { Committed::Applied } else { Committed::Conflict })
}

/// Whether a redemption as read was written: a conflict if the code has made another grant. [`Fault::OutcomeUnknown`] if it has made
/// none: were it decided again, and the lost run written meanwhile, its own grant would be taken for that of a replay, and revoked.
pub(super) async fn settle_as_read(store: &ProtocolStore, ours: Box<GrantFacts>) -> Result<Committed, Fault> {
    let found = store.grant(ours.id).await?.ok_or(Fault::OutcomeUnknown)?;
    Ok(if is_same(found.grant(), &ours) { Committed::Applied } else { Committed::Conflict })
}

/// Whether the grant is there.
async fn is_granted(store: &ProtocolStore, ours: &GrantFacts) -> Result<bool, Fault> {
    Ok(store.grant(ours.id).await?.is_some_and(|found| is_same(found.grant(), ours)))
}

/// Whether a grant is as it was written, and no client has had a token of it: none was told of it yet. A second redemption of the
/// same code that was decided in the same second is not told from this one.
fn is_same(found: &GrantFacts, ours: &GrantFacts) -> bool {
    (&found.client_id, &found.user_id, found.session_id) == (&ours.client_id, &ours.user_id, ours.session_id)
        && (&found.scope, &found.apis) == (&ours.scope, &ours.apis)
        && found.authentication == ours.authentication
        && (found.created_at, found.expires_at, found.ends_at)
            == (ours.created_at, ours.expires_at, ours.ends_at)
        && (&found.refresh, found.revoked_at) == (&ours.refresh, None)
}

async fn has_secret_of(store: &ProtocolStore, ours: &SessionFacts) -> Result<bool, Fault> {
    let found = store.session(ours.id).await?;
    Ok(found.is_some_and(|(found, _)| found.secret.0 == ours.secret.0))
}
