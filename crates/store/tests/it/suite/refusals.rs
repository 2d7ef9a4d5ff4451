//! The record of refusals: what is in it, and how it stays within its bound.

use proofkey_protocol::RefusalRecord;

use super::World;
use crate::support::refusal;

#[tokio::test]
async fn pk_08_what_is_recorded_is_read_by_its_id_until_long_after_its_time() {
    let world = World::new().await;
    let store = &world.store;
    let (one, other) = (refusal(1, 1), refusal(2, 1));
    store.record_refusals(vec![one.clone(), other.clone()], 10).await.unwrap();
    assert_eq!(store.refusal(&one.error_id).await, Ok(Some(one.clone())));
    assert_eq!(store.refusal(&other.error_id).await, Ok(Some(other.clone())));
    assert_eq!(store.refusal("pk-0000-0000").await, Ok(None));
    // The first of one id stays.
    let same_id = RefusalRecord { rule: "code.expired".to_owned(), ..one.clone() };
    store.record_refusals(vec![same_id], 10).await.unwrap();
    assert_eq!(store.refusal(&one.error_id).await, Ok(Some(one.clone())));
    store.record_refusals(vec![], 10).await.unwrap();
    let _ended = store.sweep(one.keep_until + 3_700, 100).await.unwrap();
    assert_eq!(store.refusal(&one.error_id).await, Ok(Some(one.clone())));
    let _ended = store.sweep(one.keep_until + 3_701, 100).await.unwrap();
    assert_eq!(store.refusal(&one.error_id).await, Ok(None));
    assert_eq!(store.refusal(&other.error_id).await, Ok(Some(other)));
}

#[tokio::test]
async fn pk_08_the_record_is_bounded_and_a_stranger_cannot_flush_the_rows_of_others() {
    const ROWS_MAX: u32 = 600;
    let world = World::new().await;
    let store = &world.store;
    let victims: Vec<_> = (0..20).map(|network| refusal(0, 1_000 + network)).collect();
    store.record_refusals(victims.clone(), ROWS_MAX).await.unwrap();
    let mut recorded = Vec::new();
    // One network fills the record twice over, and then another comes beside it.
    for batch in 1..=20 {
        let network = if batch > 15 { 2 } else { 1 };
        let rows: Vec<_> = (0..100).map(|row| refusal(batch * 100 + row, network)).collect();
        store.record_refusals(rows.clone(), ROWS_MAX).await.unwrap();
        recorded.extend(rows.clone());
        let newest = &rows[99];
        if batch % 10 == 0 {
            let held = held(&world, &recorded).await;
            assert!(held + victims.len() <= ROWS_MAX as usize, "{held} in batch {batch}");
        }
        assert_eq!(store.refusal(&newest.error_id).await, Ok(Some(newest.clone())));
    }
    for victim in &victims {
        assert_eq!(store.refusal(&victim.error_id).await, Ok(Some(victim.clone())));
    }
    let of_first = held(&world, &recorded[..1_500]).await;
    assert!((100..400).contains(&of_first), "the two share what there is: {of_first}");
}

async fn held(world: &World, rows: &[RefusalRecord]) -> usize {
    let mut held = 0;
    for row in rows {
        held += usize::from(world.store.refusal(&row.error_id).await.unwrap().is_some());
    }
    held
}
