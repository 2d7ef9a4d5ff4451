//! What `/token` would issue: the decisions of the authorization endpoint and of the token endpoint, made on what is stored now,
//! on the settings of this process, and on a sign-in that is made up. Nothing is written and nothing that could be used leaves here:
//! no signature, no code, no refresh token.

mod claims;
mod reasons;
mod shown;
mod tokens;
mod walk;

use std::sync::Arc;

use proofkey_protocol::{Apis, Client, ClientId, ClientStatus, Cx};

pub use self::shown::{
    Part, PreviewRequest, PreviewedConsent, PreviewedToken, PreviewedTokens, Reason, TokenPreview,
};
use self::walk::{Held, Walked};
use super::noun::{Noun, Verb};
use super::{Admin, AdminRefused};
use crate::random::SystemRandom;

impl Admin {
    /// Decides what would be issued, and records that it was asked.
    pub async fn preview_token(&self, request: &PreviewRequest) -> Result<TokenPreview, AdminRefused> {
        let held = self.held(request).await?;
        self.keyring.take_over(&self.store, self.now()).await?;
        let (keys, apis) = (self.keyring.now(), Apis::new(self.store.apis().await?));
        if keys.records().is_empty() {
            return Err(AdminRefused::NoSigningKey);
        }
        let (now, mut random) = (self.now(), SystemRandom);
        let walked = {
            let (policy, keys, signs) = (&self.policy, keys.artefacts(), keys.signs());
            walk::walk(request, &held, &mut Cx { now, random: &mut random, policy, apis: &apis, keys, signs })
        };
        let user = held.user.as_ref().map(|user| user.id.as_str());
        tracing::info!(
            actor = %self.actor, verb = %Verb::PreviewToken, noun = %Noun::Client, id = %held.client.id, user, "administration"
        );
        match walked {
            Err(refused) => {
                Ok(TokenPreview::Refused { endpoint: refused.endpoint, refusal: refused.refusal })
            }
            Ok(Walked { issue, grant, consent, userinfo }) => {
                let signed = tokens::unsigned(&keys, &issue)?;
                let context = reasons::Context {
                    request,
                    held: &held,
                    issue: &issue,
                    grant: grant.as_ref(),
                    apis: &apis,
                    policy: &self.policy,
                    tokens: &signed,
                    userinfo: userinfo.as_ref(),
                };
                let (reasons, refresh_withheld) = (reasons::of(&context), context.refresh_withheld());
                let tokens::Unsigned { access_token, id_token } = signed;
                Ok(TokenPreview::Issued(Box::new(PreviewedTokens {
                    access_token,
                    id_token,
                    has_refresh_token: issue.refresh.is_some(),
                    refresh_withheld,
                    client_scope: held.client.scope.to_string(),
                    userinfo,
                    expires_in: issue.expires_in,
                    consent,
                    reasons,
                })))
            }
        }
    }

    async fn held(&self, request: &PreviewRequest) -> Result<Held, AdminRefused> {
        let id = ClientId::new(request.client.clone());
        let missing = || AdminRefused::Missing { noun: Noun::Client, name: id.to_string() };
        let record = self.store.client(&id).await?.ok_or_else(missing)?;
        let facts = self.store.client_facts(&id).await?;
        if facts.status == ClientStatus::Unregistered {
            return Err(missing());
        }
        let mut client = Client::try_from(&record)?;
        let secret = walk::made_up_secret(&mut client, self.now());
        let (user, consent) = match request.username.as_deref() {
            None => (None, None),
            Some(username) => {
                let user = self.find_user(username).await?;
                let consent = self.store.consents(Some(&user.id), Some(&id)).await?.pop();
                (Some(user), consent.map(|record| record.consent))
            }
        };
        Ok(Held { client: Arc::new(client), facts, secret, user, consent })
    }
}
