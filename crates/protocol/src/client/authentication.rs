//! Client authentication (OAuth 2.1 §2.4): the one way to an [`AuthenticatedClient`].

use std::sync::Arc;

use proofkey_oauth::{PresentedCredentials, Secret, Timestamp};

use super::Client;
use crate::refusal::Refusal;

/// Proof that a request comes from this client, as far as its kind can prove it: a confidential client by its secret, a
/// public one by naming itself.
#[derive(Clone, Debug)]
pub struct AuthenticatedClient(Arc<Client>);

impl AuthenticatedClient {
    /// The client that sends the request.
    pub fn client(&self) -> &Client {
        &self.0
    }
}

/// What became of credentials, and whether a secret was compared to find out. Only there can anything be guessed: a limit on
/// guesses that counted the rest would lock out clients for what teaches a guesser nothing (CA-02).
#[derive(Debug)]
#[must_use]
pub enum Judged<T> {
    /// Nothing was compared; no limit on guesses concerns it.
    Named(Result<T, Refusal>),
    /// A secret was compared. What came of it, success too, may be told only within the limit on wrong ones.
    Compared(Result<T, Refusal>),
}

impl<T> Judged<T> {
    /// The same judgement about something made of `T`.
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Judged<U> {
        match self {
            Self::Named(result) => Judged::Named(result.map(make)),
            Self::Compared(result) => Judged::Compared(result.map(make)),
        }
    }

    /// What was decided, without any limit.
    #[cfg(test)]
    pub(crate) fn result(self) -> Result<T, Refusal> {
        match self {
            Self::Named(result) | Self::Compared(result) => result,
        }
    }
}

/// Checks who sends a request. `client` is the one that the credentials name, if it is registered.
///
/// A client with a secret may send it by header or by form: which of the two says nothing of who it is, and libraries choose
/// for themselves. A registration with `strict_auth_method` insists on its own.
pub fn authenticate(
    presented: &PresentedCredentials,
    client: Option<Arc<Client>>,
    now: Timestamp,
) -> Judged<AuthenticatedClient> {
    let (client, secret) = match named(presented, client) {
        Ok((client, Some(secret))) => (client, secret),
        Ok((client, None)) => return Judged::Named(Ok(AuthenticatedClient(client))),
        Err(refusal) => return Judged::Named(Err(refusal)),
    };
    let live = client.secrets.iter().filter(|stored| stored.expires_at.is_none_or(|end| now < end));
    // Every live secret is compared, so that the time does not tell which of two was meant.
    let matches = live.fold(false, |found, stored| stored.hash.matches(secret) | found);
    Judged::Compared(if matches { Ok(AuthenticatedClient(client)) } else { Err(Refusal::ClientSecretWrong) })
}

/// The client, and the secret that has to be compared; a public client has none and proves nothing but by naming itself.
fn named(
    presented: &PresentedCredentials,
    client: Option<Arc<Client>>,
) -> Result<(Arc<Client>, Option<&Secret>), Refusal> {
    let credentials = match presented {
        PresentedCredentials::Absent => return Err(Refusal::ClientAuthenticationMissing),
        PresentedCredentials::Malformed(_) => return Err(Refusal::ClientAuthenticationMalformed),
        PresentedCredentials::Ambiguous(_) => return Err(Refusal::ClientAuthenticationAmbiguous),
        PresentedCredentials::Present(credentials) => credentials,
    };
    let client = client.ok_or(Refusal::ClientUnknown)?;
    if client.disabled {
        return Err(Refusal::ClientDisabled);
    }
    match credentials.secret() {
        Some(_) if client.is_public() => Err(Refusal::ClientSecretUnexpected),
        None if !client.is_public() => Err(Refusal::ClientSecretMissing),
        Some(_) if client.strict_authentication && credentials.method() != client.authentication => {
            Err(Refusal::ClientAuthenticationMethod)
        }
        secret => Ok((client, secret)),
    }
}

#[cfg(test)]
mod tests {
    use proofkey_oauth::{AuthMethod, ClientCredentials, Params};
    use serde_json::json;

    use super::*;
    use crate::fixtures::{NOW, client_record};
    use crate::records::{ClientRecord, ClientSecretRecord};

    fn present(method: AuthMethod, secret: &str) -> PresentedCredentials {
        let (client_id, secret) = ("app".to_owned(), Secret::new(secret.to_owned()));
        PresentedCredentials::Present(match method {
            AuthMethod::None => ClientCredentials::None { client_id },
            AuthMethod::ClientSecretBasic => ClientCredentials::Basic { client_id, secret },
            AuthMethod::ClientSecretPost => ClientCredentials::Post { client_id, secret },
        })
    }

    fn judge(record: &ClientRecord, presented: &PresentedCredentials) -> Judged<()> {
        let client = Client::try_from(record).unwrap();
        authenticate(presented, Some(Arc::new(client)), NOW).map(|_| ())
    }

    fn check(record: &ClientRecord, presented: &PresentedCredentials) -> Result<(), Refusal> {
        judge(record, presented).result()
    }

    #[test]
    fn ca_02_ca_05_k_06_a_secret_counts_by_header_and_form_unless_the_registration_is_strict() {
        let methods = [AuthMethod::None, AuthMethod::ClientSecretBasic, AuthMethod::ClientSecretPost];
        for (registered, strict) in methods.into_iter().flat_map(|method| [(method, false), (method, true)]) {
            let record = client_record(
                "app",
                json!({
                    "redirect_uris": ["https://app.example/cb"], "token_endpoint_auth_method": registered.as_str(),
                    "strict_auth_method": strict,
                }),
            );
            for sent in methods {
                let (public, bare) = (registered == AuthMethod::None, sent == AuthMethod::None);
                let expected = match (public, bare) {
                    (true, true) => Ok(()),
                    (true, false) => Err(Refusal::ClientSecretUnexpected),
                    (false, true) => Err(Refusal::ClientSecretMissing),
                    (false, false) if strict && sent != registered => {
                        Err(Refusal::ClientAuthenticationMethod)
                    }
                    (false, false) => Ok(()),
                };
                assert_eq!(check(&record, &present(sent, "the secret")), expected, "{registered:?} {sent:?}");
            }
        }
    }

    #[test]
    fn k_06_only_a_secret_that_was_compared_is_a_guess() {
        let public =
            json!({"redirect_uris": ["https://app.example/cb"], "token_endpoint_auth_method": "none"});
        let public = client_record("app", public);
        let strict = json!({"redirect_uris": ["https://app.example/cb"], "strict_auth_method": true});
        let strict = client_record("app", strict);
        let mut disabled = strict.clone();
        disabled.disabled = true;
        let (none, basic, post) =
            (AuthMethod::None, AuthMethod::ClientSecretBasic, AuthMethod::ClientSecretPost);
        for (record, presented, is_guess) in [
            (&public, present(none, ""), false),
            (&public, present(basic, "x"), false),
            (&public, present(post, "x"), false),
            (&strict, present(none, ""), false),
            (&strict, present(post, "the secret"), false),
            (&strict, present(basic, "x"), true),
            (&strict, present(basic, "the secret"), true),
            (&disabled, present(basic, "x"), false),
            (&strict, PresentedCredentials::Absent, false),
        ] {
            let judged = judge(record, &presented);
            assert_eq!(matches!(judged, Judged::Compared(_)), is_guess, "{presented:?} {judged:?}");
        }
        let unknown = authenticate(&present(basic, "x"), None, NOW);
        assert!(matches!(unknown, Judged::Named(Err(Refusal::ClientUnknown))));
    }

    #[test]
    fn ca_02_a_wrong_secret_never_authenticates() {
        let record = client_record("app", json!({"redirect_uris": ["https://app.example/cb"]}));
        for wrong in ["", "the secre", "the secret ", "THE SECRET"] {
            let presented = present(AuthMethod::ClientSecretBasic, wrong);
            assert_eq!(check(&record, &presented), Err(Refusal::ClientSecretWrong), "{wrong:?}");
        }
    }

    #[test]
    fn ca_10_two_secrets_live_side_by_side_until_the_old_one_ends() {
        let mut record = client_record("app", json!({"redirect_uris": ["https://app.example/cb"]}));
        let old = record.secrets.remove(0);
        let new = Secret::new("the new secret".into()).hash();
        let until = |end: i64| ClientSecretRecord { expires_at: Some(NOW + end), ..old };
        record.secrets = vec![ClientSecretRecord { hash: new, expires_at: None, ..old }, until(1)];
        let sent = |text| present(AuthMethod::ClientSecretBasic, text);
        assert_eq!(check(&record, &sent("the secret")), Ok(()));
        assert_eq!(check(&record, &sent("the new secret")), Ok(()));
        record.secrets[1] = until(0);
        assert_eq!(check(&record, &sent("the secret")), Err(Refusal::ClientSecretWrong));
    }

    #[test]
    fn ca_01_ca_03_ca_11_credentials_that_cannot_be_read_in_one_way_authenticate_nobody() {
        let record = client_record("app", json!({"redirect_uris": ["https://app.example/cb"]}));
        let right = "Basic YXBwOnRoZStzZWNyZXQ=";
        for (header, form, expected) in [
            (Some(right), "", Ok(())),
            (Some(right), "client_id=app", Ok(())),
            (None, "", Err(Refusal::ClientAuthenticationMissing)),
            (None, "client_secret=the+secret", Err(Refusal::ClientAuthenticationMissing)),
            (None, "client_id=app", Err(Refusal::ClientSecretMissing)),
            (None, "client_id=app&client_secret=the+secret", Ok(())),
            (Some(right), "client_id=other", Err(Refusal::ClientAuthenticationAmbiguous)),
            (Some(right), "client_secret=the+secret", Err(Refusal::ClientAuthenticationAmbiguous)),
            (Some(right), "client_assertion=x", Err(Refusal::ClientAuthenticationAmbiguous)),
            (Some("Basic"), "", Err(Refusal::ClientAuthenticationMalformed)),
            (Some("Bearer x"), "client_id=app", Err(Refusal::ClientAuthenticationMalformed)),
            (Some("Basic YXBwOg=="), "", Err(Refusal::ClientSecretMissing)),
            (Some("Basic YXBwOg=="), "client_id=other", Err(Refusal::ClientAuthenticationAmbiguous)),
        ] {
            let params = Params::parse(form.as_bytes()).unwrap();
            let presented = PresentedCredentials::find(header.map(str::as_bytes), &params);
            assert_eq!(check(&record, &presented), expected, "{header:?} {form}");
        }
    }

    #[test]
    fn az_01_tk_20_a_disabled_or_unknown_client_is_nobody() {
        let mut record = client_record("app", json!({"redirect_uris": ["https://app.example/cb"]}));
        record.disabled = true;
        let presented = present(AuthMethod::ClientSecretBasic, "the secret");
        assert_eq!(check(&record, &presented), Err(Refusal::ClientDisabled));
        assert!(matches!(authenticate(&presented, None, NOW), Judged::Named(Err(Refusal::ClientUnknown))));
        let absent = authenticate(&PresentedCredentials::Absent, None, NOW);
        assert!(matches!(absent, Judged::Named(Err(Refusal::ClientAuthenticationMissing))));
    }
}
