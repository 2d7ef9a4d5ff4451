//! When an access token holds.

use proofkey_jose::claims::NumericDate;
use serde_json::json;

use super::{Shown, Spoil};
use crate::bearer::{IntrospectionCaller, grant_named};
use crate::facts::ClientStatus;
use crate::fixtures::{NOTES, NOW, client_named, consent, consent_since, resource};
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

#[test]
fn in_05_a_token_names_its_grant_or_none() {
    let mut claims = Shown::new().claims;
    assert_eq!(grant_named(&claims), Some(GrantId([5; 16])));
    for garbled in ["", "x", "AAAA", "AAAAAAAAAAAAAAAAAAAAAA=="] {
        claims.grant_id = Some(garbled.into());
        assert_eq!(grant_named(&claims), None, "{garbled:?}");
    }
}
