//! The name of the system user who gives a command, for the record of what was done.
//!
//! The account that this process runs as decides, where the system tells it without foreign code: the owner of
//! `/proc/self`, and the name of that number in `/etc/passwd`. Accounts of a directory service stand in no such file, and
//! some systems have neither: there `LOGNAME` and `USER` are believed, then the number. None of this is a proof of
//! identity: an account that may run these commands may write the database too.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;

use proofkey_server::config::process_environment;

/// Most of the file that is read.
const PASSWD_BYTES_MAX: u64 = 1024 * 1024;
/// Where neither name nor number can be had.
const UNKNOWN: &str = "unknown";

/// The name of the account, or its number.
pub(crate) fn system_user() -> String {
    let number = std::fs::metadata("/proc/self").ok().map(|process| process.uid());
    let environment: Vec<(String, String)> = process_environment().collect();
    let variable = |name: &str| {
        let found = environment.iter().find(|(known, value)| known == name && !value.is_empty());
        found.map(|(_, value)| value.clone())
    };
    number
        .and_then(|number| name_of(&passwd(), number))
        .or_else(|| variable("LOGNAME"))
        .or_else(|| variable("USER"))
        .or_else(|| number.map(|number| number.to_string()))
        .unwrap_or_else(|| UNKNOWN.to_owned())
}

fn passwd() -> String {
    let mut text = String::new();
    let read =
        File::open("/etc/passwd").and_then(|file| file.take(PASSWD_BYTES_MAX).read_to_string(&mut text));
    read.map(|_| text).unwrap_or_default()
}

/// The first name with that number (`name:password:number:…`).
fn name_of(passwd: &str, number: u32) -> Option<String> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, owner) = (fields.next()?, fields.nth(1)?);
        (owner.parse() == Ok(number) && !name.is_empty()).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_by_the_number_of_its_account() {
        let passwd =
            "root:x:0:0:root:/root:/bin/sh\n\n# remark\nbroken\nada:x:1000:1000::/home/ada:/bin/sh\n";
        let cases = [(0, Some("root")), (1000, Some("ada")), (10, None), (1, None)];
        for (number, expected) in cases {
            assert_eq!(name_of(passwd, number).as_deref(), expected, "{number}");
        }
        assert_eq!(name_of("", 0), None);
    }

    #[test]
    fn there_is_always_a_name() {
        assert!(!system_user().is_empty());
    }
}
