//! What rules are told, as the store's reads tell it.

use proofkey_oauth::{Sha256, Timestamp};
use proofkey_protocol::{
    AccessTokenFacts, Apis, AuthorizationCode, ClientFacts, ClientId, ClientRecord, ClientStatus, CodeFacts,
    ConsentFacts, CredentialFacts, FailureFacts, GrantFacts, GrantId, GrantWithSubject, RedemptionFacts,
    RegisteredApi, SessionFacts, SessionId, SubjectFacts, TokenId, UserFacts, UserId,
};

use serde_json::{Map, Value};

use super::{BrokenGate, Model, UserRow};

/// Up to this instant nothing has ended, for nothing had begun.
const NEVER: Timestamp = Timestamp(0);

/// A client as it is registered now.
pub type ClientKnown<'a> = Option<&'a ClientRecord>;

impl Model {
    /// A client.
    pub fn client(&self, id: &ClientId) -> ClientKnown<'_> {
        self.clients.get(id).map(|row| &row.record)
    }

    /// How a client stands.
    pub fn client_facts(&self, id: &ClientId) -> ClientFacts {
        let row = self.clients.get(id);
        let status = match row {
            Some(row) if row.record.disabled && !self.is_broken(BrokenGate::DisabledClientNotRead) => {
                ClientStatus::Disabled
            }
            Some(_) => ClientStatus::Active,
            None => ClientStatus::Unregistered,
        };
        ClientFacts { status, valid_from: row.map_or(NEVER, |row| row.valid_from) }
    }

    /// The APIs.
    pub fn apis(&self) -> Apis {
        Apis::new(self.apis.clone())
    }

    /// The same as they are registered.
    pub fn registered_apis(&self) -> &[RegisteredApi] {
        &self.apis
    }

    /// A session with its user.
    pub fn session(&self, id: SessionId) -> Option<(SessionFacts, UserFacts)> {
        let session = self.sessions.get(&id.0)?;
        Some((session.clone(), self.users.get(&session.user_id)?.facts.clone()))
    }

    /// A session with its user, the consent for one client, and how that client stands.
    pub fn session_with_consent(&self, id: SessionId, client: &ClientId) -> Option<SubjectFacts> {
        let session = self.sessions.get(&id.0)?;
        let user = self.users.get(&session.user_id)?;
        Some(self.subject(user, Some(session), client))
    }

    /// All that redeeming a code depends on.
    pub fn code(&self, code: &AuthorizationCode) -> CodeFacts {
        let Some(user) = self.user_of_grant(&code.user_id) else { return CodeFacts::default() };
        let session = self.sessions.get(&code.session_id.0).filter(|row| row.user_id == code.user_id);
        let mut subject = self.subject(user, session, &code.client_id);
        if self.is_broken(BrokenGate::UserMarkNotRead) {
            subject.user.valid_from = code.user_valid_from.unwrap_or(NEVER);
        }
        if self.is_broken(BrokenGate::ClientMarkNotRead) {
            subject.client_valid_from = code.client_valid_from.unwrap_or(NEVER);
        }
        let is_suspect = |row: &GrantFacts| {
            row.user_id == code.user_id
                && row.client_id == code.client_id
                && row.refresh.suspect
                && row.revoked_at.is_none()
        };
        CodeFacts {
            subject: Some(subject),
            redemption: self.grants.get(&code.id.0).map(|row| RedemptionFacts { revoked_at: row.revoked_at }),
            failures: self.code_failures.get(&code.id.0).map_or(0, |(count, _)| *count),
            suspect: self.clients.contains_key(&code.client_id) && self.grants.values().any(is_suspect),
        }
    }

    /// A grant with its subject.
    pub fn grant(&self, id: GrantId) -> Option<GrantWithSubject> {
        let mut grant = self.grants.get(&id.0)?.clone();
        let user = self.user_of_grant(&grant.user_id)?;
        let session = self.sessions.get(&grant.session_id.0).filter(|row| row.user_id == grant.user_id);
        let subject = self.subject(user, session, &grant.client_id);
        if self.is_broken(BrokenGate::RevokedNotRead) {
            grant.revoked_at = None;
        }
        if self.is_broken(BrokenGate::UserMarkNotRead) {
            grant.user_valid_from = Some(subject.user.valid_from);
        }
        if self.is_broken(BrokenGate::ClientMarkNotRead) {
            grant.client_valid_from = Some(subject.client_valid_from);
        }
        GrantWithSubject::new(grant, subject)
    }

    /// What an access token of a grant rests on.
    pub fn granted_access_token(
        &self,
        grant: GrantId,
        token: TokenId,
    ) -> Option<(GrantWithSubject, AccessTokenFacts)> {
        let grant = self.grant(grant)?;
        let subject = grant.subject();
        let (client, client_valid_from) = (subject.client, subject.client_valid_from);
        let revoked = self.revoked_tokens.contains_key(&token.0);
        Some((grant, AccessTokenFacts { client, client_valid_from, revoked }))
    }

    /// What is known of an access token that a client asked for by itself.
    pub fn access_token(&self, client: &ClientId, token: TokenId) -> AccessTokenFacts {
        let ClientFacts { status, valid_from } = self.client_facts(client);
        let revoked = self.revoked_tokens.contains_key(&token.0);
        AccessTokenFacts { client: status, client_valid_from: valid_from, revoked }
    }

    /// What signing in needs of a user.
    pub fn credentials(&self, username_key: &str) -> Option<CredentialFacts> {
        let row = self.users.values().find(|row| row.key == username_key)?;
        Some(CredentialFacts { user: row.facts.clone(), password: row.password.clone() })
    }

    /// The claims of a user.
    pub fn claims(&self, id: &UserId) -> Option<&Map<String, Value>> {
        self.users.get(id).map(|row| &row.claims)
    }

    /// Failed sign-ins under a key.
    pub fn sign_in_failures(&self, counted_as: &Sha256) -> FailureFacts {
        let found = self.failures.get(counted_as);
        found.map_or_else(FailureFacts::default, |row| FailureFacts {
            failures: row.failures,
            last_at: row.last_at,
        })
    }

    /// What a user allows a client.
    pub fn consent(&self, user: &UserId, client: &ClientId) -> Option<&ConsentFacts> {
        self.consents.get(&(user.clone(), client.clone()))
    }

    fn user_of_grant(&self, id: &UserId) -> Option<&UserRow> {
        self.users.get(id).or_else(|| self.left_users.get(id))
    }

    fn subject(&self, user: &UserRow, session: Option<&SessionFacts>, client: &ClientId) -> SubjectFacts {
        let ClientFacts { status, valid_from } = self.client_facts(client);
        let stands = self.consent(&user.facts.id, client).cloned();
        SubjectFacts {
            user: user.facts.clone(),
            session: session.cloned(),
            consent: if self.is_broken(BrokenGate::ConsentNotRead) { self.everything() } else { stands },
            client: status,
            client_valid_from: valid_from,
        }
    }

    /// A consent to everything, since ever.
    fn everything(&self) -> Option<ConsentFacts> {
        let mut text = "0 0 openid profile email offline_access".to_owned();
        for api in &self.apis {
            text.push_str(&format!("\n{} 0 offline_access", api.id));
            api.record.scopes.iter().for_each(|scope| text.push_str(&format!(" {}", scope.name)));
        }
        ConsentFacts::parse(&text)
    }
}
