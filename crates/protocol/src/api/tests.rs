//! Who owns a scope, what a resource names, and which audience comes of it.

use proofkey_oauth::{Issuer, Scope};
use proptest::prelude::*;
use serde_json::json;

use super::{Apis, GrantedApis};
use crate::fixtures::{ISSUER, MAIL, NOTES, api, apis, client, resource};
use crate::ids::ApiId;
use crate::refusal::{Named, Refusal};

/// A third API, with a scope that `NOTES` has too.
const PAYROLL: &str = "https://payroll.example";

fn all() -> Apis {
    Apis::new(vec![
        api(3, PAYROLL, &["read", "pay"]),
        api(1, NOTES, &["read", "write"]),
        api(2, MAIL, &["send"]),
    ])
}

fn issuer() -> Issuer {
    Issuer::parse(ISSUER).unwrap()
}

fn ids(resources: &[&str]) -> Vec<ApiId> {
    resources.iter().map(|text| all().named(text, &issuer()).unwrap()).collect()
}

/// The audience of a token and its scope there.
fn check(
    requested: Option<&str>,
    granted: &GrantedApis,
    scope: &str,
) -> Result<(Vec<String>, String), Refusal> {
    let (apis, scope) = (all(), Scope::parse(scope).unwrap());
    let requested = requested.map(|resource| ids(&[resource])[0]);
    let audience = apis.audience(requested, granted, &scope, &issuer())?;
    Ok((audience.audience, audience.scope.to_string()))
}

fn ok(audience: &[&str], scope: &str) -> Result<(Vec<String>, String), Refusal> {
    Ok((audience.iter().map(|one| (*one).to_owned()).collect(), scope.to_owned()))
}

#[test]
fn tk_14_k_11_what_was_named_is_the_only_audience() {
    let named = |resources: &[&str]| GrantedApis::named(ids(resources));
    let ambiguous = |among: &[&str]| Err(Refusal::ResourceAmbiguous(Named::list(among.iter().copied())));
    let beyond = || Err(Refusal::ResourceBeyondGrant);
    let (notes, both) = (named(&[NOTES]), named(&[NOTES, MAIL]));
    assert_eq!(check(None, &notes, "openid read"), ok(&[NOTES], "read"));
    assert_eq!(check(Some(NOTES), &notes, "openid read"), ok(&[NOTES], "read"));
    assert_eq!(check(Some(ISSUER), &notes, "openid email read"), ok(&[ISSUER], "openid email"));
    assert_eq!(check(Some(ISSUER), &notes, "read"), beyond());
    assert_eq!(check(Some(MAIL), &notes, "read"), beyond());
    assert_eq!(check(None, &both, "read send"), ambiguous(&[NOTES, MAIL]));
    assert_eq!(check(Some(MAIL), &both, "read send"), ok(&[MAIL], "send"));
    assert_eq!(check(None, &named(&[PAYROLL]), "openid"), ok(&[PAYROLL], ""), "without a scope of its own");
    let with_issuer = named(&[ISSUER, NOTES]);
    assert_eq!(check(None, &with_issuer, "openid read"), ok(&[NOTES], "read"));
    assert_eq!(check(Some(ISSUER), &with_issuer, "read"), ok(&[ISSUER], ""));
    assert_eq!(check(None, &named(&[ISSUER]), "openid profile"), ok(&[ISSUER], "openid profile"));
    let same_name = named(&[NOTES, PAYROLL]);
    assert_eq!(check(Some(PAYROLL), &same_name, "read pay write"), ok(&[PAYROLL], "read pay"), "k_23");
    assert_eq!(check(Some(NOTES), &same_name, "read pay write"), ok(&[NOTES], "read write"), "k_23");
}

#[test]
fn tk_14_v_36_where_nothing_was_named_the_audience_follows_from_the_scope() {
    let implied = |resources: &[&str]| GrantedApis::implied(ids(resources));
    let (notes, several) = (implied(&[ISSUER, NOTES]), implied(&[ISSUER, NOTES, MAIL]));
    assert_eq!(
        check(None, &notes, "openid offline_access read"),
        ok(&[NOTES, ISSUER], "openid offline_access read")
    );
    assert_eq!(check(None, &implied(&[NOTES]), "offline_access read"), ok(&[NOTES], "read"));
    assert_eq!(check(Some(NOTES), &notes, "openid read"), ok(&[NOTES], "read"));
    assert_eq!(check(Some(ISSUER), &notes, "openid read"), ok(&[ISSUER], "openid"));
    assert_eq!(check(None, &implied(&[ISSUER]), "openid profile"), ok(&[ISSUER], "openid profile"));
    let refused = Err(Refusal::ResourceAmbiguous(Named::list([NOTES, MAIL].into_iter())));
    assert_eq!(check(None, &several, "openid read send"), refused);
    assert_eq!(check(Some(MAIL), &several, "openid read send"), ok(&[MAIL], "send"));
    assert_eq!(
        check(Some(PAYROLL), &notes, "openid read"),
        Err(Refusal::ResourceBeyondGrant),
        "of the same name"
    );
    // A narrower scope.
    assert_eq!(check(None, &several, "send"), ok(&[MAIL], "send"));
    assert_eq!(check(None, &notes, "read"), ok(&[NOTES], "read"));
    assert_eq!(check(None, &notes, "openid"), ok(&[ISSUER], "openid"));
}

#[test]
fn k_10_an_id_that_names_nothing_has_no_audience() {
    let gone = GrantedApis::named([ApiId(9)]);
    assert_eq!(check(None, &gone, "read"), Err(Refusal::ApiRemoved));
    let apis = all();
    assert!(apis.resolves(ApiId(3)) && apis.resolves(ApiId::ISSUER) && !apis.resolves(ApiId(9)));
    assert!(!apis.is_gone(ApiId(9)), "it may have been added a moment ago");
    let removed = Apis::new(vec![api(3, PAYROLL, &["read"])]);
    assert!(removed.is_gone(ApiId(2)) && !removed.is_gone(ApiId::ISSUER));
}

#[test]
fn tk_15_no_api_owns_a_standard_scope() {
    let apis = Apis::new(vec![api(1, NOTES, &["openid", "profile", "offline_access", "read"])]);
    assert!(apis.owners("openid").is_empty() && !apis.owns(ApiId(1), "profile"));
    assert_eq!(apis.owners("read"), [ApiId(1)]);
    assert!(apis.owns(ApiId::ISSUER, "openid") && !apis.owns(ApiId::ISSUER, "read"));
}

#[test]
fn k_23_several_apis_own_one_name() {
    assert_eq!(all().owners("read"), [ApiId(1), ApiId(3)]);
    assert_eq!(all().owners("pay"), [ApiId(3)]);
    assert!(all().owners("gone").is_empty());
}

#[test]
fn az_28_resources_are_absolute_and_known() {
    let check = |text: &str| apis().named(text, &issuer());
    assert_eq!(check("/notes"), Err(Refusal::ResourceMalformed));
    assert_eq!(check("https://notes.example#x"), Err(Refusal::ResourceMalformed));
    assert_eq!(check("https://other.example"), Err(Refusal::ResourceUnknown));
    assert_eq!((check(NOTES), check(ISSUER)), (Ok(ApiId(1)), Ok(ApiId::ISSUER)));
    assert_eq!(apis().find(&resource(MAIL)).map(|api| api.id), Some(ApiId(2)));
}

#[test]
fn k_34_an_api_is_found_by_every_spelling_of_its_name_and_named_by_the_registered_one() {
    let apis = Apis::new(vec![
        api(1, NOTES, &["read"]),
        api(2, "https://mail.example/api", &["send"]),
        // Of release 0.1, which took these for two.
        api(3, "https://old.example", &["a"]),
        api(4, "https://old.example/", &["b"]),
    ]);
    let found = |text: &str| apis.named(text, &issuer()).map(|id| id.0);
    for spelling in ["https://notes.example/", "https://NOTES.example:443", "https://notes.example/./", NOTES]
    {
        assert_eq!(found(spelling), Ok(1), "{spelling}");
    }
    assert_eq!(found("https://mail.example/x/../api"), Ok(2));
    assert_eq!(found(&format!("{ISSUER}/")), Ok(0));
    assert_eq!((found("https://old.example/"), found("https://OLD.example/")), (Ok(4), Ok(3)));
    // A registration in another spelling is for the same one, at every door.
    for (registered, own) in
        [("https://NOTES.example/", 1), ("https://old.example/", 4), ("https://old.example", 3)]
    {
        let client = client(json!({"resources": [registered]}));
        assert_eq!(client.apis(&apis).map(|api| api.id.0).collect::<Vec<_>>(), [own], "{registered}");
        for id in 1..=4 {
            let api = apis.by_id(ApiId(id)).unwrap();
            assert_eq!(client.is_registered_for(api, &apis), id == own, "k_34: {registered} and {id}");
        }
    }
    for other in ["https://mail.example/api/", "https://mail.example/API", "http://notes.example"] {
        assert_eq!(found(other), Err(Refusal::ResourceUnknown), "{other}");
    }
}

proptest! {
    #[test]
    fn the_apis_of_a_grant_read_back(ids in proptest::collection::vec(0_i64..1000, 1..6), named in any::<bool>()) {
        let make = if named { GrantedApis::named } else { GrantedApis::implied };
        let apis = make(ids.into_iter().map(ApiId));
        prop_assert_eq!(GrantedApis::parse(&apis.to_string()), Some(apis));
    }

    #[test]
    fn no_text_makes_the_reader_of_apis_panic(text in "(named|implied)?[ 0-9a-]{0,20}") {
        if let Some(apis) = GrantedApis::parse(&text) {
            prop_assert_eq!(apis.to_string(), text);
        }
    }
}
