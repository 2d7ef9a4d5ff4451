//! Consents: a compare-and-set on what was read.

use proofkey_protocol::{Committed, ConsentFacts};

use super::World;
use crate::support::{GRANTS_SESSION, NOW, ada, app, consent, session_id};

async fn read(world: &World) -> Option<ConsentFacts> {
    world.store.session_with_consent(session_id(GRANTS_SESSION), &app()).await.unwrap().unwrap().consent
}

async fn shown(world: &World) -> Option<(String, proofkey_oauth::Timestamp)> {
    read(world).await.map(|consent| (consent.scope.to_string(), consent.since))
}

#[tokio::test]
async fn consent_widens_and_keeps_its_beginning_until_it_is_withdrawn() {
    let world = World::new().await;
    assert_eq!(shown(&world).await, None);
    world.applied(consent("openid", None, NOW)).await;
    world.applied(consent("openid read", read(&world).await, NOW + 50)).await;
    assert_eq!(shown(&world).await, Some(("openid read".to_owned(), NOW)));
    world.applied(consent("write openid", read(&world).await, NOW + 60)).await;
    assert_eq!(shown(&world).await, Some(("openid read write".to_owned(), NOW)));
    world.store.revoke_consent(&ada(), &app()).await.unwrap();
    assert_eq!(shown(&world).await, None);
    world.applied(consent("openid", None, NOW + 99)).await;
    assert_eq!(shown(&world).await, Some(("openid".to_owned(), NOW + 99)), "a grant from before is void");
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
    assert_eq!(shown(&world).await, Some(("openid read".to_owned(), NOW)));
    // Withdrawn meanwhile: an answer from before does not bring it back, though the same scope was given again since.
    world.store.revoke_consent(&ada(), &app()).await.unwrap();
    assert_eq!(world.commit(consent("write", first.clone(), NOW + 4)).await, Committed::Conflict);
    assert_eq!(shown(&world).await, None);
    world.applied(consent("openid", nothing, NOW + 5)).await;
    assert_eq!(world.commit(consent("write", first, NOW + 6)).await, Committed::Conflict);
    assert_eq!(shown(&world).await, Some(("openid".to_owned(), NOW + 5)));
}
