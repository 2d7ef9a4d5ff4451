//! Access tokens that come back: who may use, see and revoke them.

mod introspect;
mod live;
mod revoke;
mod userinfo;

use std::sync::Arc;

use proofkey_jose::claims::{AccessTokenClaims, Audience, NumericDate};
use proofkey_oauth::{IntrospectionResponse, Issuer, Timestamp};
use serde_json::json;

use super::{IntrospectionCaller, TokenFacts};
use crate::client::Client;
use crate::facts::{AccessTokenFacts, ClientStatus, GrantFacts, SubjectFacts};
use crate::fixtures::{ISSUER, NOTES, NOW, World, confidential, grant, subject};
use crate::grant::GrantWithSubject;
use crate::ids::TokenId;
use crate::refusal::Refusal;

/// A token of Ada's for the notes API, and all that it lives by.
struct Shown {
    claims: AccessTokenClaims,
    grant: Option<GrantWithSubject>,
    token: AccessTokenFacts,
    client: Option<Arc<Client>>,
}

impl Shown {
    fn new() -> Self {
        let (_, subject) = subject(&mut World::new());
        let grant = grant(subject.session.as_ref().unwrap(), "openid email offline_access read");
        let claims = AccessTokenClaims {
            iss: ISSUER.into(),
            sub: "u-ada".into(),
            aud: Audience::several(vec![NOTES.into(), ISSUER.into()]).unwrap(),
            client_id: "app".into(),
            scope: Some("openid email read".into()),
            iat: NumericDate::from(NOW.seconds() - 10),
            exp: NumericDate::from(NOW.seconds() + 10),
            nbf: None,
            jti: TokenId([4; 16]).to_string(),
            auth_time: None,
            acr: None,
            amr: None,
            sid: None,
            grant_id: Some(grant.id.to_string()),
            valid_from: None,
        };
        let grant = GrantWithSubject::new(grant, subject);
        let (client, client_valid_from) = (ClientStatus::Active, Timestamp(0));
        let token = AccessTokenFacts { client, client_valid_from, revoked: false };
        Self { claims, grant, token, client: Some(confidential(json!({}))) }
    }

    /// A token that the client asked for by itself.
    fn of_the_client() -> Self {
        let mut shown = Self::new();
        shown.claims.sub = "app".into();
        shown.claims.grant_id = None;
        shown.grant = None;
        shown
    }

    fn grant(&mut self) -> &mut GrantFacts {
        self.grant.as_mut().unwrap().grant_mut()
    }

    fn subject(&mut self) -> &mut SubjectFacts {
        self.grant.as_mut().unwrap().subject_mut()
    }

    fn facts(&self) -> TokenFacts<'_> {
        TokenFacts { grant: self.grant.as_ref(), token: self.token, client: self.client.as_deref() }
    }

    fn live(&self) -> Option<Refusal> {
        super::live(&self.claims, &self.facts(), &World::new().cx()).err()
    }

    fn userinfo(&self) -> Result<String, Refusal> {
        let issuer = Issuer::parse(ISSUER).unwrap();
        let token = super::live(&self.claims, &self.facts(), &World::new().cx())?;
        super::userinfo(&token, &issuer).map(|opened| format!("{} {}", opened.user.id, opened.scope))
    }

    /// What introspection answers; of a token that does not live it tells nothing.
    fn introspect(&self, caller: &IntrospectionCaller) -> IntrospectionResponse {
        let token = super::live(&self.claims, &self.facts(), &World::new().cx());
        token.map_or_else(|_| IntrospectionResponse::default(), |token| super::introspect(caller, &token))
    }
}

/// Something that a test does to a token that holds.
type Spoil = fn(&mut Shown);
