//! The URL of a database: which hosts, in which order, and over which of them the link is encrypted and checked.

use std::net::IpAddr;
use std::path::Path;

use proofkey_oauth::Params;
use tokio_postgres::Config;
use tokio_postgres::config::{Host as Place, SslMode, TargetSessionAttrs};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::tls;
use crate::fault::Fault;

const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];

/// Parameters that the driver reads by itself.
const KNOWN: [&str; 9] = [
    "application_name",
    "channel_binding",
    "dbname",
    "host",
    "keepalives",
    "keepalives_idle",
    "options",
    "password",
    "port",
];

const DEFAULT_PORT: u16 = 5432;
const APPLICATION: &str = "proofkey";

/// Where a database is.
pub(super) struct Target {
    /// In the order in which they are tried: at least one.
    pub(super) hosts: Vec<Host>,
}

/// One server.
pub(super) struct Host {
    /// As messages name it: without user and password.
    pub(super) name: String,
    pub(super) config: Config,
    pub(super) tls: Option<MakeRustlsConnect>,
}

/// What `sslmode` may say.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Link {
    Plain,
    Verified,
}

/// Reads a URL. Messages never hold a piece of it but the names of hosts and of the file of certificates.
pub(super) fn read(url: &str) -> Result<Target, Fault> {
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    if !SCHEMES.iter().any(|scheme| base.starts_with(scheme)) {
        return Err(wrong("does not begin with postgres:// or postgresql://"));
    }
    let ours =
        Params::parse(query.as_bytes()).map_err(|_| wrong("has a query that is no list of parameters"))?;
    let config = driver(base, query)?;
    if ours.first("target_session_attrs").is_some_and(|asked| asked != "read-write") {
        return Err(wrong("asks for other `target_session_attrs` than read-write, the only one that serves"));
    }
    let asked = ours.first("sslmode").map(link).transpose()?;
    let roots = ours.first("sslrootcert").filter(|file| *file != "system").map(Path::new);
    let places: Vec<_> = config.get_hosts().iter().cloned().zip(ports(&config)?).collect();
    if places.is_empty() {
        return Err(wrong("names no host"));
    }
    let mut tls = None;
    let mut hosts = Vec::with_capacity(places.len());
    for (place, port) in places {
        let link = if is_socket(&place) { Link::Plain } else { asked.unwrap_or(by_default(&place)) };
        if link == Link::Verified && tls.is_none() {
            tls = Some(tls::connector(roots)?);
        }
        hosts.push(host(&config, place, port, tls.clone().filter(|_| link == Link::Verified)));
    }
    Ok(Target { hosts })
}

/// What the driver makes of the URL, without the parameters that are ours.
fn driver(base: &str, query: &str) -> Result<Config, Fault> {
    const OURS: [&str; 3] = ["sslmode", "sslrootcert", "target_session_attrs"];
    let mut handed_on = Vec::new();
    for piece in query.split('&').filter(|piece| !piece.is_empty()) {
        let key = piece.split_once('=').map_or(piece, |(key, _)| key);
        if KNOWN.contains(&key) {
            handed_on.push(piece);
        } else if !OURS.contains(&key) {
            // Its name may be a piece of a password.
            let reason = format!(
                "has a parameter that is none of {}, {}; in a user's name and password write `?` as %3F",
                OURS.join(", "),
                KNOWN.join(", ")
            );
            return Err(Fault::Url { reason });
        }
    }
    let unreadable = "cannot be read: write postgres://user:password@host:5432/database, and in a user's name and \
                      password `@` as %40, `:` as %3A, `/` as %2F";
    let config: Config = format!("{base}?{}", handed_on.join("&")).parse().map_err(|_| wrong(unreadable))?;
    let is_name =
        |place: &Place| !matches!(place, Place::Tcp(name) if name.contains(['@', ' ']) || name.is_empty());
    if config.get_hosts().iter().all(is_name) { Ok(config) } else { Err(wrong(unreadable)) }
}

/// The port of each host.
fn ports(config: &Config) -> Result<Vec<u16>, Fault> {
    let count = config.get_hosts().len();
    match *config.get_ports() {
        [] => Ok(vec![DEFAULT_PORT; count]),
        [one] => Ok(vec![one; count]),
        ref many if many.len() == count => Ok(many.to_vec()),
        _ => Err(wrong("names more than one port, and not one for each host")),
    }
}

fn link(mode: &str) -> Result<Link, Fault> {
    match mode {
        "disable" => Ok(Link::Plain),
        // A link that is encrypted to any server that answers protects nothing: who asks for less gets all of it.
        "require" | "verify-ca" | "verify-full" => Ok(Link::Verified),
        _ => Err(wrong("has an `sslmode` other than disable and verify-full")),
    }
}

/// No stranger listens between this machine and itself.
fn by_default(place: &Place) -> Link {
    let is_local = match place {
        Place::Tcp(name) => {
            name.eq_ignore_ascii_case("localhost") || name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
        }
        Place::Unix(_) => true,
    };
    if is_local { Link::Plain } else { Link::Verified }
}

const fn is_socket(place: &Place) -> bool {
    matches!(place, Place::Unix(_))
}

/// The settings of one host.
fn host(of: &Config, place: Place, port: u16, tls: Option<MakeRustlsConnect>) -> Host {
    let mut config = Config::new();
    let name = match place {
        Place::Tcp(name) => {
            config.host(&name);
            format!("{name}:{port}")
        }
        Place::Unix(folder) => {
            let name = format!("{}:{port}", folder.display());
            config.host_path(folder);
            name
        }
    };
    config
        .port(port)
        .application_name(of.get_application_name().unwrap_or(APPLICATION))
        .channel_binding(of.get_channel_binding())
        .keepalives(of.get_keepalives())
        .keepalives_idle(of.get_keepalives_idle())
        .target_session_attrs(TargetSessionAttrs::ReadWrite)
        .ssl_mode(if tls.is_some() { SslMode::Require } else { SslMode::Disable });
    if let Some(user) = of.get_user() {
        config.user(user);
    }
    if let Some(password) = of.get_password() {
        config.password(password);
    }
    if let Some(database) = of.get_dbname() {
        config.dbname(database);
    }
    if let Some(options) = of.get_options() {
        config.options(options);
    }
    Host { name, config, tls }
}

fn wrong(reason: &str) -> Fault {
    Fault::Url { reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(url: &str) -> Vec<(String, bool)> {
        read(url).unwrap().hosts.into_iter().map(|host| (host.name, host.tls.is_some())).collect()
    }

    #[test]
    fn the_link_is_verified_unless_it_stays_on_this_machine_or_the_url_says_otherwise() {
        for (url, expected) in [
            ("postgres://u:p@db.example/proofkey", &[("db.example:5432", true)][..]),
            ("postgresql://u@127.0.0.1:6000/x", &[("127.0.0.1:6000", false)]),
            ("postgres://u@localhost/x", &[("localhost:5432", false)]),
            ("postgres://u@[::1]:7/x", &[("::1:7", false)]),
            ("postgres://u@%2Fvar%2Frun%2Fpostgresql/x", &[("/var/run/postgresql:5432", false)]),
            ("postgres:///x?host=/run/pg", &[("/run/pg:5432", false)]),
            ("postgres://u@a:1,b:2/x", &[("a:1", true), ("b:2", true)]),
            ("postgres://u@a:1,127.0.0.1:2/x", &[("a:1", true), ("127.0.0.1:2", false)]),
            ("postgres://u@db/x?sslmode=disable", &[("db:5432", false)]),
            ("postgres://u@db/x?sslmode=require", &[("db:5432", true)]),
            ("postgres://u@127.0.0.1/x?sslmode=verify-full", &[("127.0.0.1:5432", true)]),
            ("postgres://u@db/x?target_session_attrs=read-write&application_name=n", &[("db:5432", true)]),
        ] {
            let expected: Vec<_> = expected.iter().map(|(name, tls)| ((*name).to_owned(), *tls)).collect();
            assert_eq!(links(url), expected, "{url}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused_and_no_password_is_told() {
        for url in [
            "mysql://u:s3cret@db/x",
            "/var/lib/proofkey.db",
            "postgres:///x",
            "postgres://u:s3cret@db:port/x",
            "postgres://u:p@s3cret@db/x",
            "postgres://u:p?s3cret=1@db/x",
            "postgres://u:s3cret@db/x?sslmode=prefer",
            "postgres://u:s3cret@db/x?sslmode=allow",
            "postgres://u:s3cret@db/x?target_session_attrs=any",
            "postgres://u:s3cret@a,b/x?port=1,2,3",
            "postgres://u:s3cret@db/x?sslrootcert=/nonexistent/ca.pem",
            "postgres://u:s3cret@db/x?%zz",
        ] {
            let told = read(url).err().unwrap_or_else(|| panic!("{url}")).to_string();
            assert!(told.starts_with("the URL of the database "), "{told}");
            assert!(!told.contains("s3cret"), "{told}");
        }
    }
}
