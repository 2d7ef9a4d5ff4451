//! Every query text prepares on SQLite, and those of requests find their rows by an index.

use rusqlite::Connection;

use super::migrate::{MIGRATIONS, migrate};
use crate::sql;
use crate::value::Statement;

/// Texts that walk a table on purpose: whole directories, lists for operators, rare changes, and one bounded walk.
const WALKS: [&str; 9] = [
    "CLIENTS",
    "APIS",
    "KEYS",
    "USERS",
    "CONSENTS",
    "SESSION_CLIENTS",
    "DELETE_SESSIONS_OF_USER",
    "REVOKE_GRANTS_OF_CLIENT",
    "DELETE_CONSENTS_OF_CLIENT",
];

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
    for Statement { name, text } in sql::all() {
        let walks = walks(&connection, text);
        assert_eq!(WALKS.contains(name), !walks.is_empty(), "{name}: {walks:?}");
    }
}

#[test]
fn a_text_is_planned_once_whatever_values_it_is_given() {
    let connection = migrated();
    super::connection::harden(&connection).unwrap();
    for Statement { name, text } in sql::all() {
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
