//! What became of a commit whose answer was lost, read by the commit's own key.
//!
//! It is asked after the commit has run again and found no row: whatever the lost run did, it did before. Some commits are
//! never asked for, since to run them twice is to run them once: revocations, the use and the end of a session. A wrong
//! verifier may be counted once too often.

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

/// Whether the grant is there, as it was written, and no client has had a token of it: none was told of it yet. A second
/// redemption of the same code that was decided in the same second is not told from this one.
async fn is_granted(store: &ProtocolStore, ours: &GrantFacts) -> Result<bool, Fault> {
    let found = store.grant(ours.id).await?;
    Ok(found.is_some_and(|found| {
        let found = found.grant();
        (&found.client_id, &found.user_id, found.session_id)
            == (&ours.client_id, &ours.user_id, ours.session_id)
            && (&found.scope, &found.apis) == (&ours.scope, &ours.apis)
            && found.authentication == ours.authentication
            && (found.created_at, found.expires_at, found.ends_at)
                == (ours.created_at, ours.expires_at, ours.ends_at)
            && (&found.refresh, found.revoked_at) == (&ours.refresh, None)
    }))
}

async fn has_secret_of(store: &ProtocolStore, ours: &SessionFacts) -> Result<bool, Fault> {
    let found = store.session(ours.id).await?;
    Ok(found.is_some_and(|(found, _)| found.secret.0 == ours.secret.0))
}
