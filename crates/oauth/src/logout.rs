//! RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0 §2).

use crate::params::{Params, Repeated};

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
    /// Every parameter that may come once.
    const ONCE: [&str; 5] = ["id_token_hint", "post_logout_redirect_uri", "client_id", "state", "ui_locales"];

    /// Picks the known parameters. One that came twice could be read in two ways, so the request is refused.
    pub fn from_params(params: &Params) -> Result<Self, Repeated> {
        if let Some(repeated) = params.repeated(&Self::ONCE) {
            return Err(repeated);
        }
        let take = |name: &str| params.first(name).map(str::to_owned);
        Ok(Self {
            id_token_hint: take("id_token_hint"),
            post_logout_redirect_uri: take("post_logout_redirect_uri"),
            client_id: take("client_id"),
            state: take("state"),
            ui_locales: take("ui_locales"),
        })
    }
}
