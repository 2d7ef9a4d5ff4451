//! Every query text prepares on PostgreSQL, its parameters are what we bind, and those of requests find their rows by an
//! index.

use std::collections::HashMap;

use tokio_postgres::Client;
use tokio_postgres::types::Type;

use super::super::connection::{Isolation, Session};
use super::super::engine::TIME;
use super::{migrated, session};
use crate::sql;
use crate::value::{Decides, Statement};

#[tokio::test]
async fn every_text_prepares_and_takes_and_gives_what_we_bind_and_read() {
    let database = migrated().await;
    let session = session(&database).await;
    for statement in sql::all() {
        let prepared = session.client().prepare(statement.text).await;
        let prepared = prepared.unwrap_or_else(|error| panic!("{}: {error:?}", statement.name));
        for parameter in prepared.params() {
            let bound = [Type::INT8, Type::TEXT, Type::BYTEA].contains(parameter);
            assert!(bound, "{} takes {parameter}", statement.name);
        }
        for column in prepared.columns() {
            let read = [Type::INT8, Type::INT4, Type::BOOL, Type::TEXT, Type::BYTEA].contains(column.type_());
            assert!(read, "{} gives {} as {}", statement.name, column.name(), column.type_());
        }
    }
}

/// Each index with the column that it is sorted by first.
async fn leading_columns(client: &Client) -> HashMap<String, String> {
    let text = "SELECT x.indexrelid::regclass::text, a.attname::text FROM pg_index AS x
         JOIN pg_attribute AS a ON a.attrelid = x.indrelid AND a.attnum = x.indkey[0]";
    client.query(text, &[]).await.unwrap().iter().map(|row| (row.get(0), row.get(1))).collect()
}

/// The plan that serves whatever values there are.
async fn plan(client: &Client, statement: &Statement) -> Vec<String> {
    let parameters = client.prepare(statement.text).await.unwrap().params().len();
    let arguments =
        if parameters == 0 { String::new() } else { format!("({})", vec!["NULL"; parameters].join(", ")) };
    client.batch_execute(&format!("PREPARE planned AS {}", statement.text)).await.unwrap();
    let plan = client.query(&format!("EXPLAIN EXECUTE planned{arguments}"), &[]).await;
    client.batch_execute("DEALLOCATE planned").await.unwrap();
    plan.unwrap().iter().map(|row| row.get(0)).collect()
}

/// The nodes of a plan that go over a whole table, or over a whole index because they know nothing of what it is sorted by.
fn walks<'p>(plan: &'p [String], leading: &HashMap<String, String>) -> Vec<&'p str> {
    let is_walk = |(at, line): &(usize, &'p String)| {
        let Some((_, index)) = line.split_once("Scan using ").or_else(|| line.split_once("Backward using "))
        else {
            return line.contains("Seq Scan");
        };
        let column = &leading[index.split(' ').next().unwrap()];
        !plan.get(at + 1).is_some_and(|next| next.contains("Index Cond") && next.contains(column.as_str()))
    };
    plan.iter().enumerate().filter(is_walk).map(|(_, line)| line.trim()).collect()
}

/// The planner is told to avoid what does not scale, so that tables without rows are planned as large ones.
#[tokio::test]
async fn cost_does_not_grow_with_rows_where_requests_wait() {
    let database = migrated().await;
    let client = database.master().await;
    let large =
        "SET enable_seqscan = off; SET enable_bitmapscan = off; SET plan_cache_mode = force_generic_plan";
    client.batch_execute(large).await.unwrap();
    let leading = leading_columns(&client).await;
    for statement in sql::all() {
        let plan = plan(&client, statement).await;
        let walks = walks(&plan, &leading);
        assert_eq!(sql::may_walk(statement), !walks.is_empty(), "{}: {walks:?}", statement.name);
    }
}

/// Tables so small that the planner would walk them, as statistics say.
const FEW_ROWS: &str = "
    INSERT INTO users (id, username, username_key, display_name, disabled, valid_from, created_at, updated_at, claims)
        SELECT 'u-' || n, 'u' || n, 'u' || n, '', 0, 0, 0, 0, '{}' FROM generate_series(1, 9) AS n;
    INSERT INTO grants (id, client_id, user_id, session_id, scope, auth_time, created_at, expires_at, ends_at,
                        session_bound, generation)
        SELECT decode(lpad(to_hex(n), 32, '0'), 'hex'), 'app', 'u-1', '', '', 0, 0, 0, 0, 0, 0
        FROM generate_series(1, 9) AS n;
    ANALYZE";

#[tokio::test]
async fn st_02_what_is_serializable_walks_no_small_table_either() {
    let database = migrated().await;
    database.master().await.batch_execute(FEW_ROWS).await.unwrap();
    let mut session = session(&database).await;
    session.client().batch_execute("SET plan_cache_mode = force_generic_plan").await.unwrap();
    let leading = leading_columns(session.client()).await;
    let walked = async |session: &Session| {
        let plan = plan(session.client(), &sql::grants::REDEEM_CODE_AS_READ).await;
        walks(&plan, &leading).iter().map(|&walk| walk.to_owned()).collect::<Vec<_>>()
    };
    let none: [&str; 0] = [];
    assert_ne!(walked(&session).await, none, "otherwise this shows nothing");
    session.isolate(Isolation::Serializable).await.unwrap();
    assert_eq!(walked(&session).await, none);
    // Else a walk that cannot be avoided would count as dear enough for the server to compile the statement.
    let jit = session.client().query_one("SELECT current_setting('jit')", &[]).await.unwrap();
    assert_eq!(jit.get::<_, &str>(0), "off");
    session.isolate(Isolation::ReadCommitted).await.unwrap();
    assert_ne!(walked(&session).await, none, "what reads many rows may walk");
}

#[test]
fn a_text_that_looks_at_other_rows_does_not_decide_by_its_own() {
    for statement in sql::all() {
        let looks = statement.text.contains("SELECT") || statement.text.contains("EXISTS");
        assert_eq!(statement.decides == Decides::ByOthers, looks, "{}", statement.name);
        let writes =
            ["INSERT", "UPDATE", "DELETE"].iter().any(|word| statement.text.trim_start().starts_with(word));
        assert!(writes || looks, "{}", statement.name);
    }
    let by_row = |statement: &Statement| statement.decides == Decides::ByItsRow;
    assert!(by_row(&sql::grants::USE_REFRESH_TOKEN) && by_row(&sql::failures::RESERVE_SIGN_IN_FAILURE));
    assert!(!by_row(&sql::grants::REDEEM_CODE) && !by_row(&sql::grants::REDEEM_CODE_AS_READ));
    assert!(!by_row(&sql::sweep::SWEEP_GRANTS));
}

#[tokio::test]
async fn st_05_the_one_text_that_reads_the_servers_clock_does_nothing_else() {
    let text = TIME.text;
    assert!(text.starts_with("SELECT CAST(") && text.ends_with(" AS BIGINT)"), "{text}");
    assert_eq!(text.matches("clock_timestamp()").count(), 1);
    for word in ["WHERE", "INSERT", "UPDATE", "DELETE", "$", ";"] {
        assert!(!text.contains(word), "{text}");
    }
    let database = migrated().await;
    let store = crate::Store::connect(&database.url(), &crate::ConnectOptions::default()).await.unwrap();
    let (before, after) = (store.server_time().await.unwrap(), store.server_time().await.unwrap());
    assert!(before.unwrap() > 1_577_836_800_000 && before <= after);
}
