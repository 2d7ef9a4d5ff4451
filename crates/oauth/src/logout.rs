//! RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0 §2).

use crate::params::Params;

/// A logout request as it was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field is the parameter of the same name")]
pub struct LogoutRequest {
    pub id_token_hint: Option<String>,
    pub post_logout_redirect_uri: Option<String>,
    pub client_id: Option<String>,
    pub state: Option<String>,
    pub ui_locales: Option<String>,
}

impl LogoutRequest {
    /// Picks the known parameters; of a repeated one none counts, so that it cannot be read in two ways.
    pub fn from_params(params: &Params) -> Self {
        let take = |name: &str| params.first(name).filter(|_| !params.is_repeated(name)).map(str::to_owned);
        Self {
            id_token_hint: take("id_token_hint"),
            post_logout_redirect_uri: take("post_logout_redirect_uri"),
            client_id: take("client_id"),
            state: take("state"),
            ui_locales: take("ui_locales"),
        }
    }
}
