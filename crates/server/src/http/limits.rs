//! The limits of the edge (invariant I11).

use std::time::Duration;

/// Longest request target; a longer one is 414. An authorization request of 8 KiB fits, however it is escaped.
pub(super) const URI_BYTES_MAX: usize = 18 * 1024;
/// Most bytes of header fields; more are 431.
pub(super) const HEADER_BYTES_MAX: usize = 32 * 1024;
/// Most header fields; more are 431. It is also hyper's default for HTTP/1, which costs nothing there.
pub(super) const HEADERS_MAX: usize = 100;
/// What an HTTP/1 connection may buffer: a target and header fields together, with room to see that either is past its limit.
pub(super) const BUFFER_BYTES_MAX: usize = 36 * 1024;
/// Most requests at once on one HTTP/2 connection.
pub(crate) const STREAMS_MAX: u32 = 16;
/// Most bytes of the header fields of an HTTP/2 request, target and 32 for each field included (RFC 9113 §6.5.2).
pub(crate) const HEADER_LIST_BYTES_MAX: u32 = 16 * 1024;
/// What an HTTP/2 peer may send of bodies, on one stream and on all of a connection, before this server has read it.
pub(super) const WINDOW_BYTES: u32 = 65_535;
/// What of an answer waits for an HTTP/2 peer to take it.
pub(super) const SEND_BUFFER_BYTES_MAX: usize = 32 * 1024;
/// An address may have this part of the connections, where no number is set.
pub(super) const CONNECTIONS_ADDRESS_PART: usize = 4;
/// File descriptors kept for the database, outgoing requests, the metrics listener and the log.
pub(super) const FILES_RESERVED: usize = 128;
/// And for each core: every thread that serves has the database open for itself.
pub(super) const FILES_PER_CORE: usize = 4;
/// Most connections to the metrics listener.
pub(super) const METRICS_CONNECTIONS_MAX: usize = 64;

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
    /// Most connections at once; the longest idle one makes room for another.
    pub connections_max: usize,
    /// Most connections of one address (IPv6: one /64), trusted proxies apart; a quarter of all where it is absent.
    pub connections_address_max: Option<usize>,
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
            connections_address_max: None,
        }
    }
}

impl HttpLimits {
    /// The limits that a configuration asks for, within what the system's limit on open files leaves: a flood of
    /// connections must not take the descriptors that the database needs.
    pub fn from_config(server: &crate::config::Server) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self::within(server, file_limit().unwrap_or(usize::MAX), cores)
    }

    /// How many connections there may be at once where so many files may be open.
    pub fn connections_within(server: &crate::config::Server, files: usize) -> usize {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self::within(server, files, cores).connections_max
    }

    /// The same, where so many files may be open.
    pub(crate) fn within(server: &crate::config::Server, files: usize, cores: usize) -> Self {
        let files = files.saturating_sub(FILES_RESERVED + FILES_PER_CORE * cores).max(16);
        Self {
            drain: Duration::from_secs(server.drain_seconds),
            connections_max: server.connections_max.min(files),
            connections_address_max: server.connections_address_max,
            ..Self::default()
        }
    }

    /// Those of a listener that only the operator's own programs reach.
    pub(crate) fn of_metrics() -> Self {
        Self { connections_max: METRICS_CONNECTIONS_MAX, ..Self::default() }
    }

    /// Most connections of one address.
    pub(crate) fn connections_address_max(&self) -> usize {
        let part = (self.connections_max / CONNECTIONS_ADDRESS_PART).max(1);
        self.connections_address_max.unwrap_or(part).min(self.connections_max)
    }
}

/// The soft limit on open files of this process, where the system tells one.
#[cfg(unix)]
pub fn file_limit() -> Option<usize> {
    use rustix::process::{Resource, getrlimit};
    usize::try_from(getrlimit(Resource::Nofile).current?).ok()
}

/// The soft limit on open files of this process, where the system tells one.
#[cfg(not(unix))]
pub fn file_limit() -> Option<usize> {
    None
}

/// Raises the soft limit on open files to the hard one. The soft one, 1,024 nearly everywhere, is there for programs that
/// keep descriptors in sets of that size, which this one does not.
pub fn raise_file_limit() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit, setrlimit};
        let limit = getrlimit(Resource::Nofile);
        // A process may always do this. Where it may not, the lower limit holds as before.
        let _raised =
            setrlimit(Resource::Nofile, rustix::process::Rlimit { current: limit.maximum, ..limit });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k_03_the_soft_limit_on_open_files_is_raised_to_the_hard_one() {
        let before = file_limit();
        raise_file_limit();
        let hard = rustix::process::getrlimit(rustix::process::Resource::Nofile).maximum;
        assert_eq!(file_limit(), hard.and_then(|hard| usize::try_from(hard).ok()));
        assert!(file_limit() >= before || file_limit().is_none());
    }

    #[test]
    fn k_03_connections_leave_the_database_its_files() {
        let folder = tempfile::tempdir().unwrap();
        let server = crate::endpoint::tests::config(&folder).server;
        for files in [64, 1_024, 65_536] {
            let limits = HttpLimits::within(&server, files, 1);
            let kept = FILES_RESERVED + FILES_PER_CORE;
            assert!(limits.connections_max <= files.saturating_sub(kept).max(16), "{files}");
        }
        assert_eq!(HttpLimits::within(&server, 65_536, 64).connections_max, 10_000, "as it is set");
        assert!(HttpLimits::of_metrics().connections_max < FILES_RESERVED);
    }

    #[test]
    fn k_03_an_address_has_a_quarter_of_the_connections_unless_a_number_is_set() {
        let of = |connections_max, connections_address_max| {
            HttpLimits { connections_max, connections_address_max, ..HttpLimits::default() }
                .connections_address_max()
        };
        assert_eq!((of(896, None), of(2, None), of(896, Some(10)), of(896, Some(10_000))), (224, 1, 10, 896));
    }
}
