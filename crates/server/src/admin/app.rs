//! A client described by the kind of its app: what a registration of that kind says, and what it still needs.

use proofkey_oauth::{
    AuthMethod, ClientMetadata, GrantType, ResourceUri, Scope, ScopeMalformed, Secret, standard_scope,
};

use super::app_kind::AppKind;
use super::app_refused::AppRefused;
use super::client_document::ClientDocument;

/// An app to be registered.
#[derive(Debug)]
pub struct NewApp {
    /// What kind of app it is.
    pub kind: AppKind,
    /// What people call it.
    pub name: Option<String>,
    /// Its id; one is made where it is absent.
    pub client_id: Option<String>,
    /// Its secret, where it has one already; one is made where it is absent and the app can keep one.
    pub client_secret: Option<Secret>,
    /// Where browsers bring its codes.
    pub redirect_uris: Vec<String>,
    /// Where browsers go after a sign-out.
    pub post_logout_redirect_uris: Vec<String>,
    /// The scopes of APIs that it may ask for; an app that signs people in has those of OpenID Connect beside them.
    pub scope: Scope,
    /// Its APIs; where there is none, those that have one of its scopes.
    pub resources: Vec<ResourceUri>,
}

impl NewApp {
    /// An app of a kind of which nothing else is known yet.
    pub fn new(kind: AppKind) -> Self {
        Self {
            kind,
            name: None,
            client_id: None,
            client_secret: None,
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            scope: Scope::default(),
            resources: Vec::new(),
        }
    }

    /// The members that an app of this kind needs and that are not there yet.
    pub fn missing(&self) -> Vec<&'static str> {
        let is_absent = |member: &&str| match *member {
            "client_name" => self.name.is_none(),
            "redirect_uris" => self.kind.signs_in() && self.redirect_uris.is_empty(),
            _ => !self.kind.signs_in() && self.scope.iter().next().is_none() && self.resources.is_empty(),
        };
        ["client_name", "redirect_uris", "scope"].into_iter().filter(is_absent).collect()
    }

    /// Refuses what cannot be together, whether or not all is there.
    pub fn check(&self) -> Result<(), AppRefused> {
        let kind = self.kind;
        if self.client_secret.is_some() && !kind.keeps_secret() {
            return Err(AppRefused::Secret { kind });
        }
        for (member, uris) in [
            ("redirect_uris", &self.redirect_uris),
            ("post_logout_redirect_uris", &self.post_logout_redirect_uris),
        ] {
            uris.iter().enumerate().try_for_each(|(at, uri)| kind.check_address(member, at, uri))?;
        }
        self.scope.iter().enumerate().try_for_each(|(at, scope)| kind.check_scope(at, scope))
    }

    /// The registration of such an app.
    pub fn document(self) -> Result<ClientDocument, AppRefused> {
        self.check()?;
        let missing = self.missing();
        if !missing.is_empty() {
            return Err(AppRefused::Missing(missing));
        }
        let kind = self.kind;
        let grant_types = if kind.signs_in() {
            vec![GrantType::AuthorizationCode, GrantType::RefreshToken]
        } else {
            vec![GrantType::ClientCredentials]
        };
        let method = if kind.keeps_secret() { AuthMethod::ClientSecretBasic } else { AuthMethod::None };
        let metadata = ClientMetadata {
            client_name: self.name,
            redirect_uris: self.redirect_uris,
            post_logout_redirect_uris: self.post_logout_redirect_uris,
            token_endpoint_auth_method: Some(method),
            application_type: kind.signs_in().then(|| kind.application()),
            grant_types: Some(grant_types),
            scope: registered_scope(kind, &self.scope),
            resources: (!self.resources.is_empty()).then_some(self.resources),
            ..ClientMetadata::default()
        };
        Ok(ClientDocument::of(self.client_id, self.client_secret, metadata))
    }
}

/// The scope of the registration; `None` where it is what a registration has that names none.
fn registered_scope(kind: AppKind, scope: &Scope) -> Option<Scope> {
    if !kind.signs_in() {
        return Some(scope.clone());
    }
    let is_more = scope.iter().any(|token| !standard_scope::ALL.contains(&token));
    is_more.then(|| standard_scopes().ok().map(|standard| standard.union(scope))).flatten()
}

fn standard_scopes() -> Result<Scope, ScopeMalformed> {
    Scope::parse(&standard_scope::ALL.join(" "))
}

#[cfg(test)]
mod tests {
    use proofkey_oauth::Timestamp;
    use proofkey_protocol::{Client, ClientId, ClientRecord, ClientSecretRecord};

    use super::*;

    const CUSTOM: &str = "com.example.app:/callback";
    const LOOPBACK: &str = "http://localhost:5173/callback";
    const HTTPS: &str = "https://app.example/callback";

    fn app(kind: AppKind) -> NewApp {
        let mut app = NewApp { name: Some("Notes".to_owned()), ..NewApp::new(kind) };
        if kind.signs_in() {
            app.redirect_uris = vec![HTTPS.to_owned()];
        } else {
            app.scope = Scope::parse("notes:read").unwrap();
        }
        app
    }

    fn registered(app: NewApp) -> Client {
        let document = app.document().unwrap();
        let is_public = document.is_public();
        let secret = ClientSecretRecord {
            hash: Secret::new("s".repeat(40)).hash(),
            created_at: Timestamp(0),
            expires_at: None,
        };
        let record = ClientRecord {
            id: ClientId::new("app"),
            metadata: document.metadata,
            secrets: if is_public { Vec::new() } else { vec![secret] },
            disabled: false,
            created_at: Timestamp(0),
        };
        let client = Client::try_from(&record).unwrap();
        assert_eq!(AppKind::registered(&client, true).map(AppKind::name), Some(kind_name(&client)));
        client
    }

    fn kind_name(client: &Client) -> &'static str {
        match (client.allows_grant(GrantType::ClientCredentials), client.is_public(), client.application) {
            (true, ..) => "service",
            (_, true, proofkey_oauth::ApplicationType::Native) => "native",
            (_, true, _) => "spa",
            _ => "web",
        }
    }

    #[test]
    fn pk_09_each_kind_passes_the_rules_of_registration() {
        for kind in AppKind::ALL {
            let client = registered(app(kind));
            assert_eq!(kind_name(&client), kind.name());
            assert_eq!(client.is_public(), !kind.keeps_secret(), "{kind}");
            assert_eq!(client.allows_grant(GrantType::RefreshToken), kind.signs_in(), "{kind}");
            assert_eq!(client.scope.contains("openid"), kind.signs_in(), "{kind}");
        }
        let with_api = NewApp { scope: Scope::parse("notes:read openid").unwrap(), ..app(AppKind::Spa) };
        let scope = registered(with_api).scope;
        assert!(scope.contains("notes:read") && scope.contains("offline_access") && scope.contains("openid"));
        for (kind, uri) in [(AppKind::Spa, LOOPBACK), (AppKind::Web, LOOPBACK), (AppKind::Native, CUSTOM)] {
            registered(NewApp { redirect_uris: vec![uri.to_owned()], ..app(kind) });
        }
        registered(NewApp { redirect_uris: vec!["http://127.0.0.1/cb".to_owned()], ..app(AppKind::Native) });
    }

    /// A mixture: what it is made of a good app of a kind, with the member that is wrong and the kind that can be so, by kind.
    type Mixture = (fn(NewApp) -> NewApp, [Option<(&'static str, Option<AppKind>)>; 4]);

    const FINE: Option<(&str, Option<AppKind>)> = None;

    #[test]
    fn pk_09_cl_08_impossible_mixtures_are_refused_with_the_kind_that_would_do() {
        let (native, web) = (Some(AppKind::Native), Some(AppKind::Web));
        // Spa, Native, Web, Service.
        let mixtures: [Mixture; 8] = [
            (
                |app| NewApp { redirect_uris: vec![HTTPS.into(), CUSTOM.into()], ..app },
                [
                    Some(("redirect_uris[1]", native)),
                    FINE,
                    Some(("redirect_uris[1]", native)),
                    Some(("redirect_uris[0]", web)),
                ],
            ),
            (
                |app| NewApp { redirect_uris: vec!["http://app.example/cb".into()], ..app },
                [
                    Some(("redirect_uris[0]", None)),
                    Some(("redirect_uris[0]", None)),
                    Some(("redirect_uris[0]", None)),
                    Some(("redirect_uris[0]", web)),
                ],
            ),
            (
                |app| NewApp { redirect_uris: vec!["app:/cb".into()], ..app },
                [
                    Some(("redirect_uris[0]", None)),
                    Some(("redirect_uris[0]", None)),
                    Some(("redirect_uris[0]", None)),
                    Some(("redirect_uris[0]", web)),
                ],
            ),
            (
                |app| NewApp { redirect_uris: vec![LOOPBACK.into()], ..app },
                [FINE, FINE, FINE, Some(("redirect_uris[0]", web))],
            ),
            (
                |app| NewApp { post_logout_redirect_uris: vec![HTTPS.into()], ..app },
                [FINE, FINE, FINE, Some(("post_logout_redirect_uris[0]", web))],
            ),
            (
                |app| NewApp { client_secret: Some(Secret::new("s".repeat(40))), ..app },
                [Some(("client_secret", web)), Some(("client_secret", web)), FINE, FINE],
            ),
            (
                |app| NewApp { scope: Scope::parse("notes:read openid").unwrap(), ..app },
                [FINE, FINE, FINE, Some(("scope", web))],
            ),
            (
                |app| NewApp { scope: Scope::parse("notes:read offline_access").unwrap(), ..app },
                [FINE, FINE, FINE, Some(("scope", web))],
            ),
        ];
        for (number, (mix, expected)) in mixtures.iter().enumerate() {
            for (kind, expected) in AppKind::ALL.into_iter().zip(expected) {
                let outcome = mix(app(kind)).document();
                let told = outcome.err().map(|refused| (refused.member().to_string(), refused.instead()));
                let expected = expected.map(|(member, instead)| (member.to_owned(), instead));
                assert_eq!(told, expected, "mixture {number}: {kind}");
                // The kind that is named can be so, unless it has no address of its own yet.
                if let Some((_, Some(instead))) = told {
                    let mut other = mix(app(kind));
                    other.kind = instead;
                    other.redirect_uris.retain(|uri| instead == AppKind::Native || uri.starts_with("http"));
                    other.redirect_uris.retain(|uri| !uri.starts_with("http://app"));
                    other.redirect_uris.push(HTTPS.to_owned());
                    registered(other);
                }
            }
        }
    }

    #[test]
    fn pk_09_what_is_missing_is_named_by_member() {
        for (kind, expected) in [
            (AppKind::Spa, &["client_name", "redirect_uris"][..]),
            (AppKind::Native, &["client_name", "redirect_uris"]),
            (AppKind::Web, &["client_name", "redirect_uris"]),
            (AppKind::Service, &["client_name", "scope"]),
        ] {
            assert_eq!(NewApp::new(kind).missing(), expected, "{kind}");
            let refused = NewApp::new(kind).document().err().unwrap();
            assert_eq!(refused, AppRefused::Missing(expected.to_vec()));
            assert_eq!(app(kind).missing(), [""; 0], "{kind}");
        }
        let resources = vec![ResourceUri::parse("https://api.example").unwrap()];
        let by_api = NewApp { resources, scope: Scope::default(), ..app(AppKind::Service) };
        assert_eq!(by_api.missing(), [""; 0], "an API may have no scope");
    }
}
