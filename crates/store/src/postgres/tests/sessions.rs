//! Sessions that are one's own.

use proofkey_testkit::postgres::TestDatabase;

use super::super::admission::refuse_shared_session;
use super::session;
use crate::fault::Fault;

/// A pooler that gives each transaction another connection has one session for several clients.
#[tokio::test]
async fn st_15_two_connections_that_share_a_session_are_refused() {
    let database = TestDatabase::create("template0").await;
    let (one, other) = (session(&database).await, session(&database).await);
    assert_eq!(refuse_shared_session(&one, &other).await, Ok(()));
    assert_eq!(refuse_shared_session(&one, &one).await, Err(Fault::SharedSession));
}
