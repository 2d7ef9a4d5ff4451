//! Is the grant still active? One matrix, every event against every path that relies on a grant, so that no path can skip
//! a part of the rule (class (d) of the historical attacks: checked at the front door only).

use std::sync::Arc;

use proofkey_oauth::Timestamp;
use serde_json::json;

use super::{Redemption, Refreshing, Writes, judged};
use crate::bearer::{self, IntrospectionCaller, TokenFacts, introspect_refresh};
use crate::client::Client;
use crate::consent::ConsentFacts;
use crate::facts::{AccessTokenFacts, ClientStatus, SubjectFacts};
use crate::fixtures::{
    MAIL, NOW, SCOPES, World, authenticated, bob, client, confidential, consent, consent_since,
};
use crate::ids::ApiId;
use crate::refusal::{Named, Refusal};

/// Something that happens after the user said yes, and how it is told at redemption and at refresh.
struct Event {
    name: &'static str,
    happens: fn(&mut SubjectFacts, &mut Arc<Client>),
    redeem: Option<Refusal>,
    refresh: Option<Refusal>,
}

/// A token that was not revoked by itself, of a client that stands.
const STANDS: AccessTokenFacts =
    AccessTokenFacts { client: ClientStatus::Active, client_valid_from: Timestamp(0), revoked: false };

static EVENTS: [Event; 18] = [
    Event { name: "nothing", happens: |_, _| {}, redeem: None, refresh: None },
    Event {
        name: "client disabled",
        happens: |subject, _| subject.client = ClientStatus::Disabled,
        redeem: Some(Refusal::ClientDisabled),
        refresh: Some(Refusal::ClientDisabled),
    },
    Event {
        name: "client removed",
        happens: |subject, _| subject.client = ClientStatus::Unregistered,
        redeem: Some(Refusal::ClientUnknown),
        refresh: Some(Refusal::ClientUnknown),
    },
    Event {
        name: "user disabled",
        happens: |subject, _| subject.user.disabled = true,
        redeem: Some(Refusal::UserDisabled),
        refresh: Some(Refusal::UserDisabled),
    },
    Event {
        name: "password set since",
        happens: |subject, _| subject.user.valid_from = NOW,
        redeem: Some(Refusal::SessionEnded),
        refresh: Some(Refusal::SessionEnded),
    },
    Event {
        name: "grants of the client ended since",
        happens: |subject, _| subject.client_valid_from = NOW,
        redeem: Some(Refusal::GrantRevoked),
        refresh: Some(Refusal::GrantRevoked),
    },
    Event {
        name: "consent withdrawn",
        happens: |subject, _| subject.consent = None,
        redeem: Some(Refusal::ConsentWithdrawn),
        refresh: Some(Refusal::ConsentWithdrawn),
    },
    Event {
        name: "consent withdrawn in part",
        happens: |subject, _| subject.consent = Some(consent("openid read")),
        redeem: Some(Refusal::ConsentWithdrawn),
        refresh: Some(Refusal::ConsentWithdrawn),
    },
    Event {
        name: "consent withdrawn and given again",
        happens: |subject, _| subject.consent = Some(consent_since(NOW, SCOPES)),
        redeem: Some(Refusal::ConsentWithdrawn),
        refresh: Some(Refusal::ConsentWithdrawn),
    },
    Event {
        name: "signed out",
        happens: |subject, _| subject.session = None,
        redeem: Some(Refusal::SessionEnded),
        refresh: Some(Refusal::SessionEnded),
    },
    Event {
        name: "session over",
        happens: |subject, _| subject.session.as_mut().unwrap().expires_at = NOW,
        redeem: Some(Refusal::SessionEnded),
        refresh: Some(Refusal::SessionEnded),
    },
    Event {
        name: "session of another user",
        happens: |subject, _| subject.session.as_mut().unwrap().user_id = bob().id,
        redeem: Some(Refusal::SessionEnded),
        refresh: Some(Refusal::SessionEnded),
    },
    Event {
        name: "session idle",
        happens: |subject, _| subject.session.as_mut().unwrap().seen_at = NOW + -43_200,
        redeem: Some(Refusal::SessionEnded),
        refresh: None,
    },
    Event {
        name: "scope taken from the client",
        happens: |_, client| *client = self::client(json!({"scope": "openid read"})),
        redeem: Some(Refusal::ScopeUnregistered(Named::NOTHING)),
        refresh: Some(Refusal::ScopeUnregistered(Named::NOTHING)),
    },
    Event {
        name: "API taken from the client",
        happens: |_, client| *client = self::client(json!({"resources": [MAIL]})),
        redeem: Some(Refusal::ResourceUnregistered(Named::NOTHING)),
        refresh: Some(Refusal::ResourceUnregistered(Named::NOTHING)),
    },
    Event {
        name: "consent withdrawn at the API",
        happens: |subject, _| subject.consent = without(subject, ApiId(1)),
        redeem: Some(Refusal::ConsentWithdrawn),
        refresh: Some(Refusal::ConsentWithdrawn),
    },
    Event {
        name: "consent withdrawn at the issuer",
        happens: |subject, _| subject.consent = without(subject, ApiId::ISSUER),
        redeem: Some(Refusal::ConsentWithdrawn),
        refresh: Some(Refusal::ConsentWithdrawn),
    },
    Event {
        name: "consent withdrawn at another API",
        happens: |subject, _| subject.consent = without(subject, ApiId(2)),
        redeem: None,
        refresh: None,
    },
];

/// What is allowed without what is allowed at one API.
fn without(subject: &SubjectFacts, api: ApiId) -> Option<ConsentFacts> {
    subject.consent.as_ref().unwrap().without(api)
}

/// A refusal without what it names.
fn unnamed(refusal: Refusal) -> Refusal {
    match refusal {
        Refusal::ScopeUnregistered(_) => Refusal::ScopeUnregistered(Named::NOTHING),
        Refusal::ResourceUnregistered(_) => Refusal::ResourceUnregistered(Named::NOTHING),
        other => other,
    }
}

#[test]
fn tk_20_az_35_v_61_a_code_is_worth_what_stands_when_it_is_redeemed() {
    for event in &EVENTS {
        let mut redemption = Redemption::new();
        (event.happens)(redemption.facts.subject.as_mut().unwrap(), &mut redemption.client);
        let writes = if event.redeem.is_none() { Writes::Grant } else { Writes::Nothing };
        let (refusal, written) = judged(&redemption.redeem());
        assert_eq!((refusal.map(unnamed), written), (event.redeem.clone(), writes), "{}", event.name);
    }
}

#[test]
fn rt_08_rt_09_v_27_v_29_v_61_a_refresh_token_is_worth_what_stands_when_it_is_used() {
    for event in &EVENTS {
        for bound in [true, false] {
            let mut refreshing = Refreshing::new();
            refreshing.grant().session_bound = bound;
            (event.happens)(refreshing.facts.as_mut().unwrap().subject_mut(), &mut refreshing.client);
            let by_session = matches!(event.name, "signed out" | "session over" | "session of another user");
            let refusal = event.refresh.clone().filter(|_| bound || !by_session);
            let writes = if refusal.is_none() { Writes::Use } else { Writes::Nothing };
            let (found, written) = judged(&refreshing.refresh());
            assert_eq!((found.map(unnamed), written), (refusal, writes), "{} {bound}", event.name);
        }
    }
}

#[test]
fn in_02_in_05_ui_02_v_27_v_30_v_61_an_access_token_is_worth_what_stands_when_it_is_shown() {
    for event in &EVENTS {
        let mut issued = Refreshing::new();
        issued.grant().session_bound = true;
        let claims = issued.refresh().outcome.unwrap().access;
        let token = issued.token.clone().unwrap();
        (event.happens)(issued.facts.as_mut().unwrap().subject_mut(), &mut issued.client);
        let grant = issued.facts.as_ref();
        let facts = TokenFacts { grant, token: STANDS, client: Some(&issued.client) };
        let expected = event.refresh.as_ref().map(|_| Refusal::TokenInvalid);
        assert_eq!(
            bearer::live(&claims, &facts, &World::new().cx()).map(|_| ()).err(),
            expected,
            "{}",
            event.name
        );
        let registered = client(json!({}));
        if (&issued.client.scope, &issued.client.resources) == (&registered.scope, &registered.resources) {
            let caller = IntrospectionCaller::Client(authenticated(&confidential(json!({}))));
            let response = introspect_refresh(&caller, &token, issued.facts.as_ref(), &issued.world.cx());
            assert_eq!(response.active, event.refresh.is_none(), "{}", event.name);
        }
    }
}

#[test]
fn rt_08_tk_20_a_disabled_clients_tokens_are_worth_nothing() {
    let mut issued = Refreshing::new();
    let claims = issued.refresh().outcome.unwrap().access;
    let mut disabled = (*issued.client).clone();
    disabled.disabled = true;
    for client in [Some(&disabled), None] {
        let facts = TokenFacts { grant: issued.facts.as_ref(), token: STANDS, client };
        let live = bearer::live(&claims, &facts, &World::new().cx());
        assert_eq!(live.map(|_| ()).err(), Some(Refusal::TokenInvalid));
    }
}
