//! Dependencies that must not be built, and the versions below which they are known to be broken.
//!
//! `deny.toml` says the same to cargo-deny, which a newcomer need not have; this holds without it.

use crate::finding::Finding;

/// Crates that no build may contain, and why.
const BANNED: [(&str, &str); 6] = [
    ("rsa", "its private-key operations leak through timing, and no version is fixed (RUSTSEC-2023-0071)"),
    ("ring", "aws-lc-rs is the one crypto provider"),
    ("openssl", "aws-lc-rs is the one crypto provider"),
    ("openssl-sys", "aws-lc-rs is the one crypto provider"),
    ("native-tls", "rustls is the one TLS stack"),
    ("rustls-pemfile", "it is unmaintained; rustls-pki-types reads PEM"),
];
/// The first versions without a known hole, as far as this project has to care.
const FIXED_IN: [(&str, [u64; 3]); 6] = [
    ("h2", [0, 4, 16]),
    ("idna", [1, 0, 3]),
    ("jsonwebtoken", [10, 3, 0]),
    ("rustls", [0, 23, 5]),
    ("rustls-webpki", [0, 103, 13]),
    ("time", [0, 3, 47]),
];

/// What is wrong with the packages of a build, given as `cargo tree` prints them: a name and a version on each line.
pub(super) fn check(tree: &str) -> Vec<Finding> {
    let packages = tree.lines().filter_map(|line| line.split_once(" v"));
    let mut findings: Vec<Finding> = packages.filter_map(|(name, rest)| refusal(name, rest)).collect();
    findings.sort_by(|one, other| one.message.cmp(&other.message));
    findings.dedup();
    findings
}

fn refusal(name: &str, rest: &str) -> Option<Finding> {
    let version = rest.split(' ').next().unwrap_or(rest);
    let finding = |message| Some(Finding { path: "Cargo.lock".to_owned(), line: 0, message });
    if let Some((_, why)) = BANNED.iter().find(|(banned, _)| *banned == name) {
        return finding(format!("{name} {version} is built: {why}"));
    }
    let (_, fixed) = FIXED_IN.iter().find(|(known, _)| *known == name)?;
    if numbers(version) >= *fixed {
        return None;
    }
    let [major, minor, patch] = fixed;
    finding(format!("{name} {version} has a known hole; {major}.{minor}.{patch} is the first without it"))
}

/// The three numbers of a version; zeros where it has fewer.
fn numbers(version: &str) -> [u64; 3] {
    let plain = version.split(['-', '+']).next().unwrap_or(version);
    let mut parts = plain.split('.').map(|part| part.parse().unwrap_or(0));
    std::array::from_fn(|_| parts.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v_75_v_85_what_leaks_or_is_known_to_be_broken_is_not_built() {
        let messages =
            |tree: &str| check(tree).into_iter().map(|finding| finding.message).collect::<Vec<_>>();
        assert!(
            messages("aws-lc-rs v1.19.0\nh2 v0.4.20\nrsa-export v1.0.0\nproofkey v0.1.0 (/src)\n").is_empty()
        );
        for banned in BANNED.map(|(name, _)| name) {
            assert_eq!(messages(&format!("{banned} v9.9.9\n{banned} v9.9.9 (*)")).len(), 1, "{banned}");
        }
        for (old, fine) in [("0.4.15", "0.4.16"), ("0.3.99", "1.0.0"), ("0.4.16-rc.1", "0.5.0-rc.1")] {
            let is_old = numbers(old) < [0, 4, 16];
            assert_eq!(messages(&format!("h2 v{old}")).len(), usize::from(is_old), "{old}");
            assert!(messages(&format!("h2 v{fine}")).is_empty(), "{fine}");
        }
        assert!(messages("jsonwebtoken v10.2.0")[0].contains("10.3.0"));
    }
}
