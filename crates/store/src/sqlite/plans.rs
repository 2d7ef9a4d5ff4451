//! Every query text prepares on SQLite, and those of requests find their rows by an index.

use rusqlite::{Connection, StatementStatus};

use super::migrate::{MIGRATIONS, migrate};
use crate::sql::{self, clients};
use crate::value::{Statement, Value, values};

fn migrated() -> Connection {
    let mut connection = Connection::open_in_memory().unwrap();
    migrate(&mut connection, MIGRATIONS).unwrap();
    connection
}

fn walks(connection: &Connection, text: &str) -> Vec<String> {
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {text}")).unwrap();
    let mut steps = statement.raw_query();
    let mut walks = Vec::new();
    while let Some(step) = steps.next().unwrap() {
        let detail: String = step.get(3).unwrap();
        if detail.starts_with("SCAN") && detail != "SCAN CONSTANT ROW" {
            walks.push(detail);
        }
    }
    walks
}

#[test]
fn every_text_prepares_and_numbers_its_parameters_without_a_gap() {
    let connection = migrated();
    for statement in sql::all() {
        if let Err(error) = super::bind::Prepared::new(&connection, statement.text) {
            panic!("{}: {error}", statement.name);
        }
    }
}

#[test]
fn cost_does_not_grow_with_rows_where_requests_wait() {
    let connection = migrated();
    for statement in sql::all() {
        let walks = walks(&connection, statement.text);
        assert_eq!(sql::may_walk(statement), !walks.is_empty(), "{}: {walks:?}", statement.name);
    }
}

#[test]
fn a_text_is_planned_once_whatever_values_it_is_given() {
    let connection = migrated();
    super::connection::harden(&connection).unwrap();
    for Statement { name, text, .. } in sql::all() {
        let mut statement = connection.prepare(text).unwrap();
        for value in 0..3_i64 {
            for parameter in 1..=statement.parameter_count() {
                statement.raw_bind_parameter(parameter, value).unwrap();
            }
            // What the values do is beside the point here: a constraint may refuse them.
            let _ = statement.raw_query().next().map(drop);
        }
        assert_eq!(statement.get_status(rusqlite::StatementStatus::RePrepare), 0, "{name}");
    }
}

/// A database with so many clients. All share one origin and have one of their own; every second one is disabled.
fn with_clients(count: i64) -> Connection {
    let connection = migrated();
    let fill = format!(
        "INSERT INTO clients (id, metadata, disabled, created_at)
             WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count})
             SELECT 'client-' || n, '{{}}', n % 2, 0 FROM numbers;
         INSERT INTO client_secrets (client_id, hash, created_at) SELECT id, zeroblob(32), 0 FROM clients;
         INSERT INTO client_origins (origin, disabled, client_id)
             SELECT 'https://shared.example', disabled, id FROM clients
             UNION ALL SELECT 'https://' || id || '.example', disabled, id FROM clients;"
    );
    connection.execute_batch(&fill).unwrap();
    connection
}

/// The steps that the engine's machine takes to run a statement: a measure of work that is the same on every run.
fn machine_steps(connection: &Connection, statement: &Statement, values: &[Value<'_>]) -> i32 {
    let mut prepared = connection.prepare(statement.text).unwrap();
    super::bind::bind(&mut prepared, values).unwrap();
    let mut rows = prepared.raw_query();
    while rows.next().unwrap().is_some() {}
    drop(rows);
    prepared.get_status(StatementStatus::VmStep)
}

#[test]
fn a_hundred_thousand_clients_make_no_step_more_than_ten_do() {
    let work = [10, 100_000].map(|count| {
        let connection = with_clients(count);
        let steps = |statement, values: &[Value<'_>]| machine_steps(&connection, statement, values);
        let (new, known) = ("client-new", "client-9");
        [
            steps(&clients::INSERT_CLIENT, &values![new.to_owned(), "{}".to_owned(), false, 0]),
            steps(&clients::INSERT_CLIENT_SECRET, &values![new.to_owned(), [7; 32], 0, None::<i64>]),
            steps(
                &clients::INSERT_CLIENT_ORIGIN,
                &values![new.to_owned(), "https://shared.example".to_owned()],
            ),
            steps(&clients::CLIENT, &[new.into()]),
            steps(&clients::CLIENT, &[known.into()]),
            steps(&clients::CLIENT, &["client-none".into()]),
            steps(&clients::CLIENT_FACTS, &[known.into()]),
            steps(
                &clients::CLIENT_OF_ORIGIN,
                &["https://shared.example".into(), "https://shared.example".into()],
            ),
            steps(
                &clients::CLIENT_OF_ORIGIN,
                &["https://client-9.example".into(), "https://client-9.example".into()],
            ),
            steps(
                &clients::CLIENT_OF_ORIGIN,
                &["https://none.example".into(), "https://none.example".into()],
            ),
            steps(&clients::UPDATE_CLIENT, &values![known.to_owned(), "{}".to_owned()]),
            steps(&clients::SET_CLIENT_DISABLED, &values![known.to_owned(), true]),
            steps(&clients::SET_CLIENT_ORIGINS_DISABLED, &values![known.to_owned(), true]),
            steps(&clients::DELETE_CLIENT_ORIGINS, &[known.into()]),
            steps(&clients::DELETE_CLIENT_SECRETS, &[known.into()]),
            steps(&clients::DELETE_CLIENT, &[known.into()]),
        ]
    });
    assert_eq!(work[0], work[1]);
    assert!(work[0].iter().all(|steps| (5..200).contains(steps)), "{work:?}");
}
