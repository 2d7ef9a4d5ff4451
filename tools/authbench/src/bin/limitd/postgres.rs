//! Refresh tokens in PostgreSQL: one prepared statement for each, sent down a few connections that all requests share, without waiting
//! for the answer to the one before.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio_postgres::{Client, NoTls, Statement};

use crate::{now, CLIENT};

const TABLE: &str = "
    CREATE TABLE IF NOT EXISTS refresh(hash BYTEA PRIMARY KEY, client TEXT, sub TEXT, scope TEXT, exp BIGINT)";
const INSERT: &str = "INSERT INTO refresh VALUES($1,$2,$3,$4,$5)";
/// One statement takes the old token's place, so that of two that use it one wins.
const REPLACE: &str = "UPDATE refresh SET hash=$1, exp=$2 WHERE hash=$3";

/// The connections, in turn.
pub(crate) struct Postgres {
    connections: Vec<Connection>,
    next: AtomicUsize,
}

struct Connection {
    client: Client,
    insert: Statement,
    replace: Statement,
}

impl Postgres {
    /// So many connections to a database, in which the table is made.
    pub(crate) async fn connect(url: &str, connections: usize) -> Result<Self, tokio_postgres::Error> {
        let mut all = Vec::new();
        for _ in 0..connections.max(1) {
            let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
            tokio::spawn(connection);
            client.batch_execute(TABLE).await?;
            let (insert, replace) = (client.prepare(INSERT).await?, client.prepare(REPLACE).await?);
            all.push(Connection { client, insert, replace });
        }
        Ok(Self { connections: all, next: AtomicUsize::new(0) })
    }

    /// Records a new token in the place of the old one, if there was one. Whether that is durable.
    pub(crate) async fn write(&self, insert: [u8; 32], delete: Option<[u8; 32]>) -> bool {
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.connections.len();
        let Connection { client, insert: inserting, replace } = &self.connections[turn];
        let (hash, exp) = (&insert[..], (now() + 86400) as i64);
        let rows = match &delete {
            Some(old) => client.execute(replace, &[&hash, &exp, &&old[..]]).await,
            None => client.execute(inserting, &[&hash, &CLIENT, &"user-0001", &"openid", &exp]).await,
        };
        rows.is_ok_and(|rows| rows == 1)
    }
}
