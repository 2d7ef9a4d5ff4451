//! What rules and pages read.

use proofkey_oauth::Sha256;
use proofkey_protocol::{
    ApiRecord, AuthorizationCode, ClientId, ClientRecord, CodeFacts, CredentialFacts, FailureFacts, GrantId,
    GrantWithSubject, KeyRecord, SessionId, SubjectFacts, TokenId, UserId, UserRecord,
};

use crate::fault::Fault;
use crate::store::{Backend, Store};

/// Numbers that grow with each change of a directory. A node that sees one move loads that directory again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field is the version of the directory of that name")]
pub struct Versions {
    pub clients: i64,
    pub apis: i64,
    pub keys: i64,
}

/// Each read is one statement, so it sees one state of the database.
impl Store {
    /// A session with its user, and with the consent for that client.
    pub async fn session(&self, id: SessionId, client: &ClientId) -> Result<Option<SubjectFacts>, Fault> {
        match &*self.backend {
            Backend::Sqlite(engine) => engine.session(id, client),
        }
    }

    /// A user, with that session if it is theirs and exists, and with the consent for that client.
    pub async fn subject(
        &self,
        user: &UserId,
        session: SessionId,
        client: &ClientId,
    ) -> Result<Option<SubjectFacts>, Fault> {
        match &*self.backend {
            Backend::Sqlite(engine) => engine.subject(user, session, client),
        }
    }

    /// A grant with its user, and with its session and consent while they exist.
    pub async fn grant(&self, id: GrantId) -> Result<Option<GrantWithSubject>, Fault> {
        match &*self.backend {
            Backend::Sqlite(engine) => engine.grant(id),
        }
    }

    /// All that redeeming a code depends on.
    pub async fn code(&self, code: &AuthorizationCode) -> Result<CodeFacts, Fault> {
        match &*self.backend {
            Backend::Sqlite(engine) => engine.code(code),
        }
    }

    /// Wrong verifiers that were sent for a code.
    pub async fn code_failures(&self, code: GrantId) -> Result<i64, Fault> {
        match &*self.backend {
            Backend::Sqlite(engine) => engine.code_failures(code),
        }
    }

    /// Whether this access token was revoked by itself; its grant is a question of its own.
    pub async fn access_token_revoked(&self, token: TokenId) -> Result<bool, Fault> {
        match &*self.backend {
            Backend::Sqlite(engine) => engine.access_token_revoked(token),
        }
    }

    /// What signing in needs of a user, by the normalised, case-folded name.
    pub async fn credentials(&self, username_key: &str) -> Result<Option<CredentialFacts>, Fault> {
        match &*self.backend {
            Backend::Sqlite(engine) => engine.credentials(username_key),
        }
    }

    /// A user by the normalised, case-folded name.
    pub async fn user_by_name(&self, username_key: &str) -> Result<Option<UserRecord>, Fault> {
        match &*self.backend {
            Backend::Sqlite(engine) => engine.user_by_name(username_key),
        }
    }

    /// A user by id.
    pub async fn user(&self, id: &UserId) -> Result<Option<UserRecord>, Fault> {
        match &*self.backend {
            Backend::Sqlite(engine) => engine.user(id),
        }
    }

    /// Failed sign-ins of an account; zeros when there are none.
    pub async fn sign_in_failures(&self, account: &Sha256) -> Result<FailureFacts, Fault> {
        match &*self.backend {
            Backend::Sqlite(engine) => engine.sign_in_failures(account),
        }
    }

    /// At most 20 clients that hold a live grant given in this session, as far as the newest 1,000 grants tell. For the
    /// sign-out page to show; what sign-out ends does not depend on it.
    pub async fn session_clients(&self, session: SessionId) -> Result<Vec<ClientId>, Fault> {
        match &*self.backend {
            Backend::Sqlite(engine) => engine.session_clients(session),
        }
    }

    /// The versions of the directories. Read them before the directories, never after.
    pub async fn directory_versions(&self) -> Result<Versions, Fault> {
        match &*self.backend {
            Backend::Sqlite(engine) => engine.directory_versions(),
        }
    }

    /// Every client.
    pub async fn clients(&self) -> Result<Vec<ClientRecord>, Fault> {
        match &*self.backend {
            Backend::Sqlite(engine) => engine.clients().await,
        }
    }

    /// Every API.
    pub async fn apis(&self) -> Result<Vec<ApiRecord>, Fault> {
        match &*self.backend {
            Backend::Sqlite(engine) => engine.apis().await,
        }
    }

    /// Every signing key.
    pub async fn keys(&self) -> Result<Vec<KeyRecord>, Fault> {
        match &*self.backend {
            Backend::Sqlite(engine) => engine.keys().await,
        }
    }
}
