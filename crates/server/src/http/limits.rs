//! The limits of the edge (invariant I11).

use std::time::Duration;

/// Longest request target; a longer one is 414.
pub(super) const URI_BYTES_MAX: usize = 32 * 1024;
/// Most bytes of header fields; more are 431.
pub(super) const HEADER_BYTES_MAX: usize = 32 * 1024;
/// Most header fields; more are 431. It is also hyper's default for HTTP/1, which costs nothing there.
pub(super) const HEADERS_MAX: usize = 100;
/// What a connection may buffer: a target and header fields at their limits, with room to see that they are past them.
pub(super) const BUFFER_BYTES_MAX: usize = 72 * 1024;
/// Most requests at once on one HTTP/2 connection.
pub(super) const STREAMS_MAX: u32 = 100;
/// File descriptors kept for the database, outgoing requests, the metrics listener and the log.
const FILES_RESERVED: usize = 128;

/// Times and counts that a listener holds its peers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpLimits {
    /// For all header fields of a request, and for the first byte of a connection.
    pub header_read: Duration,
    /// For the whole body of a request.
    pub body_read: Duration,
    /// For a TLS handshake.
    pub handshake: Duration,
    /// For any progress of a write.
    pub write_stall: Duration,
    /// For a connection without a request, and for one on which no request begins or ends while some are in flight.
    pub idle: Duration,
    /// Whether answers may go on for ever, as a stream of events does: then only connections without a request are idle.
    pub endless_answers: bool,
    /// For requests in flight after a stop signal.
    pub drain: Duration,
    /// Most connections at once; further ones wait in the system's queue.
    pub connections_max: usize,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            header_read: Duration::from_secs(10),
            body_read: Duration::from_secs(10),
            handshake: Duration::from_secs(10),
            write_stall: Duration::from_secs(30),
            idle: Duration::from_secs(60),
            endless_answers: false,
            drain: Duration::from_secs(10),
            connections_max: 10_000,
        }
    }
}

impl HttpLimits {
    /// The limits that a configuration asks for, within what the system's limit on open files leaves: a flood of
    /// connections must not take the descriptors that the database needs.
    pub fn from_config(server: &crate::config::Server) -> Self {
        let files = file_limit().map_or(usize::MAX, |files| files.saturating_sub(FILES_RESERVED).max(16));
        Self {
            drain: Duration::from_secs(server.drain_seconds),
            connections_max: server.connections_max.min(files),
            ..Self::default()
        }
    }
}

/// The soft limit on open files of this process, where the system tells.
pub fn file_limit() -> Option<usize> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    soft_limit(&limits)
}

fn soft_limit(limits: &str) -> Option<usize> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f_25_the_limit_on_open_files_is_read() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units\n\
                      Max processes             63382                63382                processes\n\
                      Max open files            1024                 1048576              files\n";
        assert_eq!(soft_limit(limits), Some(1_024));
        assert_eq!(
            soft_limit("Max open files            unlimited            unlimited            files\n"),
            None
        );
        assert_eq!(soft_limit(""), None);
    }
}
