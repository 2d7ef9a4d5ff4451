//! Each column that a redemption of what was read before rests on, changed alone.

use proofkey_protocol::{Authentication, Commit, Committed, SessionFacts};
use tokio_postgres::Client;

use super::as_read::{consented, redeemed};
use super::read;
use crate::support::{
    FAILURES_MAX, NOW, by_password, client, grant, grant_id, redeem, session, sign_in, user,
};

/// One column at a time, each with what makes it as it was: no rule of ours comes to help.
const COLUMNS: [(&str, &str, &str); 18] = [
    ("users", "disabled = 1", "disabled = 0"),
    ("users", "valid_from = valid_from + 1", "valid_from = valid_from - 1"),
    ("users", "valid_from = valid_from - 1", "valid_from = valid_from + 1"),
    ("sessions", "user_id = 'u-bob'", "user_id = 'u-ada'"),
    ("sessions", "auth_time = auth_time + 1", "auth_time = auth_time - 1"),
    ("sessions", "expires_at = expires_at + 1", "expires_at = expires_at - 1"),
    ("sessions", "remembered = 1", "remembered = 0"),
    ("sessions", "valid_from = valid_from + 1", "valid_from = valid_from - 1"),
    ("sessions", "valid_from = NULL", "valid_from = 1790000000"),
    ("sessions", "seen_at = seen_at - 1", "seen_at = seen_at + 1"),
    ("clients", "disabled = 1", "disabled = 0"),
    ("clients", "valid_from = valid_from + 1", "valid_from = valid_from - 1"),
    ("consents", "allowed = '1 1790000000 openid'", "allowed = '1 1790000000 openid read'"),
    ("consents", "user_id = 'u-bob'", "user_id = 'u-ada'"),
    ("grants", "suspect = 1", "suspect = 0"),
    ("code_failures", "failures = 3", "failures = 2"),
    ("directory_versions", "keys = keys + 1", "keys = keys - 1"),
    ("directory_versions", "apis = apis + 1", "apis = apis - 1"),
];

/// Sets a column in the row of a table that the redemption looks at; the same stands beside it in the rows of others.
async fn set(master: &Client, table: &str, column: &str) {
    let row = match table {
        "users" => "id = 'u-ada'",
        "sessions" => "acr IS NOT NULL",
        "clients" => "id = 'app'",
        _ => "true",
    };
    let text = format!("UPDATE {table} SET {column} WHERE {row}");
    assert_eq!(master.execute(&text, &[]).await.unwrap(), 1, "{text}");
}

#[tokio::test]
async fn st_08_v_30_each_column_that_a_redemption_rests_on_is_compared() {
    let (world, node) = consented().await;
    world.store.add_user(user("bob")).await.unwrap();
    world.store.add_client(client("other")).await.unwrap();
    let elsewhere = Authentication { context: None, ..by_password(NOW) };
    world.applied(sign_in(SessionFacts { authentication: elsewhere, ..session(5) })).await;
    world.applied(redeem(grant(100))).await;
    for _ in 1..FAILURES_MAX {
        world.applied(Commit::CountCodeFailure { code: grant_id(1), keep_until: NOW + 60 }).await;
    }
    let master = world.database.0.master().await;
    for (table, change, undo) in COLUMNS {
        let basis = read(&node).await;
        set(&master, table, change).await;
        assert_eq!(redeemed(&node, 1, basis).await, Committed::Conflict, "{table} {change}");
        assert!(world.grant(1).await.is_none(), "{table} {change}");
        set(&master, table, undo).await;
    }
    // What was absent when it was read.
    for (table, absent, change) in [
        ("sessions", "valid_from = NULL", "valid_from = 1790000000"),
        ("consents", "client_id = 'other'", "client_id = 'app'"),
    ] {
        set(&master, table, absent).await;
        let basis = read(&node).await;
        set(&master, table, change).await;
        assert_eq!(redeemed(&node, 1, basis).await, Committed::Conflict, "{table} {change}");
    }
    // All is as it was, and a code that was redeemed before is the same in all of this.
    let basis = read(&node).await;
    assert_eq!(redeemed(&node, 1, basis).await, Committed::Applied);
    let basis = read(&node).await;
    assert_eq!(redeemed(&node, 1, basis).await, Committed::Conflict);
}
