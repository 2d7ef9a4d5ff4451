//! A client's own token: confidential clients, their own API scopes, and never a refresh token.

use std::sync::Arc;

use proofkey_oauth::{Timestamp, TokenRequest, TokenRequestMalformed};
use serde_json::json;

use crate::client::Client;
use crate::facts::ClientStatus;
use crate::fixtures::{Changes, ISSUER, MAIL, NOTES, World, authenticated, client, confidential, form};
use crate::refusal::{Named, Refusal};
use crate::token::{CredentialsGrant, GrantRequest, Issue, decide};

fn decided(client: &Arc<Client>, changes: Changes<'_>) -> Result<Box<Issue>, Refusal> {
    decided_while(ClientStatus::Active, client, changes)
}

fn decided_while(
    status: ClientStatus,
    client: &Arc<Client>,
    changes: Changes<'_>,
) -> Result<Box<Issue>, Refusal> {
    let params = form(&[("grant_type", "client_credentials")], changes);
    let TokenRequest::ClientCredentials(request) = TokenRequest::from_params(&params).unwrap() else {
        panic!()
    };
    let grant = CredentialsGrant { request: &request, client: status, client_valid_from: Timestamp(7) };
    let verdict =
        decide(&GrantRequest::ClientCredentials(grant), &authenticated(client), &mut World::new().cx());
    assert!(verdict.commit.is_none());
    verdict.outcome
}

#[test]
fn tk_15_k_23_v_35_scope_and_api_are_the_clients_own_and_speak_of_no_user() {
    // The APIs are those of the scopes, as they are written out when the client is registered.
    let service = |scope: &str| {
        let resources: Vec<&str> = [("read", NOTES), ("send", MAIL)]
            .into_iter()
            .filter_map(|(token, resource)| scope.contains(token).then_some(resource))
            .collect();
        confidential(json!({"scope": scope, "resources": resources}))
    };
    let unregistered = |scope: &str| Err(Refusal::ScopeUnregistered(Named::of(scope)));
    let other_api = |scope: &str| Err(Refusal::ScopeOfOtherApi(Named::of(scope)));
    let not_its_own = |resource: &str| Err(Refusal::ResourceUnregistered(Named::of(resource)));
    let ambiguous = || Err(Refusal::ResourceAmbiguous(Named::list([NOTES, MAIL].into_iter())));
    type Case<'a> = (&'a str, Changes<'a>, Result<(&'a str, &'a str), Refusal>);
    let cases: [Case<'_>; 17] = [
        ("read write", &[], Ok(("read write", NOTES))),
        ("openid profile read", &[], Ok(("read", NOTES))),
        ("read write", &[("scope", "read")], Ok(("read", NOTES))),
        ("read send", &[("resource", MAIL)], Ok(("send", MAIL))),
        ("read send", &[], ambiguous()),
        ("read send", &[("scope", "read")], ambiguous()),
        ("read send", &[("scope", "read"), ("resource", MAIL)], other_api("read")),
        ("read", &[("scope", "read write")], unregistered("write")),
        ("openid read", &[("scope", "openid")], other_api("openid")),
        ("read gone", &[("scope", "gone")], other_api("gone")),
        ("openid", &[], Err(Refusal::ResourceNone)),
        ("read", &[("resource", ISSUER)], not_its_own(ISSUER)),
        ("read send", &[("resource", MAIL), ("resource", NOTES)], Err(Refusal::ResourceSeveral)),
        ("read", &[("scope", "read\"")], Err(Refusal::ScopeMalformed)),
        ("read", &[("resource", "https://other.example")], Err(Refusal::ResourceUnknown)),
        ("read", &[("resource", MAIL)], not_its_own(MAIL)),
        ("read", &[("scope", "read"), ("resource", MAIL)], not_its_own(MAIL)),
    ];
    for (registered, changes, expected) in cases {
        let found = decided(&service(registered), changes)
            .map(|issue| (issue.scope.to_string(), issue.access.aud.as_slice().join(" ")));
        let expected = expected.map(|(scope, aud)| (scope.to_owned(), aud.to_owned()));
        assert_eq!(found, expected, "{registered} {changes:?}");
    }
}

#[test]
fn tk_15_v_36_an_error_in_the_resources_is_told_before_one_in_the_scope() {
    let elsewhere = ("resource", "https://other.example");
    for scope in ["write", "read\""] {
        let found = decided(&confidential(json!({"scope": "read"})), &[("scope", scope), elsewhere]);
        assert_eq!(found.map(|_| ()), Err(Refusal::ResourceUnknown), "{scope}");
    }
}

#[test]
fn tk_15_tk_16_it_names_the_client_no_grant_and_brings_no_refresh_token() {
    let issue = decided(&confidential(json!({})), &[("resource", NOTES)]).unwrap();
    assert!(issue.refresh.is_none() && issue.id.is_none());
    assert_eq!((issue.access.sub.as_str(), issue.access.client_id.as_str()), ("app", "app"));
    assert_eq!((issue.access.grant_id, issue.access.auth_time), (None, None));
    assert_eq!(issue.access.basis.as_deref(), Some("1.7"), "the API, and since when the client stands");
    assert_eq!(issue.access.iss, ISSUER);
}

#[test]
fn tk_03_tk_15_v_35_only_a_confidential_client_that_registered_it() {
    assert_eq!(decided(&client(json!({})), &[]).map(|_| ()), Err(Refusal::ClientPublic));
    let unregistered = confidential(json!({"grant_types": ["authorization_code"]}));
    assert_eq!(decided(&unregistered, &[]).map(|_| ()), Err(Refusal::GrantTypeUnregistered));
}

#[test]
fn tk_20_a_client_that_was_disabled_or_removed_since_it_was_loaded_gets_nothing() {
    let service = confidential(json!({}));
    for (status, refusal) in [
        (ClientStatus::Disabled, Refusal::ClientDisabled),
        (ClientStatus::Unregistered, Refusal::ClientUnknown),
    ] {
        let decided = decided_while(status, &service, &[("scope", "read")]);
        assert_eq!(decided.map(|_| ()), Err(refusal));
    }
}

#[test]
fn tk_03_v_38_the_grants_that_do_not_exist_are_unsupported() {
    for grant in
        ["password", "implicit", "urn:ietf:params:oauth:grant-type:token-exchange", "Authorization_Code"]
    {
        let params = form(&[("grant_type", grant)], &[("username", "ada"), ("password", "p"), ("code", "c")]);
        assert_eq!(
            TokenRequest::from_params(&params).unwrap_err(),
            TokenRequestMalformed::UnsupportedGrantType
        );
    }
}
