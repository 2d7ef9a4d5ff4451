//! Usernames: as they are compared, and what a new one may be.

use precis_profiles::UsernameCaseMapped;
use precis_profiles::precis_core::profile::Profile as _;
use unicode_normalization::UnicodeNormalization as _;

/// Longest username, in bytes.
pub(crate) const USERNAME_BYTES_MAX: usize = 256;

/// The form under which a username is stored and counted: normalised and in lower case, so that `Ada` and `ADA` are one
/// account in every table (V-62). `None` for what no account can be called: empty, too long, or with control characters.
pub fn username_key(typed: &str) -> Option<String> {
    if typed.len() > USERNAME_BYTES_MAX {
        return None;
    }
    let key: String = typed.trim().nfkc().collect::<String>().to_lowercase().nfkc().collect();
    let plain = !key.is_empty() && !key.chars().any(char::is_control);
    plain.then_some(key)
}

/// Whether an account may be called this from now on: one or more words of the profile UsernameCaseMapped, with one space
/// between each two (RFC 8265 §3.1, §3.3). That leaves out what cannot be seen or turns the direction of what is beside it,
/// so that no name looks like another that differs. Accounts from before keep their names, whatever they are.
pub(crate) fn is_new_username(typed: &str) -> bool {
    let profile = UsernameCaseMapped::new();
    username_key(typed).is_some() && typed.trim().split(' ').all(|word| profile.enforce(word).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v_62_case_and_form_do_not_make_another_account() {
        for same in ["ada", "ADA", " Ada ", "\u{ff41}da"] {
            assert_eq!(username_key(same).as_deref(), Some("ada"), "{same:?}");
        }
        for bad in ["", "  ", "a\u{0}b", &"a".repeat(257)] {
            assert_eq!(username_key(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn k_05_a_name_that_is_too_long_is_no_account() {
        assert!(username_key(&"a".repeat(USERNAME_BYTES_MAX)).is_some());
        assert_eq!(username_key(&"a".repeat(USERNAME_BYTES_MAX + 1)), None);
    }

    #[test]
    fn k_22_a_new_name_holds_nothing_that_cannot_be_seen() {
        for good in [
            "ada",
            "Ada Lovelace",
            "ada@example.com",
            "J\u{f6}rg",
            "\u{5d3}\u{5d5}\u{5d3}",
            "\u{ff41}da",
            "ada_1-x",
        ] {
            assert!(is_new_username(good), "{good:?}");
        }
        let unseen = [
            "\u{200b}",
            "\u{200d}",
            "\u{ad}",
            "\u{202e}",
            "\u{2066}",
            "\u{feff}",
            "\u{e0041}",
            "\u{85}",
            "\u{3164}",
            "\u{a0}",
        ];
        for unseen in unseen {
            for name in [format!("alice{unseen}"), format!("{unseen}alice"), format!("al{unseen}ice")] {
                // White space around a name is no part of it.
                assert!(!is_new_username(&name) || name.trim() == "alice", "{name:?}");
            }
        }
        for other in ["", "a  b", "\u{2460}", "ada\u{5d0}", "\u{1f600}"] {
            assert!(!is_new_username(other), "{other:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn k_22_no_text_makes_the_check_panic(text in ".{0,40}") {
            let _ = is_new_username(&text);
        }
    }
}
