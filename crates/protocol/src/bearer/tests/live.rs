//! When an access token holds.

use proofkey_jose::claims::{Audience, NumericDate};
use proofkey_oauth::Timestamp;
use serde_json::json;

use super::{Shown, Spoil};
use crate::bearer::{IntrospectionCaller, grant_named};
use crate::facts::ClientStatus;
use crate::fixtures::{
    ISSUER, MAIL, NOTES, NOW, client_named, confidential, consent, consent_since, resource,
};
use crate::ids::GrantId;
use crate::refusal::Refusal;

#[test]
fn in_02_v_30_a_token_lives_while_all_that_it_rests_on_does() {
    let spoils: [(&str, Spoil); 16] = [
        ("revoked by itself", |s| s.token.revoked = true),
        ("expired", |s| s.claims.exp = NumericDate::from(NOW.seconds())),
        ("made ahead", |s| s.claims.iat = NumericDate::from(NOW.seconds() + 181)),
        ("grant made ahead", |s| s.grant().created_at = NOW + 181),
        ("client removed", |s| s.client = None),
        ("client disabled since it was loaded", |s| s.token.client = ClientStatus::Disabled),
        ("client removed since it was loaded", |s| s.token.client = ClientStatus::Unregistered),
        ("grant revoked", |s| s.grant().revoked_at = Some(NOW)),
        ("grant over", |s| s.grant().ends_at = NOW),
        ("grant idle", |s| s.grant().expires_at = NOW),
        ("grant gone", |s| s.grant = None),
        ("consent withdrawn", |s| s.subject().consent = None),
        ("consent withdrawn at its API", |s| {
            s.subject().consent = Some(consent("openid email offline_access"))
        }),
        ("consent given anew", |s| s.subject().consent = Some(consent_since(NOW, crate::fixtures::SCOPES))),
        ("user disabled", |s| s.subject().user.disabled = true),
        ("no grant, and not the client's own", |s| s.claims.grant_id = None),
    ];
    assert_eq!((Shown::new().live(), Shown::of_the_client().live()), (None, None));
    for (name, spoil) in spoils {
        let mut shown = Shown::new();
        spoil(&mut shown);
        assert_eq!(shown.live(), Some(Refusal::TokenInvalid), "{name}");
        let body =
            serde_json::to_string(&shown.introspect(&IntrospectionCaller::Api(resource(NOTES)))).unwrap();
        assert_eq!(body, r#"{"active":false}"#, "{name}");
    }
    let mut disabled = Shown::of_the_client();
    disabled.token.client = ClientStatus::Disabled;
    assert_eq!(disabled.live(), Some(Refusal::TokenInvalid), "its own token as well");
    let mut own = Shown::of_the_client();
    own.client = Some(client_named("other", json!({})));
    assert_eq!(own.live(), Some(Refusal::TokenInvalid), "tk_16");
}

/// Something that happens after a client got a token of its own.
type Happens = fn(&mut Shown);

#[test]
fn k_10_k_16_tk_16_a_clients_own_token_ends_with_its_api_and_with_all_that_the_client_had() {
    let own = |basis: Option<&str>| {
        let mut shown = Shown::of_the_client();
        shown.claims.aud = Audience::one(NOTES);
        shown.claims.scope = Some("read".into());
        shown.claims.basis = basis.map(str::to_owned);
        shown
    };
    // Notes has the id 1; the client had 0, and nothing has ended since.
    let cases: [(&str, Option<&str>, Happens, bool); 15] = [
        ("nothing", Some("1.0"), |_| {}, true),
        ("nothing, of an earlier release", None, |_| {}, true),
        ("another API in its place", Some("9.0"), |_| {}, false),
        ("all ended since", Some("1.0"), |s| s.token.client_valid_from = Timestamp(1), false),
        ("all ended before", Some("1.1"), |s| s.token.client_valid_from = Timestamp(1), true),
        ("all ended in this second", Some("1.0"), |s| s.token.client_valid_from = NOW + -10, false),
        (
            "given in the second of the end",
            Some("1.1789999990"),
            |s| s.token.client_valid_from = NOW + -10,
            true,
        ),
        ("the end, of an earlier release", None, |s| s.token.client_valid_from = NOW + -10, false),
        ("before it, of an earlier release", None, |s| s.token.client_valid_from = NOW + -11, true),
        ("no API of this name, of an earlier release", None, |s| s.claims.aud = Audience::one(ISSUER), false),
        (
            "the API taken from the client",
            Some("1.0"),
            |s| s.client = Some(confidential(json!({"resources": [MAIL]}))),
            false,
        ),
        (
            "the scope taken from the client",
            Some("1.0"),
            |s| s.client = Some(confidential(json!({"scope": "write"}))),
            false,
        ),
        ("garbled", Some("1"), |_| {}, false),
        ("garbled", Some(""), |_| {}, false),
        ("garbled", Some("1.0.0"), |_| {}, false),
    ];
    assert_eq!((NOW + -10).seconds(), 1_789_999_990);
    for (name, basis, happens, lives) in cases {
        let mut shown = own(basis);
        happens(&mut shown);
        assert_eq!(shown.live().is_none(), lives, "{name}: {basis:?}");
    }
}

#[test]
fn in_05_a_token_names_its_grant_or_none() {
    let mut claims = Shown::new().claims;
    assert_eq!(grant_named(&claims), Some(GrantId([5; 16])));
    for garbled in ["", "x", "AAAA", "AAAAAAAAAAAAAAAAAAAAAA=="] {
        claims.grant_id = Some(garbled.into());
        assert_eq!(grant_named(&claims), None, "{garbled:?}");
    }
}
