//! What each claim comes of.

use proofkey_protocol::UserRecord;
use proofkey_protocol::claims::{self, Claim, ID_TOKEN_CLAIMS_BYTES_MAX, Withheld};
use serde_json::{Map, Value};

use super::shown::{Part, Reason};

/// A claim, why it is there, and where that stands.
type Row = (&'static str, &'static str, &'static str);

/// Which scope opens which claim of a user.
const OPENED: &str = "OpenID Connect Core §5.4";
/// A rule that is ours and stands in no standard.
const OUR_RULE: &str = "-";
/// No claim should be without a reason; one that is says so.
const UNEXPLAINED: &str = "no row of the preview says why";

const OF_ACCESS_TOKEN: [Row; 12] = [
    ("iss", "this server", "RFC 9068 §2.2"),
    ("sub", "the user or, in a token of its own, the client", "RFC 9068 §2.2"),
    ("aud", "the audiences above", "RFC 9068 §3"),
    ("client_id", "the client that the token is issued to", "RFC 9068 §2.2"),
    ("scope", "the scopes above", "RFC 9068 §2.2.3"),
    ("iat", "the time of the preview", "RFC 9068 §2.2"),
    (
        "exp",
        "the life of the API's tokens or tokens.access_seconds, under the client's ceiling and the end of the grant",
        "RFC 9068 §2.2",
    ),
    ("jti", "drawn for this preview; each token has another", "RFC 9068 §2.2"),
    ("auth_time", "when the user signed in: the preview supposes now", "RFC 9068 §2.2.1"),
    (
        "grant_id",
        "what the user granted, by which the token is revoked; drawn for this preview",
        "RFC 9068 §2.2.2",
    ),
    ("basis", "what a token of the client's own rests on, by which it ends", "RFC 9068 §2.2.2"),
    ("amr", "how the user signed in", "RFC 9068 §2.2.1"),
];

const OF_ID_TOKEN: [Row; 11] = [
    ("iss", "this server", "OpenID Connect Core §2"),
    ("sub", "the user", "OpenID Connect Core §2"),
    ("aud", "the client", "OpenID Connect Core §2"),
    ("exp", "tokens.id_seconds", "OpenID Connect Core §2"),
    ("iat", "the time of the preview", "OpenID Connect Core §2"),
    ("auth_time", "when the user signed in: the preview supposes now", "OpenID Connect Core §2"),
    ("nonce", "what the request sends as nonce", "OpenID Connect Core §2"),
    ("at_hash", "the access token that comes along; another for each", "OpenID Connect Core §3.1.3.6"),
    ("sid", "the browser session; drawn for this preview", "OpenID Connect Back-Channel Logout §2.1"),
    ("amr", "how the user signed in: the preview supposes a password", "RFC 8176 §1"),
    ("acr", "the class of the authentication", "OpenID Connect Core §2"),
];

/// Claims that an ID token could have and this one has not, with why.
const WITHHELD_OF_ID_TOKEN: [Row; 2] = [
    ("nonce", "the preview sends none", "OpenID Connect Core §2"),
    ("acr", "a password alone satisfies no class", "OpenID Connect Core §2"),
];

/// What gave the claims of an access token.
pub(super) fn of_access_token(claims: &Value) -> Vec<Reason> {
    given(Part::AccessTokenClaim, &OF_ACCESS_TOKEN, claims)
}

/// What gave and withheld the claims of an ID token. `withheld` are those that the client is registered for and that are not there.
pub(super) fn of_id_token(claims: &Value, withheld: &[(Claim, Withheld)]) -> Vec<Reason> {
    let mut reasons = given(Part::IdTokenClaim, &OF_ID_TOKEN, claims);
    let absent = WITHHELD_OF_ID_TOKEN.iter().filter(|(name, ..)| claims.get(name).is_none());
    reasons.extend(absent.map(|(name, why, standard)| Reason {
        part: Part::IdTokenClaim,
        name: (*name).to_owned(),
        is_given: false,
        why: (*why).to_owned(),
        standard,
    }));
    reasons.extend(withheld.iter().map(|(claim, why)| {
        let (why, standard) = why_withheld(*claim, *why);
        Reason { part: Part::IdTokenClaim, name: claim.name().to_owned(), is_given: false, why, standard }
    }));
    reasons
}

fn why_withheld(claim: Claim, why: Withheld) -> (String, &'static str) {
    match why {
        Withheld::Scope => {
            (format!("id_token_claims has it; the scope {} is not granted", claim.scope()), OPENED)
        }
        Withheld::Absent => ("id_token_claims has it; the user has no such claim".to_owned(), OPENED),
        Withheld::Size => {
            let why = format!(
                "id_token_claims has it; the claims of the user would take more than {ID_TOKEN_CLAIMS_BYTES_MAX} bytes; \
                 userinfo tells it to an access token for this server"
            );
            (why, OUR_RULE)
        }
    }
}

/// One reason for each claim that is there. One that no row is about is the user's, and there by the client's registration.
fn given(part: Part, rows: &[Row], claims: &Value) -> Vec<Reason> {
    let members = claims.as_object().into_iter().flat_map(|claims| claims.keys());
    let reason = |name: &String| {
        let row = rows.iter().find(|(known, ..)| known == name);
        let (why, standard) = match (row, Claim::find(name)) {
            (Some((_, why, standard)), _) => ((*why).to_owned(), *standard),
            (None, Some(claim)) => {
                (format!("id_token_claims has it, and the scope {} opens it", claim.scope()), OPENED)
            }
            (None, None) => (UNEXPLAINED.to_owned(), OUR_RULE),
        };
        Reason { part, name: name.clone(), is_given: true, why, standard }
    };
    members.map(reason).collect()
}

/// What gave and withheld the claims of the user.
pub(super) fn of_userinfo(answer: Option<&Map<String, Value>>, user: &UserRecord) -> Vec<Reason> {
    let reason = |name: &str, is_given, why| Reason {
        part: Part::UserinfoClaim,
        name: name.to_owned(),
        is_given,
        why,
        standard: OPENED,
    };
    let Some(answer) = answer else {
        let why = "userinfo wants a token with the scope openid whose audience is this server".to_owned();
        return vec![reason("sub", false, why)];
    };
    let opened = |name: &str| match Claim::find(name) {
        Some(claim) => format!("the scope {} opens it", claim.scope()),
        None => "the scope openid opens it".to_owned(),
    };
    let given = answer.keys().map(|name| reason(name, true, opened(name)));
    // What the user has by the table, which may be more than the record says of itself.
    let withheld = claims::names().filter_map(Claim::find).filter(|claim| !answer.contains_key(claim.name()));
    let withheld = withheld
        .filter(|claim| claim.value(user).is_some())
        .map(|claim| reason(claim.name(), false, format!("the scope {} is not in the token", claim.scope())));
    given.chain(withheld).collect()
}
