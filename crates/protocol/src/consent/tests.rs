//! What is remembered of consents, and what a grant rests on.

use proptest::prelude::*;

use super::{Access, CONSENT_BYTES_MAX, ConsentFacts};
use crate::api::{Apis, GrantedApis};
use crate::fixtures::{MAIL, NOTES, NOW, api, apis, consent, ids, implied, scope};
use crate::ids::ApiId;
use crate::refusal::Refusal;

/// The text of a consent once `text` is allowed beside it, at the APIs named or at those that own it.
fn beside(before: Option<&str>, named: &[&str], text: &str) -> String {
    let (scope, before) = (scope(text), before.map(|text| ConsentFacts::parse(text).unwrap()));
    let granted = if named.is_empty() { implied(text) } else { GrantedApis::named(ids(named)) };
    let access = Access { scope: &scope, apis: &granted };
    access.allowed_beside(before.as_ref(), &apis(), NOW).unwrap().as_str().to_owned()
}

#[test]
fn k_10_a_consent_is_one_entry_for_each_api_and_the_issuer_is_one() {
    let now = NOW.seconds();
    let all = beside(None, &[], "openid read offline_access send");
    assert_eq!(
        all,
        format!("0 {now} openid offline_access\n1 {now} read offline_access\n2 {now} offline_access send")
    );
    assert_eq!(
        beside(None, &[NOTES], "offline_access read"),
        format!("1 {now} offline_access read"),
        "no claims"
    );
    assert_eq!(
        beside(None, &[MAIL], "openid"),
        format!("0 {now} openid\n2 {now}"),
        "an API without its scopes"
    );
    assert_eq!(beside(Some("0 5 openid\n1 5 read"), &[], "openid write"), "0 5 openid\n1 5 read write");
    assert_eq!(
        beside(Some("1 5 read"), &[], "send"),
        format!("1 5 read\n2 {now} send"),
        "each has its own beginning"
    );
    assert_eq!(
        beside(Some("1 5 read\n7 5 x"), &[], "read"),
        "1 5 read\n7 5 x",
        "an API that is not known here yet"
    );
    let removed = Apis::new(vec![api(3, MAIL, &["send"])]);
    let (scope, granted) = (scope("send"), GrantedApis::named([ApiId(3)]));
    let access = Access { scope: &scope, apis: &granted };
    let before = ConsentFacts::parse("1 5 read\n2 5 send").unwrap();
    let after = access.allowed_beside(Some(&before), &removed, NOW).unwrap();
    assert_eq!(after.as_str(), format!("3 {now} send"), "what was allowed at a removed API is forgotten");
}

#[test]
fn az_30_k_10_an_access_rests_on_the_consent_at_each_api() {
    let rests = |held: &str, named: &[&str], text: &str| {
        let scope = scope(text);
        let granted = if named.is_empty() { implied(text) } else { GrantedApis::named(ids(named)) };
        let held = ConsentFacts::parse(held).unwrap();
        Access { scope: &scope, apis: &granted }.is_allowed(&held, None, &apis())
    };
    assert!(rests("0 1 openid\n1 1 read", &[], "openid read"));
    assert!(!rests("1 1 read", &[], "openid read") && !rests("0 1 openid", &[], "openid read"));
    assert!(
        !rests("0 1 openid offline_access\n1 1 read", &[], "openid read offline_access"),
        "offline at each API"
    );
    assert!(rests("0 1 openid offline_access\n1 1 read offline_access", &[], "openid read offline_access"));
    assert!(!rests("0 1 openid", &[NOTES], "openid") && rests("0 1 openid\n1 1", &[NOTES], "openid"));
    assert!(!rests("2 1 read", &[], "read"), "the same name at another API");
    assert!(!rests("", &[], "openid"));
}

#[test]
fn k_10_a_consent_at_one_api_is_withdrawn_alone() {
    let all = ConsentFacts::parse("0 5 openid\n1 5 read\n2 6").unwrap();
    assert_eq!(all.without(ApiId(1)).unwrap().as_str(), "0 5 openid\n2 6");
    assert_eq!(all.without(ApiId(2)).unwrap().as_str(), "0 5 openid\n1 5 read");
    assert!(all.without(ApiId(3)).is_none());
    let last = ConsentFacts::parse("1 5 read").unwrap().without(ApiId(1));
    assert_eq!(last, Some(ConsentFacts::default()));
}

#[test]
fn k_10_what_is_remembered_has_a_bound_of_its_own() {
    // Each request is within the bound of a scope; all of them together are not within that of a consent.
    let names: Vec<String> =
        (0..12).map(|n| format!("{n:x}").repeat(4000 / format!("{n:x}").len())).collect();
    let apis = Apis::new(vec![api(1, NOTES, &names.iter().map(String::as_str).collect::<Vec<_>>())]);
    let granted = GrantedApis::named([ApiId(1)]);
    let mut held = None;
    let mut refused = None;
    for (count, name) in names.iter().enumerate() {
        let scope = scope(name);
        match (Access { scope: &scope, apis: &granted }).allowed_beside(held.as_ref(), &apis, NOW) {
            Ok(after) => held = Some(after),
            Err(refusal) => {
                refused = Some((count, refusal));
                break;
            }
        }
    }
    assert_eq!(refused, Some((8, Refusal::ConsentTooLarge)));
    let held = held.unwrap();
    assert!(held.as_str().len() <= CONSENT_BYTES_MAX && held.as_str().len() > 31_000);
    assert_eq!(ConsentFacts::parse(held.as_str()), Some(held), "what is stored can be read");
}

#[test]
fn a_text_that_no_consent_has_is_not_read() {
    for bad in [
        "0",
        "0 ",
        "x 1",
        "0 x",
        "0 1  openid",
        "0 1 a\"b",
        "1 1 a\n0 1 b",
        "1 1\n1 1",
        "01 1",
        "-1 1",
        "\n",
        "0 1\n",
    ] {
        assert_eq!(ConsentFacts::parse(bad), None, "{bad:?}");
    }
    assert_eq!(ConsentFacts::parse("").map(|none| none.iter().count()), Some(0));
    assert_eq!(consent("openid").iter().count(), 1);
}

proptest! {
    #[test]
    fn what_is_allowed_reads_back_and_covers_what_was_asked(
        first in "(openid|read|write|send|offline_access)( (openid|read|write|send)){0,3}",
        second in "(openid|read|write|send)( (profile|read|offline_access)){0,3}",
    ) {
        let known = apis();
        let mut held: Option<ConsentFacts> = None;
        for text in [&first, &second] {
            let (scope, granted) = (scope(text), implied(&format!("openid {text}")));
            let access = Access { scope: &scope, apis: &granted };
            let after = access.allowed_beside(held.as_ref(), &known, NOW).unwrap();
            prop_assert_eq!(ConsentFacts::parse(after.as_str()), Some(after.clone()));
            prop_assert!(access.is_allowed(&after, Some(NOW), &known));
            prop_assert_eq!(access.allowed_beside(Some(&after), &known, NOW), Ok(after.clone()), "nothing is added twice");
            held = Some(after);
        }
    }

    #[test]
    fn no_text_makes_the_reader_of_consents_panic(text in "[ 0-9a-z\"\n-]{0,40}") {
        if let Some(consent) = ConsentFacts::parse(&text) {
            prop_assert_eq!(consent.as_str(), text);
            let _ = consent.without(ApiId(1));
        }
    }
}
