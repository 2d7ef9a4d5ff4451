//! Consents: a compare-and-set on what was read.

use proofkey_protocol::{Commit, Committed, ConsentFacts};
use proofkey_store::AdminFault;

use super::World;
use crate::support::{GRANTS_SESSION, NOW, ada, app, consent, session_id};

async fn read(world: &World) -> Option<ConsentFacts> {
    world.store.session_with_consent(session_id(GRANTS_SESSION), &app()).await.unwrap().unwrap().consent
}

async fn shown(world: &World) -> Option<String> {
    read(world).await.map(|consent| consent.as_str().to_owned())
}

/// What is shown of a consent at one API.
fn at(since: proofkey_oauth::Timestamp, scope: &str) -> Option<String> {
    Some(format!("1 {} {scope}", since.seconds()))
}

#[tokio::test]
async fn consent_widens_and_keeps_its_beginning_until_it_is_withdrawn() {
    let world = World::new().await;
    assert_eq!(shown(&world).await, None);
    world.applied(consent("openid", None, NOW)).await;
    world.applied(consent("openid read", read(&world).await, NOW + 50)).await;
    assert_eq!(shown(&world).await, at(NOW, "openid read"));
    world.applied(consent("write openid", read(&world).await, NOW + 60)).await;
    assert_eq!(shown(&world).await, at(NOW, "openid read write"));
    world.store.revoke_consent(&ada(), &app()).await.unwrap();
    assert_eq!(shown(&world).await, None);
    world.applied(consent("openid", None, NOW + 99)).await;
    assert_eq!(shown(&world).await, at(NOW + 99, "openid"), "a grant from before is void");
}

#[tokio::test]
async fn a_consent_over_anything_but_what_stands_is_a_conflict_and_changes_nothing() {
    let world = World::new().await;
    let nothing = read(&world).await;
    world.applied(consent("openid", nothing.clone(), NOW)).await;
    let first = read(&world).await;
    // Another page that was open at the same time: neither answer undoes the other.
    assert_eq!(world.commit(consent("write", nothing.clone(), NOW + 1)).await, Committed::Conflict);
    world.applied(consent("read", first.clone(), NOW + 2)).await;
    assert_eq!(world.commit(consent("write", first.clone(), NOW + 3)).await, Committed::Conflict);
    assert_eq!(shown(&world).await, at(NOW, "openid read"));
    // Withdrawn meanwhile: an answer from before does not bring it back, though the same scope was given again since.
    world.store.revoke_consent(&ada(), &app()).await.unwrap();
    assert_eq!(world.commit(consent("write", first.clone(), NOW + 4)).await, Committed::Conflict);
    assert_eq!(shown(&world).await, None);
    world.applied(consent("openid", nothing, NOW + 5)).await;
    assert_eq!(world.commit(consent("write", first, NOW + 6)).await, Committed::Conflict);
    assert_eq!(shown(&world).await, at(NOW + 5, "openid"));
}

#[tokio::test]
async fn k_10_what_is_allowed_is_narrowed_as_it_was_read_or_not_at_all() {
    let world = World::new().await;
    let consent = |text: &str| ConsentFacts::parse(text).unwrap();
    let (all, less, last, none) =
        (consent("0 5 openid\n1 5 read\n2 6"), consent("0 5 openid\n2 6"), consent("2 6"), consent(""));
    let (user, client) = (ada(), app());
    let give = |before, after| Commit::GiveConsent { user: ada(), client: app(), before, after };
    world.applied(give(None, all.clone())).await;
    let narrow = |before: &ConsentFacts, after: &ConsentFacts| {
        world.store.narrow_consent(&user, &client, before.clone(), after.clone())
    };
    assert_eq!(narrow(&all, &less).await, Ok(()));
    assert_eq!(narrow(&all, &less).await, Err(AdminFault::Conflict), "it is not what was read");
    assert_eq!(narrow(&less, &last).await, Ok(()));
    // The person allows more between the look at the last entry and its end.
    world.applied(give(Some(last.clone()), less.clone())).await;
    assert_eq!(narrow(&last, &none).await, Err(AdminFault::Conflict));
    assert_eq!(shown(&world).await.as_deref(), Some("0 5 openid\n2 6"));
    assert_eq!(narrow(&less, &none).await, Ok(()));
    assert_eq!(shown(&world).await, None, "with the last the row goes");
    assert_eq!(narrow(&less, &none).await, Err(AdminFault::Conflict));
}
