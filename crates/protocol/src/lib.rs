//! The rules of an authorization server, as pure functions.
//!
//! Every endpoint is `parse → load → decide → commit → reply`; this crate is *decide*. A rule takes a request and the facts
//! that the store loaded, and returns a [`Verdict`]: what to answer and what must be durable first. It knows no async,
//! clock, socket, SQL, HTTP status or HTML.

mod api;
mod authentication;
pub mod authorize;
pub mod bearer;
pub mod claims;
mod client;
mod clock;
mod code;
mod commit;
mod consent;
mod cx;
mod envelope;
mod facts;
#[cfg(test)]
mod fixtures;
mod grant;
mod ids;
pub mod interaction;
pub mod logout;
mod own_access;
mod policy;
mod records;
mod refresh_chain;
mod refresh_token;
mod refusal;
mod seal;
pub mod session;
pub mod sign_in;
mod signing_algorithms;
pub mod token;

// Records name it; what stores them needs to know no JOSE.
pub use proofkey_jose::Algorithm;

pub use api::{Apis, Audience, GrantedApis};
pub use authentication::{Authentication, AuthenticationMethod, AuthenticationMethods};
pub use client::{
    AuthenticatedClient, Client, Judged, NAME_CHARS_MAX, ORIGINS_MAX, REDIRECT_URIS_MAX, RESOURCES_MAX,
    RegistrationRefused, authenticate, is_short_client_secret, web_origins,
};
pub use code::AuthorizationCode;
pub use commit::{Commit, Committed, SignInTry, Verdict};
pub use consent::{ApiConsent, CONSENT_BYTES_MAX, ConsentFacts, ConsentRecord};
pub use cx::{Cx, Random};
pub use facts::{
    AccessTokenFacts, ClientFacts, ClientStatus, CodeFacts, CredentialFacts, FailureFacts, GrantFacts,
    RedemptionFacts, SessionFacts, SessionProof, SubjectFacts, UserFacts,
};
pub use grant::GrantWithSubject;
pub use ids::{ApiId, ClientId, GrantId, NodeId, SealingKeyId, SessionId, TokenId, USER_ID_PREFIX, UserId};
pub use policy::{Policy, SessionLife, SignInLimit};
pub use records::{
    ApiRecord, ApiScope, ClientRecord, ClientSecretRecord, KeyRecord, NodeRecord, RefusalRecord,
    RegisteredApi, SealingKeyRecord, UserRecord,
};
pub use refresh_chain::{OVERLAP_SECONDS, OVERLAP_SECONDS_MAX, RECENT_MAX, RefreshChain, RetiredToken};
pub use refresh_token::RefreshToken;
pub use refusal::{Explanation, Named, Refusal, Unreadable};
pub use seal::ArtefactKeys;
pub use signing_algorithms::SigningAlgorithms;
