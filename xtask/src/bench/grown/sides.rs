//! The two installations that are held against each other, and what is read of them from outside.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use super::report::Run;
use crate::bench::installation::BenchInstallation;
use crate::bench::postgres::Postgres;
use crate::bench::report::number;
use crate::bench::served::Served;
use crate::bench::tools::Tools;

/// What is measured, in the words of the load generator.
pub(super) const CODE_FLOW: &str = "code-flow";
/// Where the server tells how many rows it has removed.
pub(super) const METRICS: &str = "127.0.0.1:9212";

/// An installation, and the database server that it is on, if it is on one.
pub(super) struct Side<'p> {
    pub(super) installation: BenchInstallation,
    target: PathBuf,
    postgres: Option<(&'p Postgres, &'static str)>,
}

impl<'p> Side<'p> {
    pub(super) fn new(
        name: &'static str,
        proofkey: &Path,
        directory: &Path,
        address: &'static str,
        postgres: Option<&'p Postgres>,
    ) -> Result<Self> {
        let url = postgres.map(|postgres| postgres.database(name)).transpose()?;
        let installation =
            BenchInstallation::without_users(name, proofkey, directory, address, url.as_deref())?;
        Ok(Self { installation, target: PathBuf::new(), postgres: postgres.map(|postgres| (postgres, name)) })
    }

    /// Fills its database.
    pub(super) fn seed(&mut self, rows: &[(&str, u64)]) -> Result<()> {
        self.target = self.installation.seed(rows)?;
        match self.postgres {
            Some((postgres, database)) => postgres.analyze(database),
            None => Ok(()),
        }
    }

    pub(super) fn target(&self) -> &Path {
        &self.target
    }

    /// One run of code flows, with what it cost the database server beside ours.
    pub(super) fn flows(&self, tools: &Tools, served: &Served, seconds: u32) -> Result<Run> {
        let before = self.database_seconds();
        let run = tools.load_after(served, &self.target, CODE_FLOW, [0, seconds])?;
        let database = self.database_seconds().zip(before).map(|(after, before)| after - before);
        let database_us = database.map(|seconds| anyhow::Ok(seconds * 1e6 / number(&run, "ops")?));
        Ok(Run {
            rss_mib: number(&run, "rss_mib")?,
            server_us: number(&run, "server_cpu_us_per_op")?,
            database_us: database_us.transpose()?.unwrap_or_default(),
            p50: number(&run, "p50")?,
            p99: number(&run, "p99")?,
            failed: number(&run, "errors")?,
        })
    }

    /// Flows of its users in order, from one on: how many were done.
    pub(super) fn flows_in_order(
        &self,
        tools: &Tools,
        served: &Served,
        from: u64,
        seconds: u32,
    ) -> Result<u64> {
        let run = tools.load_in_order(served, &self.target, CODE_FLOW, (from, seconds))?;
        ensure!(number(&run, "errors")? == 0.0, "flows of users in order fail: {run}");
        Ok(number(&run, "ops")? as u64)
    }

    /// Bytes of its data, and of a log beside them.
    pub(super) fn size(&self) -> Result<[u64; 2]> {
        match self.postgres {
            Some((postgres, database)) => Ok([postgres.size(database)?, 0]),
            None => Ok(self.installation.file_sizes()),
        }
    }

    fn database_seconds(&self) -> Option<f64> {
        self.postgres.map(|(postgres, _)| postgres.cpu_seconds())
    }
}

/// How many expired rows the server at [`METRICS`] has removed.
pub(super) fn rows_swept() -> Result<u64> {
    let mut stream = TcpStream::connect(METRICS).context("the metrics cannot be read")?;
    stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: metrics\r\nconnection: close\r\n\r\n")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    let line = text.lines().find_map(|line| line.strip_prefix("proofkey_rows_swept_total "));
    line.and_then(|count| count.trim().parse().ok()).context("the server tells no rows_swept")
}
