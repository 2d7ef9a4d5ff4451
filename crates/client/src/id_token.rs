//! The checks of an ID token, which tell who signed in (OpenID Connect Core §3.1.3.7, §12.2). Pure: keys and `now` are
//! arguments.

use proofkey_jose::claims::{self, IdTokenClaims, at_hash, ensure_issued, ensure_not_expired};
use proofkey_jose::{Algorithm, Expected, JwsError, KeySet, Typ, verify};
use proofkey_oauth::{Secret, Timestamp};
use thiserror::Error;

/// How far the clocks of two honest machines may lie apart.
const LEEWAY_SECONDS: u32 = 60;

/// The rule that an ID token breaks. Every one of them ends the sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum IdTokenError {
    /// Signature, algorithm, kind or form: [`JwsError`] says which.
    #[error("the ID token is not one that this server signed: {0}")]
    Signature(JwsError),
    /// A claim is missing or has the wrong type.
    #[error("the ID token lacks a claim, or one has the wrong type")]
    Claims,
    /// `iss` is not the issuer that was asked.
    #[error("the ID token is from another issuer")]
    Issuer,
    /// `aud` does not name this app.
    #[error("the ID token is for another app")]
    Audience,
    /// `azp` names another app, or is missing though `aud` names several.
    #[error("the ID token was issued to another app")]
    AuthorizedParty,
    /// `exp` has passed, beyond the leeway for clocks.
    #[error("the ID token has expired: check this machine's clock")]
    Expired,
    /// `iat` lies in the future, beyond the leeway for clocks.
    #[error("the ID token was issued in the future: check this machine's clock")]
    IssuedInFuture,
    /// A nonce was sent and none came back: the token may belong to another sign-in.
    #[error("the ID token has no nonce though one was sent: sign in again")]
    NonceMissing,
    /// Another nonce than the one sent.
    #[error("the ID token belongs to another sign-in: sign in again")]
    NonceDiffers,
    /// `at_hash` is not that of the access token beside it.
    #[error("the access token is not the one that came with the ID token")]
    AccessTokenDiffers,
    /// `max_age` was asked for, and the person authenticated too long ago, or the token does not say.
    #[error("the server does not prove that the person authenticated recently enough")]
    AuthenticationTooOld,
    /// A refreshed ID token names another person.
    #[error("the refreshed ID token is for another person: sign in again")]
    SubjectDiffers,
}

impl From<JwsError> for IdTokenError {
    /// Told in the text, and so no further link of a chain: that would say it twice.
    fn from(cause: JwsError) -> Self {
        Self::Signature(cause)
    }
}

/// What an ID token has to agree with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Agreement<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) algorithms: &'a [Algorithm],
    pub(crate) access_token: &'a Secret,
    pub(crate) now: Timestamp,
}

/// Which answer an ID token came with: what it has to say of the sign-in differs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum IdTokenOf<'a> {
    /// That for a code: nonce and age are those that were asked for.
    Code { nonce: Option<&'a str>, max_age_seconds: Option<u32> },
    /// That of a refresh: the same person as before; the nonce may be missing, not differ (OpenID Connect Core §12.2).
    Refresh { nonce: Option<&'a str>, subject: &'a str },
}

/// Checks an ID token: the one function by which any is read.
pub(crate) fn check(
    token: &str,
    keys: &KeySet,
    agreement: &Agreement<'_>,
    sign_in: &IdTokenOf<'_>,
) -> Result<IdTokenClaims, IdTokenError> {
    let claims = check_claims(token, keys, agreement)?;
    match *sign_in {
        IdTokenOf::Code { nonce, max_age_seconds } => {
            match (nonce, claims.nonce.as_deref()) {
                (None, _) => {}
                (Some(_), None) => return Err(IdTokenError::NonceMissing),
                (Some(sent), Some(come)) if sent != come => return Err(IdTokenError::NonceDiffers),
                (Some(_), Some(_)) => {}
            }
            if let Some(max_age) = max_age_seconds {
                ensure_recent(&claims, max_age, agreement.now)?;
            }
        }
        IdTokenOf::Refresh { subject, .. } if claims.sub != subject => {
            return Err(IdTokenError::SubjectDiffers);
        }
        IdTokenOf::Refresh { nonce, .. } => {
            if claims.nonce.is_some() && nonce.is_some() && claims.nonce.as_deref() != nonce {
                return Err(IdTokenError::NonceDiffers);
            }
        }
    }
    Ok(claims)
}

fn ensure_recent(claims: &IdTokenClaims, max_age_seconds: u32, now: Timestamp) -> Result<(), IdTokenError> {
    let authenticated_at = claims.auth_time.ok_or(IdTokenError::AuthenticationTooOld)?.seconds();
    let age = now - Timestamp(authenticated_at);
    let is_recent = age <= i64::from(max_age_seconds) + i64::from(LEEWAY_SECONDS);
    if is_recent { Ok(()) } else { Err(IdTokenError::AuthenticationTooOld) }
}

fn check_claims(
    token: &str,
    keys: &KeySet,
    agreement: &Agreement<'_>,
) -> Result<IdTokenClaims, IdTokenError> {
    let expected = Expected { typ: &[Typ::IdToken], algorithms: agreement.algorithms };
    let verified = verify(token, keys, &expected)?;
    let claims: IdTokenClaims = claims::parse(&verified.payload).map_err(|_| IdTokenError::Claims)?;
    if claims.iss != agreement.issuer {
        return Err(IdTokenError::Issuer);
    }
    if !claims.aud.contains(agreement.client_id) {
        return Err(IdTokenError::Audience);
    }
    let is_shared = claims.aud.as_slice().len() > 1;
    match claims.azp.as_deref() {
        Some(party) if party != agreement.client_id => return Err(IdTokenError::AuthorizedParty),
        None if is_shared => return Err(IdTokenError::AuthorizedParty),
        Some(_) | None => {}
    }
    let now = agreement.now.seconds();
    ensure_not_expired(claims.exp, now, LEEWAY_SECONDS).map_err(|_| IdTokenError::Expired)?;
    ensure_issued(claims.iat, now, LEEWAY_SECONDS).map_err(|_| IdTokenError::IssuedInFuture)?;
    let hash = at_hash(verified.algorithm, agreement.access_token.expose());
    if claims.at_hash.as_ref().is_some_and(|claimed| *claimed != hash) {
        return Err(IdTokenError::AccessTokenDiffers);
    }
    Ok(claims)
}

#[cfg(test)]
mod tests {
    use proofkey_jose::SigningKey;
    use serde_json::{Value, json};

    use super::*;

    const NOW: i64 = 1_800_000_000;

    struct Case {
        key: SigningKey,
        keys: KeySet,
        access_token: Secret,
    }

    fn case() -> Case {
        let (key, _) = SigningKey::generate(Algorithm::Es256).unwrap();
        let keys = KeySet::new([key.verifying_key().clone()]);
        Case { key, keys, access_token: Secret::new("access".into()) }
    }

    impl Case {
        fn agreement(&self) -> Agreement<'_> {
            Agreement {
                issuer: "https://id.example",
                client_id: "app",
                algorithms: &Algorithm::ALL,
                access_token: &self.access_token,
                now: Timestamp(NOW),
            }
        }

        fn first(&self, claims: &Value, max_age: Option<u32>) -> Result<IdTokenClaims, IdTokenError> {
            let token = self.key.sign(Typ::IdToken, claims).unwrap();
            let sign_in = IdTokenOf::Code { nonce: Some("n"), max_age_seconds: max_age };
            check(&token, &self.keys, &self.agreement(), &sign_in)
        }
    }

    fn claims() -> Value {
        json!({"iss": "https://id.example", "sub": "ada", "aud": "app", "exp": NOW + 600, "iat": NOW, "nonce": "n",
               "at_hash": at_hash(Algorithm::Es256, "access")})
    }

    #[test]
    fn cl_11_v_76_each_claim_has_to_agree() {
        let case = case();
        assert_eq!(case.first(&claims(), None).unwrap().sub, "ada");
        let refused = [
            ("iss", json!("https://evil.example"), IdTokenError::Issuer),
            ("iss", json!("https://id.example/"), IdTokenError::Issuer),
            ("aud", json!("other"), IdTokenError::Audience),
            ("aud", json!(["app", "other"]), IdTokenError::AuthorizedParty),
            ("azp", json!("other"), IdTokenError::AuthorizedParty),
            ("exp", json!(NOW - 61), IdTokenError::Expired),
            ("exp", json!("9999999999"), IdTokenError::Claims),
            ("exp", Value::Null, IdTokenError::Claims),
            ("iat", json!(NOW + 61), IdTokenError::IssuedInFuture),
            ("nonce", json!("m"), IdTokenError::NonceDiffers),
            ("nonce", json!(""), IdTokenError::NonceDiffers),
            ("at_hash", json!(at_hash(Algorithm::Es256, "other")), IdTokenError::AccessTokenDiffers),
            ("sub", json!(7), IdTokenError::Claims),
        ];
        for (name, value, expected) in refused {
            let mut claims = claims();
            claims[name] = value.clone();
            assert_eq!(case.first(&claims, None).unwrap_err(), expected, "{name} = {value}");
        }
        for (name, expected) in [
            ("nonce", IdTokenError::NonceMissing),
            ("iss", IdTokenError::Claims),
            ("sub", IdTokenError::Claims),
            ("aud", IdTokenError::Claims),
            ("exp", IdTokenError::Claims),
            ("iat", IdTokenError::Claims),
        ] {
            let mut claims = claims();
            claims.as_object_mut().unwrap().remove(name);
            assert_eq!(case.first(&claims, None).unwrap_err(), expected, "without {name}");
        }
        let mut shared = claims();
        shared["aud"] = json!(["other", "app"]);
        shared["azp"] = json!("app");
        assert!(case.first(&shared, None).is_ok());
    }

    #[test]
    fn cl_11_the_age_of_the_authentication_is_checked_when_it_was_asked_for() {
        let case = case();
        for (auth_time, fits) in [(None, false), (Some(NOW - 300), true), (Some(NOW - 361), false)] {
            let mut claims = claims();
            if let Some(auth_time) = auth_time {
                claims["auth_time"] = json!(auth_time);
            }
            assert_eq!(case.first(&claims, Some(300)).is_ok(), fits, "{auth_time:?}");
        }
    }

    #[test]
    fn cl_11_v_72_v_74_only_the_issuers_keys_and_pinned_algorithms_count() {
        let case = case();
        let (foreign, _) = SigningKey::generate(Algorithm::Es256).unwrap();
        let forged = foreign.sign(Typ::IdToken, &claims()).unwrap();
        let judge = |token: &str, agreement| {
            check(token, &case.keys, &agreement, &IdTokenOf::Code { nonce: Some("n"), max_age_seconds: None })
                .unwrap_err()
        };
        assert_eq!(judge(&forged, case.agreement()), IdTokenError::Signature(JwsError::UnknownKey));
        let good = case.key.sign(Typ::IdToken, &claims()).unwrap();
        let pinned = Agreement { algorithms: &[Algorithm::Rs256], ..case.agreement() };
        assert_eq!(judge(&good, pinned), IdTokenError::Signature(JwsError::AlgorithmNotAllowed));
        let access = case.key.sign(Typ::AccessToken, &claims()).unwrap();
        assert_eq!(judge(&access, case.agreement()), IdTokenError::Signature(JwsError::WrongType));
        let tail = good.split_once('.').unwrap().1;
        for header in ["eyJhbGciOiJub25lIn0", "eyJhbGciOiJIUzI1NiJ9"] {
            let token = format!("{header}.{tail}");
            assert_eq!(
                judge(&token, case.agreement()),
                IdTokenError::Signature(JwsError::UnsupportedAlgorithm)
            );
        }
    }

    #[test]
    fn a_refreshed_id_token_is_for_the_same_person() {
        let case = case();
        let judge = |claims: &Value| {
            let token = case.key.sign(Typ::IdToken, claims).unwrap();
            let sign_in = IdTokenOf::Refresh { nonce: Some("n"), subject: "ada" };
            check(&token, &case.keys, &case.agreement(), &sign_in).map(|_| ())
        };
        let mut other = claims();
        assert_eq!(judge(&other), Ok(()));
        other["nonce"] = json!("m");
        assert_eq!(judge(&other), Err(IdTokenError::NonceDiffers));
        other.as_object_mut().unwrap().remove("nonce");
        assert_eq!(judge(&other), Ok(()));
        other["sub"] = json!("eve");
        assert_eq!(judge(&other), Err(IdTokenError::SubjectDiffers));
    }
}
