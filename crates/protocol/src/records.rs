//! What operators manage: clients, APIs, keys and users, as they are stored.

use proofkey_jose::Algorithm;
use proofkey_oauth::{ClientMetadata, ResourceUri, SecretHash, Timestamp};
use serde::{Deserialize, Serialize};

use crate::ids::{ApiId, ClientId, NodeId, SealingKeyId, UserId};

/// A registered client.
#[derive(Clone, Debug)]
pub struct ClientRecord {
    /// The `client_id`.
    pub id: ClientId,
    /// The registration as `client add` took it.
    pub metadata: ClientMetadata,
    /// Its secrets: two may live side by side while one is being replaced.
    pub secrets: Vec<ClientSecretRecord>,
    /// Whether an operator has disabled it.
    pub disabled: bool,
    /// When it was registered.
    pub created_at: Timestamp,
}

/// One secret of a client.
#[derive(Clone, Copy, Debug)]
pub struct ClientSecretRecord {
    /// All that is kept of its text, which was shown once.
    pub hash: SecretHash,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends, once it has been replaced.
    pub expires_at: Option<Timestamp>,
}

/// An API (a resource server).
#[derive(Clone, Debug)]
pub struct ApiRecord {
    /// Its resource indicator, which is also its audience.
    pub resource: ResourceUri,
    /// Its name for people.
    pub name: Option<String>,
    /// The scopes that mean something there.
    pub scopes: Vec<ApiScope>,
    /// Life of its access tokens in seconds, where it differs from the server's.
    pub access_token_seconds: Option<i64>,
    /// The algorithm of its access tokens, where it names one: see [`crate::Cx::signs`].
    pub algorithm: Option<Algorithm>,
    /// Hash of the credential by which it introspects.
    pub introspection: Option<SecretHash>,
}

impl ApiRecord {
    /// Whether both say the same of one API, its credential too.
    pub fn is_same(&self, other: &Self) -> bool {
        let secret = |api: &Self| api.introspection.map(|hash| hash.0);
        (&self.resource, &self.name, &self.scopes, self.access_token_seconds, self.algorithm, secret(self))
            == (
                &other.resource,
                &other.name,
                &other.scopes,
                other.access_token_seconds,
                other.algorithm,
                secret(other),
            )
    }
}

/// An API with the id that it got.
#[derive(Clone, Debug)]
pub struct RegisteredApi {
    /// Its internal id.
    pub id: ApiId,
    /// What was registered.
    pub record: ApiRecord,
}

impl RegisteredApi {
    /// Its resource indicator.
    pub fn resource(&self) -> &str {
        self.record.resource.as_str()
    }
}

/// A scope of an API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiScope {
    /// The scope token.
    pub name: String,
    /// What it allows, as the consent page says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// A signing key.
#[derive(Clone, Debug)]
pub struct KeyRecord {
    /// Its id, the RFC 7638 thumbprint.
    pub kid: String,
    /// What it signs by; the keys of one algorithm are a ring.
    pub algorithm: Algorithm,
    /// Its place in its ring. Unique within the algorithm: of two nodes that rotate at once, one inserts.
    pub sequence: i64,
    /// When it was made, and published.
    pub created_at: Timestamp,
    /// When it signs.
    pub active_from: Timestamp,
    /// Its PKCS#8 form, sealed.
    pub sealed: Vec<u8>,
    /// Its public JWK as JSON.
    pub public_jwk: String,
    /// Since when its algorithm is off at every server: it signs nothing from then on. `None` while one signs by it.
    pub closed_at: Option<Timestamp>,
}

/// A server among those that work on one database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeRecord {
    /// Its id, drawn when it started.
    pub id: NodeId,
    /// The name of its machine.
    pub name: String,
    /// The version of its program.
    pub version: String,
    /// The sealing keys that it holds.
    pub sealing_keys: Vec<SealingKeyId>,
    /// When it started.
    pub started_at: Timestamp,
    /// When it said last that it is there.
    pub seen_at: Timestamp,
}

/// What a sealing key is good for, where several servers use it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealingKeyRecord {
    /// Which one.
    pub id: SealingKeyId,
    /// Until when what was made under it is read: [`SealingKeyRecord::WRITES`] for the one that writes,
    /// [`SealingKeyRecord::REVOKED`] for one that opens private signing keys and nothing else.
    pub read_until: Timestamp,
}

impl SealingKeyRecord {
    /// It writes, and so has no end.
    pub const WRITES: Timestamp = Timestamp(i64::MAX);
    /// It was never to be read again.
    pub const REVOKED: Timestamp = Timestamp(0);
}

/// A refused request, as an operator is told of it afterwards. It holds no secret, and no address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusalRecord {
    /// The id that the answer showed.
    pub error_id: String,
    /// When it was.
    pub recorded_at: Timestamp,
    /// Until when it is told.
    pub keep_until: Timestamp,
    /// By which the rows of one network are told from those of others: a number that means nothing else.
    pub address: i64,
    /// The rule that was broken.
    pub rule: String,
    /// What happened, as the server said it then; of a fault of the server what failed.
    pub cause: String,
    /// What it is about, as the request named it: shortened.
    pub about: Option<String>,
    /// The client that the request named.
    pub client_id: Option<String>,
    /// Method and path.
    pub request: String,
    /// The HTTP status of the answer.
    pub status: i64,
    /// How many addresses the request named in `X-Forwarded-For`.
    pub forwarded: i64,
    /// How many of them, from the right, were addresses of trusted proxies or of the sender, as far as those are known.
    pub followed: i64,
    /// Whether it came from a proxy whose `X-Forwarded-For` is believed.
    pub believed: bool,
    /// Whether the sender is the server's own machine, by its loopback address.
    pub from_here: bool,
}

/// A user, as an operator sees one.
#[derive(Clone, Debug)]
pub struct UserRecord {
    /// The `sub`.
    pub id: UserId,
    /// The name to sign in with, as it was given.
    pub username: String,
    /// The name under which it is found: normalised and case-folded.
    pub username_key: String,
    /// The password's PHC string.
    pub password: Option<String>,
    /// The standard claims (OpenID Connect Core §5.1) as a JSON object.
    pub claims: serde_json::Map<String, serde_json::Value>,
    /// Whether an operator has disabled it.
    pub disabled: bool,
    /// See [`crate::facts::UserFacts::valid_from`].
    pub valid_from: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}
