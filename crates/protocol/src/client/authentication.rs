//! Client authentication (OAuth 2.1 §2.4): the one way to an [`AuthenticatedClient`].

use std::sync::Arc;

use proofkey_oauth::{ClientCredentials, PresentedCredentials, Timestamp};

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

/// Checks who sends a request. `client` is the one that the credentials name, if it is registered.
pub fn authenticate(
    presented: &PresentedCredentials,
    client: Option<Arc<Client>>,
    now: Timestamp,
) -> Result<AuthenticatedClient, Refusal> {
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
    if credentials.method() != client.authentication {
        return Err(Refusal::ClientAuthenticationMethod);
    }
    let secret = match credentials {
        // The method is the registered one: a public client proves nothing but by naming itself.
        ClientCredentials::None { .. } => return Ok(AuthenticatedClient(client)),
        ClientCredentials::Basic { secret, .. } | ClientCredentials::Post { secret, .. } => secret,
    };
    let live = client.secrets.iter().filter(|stored| stored.expires_at.is_none_or(|end| now < end));
    // Every live secret is compared, so that the time does not tell which of two was meant.
    let matches = live.fold(false, |found, stored| stored.hash.matches(secret) | found);
    if matches { Ok(AuthenticatedClient(client)) } else { Err(Refusal::ClientSecretWrong) }
}

#[cfg(test)]
mod tests {
    use proofkey_oauth::{AuthMethod, Params, Secret};
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

    fn check(record: &ClientRecord, presented: &PresentedCredentials) -> Result<(), Refusal> {
        let client = Client::try_from(record).unwrap();
        authenticate(presented, Some(Arc::new(client)), NOW).map(|_| ())
    }

    #[test]
    fn ca_02_ca_05_only_the_registered_method_with_the_right_secret_counts() {
        let methods = [AuthMethod::None, AuthMethod::ClientSecretBasic, AuthMethod::ClientSecretPost];
        for registered in methods {
            let method = serde_json::to_value(registered).unwrap();
            let record = client_record(
                "app",
                json!({"redirect_uris": ["https://app.example/cb"], "token_endpoint_auth_method": method}),
            );
            for sent in methods {
                let expected =
                    if sent == registered { Ok(()) } else { Err(Refusal::ClientAuthenticationMethod) };
                assert_eq!(check(&record, &present(sent, "the secret")), expected, "{registered:?} {sent:?}");
            }
        }
    }

    #[test]
    fn ca_02_an_empty_or_wrong_secret_never_authenticates() {
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
            (None, "client_id=app", Err(Refusal::ClientAuthenticationMethod)),
            (None, "client_id=app&client_secret=the+secret", Err(Refusal::ClientAuthenticationMethod)),
            (Some(right), "client_id=other", Err(Refusal::ClientAuthenticationAmbiguous)),
            (Some(right), "client_secret=the+secret", Err(Refusal::ClientAuthenticationAmbiguous)),
            (Some(right), "client_assertion=x", Err(Refusal::ClientAuthenticationAmbiguous)),
            (Some("Basic"), "", Err(Refusal::ClientAuthenticationMalformed)),
            (Some("Bearer x"), "client_id=app", Err(Refusal::ClientAuthenticationMalformed)),
            (Some("Basic YXBwOg=="), "", Err(Refusal::ClientSecretWrong)),
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
        assert_eq!(authenticate(&presented, None, NOW).map(|_| ()), Err(Refusal::ClientUnknown));
        assert_eq!(
            authenticate(&PresentedCredentials::Absent, None, NOW).map(|_| ()),
            Err(Refusal::ClientAuthenticationMissing)
        );
    }
}
