//! What of a stranger's text the record keeps: what is known here and, of all else, how long it is and how it begins. Whether a text
//! is a secret cannot be seen in it, and people put secrets where names belong.

use std::collections::HashSet;

use proofkey_oauth::{Issuer, RedirectUri, ResourceUri, standard_scope};
use proofkey_protocol::{Apis, Refusal};

use crate::log::Foreign;

/// Most characters that are kept of a text that is not known here.
const BEGINNING_CHARS_MAX: usize = 4;
/// Of a short text fewer are kept: one of so many.
const BEGINNING_PART: usize = 4;
/// Parts of addresses that say nothing of their sender.
const COMMON_PARTS: [&str; 3] = ["http", "https", "localhost"];

/// What a refusal is about: names of parameters and algorithms, and of scopes and APIs those that are registered.
pub(crate) fn known_about(refusal: &Refusal, apis: &Apis, issuer: &Issuer) -> Option<String> {
    let about = refusal.about()?;
    if refusal.is_about_a_word_of_ours() {
        return Some(about.to_owned());
    }
    let is_known = |name: &str| {
        name == issuer.as_str()
            || standard_scope::ALL.contains(&name)
            || !apis.owners(name).is_empty()
            || ResourceUri::parse(name)
                .is_ok_and(|resource| apis.find(&resource).is_some_and(|api| api.resource() == name))
    };
    let names = about.split(", ").map(|name| if is_known(name) { name.to_owned() } else { beginning(name) });
    Some(names.collect::<Vec<_>>().join(", "))
}

/// How a text begins, and how long it is.
pub(crate) fn beginning(text: &str) -> String {
    let count = text.chars().count();
    let kept: String = text.chars().take(BEGINNING_CHARS_MAX.min(count / BEGINNING_PART)).collect();
    format!("{}… ({count} characters)", Foreign(kept))
}

/// An address, as far as its parts occur in those that are registered; without what carries secrets by its meaning: user, query
/// and fragment.
pub(crate) fn known_address(address: &str, registered: &[RedirectUri]) -> String {
    let end = address.find(['?', '#']).unwrap_or(address.len());
    let (address, rest) = address.split_at(end);
    let (user, address) = address.rsplit_once('@').map_or(("", address), |(_, host)| ("…@", host));
    let parts = registered.iter().flat_map(|uri| uri.as_str().split(is_separator));
    let known: HashSet<&str> = parts.chain(COMMON_PARTS).collect();
    let mut kept = user.to_owned();
    for part in address.split_inclusive(is_separator) {
        let bare = part.trim_end_matches(is_separator);
        if bare.is_empty() || known.contains(bare) {
            kept.push_str(bare);
        } else {
            kept.push_str(&format!("[{} characters]", bare.chars().count()));
        }
        kept.push_str(part.get(bare.len()..).unwrap_or_default());
    }
    if !rest.is_empty() {
        kept.push('…');
    }
    Foreign(kept).to_string()
}

const fn is_separator(c: char) -> bool {
    matches!(c, '/' | '\\' | ':' | '.')
}

#[cfg(test)]
mod tests {
    use proofkey_oauth::ApplicationType;
    use proofkey_protocol::Named;

    use super::*;

    fn registered() -> Vec<RedirectUri> {
        let register = |text| RedirectUri::register(text, ApplicationType::Web).unwrap();
        vec![register("https://app.example/cb"), register("https://app.example/silent/renew")]
    }

    #[test]
    fn pk_08_what_is_not_known_is_told_by_its_length_and_a_few_characters() {
        for (text, kept) in [
            ("", "… (0 characters)"),
            ("abc", "… (3 characters)"),
            ("hunter2", "h… (7 characters)"),
            ("correct horse battery", "corr… (21 characters)"),
            ("\u{202e}\u{202e}\u{202e}\u{202e}", "\u{fffd}… (4 characters)"),
        ] {
            assert_eq!(beginning(text), kept);
        }
    }

    #[test]
    fn pk_08_of_an_address_the_parts_stay_that_are_registered_and_never_user_query_and_fragment() {
        for (address, kept) in [
            ("https://app.example/cb", "https://app.example/cb"),
            ("http://app.example/cb/", "http://app.example/cb/"),
            ("https://app.example/callback", "https://app.example/[8 characters]"),
            ("https://app.example/cb?token=hunter2#x", "https://app.example/cb…"),
            ("https://ada:hunter2@app.example/cb", "…@app.example/cb"),
            ("ada:hunter2@app.example/cb", "…@app.example/cb"),
            ("https:\\\\ada:pw@app.example", "…@app.example"),
            ("https://ada:hunter2@", "…@"),
            ("https://ada:p@ss@app.example/cb", "…@app.example/cb"),
            ("https://ada:hun?ter2@app.example", "https://[3 characters]:[3 characters]…"),
            ("http://localhost:51004/cb", "http://localhost:[5 characters]/cb"),
            ("", ""),
        ] {
            assert_eq!(known_address(address, &registered()), kept);
        }
        assert_eq!(
            known_address("https://app.example/cb", &[]),
            "https://[3 characters].[7 characters]/[2 characters]"
        );
    }

    #[test]
    fn pk_08_of_what_a_refusal_is_about_words_of_ours_and_registered_names_stay() {
        let issuer = Issuer::parse("https://id.example").unwrap();
        let about = |refusal: Refusal| known_about(&refusal, &Apis::default(), &issuer);
        assert_eq!(
            about(Refusal::ParameterRepeated(Named::ours("code_verifier"))).as_deref(),
            Some("code_verifier")
        );
        assert_eq!(about(Refusal::AlgorithmOff(Named::ours("EdDSA"))).as_deref(), Some("EdDSA"));
        // The same text out of a request is not known.
        assert_eq!(
            about(Refusal::ScopeUnowned(Named::of("code_verifier"))).as_deref(),
            Some("cod… (13 characters)")
        );
        assert_eq!(
            about(Refusal::ScopeUnregistered(Named::of("offline_access"))).as_deref(),
            Some("offline_access")
        );
        let several = Named::list(["https://id.example", "https://other.example"].into_iter());
        assert_eq!(
            about(Refusal::ResourceAmbiguous(several)).as_deref(),
            Some("https://id.example, http… (21 characters)")
        );
        assert_eq!(about(Refusal::AccessDenied), None);
    }

    proptest::proptest! {
        #[test]
        fn pk_08_of_any_text_four_characters_stay_and_of_any_address_nothing_that_is_not_registered(
            text in "(?s).{0,600}", secret in "[A-Za-z0-9+/=_~.:\\\\-]{5,80}",
        ) {
            for kept in [beginning(&text), known_address(&text, &registered())] {
                proptest::prop_assert!(kept.chars().count() < 180 && !kept.contains('\n'));
            }
            let kept = beginning(&secret);
            proptest::prop_assert!(kept.starts_with(&secret[..(secret.len() / 4).min(4)]) && !kept.contains(&secret[..5]));
            // Nine characters in a row have no place between the marks.
            for address in [secret.clone(), format!("https://app.example/{secret}"), format!("https://{secret}/cb")] {
                let kept = known_address(&address, &[]);
                for part in secret.as_bytes().windows(9).filter_map(|part| str::from_utf8(part).ok()) {
                    proptest::prop_assert!(!kept.contains(part), "{part} in {kept}");
                }
            }
        }
    }
}
