//! The page: the lists of all modules, and the products.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use super::products::PRODUCTS;
use super::{Limit, Scope, Value, inputs, lives, sign_in, store};
use crate::config::Config;
use crate::endpoint::BROWSER_LIMITS;
use crate::{clients, http, log, refusal_record};

/// The soft limits on open files for which products are worked out: the usual one, and what service managers grant.
const FILES: [usize; 2] = [1_024, 65_536];

const HEAD: &str = "\
# Limits: what one may hold, what all may hold

Made from the constants and the defaults in the code by `cargo xtask limits`; a test fails when it is stale. Names in the form
`section.key` are settings, with their defaults; all else is fixed. *Address* is an IPv4 address or the /64 of an IPv6 address;
networks in `server.trusted_proxies` are exempt from what an address may hold, for they speak for many. The test in the last column
shows the limit, or what happens beyond it.
";

const PRODUCTS_HEAD: &str = "\
## What the limits multiply to

The soft limit on open files is raised to the hard one at start, so the hard one counts (`ulimit -Hn`, `LimitNOFILE=`). On
a machine of two cores:
";

/// Every list, with its heading.
const LISTS: &[(&str, &[Limit])] = &[
    ("Connections", http::bounds::CONNECTIONS),
    ("Requests", http::bounds::REQUESTS),
    ("What a request, a registration and a file may contain", inputs::INPUTS),
    ("Browsers", BROWSER_LIMITS),
    ("Failures, and what one user may hold", sign_in::FAILURES),
    ("Passwords", sign_in::HASHES),
    ("Clients", clients::LIMITS),
    ("Codes, tokens, sessions and keys", lives::LIVES),
    ("The store", store::STORE),
    ("The log", log::LIMITS),
    ("The record of refusals", refusal_record::LIMITS),
];

fn defaults() -> Config {
    let text = "issuer = \"https://id.example\"\n[store]\ndata = \"data\"\n";
    let key =
        ("PROOFKEY_KEYS__SEALING_KEY".to_owned(), "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=".to_owned());
    Config::parse(text, Path::new("/etc/proofkey.toml"), [key]).unwrap()
}

fn render() -> String {
    let config = defaults();
    let mut page = HEAD.to_owned();
    let mut heading = "";
    for (title, limits) in LISTS {
        if *title != heading {
            heading = title;
            write!(page, "\n## {title}\n\n").unwrap();
            page.push_str(
                "| what | limit | of | beyond it | it bounds | test |\n|---|---|---|---|---|---|\n",
            );
        }
        for Limit { name, value, scope, beyond, bounds, test } in *limits {
            let (value, scope) = (shown(*value, &config), named(*scope));
            writeln!(page, "| {name} | {value} | {scope} | {beyond} | {bounds} | `{test}` |").unwrap();
        }
    }
    write!(
        page,
        "\n{PRODUCTS_HEAD}\n| product | how | {} open files | {} open files |\n|---|---|---|---|\n",
        grouped(FILES[0]),
        grouped(FILES[1])
    )
    .unwrap();
    for product in PRODUCTS {
        let [few, many] = FILES.map(|files| shown((product.value)(&config, files), &config));
        writeln!(page, "| {} | {} | {few} | {many} |", product.name, product.factors).unwrap();
    }
    page
}

fn shown(value: Value, config: &Config) -> String {
    match value {
        Value::Bytes(bytes) if bytes >= 10 << 30 => format!("{} GiB", bytes >> 30),
        Value::Bytes(bytes) if bytes >= 10 << 20 || (bytes >= 1 << 20 && bytes % (1 << 20) == 0) => {
            format!("{} MiB", bytes >> 20)
        }
        Value::Bytes(bytes) if bytes >= 1 << 20 => format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20)),
        Value::Bytes(bytes) if bytes >= 1 << 10 => format!("{} KiB", bytes.div_ceil(1 << 10)),
        Value::Bytes(bytes) => format!("{bytes} bytes"),
        Value::Count(count) => grouped(count),
        Value::Seconds(seconds) => format!("{} s", grouped(usize::try_from(seconds).unwrap())),
        Value::Millis(millis) => format!("{millis} ms"),
        Value::Hours(hours) => format!("{hours} hours"),
        Value::Days(days) => format!("{days} days"),
        Value::Part(part, of) => format!("1/{part} of {of}"),
        Value::Setting(of) => shown(of(config), config),
    }
}

/// With a comma before each three digits.
fn grouped(count: usize) -> String {
    let digits = count.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

const fn named(scope: Scope) -> &'static str {
    match scope {
        Scope::Request => "a request",
        Scope::Connection => "a connection",
        Scope::Address => "an address",
        Scope::Network => "a /48 of IPv6",
        Scope::Account => "an account",
        Scope::Device => "a known device",
        Scope::Client => "a client at an address",
        Scope::User => "a user",
        Scope::UserAndClient => "a user and client",
        Scope::Code => "a code",
        Scope::Token => "a token",
        Scope::Grant => "a grant",
        Scope::Session => "a session",
        Scope::Key => "a signing key",
        Scope::Browser => "a browser",
        Scope::All => "all",
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every source below a folder, as one text.
fn sources(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn k_02_docs_limits_is_what_the_code_says() {
    let (path, page) = (root().join("docs/limits.md"), render());
    #[expect(clippy::disallowed_methods, reason = "a test's own switch, which `cargo xtask limits` sets")]
    let is_to_be_written = std::env::var_os("WRITE_DOCS_LIMITS").is_some();
    if is_to_be_written {
        fs::write(path, page).unwrap();
        return;
    }
    assert!(fs::read_to_string(path).is_ok_and(|written| written == page), "stale: run `cargo xtask limits`");
}

#[test]
fn k_02_every_limit_names_a_test_that_is_there() {
    let mut text = String::new();
    sources(&root().join("crates"), &mut text);
    for Limit { name, test, .. } in LISTS.iter().flat_map(|(_, limits)| *limits) {
        assert!(text.contains(&format!("fn {test}(")), "{name}: no test is called {test}");
    }
}

/// Every number of the configuration bounds something, and so does nothing else of it.
#[test]
fn k_02_every_number_of_the_configuration_has_a_row() {
    let names: Vec<_> = LISTS.iter().flat_map(|(_, limits)| *limits).map(|limit| limit.name).collect();
    let missing: Vec<_> = crate::config::numbers()
        .into_iter()
        .filter(|setting| !names.iter().any(|name| name.starts_with(&format!("`{setting}`"))))
        .collect();
    assert!(missing.is_empty(), "without a row in docs/limits.md: {missing:?}");
}

/// A row that begins with a setting is about one that exists.
#[test]
fn k_02_every_setting_of_a_row_is_there() {
    let settings = crate::config::numbers();
    for Limit { name, .. } in LISTS.iter().flat_map(|(_, limits)| *limits) {
        if let Some((setting, _)) = name.strip_prefix('`').and_then(|name| name.split_once('`')) {
            assert!(settings.contains(&setting), "{name}");
        }
    }
}
