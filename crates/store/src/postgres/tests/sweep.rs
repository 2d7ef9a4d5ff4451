//! What a process keeps to itself goes by the sweep of the rows.

use std::time::Instant;

use proofkey_oauth::Timestamp;
use proofkey_protocol::{ClientId, SessionId};
use proofkey_testkit::postgres::TestDatabase;

use crate::options::ConnectOptions;
use crate::store::Store;
use crate::subjects_read::SUBJECTS_READ_FOR;
use crate::subjects_read::tests::read;

#[tokio::test]
async fn pk_09_a_sweep_frees_subjects_that_are_too_old_to_be_given() {
    let database = TestDatabase::create("template0").await;
    let store = Store::connect(&database.url(), &ConnectOptions::default()).await.unwrap();
    let (client, now) = (ClientId::new("app"), Instant::now());
    let long_ago = now.checked_sub(SUBJECTS_READ_FOR).unwrap();
    let keep = |number, at| store.subjects_read.keep(SessionId([number; 16]), &client, &read(number), at);
    // At its own instant neither is too old.
    let is_kept = |number, at| store.subjects_read.take(SessionId([number; 16]), &client, at).is_some();
    keep(1, long_ago);
    assert!(is_kept(1, long_ago));
    keep(1, long_ago);
    keep(2, now);
    // Not even where no row may be removed does it stay.
    assert_eq!(store.sweep(Timestamp(0), 0).await, Ok(0));
    assert_eq!((is_kept(1, long_ago), is_kept(2, now)), (false, true));
}
