//! No private key in the tree, no listener on every interface by default: both have been shipped by others.

use crate::finding::Finding;
use crate::source::Source;

/// The least length of base64 that counts as key material: the shortest private key in PEM, Ed25519, has 64.
const MATERIAL_LENGTH_MIN: usize = 40;
/// How far behind its header a key's first line may stand: line break, indentation, quotes.
const MATERIAL_WITHIN: usize = 16;

/// Addresses that listen on every interface. `0.0.0.0/8` is a network in a list of refused ones, no listener.
const EVERYWHERE: [&str; 2] = ["0.0.0.0", "[::]"];
/// The same as a constant, which also stands for "no address"; it counts where a listener is meant.
const UNSPECIFIED: &str = "UNSPECIFIED";

/// Private keys in PEM, whatever the kind of file.
pub(super) fn check(files: &[Source]) -> Vec<Finding> {
    files.iter().flat_map(private_keys).collect()
}

/// Sources that would listen on every interface without being told to.
pub(super) fn loopback(sources: &[Source]) -> Vec<Finding> {
    let ours = sources.iter().filter(|source| source.crate_name().is_some());
    ours.flat_map(|source| {
        source.production().filter(|(_, text)| names_every_interface(text)).map(|(line, _)| Finding {
            path: source.path.clone(),
            line,
            message: "listens on every interface; defaults are loopback".to_owned(),
        })
    })
    .collect()
}

fn private_keys(file: &Source) -> Vec<Finding> {
    let marker = concat!("PRIVATE ", "KEY-----");
    file.text
        .match_indices(marker)
        .filter(|(at, _)| is_header(&file.text, *at) && is_material(&file.text, at + marker.len()))
        .map(|(at, _)| Finding {
            path: file.path.clone(),
            line: file.text.get(..at).map_or(0, |before| before.lines().count()),
            message: "a private key; generate it where it is needed".to_owned(),
        })
        .collect()
}

fn is_header(text: &str, at: usize) -> bool {
    let line = text.get(..at).and_then(|before| before.rsplit('\n').next()).unwrap_or("");
    line.contains("-----BEGIN ")
}

/// Words about keys, and code that writes the header around a key it has just made, are no leak: material is.
fn is_material(text: &str, at: usize) -> bool {
    let is_base64 = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=');
    // A key inside a string literal has its line breaks written out as backslash and n.
    let rest = text.get(at..).unwrap_or("");
    let rest = rest.strip_prefix("\\r").unwrap_or(rest);
    let rest = rest.strip_prefix("\\n").unwrap_or(rest);
    let (skipped, material) = match rest.find(is_base64) {
        Some(start) if start <= MATERIAL_WITHIN => rest.split_at(start),
        _ => return false,
    };
    let is_plain = skipped.chars().all(|c| c.is_whitespace() || matches!(c, '\\' | '"' | '\'' | ',' | '|'));
    is_plain && material.chars().take_while(|c| is_base64(*c)).count() >= MATERIAL_LENGTH_MIN
}

fn names_every_interface(line: &str) -> bool {
    let line = line.replace("0.0.0.0/", "");
    let is_about_listening = ["bind", "listen", "LISTEN"].iter().any(|word| line.contains(word));
    EVERYWHERE.iter().any(|address| line.contains(address))
        || (is_about_listening && line.contains(UNSPECIFIED))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{self, source};

    /// Row V-82: one project shipped its certificate authority's key in its repository, another its development
    /// ports on every interface.
    #[test]
    fn v_82_the_tree_holds_no_private_key_and_listens_on_loopback() {
        let root = crate::root().unwrap();
        assert_eq!(check(&source::every_text_file(&root).unwrap()), []);
        assert_eq!(loopback(&source::rust_sources(&root).unwrap()), []);
    }

    #[test]
    fn v_82_a_private_key_is_found_in_any_file() {
        let material = "MC4CAQAwBQYDK2VwBCIE".repeat(3);
        let header = |kind: &str| format!("-----BEGIN {kind}PRIVATE {}-----", "KEY");
        let cases = [
            (format!("{}\n{material}\n", header("")), 1),
            (format!("x = \"\"\"{}\r\n{material}", header("RSA ")), 1),
            (format!("\"{}\\n{material}\"", header("EC ")), 1),
            (format!("key: |\n  {}\n  {material}", header("")), 1),
            (format!("format!(\"{}\\n{{}}\\n\", body)", header("")), 0),
            (header(""), 0),
            (format!("A file with `{}` and then words that are long enough to matter here", header("")), 0),
        ];
        for (text, expected) in cases {
            assert_eq!(check(&[source("deploy/any.txt", &text)]).len(), expected, "{text}");
        }
    }

    #[test]
    fn v_82_a_default_on_every_interface_is_found() {
        let cases = [
            ("crates/server/src/a.rs", "const LISTEN: &str = \"0.0.0.0:443\";", 1),
            ("crates/server/src/a.rs", "const LISTEN: &str = \"[::]:443\";", 1),
            ("crates/client/src/a.rs", "bind((Ipv4Addr::UNSPECIFIED, 0))", 1),
            ("crates/server/src/a.rs", "const LISTEN: IpAddr = Ipv6Addr::UNSPECIFIED;", 1),
            ("crates/server/src/a.rs", "let nowhere = Ipv4Addr::UNSPECIFIED;", 0),
            ("crates/server/src/a.rs", "const REFUSED: &str = \"0.0.0.0/8\";", 0),
            ("crates/server/src/a.rs", "// never 0.0.0.0", 0),
            ("crates/server/src/a.rs", "const LISTEN: &str = \"127.0.0.1:0\";", 0),
            ("crates/server/tests/a.rs", "refuse(\"0.0.0.0:80\")", 0),
        ];
        for (path, text, expected) in cases {
            assert_eq!(loopback(&[source(path, text)]).len(), expected, "{path}: {text}");
        }
    }
}
