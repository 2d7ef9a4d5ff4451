//! Usernames as they are compared.

use unicode_normalization::UnicodeNormalization as _;

/// Longest username, in bytes.
const USERNAME_BYTES_MAX: usize = 256;

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
}
