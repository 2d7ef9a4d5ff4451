//! What a token response will carry, before it is signed (OAuth 2.1 §3.2.3, RFC 9068 §2, OpenID Connect Core §2).

use proofkey_jose::Algorithm;
use proofkey_jose::claims::{AccessTokenClaims, Audience as AudienceClaim, IdTokenClaims, NumericDate};
use proofkey_oauth::{Scope, Secret, Timestamp, standard_scope};

use super::allowed::AllowedClient;
use super::entitlement::Entitlement;
use crate::api::Audience;
use crate::claims::{ChosenClaims, Claim, Withheld, chosen};
use crate::client::Client;
use crate::cx::Cx;
use crate::facts::GrantFacts;
use crate::ids::TokenId;
use crate::own_access::OwnAccess;
use crate::policy::Policy;
use crate::records::ApiRecord;
use crate::refusal::{Named, Refusal};

/// Tokens to sign and send. It is large, and travels in a box.
#[derive(Debug)]
pub struct Issue {
    /// The access token's claims.
    pub access: AccessTokenClaims,
    /// The algorithm to sign it with.
    pub access_algorithm: Algorithm,
    /// Seconds until it expires.
    pub expires_in: i64,
    /// The scope of the access token.
    pub scope: Scope,
    /// The ID token's claims, where `openid` was granted and is asked for (OpenID Connect Core §12.2 lets a refresh leave it
    /// out). `at_hash` is added once the access token is signed.
    pub id: Option<IdTokenClaims>,
    /// What the client asked for in it and it does not say of the user.
    pub id_withheld: Vec<(Claim, Withheld)>,
    /// The algorithm to sign it with.
    pub id_algorithm: Algorithm,
    /// The next refresh token, where the grant can be refreshed.
    pub refresh: Option<IssuedRefresh>,
}

/// A refresh token to send, and what the log may say of it.
#[derive(Debug)]
pub struct IssuedRefresh {
    /// What the client is sent.
    pub token: Secret,
    /// Its place in the chain; the first is 1.
    pub generation: i64,
    /// Whether it answers a refresh token that had been used before.
    pub repeated: bool,
}

/// How long a client's access token for an API lives, in seconds: the API's own life or the server's, under the client's
/// ceiling.
pub fn access_token_seconds(client: &Client, api: Option<&ApiRecord>, policy: &Policy) -> i64 {
    let seconds = api.and_then(|api| api.access_token_seconds).unwrap_or(policy.access_token_seconds);
    client.access_token_seconds.map_or(seconds, |ceiling| seconds.min(ceiling))
}

/// What signs an access token for this API: what it is registered for, or else the first algorithm that signs here.
fn access_token_algorithm(api: Option<&ApiRecord>, cx: &Cx<'_>) -> Result<Algorithm, Refusal> {
    match api.and_then(|api| api.algorithm) {
        Some(named) => check_signs(named, cx).map(|()| named),
        None => cx.signs.first().copied().ok_or(Refusal::AlgorithmOff(Named::NOTHING)),
    }
}

/// Refuses before anything is spent what no key here could sign: another server of the same database may have the key.
fn check_signs(algorithm: Algorithm, cx: &Cx<'_>) -> Result<(), Refusal> {
    let signs = cx.signs.contains(&algorithm);
    if signs { Ok(()) } else { Err(Refusal::AlgorithmOff(Named::ours(algorithm.name()))) }
}

/// The client, audience and life of an access token.
pub(super) struct AccessPlan<'a> {
    client: AllowedClient<'a>,
    audience: Audience<'a>,
    algorithm: Algorithm,
    seconds: i64,
    /// What the ID token that goes with it says of the user; `None` if none does: `openid` is not among what this request asks
    /// for, whichever API the access token is for.
    identifies: Option<ChosenClaims>,
}

impl<'a> AccessPlan<'a> {
    /// Decides audience, algorithm and life of an access token.
    pub(super) fn new<'x: 'a>(
        client: AllowedClient<'a>,
        entitlement: &Entitlement<'_>,
        cx: &Cx<'x>,
    ) -> Result<Self, Refusal> {
        let Entitlement { scope, apis, requested, user, .. } = entitlement;
        let audience = cx.apis.audience(requested.id(), apis, scope, &cx.policy.issuer)?;
        let seconds = access_token_seconds(&client, audience.api, cx.policy);
        let algorithm = access_token_algorithm(audience.api, cx)?;
        let identifies =
            scope.contains(standard_scope::OPENID).then(|| chosen(&client.id_token_claims, scope, *user));
        if identifies.is_some() {
            check_signs(client.id_token_algorithm, cx)?;
        }
        Ok(Self { client, audience, algorithm, seconds, identifies })
    }

    /// The client that gets the token.
    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// When a token issued now expires.
    pub(super) fn expires_at(&self, now: Timestamp) -> Timestamp {
        now + self.seconds
    }

    /// Everything for a grant of a user.
    pub(super) fn for_grant(
        mut self,
        grant: &GrantFacts,
        nonce: Option<String>,
        refresh: Option<IssuedRefresh>,
        cx: &mut Cx<'_>,
    ) -> Box<Issue> {
        // An API that does not introspect would accept the token beyond the end of the grant (RFC 9068 §5).
        self.seconds = self.seconds.min(grant.ends_at - cx.now);
        let auth_time = NumericDate::from(grant.authentication.at.seconds());
        let chosen = self.identifies.take();
        let (user, withheld) =
            chosen.map_or_else(Default::default, |chosen| (Some(chosen.given), chosen.withheld));
        let id = user.map(|user| IdTokenClaims {
            iss: cx.policy.issuer.as_str().to_owned(),
            sub: grant.user_id.as_str().to_owned(),
            aud: AudienceClaim::one(self.client.id.as_str()),
            azp: None,
            exp: NumericDate::from((cx.now + cx.policy.id_token_seconds).seconds()),
            iat: NumericDate::from(cx.now.seconds()),
            auth_time: Some(auth_time),
            nonce,
            at_hash: None,
            sid: Some(grant.session_id.to_string()),
            acr: grant.authentication.context.clone(),
            amr: grant.authentication.methods.claim(),
            user,
        });
        let mut issue = self.for_subject(grant.user_id.as_str(), cx);
        issue.access.auth_time = Some(auth_time);
        issue.access.grant_id = Some(grant.id.to_string());
        (issue.id, issue.id_withheld, issue.refresh) = (id, withheld, refresh);
        issue
    }

    /// An access token of the client's own.
    pub(super) fn for_client(self, own: OwnAccess, cx: &mut Cx<'_>) -> Box<Issue> {
        let client = self.client;
        let mut issue = self.for_subject(client.id.as_str(), cx);
        issue.access.basis = Some(own.to_string());
        issue
    }

    /// An access token alone.
    fn for_subject(self, subject: &str, cx: &mut Cx<'_>) -> Box<Issue> {
        let expires_at = self.expires_at(cx.now);
        let issuer = cx.policy.issuer.as_str();
        let audience =
            AudienceClaim::several(self.audience.audience).unwrap_or_else(|| AudienceClaim::one(issuer));
        let access = AccessTokenClaims {
            iss: issuer.to_owned(),
            sub: subject.to_owned(),
            aud: audience,
            client_id: self.client.id.as_str().to_owned(),
            scope: (!self.audience.scope.is_empty()).then(|| self.audience.scope.to_string()),
            iat: NumericDate::from(cx.now.seconds()),
            exp: NumericDate::from(expires_at.seconds()),
            nbf: None,
            jti: TokenId(cx.random()).to_string(),
            auth_time: None,
            acr: None,
            amr: None,
            sid: None,
            grant_id: None,
            basis: None,
        };
        Box::new(Issue {
            access,
            access_algorithm: self.algorithm,
            expires_in: self.seconds,
            scope: self.audience.scope,
            id: None,
            id_withheld: Vec::new(),
            id_algorithm: self.client.id_token_algorithm,
            refresh: None,
        })
    }
}
