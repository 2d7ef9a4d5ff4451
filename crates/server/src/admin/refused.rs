//! Why administration refuses, and which member it refuses.

use std::path::PathBuf;

use proofkey_oauth::{ResourceUri, ScopeMalformed, Timestamp};
use proofkey_protocol::claims::ClaimRefused;
use proofkey_protocol::{Algorithm, ClientId, RegistrationRefused, SealingKeyId};
use proofkey_store::{AdminFault, Fault};
use thiserror::Error;

use super::api_refused::ApiRefused;
use super::app_refused::AppRefused;
use super::client_document::MetadataRefused;
use super::limits::SECRET_KEEP_SECONDS_MAX;
use super::member::Member;
use super::noun::Noun;
use crate::config::SealingKeyRefused;
use crate::keys::KeysFault;
use crate::password::{CostRefused, Unacceptable};

/// Why nothing was changed.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the message of a variant says what its fields are")]
#[non_exhaustive]
pub enum AdminRefused {
    /// The registration cannot work. Its text names the member already.
    #[error(transparent)]
    Registration(#[from] RegistrationRefused),
    /// The JSON is not client metadata.
    #[error(transparent)]
    Metadata(#[from] MetadataRefused),
    /// An update for this client carries the metadata of another.
    #[error("client_id: the metadata is about another client_id than {0}")]
    OtherClient(ClientId),
    /// An update of this client carries a secret.
    #[error("client_secret: an update does not change the secret, so leave it out")]
    SecretInUpdate(ClientId),
    /// An update would make a public client confidential, and it has no secret.
    #[error(
        "client {0} is public: say `\"token_endpoint_auth_method\": \"none\"`, or remove the client and add it anew"
    )]
    PublicClient(ClientId),
    /// An update would make a confidential client public, and its secrets would stay.
    #[error(
        "client {0} is confidential: do not say `\"token_endpoint_auth_method\": \"none\"`, or remove the client and add it \
         anew"
    )]
    ConfidentialClient(ClientId),
    /// The registration names an API that does not exist.
    #[error("{member}: no API is registered under {resource}", member = Member::item("resources", *.at))]
    UnknownResource { at: usize, resource: ResourceUri },
    /// No server signs ID tokens by that algorithm.
    #[error(
        "id_token_signed_response_alg: {algorithm} (RS256 where none is named) is left out by keys.algorithms, so name one of \
         {on}"
    )]
    AlgorithmOff { algorithm: Algorithm, on: String },
    /// No server signs ID tokens by that algorithm yet.
    #[error(
        "id_token_signed_response_alg: {algorithm} is new on the list, and its first key is published before it signs: {when}"
    )]
    AlgorithmAhead { algorithm: Algorithm, when: String },
    /// A public client has no secret that another could take the place of.
    #[error("client {0} is public (token_endpoint_auth_method none): it has no secret to rotate")]
    NoSecret(ClientId),
    /// A secret could not be handed over, so it replaces none.
    #[error("the new secret could not be printed ({0}): nothing was changed")]
    Undelivered(std::io::Error),
    /// The credential of an API was replaced, could not be handed over, and could not be taken back: the one refusal that leaves a change.
    #[error(
        "the new credential of API {resource} could not be printed ({cause}), and the API could not be put back to what it was: \
         {reason}"
    )]
    CredentialNotShown { resource: ResourceUri, cause: std::io::Error, reason: String },
    /// The old secret would live on too long, or for less than no time.
    #[error("keep_seconds: 0 to {SECRET_KEEP_SECONDS_MAX}")]
    KeepSeconds,
    /// What was given for an API cannot be.
    #[error("{member}: {0}", member = .0.member())]
    Api(ApiRefused),
    /// The username is empty, too long, or holds what cannot be seen.
    #[error(
        "a username is 1 to 256 bytes of letters, digits and ASCII signs, single spaces between words (RFC 8265), without \
         invisible characters"
    )]
    Username,
    /// A claim that a user cannot have.
    #[error(transparent)]
    Claim(#[from] ClaimRefused),
    /// A password that is too weak.
    #[error("the password cannot be used: {0}")]
    Password(Unacceptable),
    /// A password that is too long.
    #[error("a password is at most 1024 bytes long")]
    PasswordTooLong,
    /// The id or the name is taken.
    #[error("{noun} {name} exists already")]
    Exists { noun: Noun, name: String },
    /// A removed user had the name, and what is known under it elsewhere is not the next person's.
    #[error(
        "the name {name} was that of a user who was removed, and apps or APIs may know that person by it"
    )]
    NameOfRemoved { name: String, removed_at: Timestamp },
    /// An app of a kind that cannot be so.
    #[error(transparent)]
    App(#[from] AppRefused),
    /// What is added is no scope.
    #[error("scope: {0}")]
    Scope(ScopeMalformed),
    /// An edit drops what is not there.
    #[error("{member}: `{value}` is not among what is registered")]
    NotRegistered { member: &'static str, value: String },
    /// A claim that an edit of a user cannot drop.
    #[error("the claim `{name}` cannot be dropped: {reason}")]
    ClaimStays { name: String, reason: &'static str },
    /// There is nothing of that id or name.
    #[error("there is no {noun} {name}")]
    Missing { noun: Noun, name: String },
    /// Others changed it again and again before this change could be written.
    #[error("{noun} {name} was changed by somebody else at the same moment: nothing was written")]
    Conflict { noun: Noun, name: String },
    /// Another process replaced the keys at the same moment, and its keys stand.
    #[error("another process was rotating at this moment")]
    RotatedElsewhere,
    /// Nothing in the input explains it.
    #[error("the password could not be hashed")]
    Hashing,
    /// No command changes the environment of a server.
    #[error(
        "the sealing key comes from PROOFKEY_KEYS__SEALING_KEY, which no command can change: set it to the new key (`openssl \
         rand -base64 32`), a comma and the one before, and restart; if that has leaked, write `revoked` before it. Where several \
         servers share a database, first set it on each to the one before, a comma and `next` with the new one, and restart"
    )]
    SealingKeyInEnvironment,
    /// A server that is there has not read the next sealing key.
    #[error(
        "the new sealing key {id} is not on every server yet: {nodes}; copy {} there, and run this again a few seconds later",
        file.display()
    )]
    SealingKeyNotHeld { id: SealingKeyId, file: PathBuf, nodes: String },
    /// The sealing key cannot be read or replaced.
    #[error(transparent)]
    SealingKey(#[from] SealingKeyRefused),
    /// A cost that passwords cannot have.
    #[error("[passwords]: {0}")]
    PasswordCost(CostRefused),
    /// The hashing thread cannot be had.
    #[error("a thread for hashing passwords: {0}")]
    Thread(std::io::Error),
    /// The signing keys cannot be read or made.
    #[error(transparent)]
    Keys(#[from] KeysFault),
    /// No server has made a signing key yet.
    #[error("there is no signing key yet: the first start of `proofkey serve` makes it")]
    NoSigningKey,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Fault),
}

/// Errors that are told in a text of ours, and so are no further link of the chain: it would say them twice.
macro_rules! told_in_full {
    ($($variant:ident($cause:ty);)*) => {
        $(impl From<$cause> for AdminRefused {
            fn from(cause: $cause) -> Self {
                Self::$variant(cause)
            }
        })*
    };
}

told_in_full! {
    Api(ApiRefused);
    Password(Unacceptable);
    PasswordCost(CostRefused);
    Thread(std::io::Error);
}

impl AdminRefused {
    /// The store's answer, with what the change was about.
    pub(super) fn about(fault: AdminFault, noun: Noun, name: impl ToString) -> Self {
        match fault {
            AdminFault::Exists => Self::Exists { noun, name: name.to_string() },
            AdminFault::Missing => Self::Missing { noun, name: name.to_string() },
            AdminFault::Conflict => Self::Conflict { noun, name: name.to_string() },
            AdminFault::Fault(fault) => Self::Store(fault),
        }
    }

    /// The member that has to change for the verb to succeed; `None` where what was given is not at fault.
    pub fn member(&self) -> Option<Member> {
        match self {
            Self::Registration(refused) => Some(match refused.member() {
                (name, None) => Member::whole(name),
                (name, Some(at)) => Member::item(name, at),
            }),
            Self::Metadata(MetadataRefused::Member { name, .. }) => Some(Member::whole(name.clone())),
            Self::AlgorithmOff { .. } | Self::AlgorithmAhead { .. } => {
                Some(Member::whole("id_token_signed_response_alg"))
            }
            Self::UnknownResource { at, .. } => Some(Member::item("resources", *at)),
            Self::OtherClient(_) => Some(Member::whole("client_id")),
            Self::SecretInUpdate(_) => Some(Member::whole("client_secret")),
            Self::PublicClient(_) | Self::ConfidentialClient(_) | Self::NoSecret(_) => {
                Some(Member::whole("token_endpoint_auth_method"))
            }
            Self::KeepSeconds => Some(Member::whole("keep_seconds")),
            Self::Api(refused) => Some(refused.member()),
            Self::NotRegistered { member, .. } => Some(Member::whole(*member)),
            Self::Scope(_) => Some(Member::whole("scope")),
            Self::App(refused) => Some(refused.member()),
            Self::Username | Self::NameOfRemoved { .. } | Self::Exists { noun: Noun::User, .. } => {
                Some(Member::whole("username"))
            }
            Self::Claim(refused) => Some(Member::inner("claims", refused.claim())),
            Self::ClaimStays { name, .. } => Some(Member::inner("claims", name)),
            Self::Password(_) | Self::PasswordTooLong => Some(Member::whole("password")),
            Self::Exists { noun: Noun::Client, .. } => Some(Member::whole("client_id")),
            Self::Exists { noun: Noun::Api, .. } => Some(Member::whole("resource")),
            Self::Exists { noun: Noun::Consent | Noun::Key | Noun::SealingKey | Noun::Refusal, .. }
            | Self::Metadata(MetadataRefused::Document(_))
            | Self::Missing { .. }
            | Self::Conflict { .. }
            | Self::Undelivered(_)
            | Self::CredentialNotShown { .. }
            | Self::RotatedElsewhere
            | Self::Hashing
            | Self::SealingKeyInEnvironment
            | Self::SealingKeyNotHeld { .. }
            | Self::SealingKey(_)
            | Self::PasswordCost(_)
            | Self::Thread(_)
            | Self::Keys(_)
            | Self::NoSigningKey
            | Self::Store(_) => None,
        }
    }
}
