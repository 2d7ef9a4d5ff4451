//! Refresh tokens in SQLite: one writer, which commits what is waiting as one transaction.

use std::sync::mpsc;
use std::thread;

use tokio::sync::oneshot;

use crate::{now, CLIENT};

/// Most writes of one transaction.
const BATCH_MAX: usize = 256;

/// The way to the writer.
pub(crate) struct Sqlite(mpsc::Sender<Write>);

struct Write {
    insert: [u8; 32],
    delete: Option<[u8; 32]>,
    done: oneshot::Sender<bool>,
}

impl Sqlite {
    /// A writer of this file, which synchronises it so well.
    pub(crate) fn open(file: &str, synchronous: &'static str) -> Self {
        let (sender, queue) = mpsc::channel();
        let file = file.to_owned();
        thread::spawn(move || serve(&file, synchronous, &queue));
        Self(sender)
    }

    /// Records a new token and removes the old one. Whether that is durable.
    pub(crate) async fn write(&self, insert: [u8; 32], delete: Option<[u8; 32]>) -> bool {
        let (done, wait) = oneshot::channel();
        self.0.send(Write { insert, delete, done }).is_ok() && wait.await.unwrap_or(false)
    }
}

/// Takes whatever has queued up, commits it in one transaction, then answers all of it.
fn serve(file: &str, synchronous: &str, queue: &mpsc::Receiver<Write>) {
    let connection = rusqlite::Connection::open(file).expect("opening the database");
    connection
        .execute_batch(&format!(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous={synchronous};
             CREATE TABLE IF NOT EXISTS refresh(hash BLOB PRIMARY KEY, client TEXT, sub TEXT, scope TEXT, exp INTEGER) WITHOUT ROWID;"
        ))
        .expect("preparing the database");
    let mut insert = connection.prepare("INSERT INTO refresh VALUES(?1,?2,?3,?4,?5)").expect("sql");
    let mut delete = connection.prepare("DELETE FROM refresh WHERE hash=?1").expect("sql");
    while let Ok(first) = queue.recv() {
        let mut batch = vec![first];
        while batch.len() < BATCH_MAX {
            match queue.try_recv() {
                Ok(next) => batch.push(next),
                Err(_) => break,
            }
        }
        let mut attempt = || -> rusqlite::Result<()> {
            connection.execute_batch("BEGIN IMMEDIATE")?;
            for write in &batch {
                if let Some(old) = &write.delete {
                    delete.execute([&old[..]])?;
                }
                insert.execute(rusqlite::params![
                    &write.insert[..],
                    CLIENT,
                    "user-0001",
                    "openid",
                    now() + 86400
                ])?;
            }
            connection.execute_batch("COMMIT")
        };
        let stored = attempt().is_ok();
        if !stored {
            let _ = connection.execute_batch("ROLLBACK");
        }
        for write in batch {
            let _ = write.done.send(stored);
        }
    }
}
