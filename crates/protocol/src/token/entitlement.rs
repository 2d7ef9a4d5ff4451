//! What a grant entitles a client to, or why to nothing.

use std::borrow::Cow;

use proofkey_oauth::Scope;

use super::current_token::CurrentToken;
use super::entitling_code::EntitlingCode;
use super::requested::RequestedApi;
use crate::api::GrantedApis;
use crate::facts::ActiveClient;
use crate::grant::ActiveGrant;
use crate::own_access::OwnAccess;
use crate::records::UserRecord;

/// What a client may have by its grant, and what the request chooses among it.
#[derive(Debug)]
pub(super) struct Entitlement<'a> {
    /// The scope of the access token, before it is cut to the one API that the token is for.
    pub(super) scope: Cow<'a, Scope>,
    /// The APIs that the grant is for.
    pub(super) apis: Cow<'a, GrantedApis>,
    /// The API that the token request names. Each grant has its own place for reading it among its checks.
    pub(super) requested: RequestedApi,
    /// The record of the user, where the client's ID tokens say something of it.
    pub(super) user: Option<&'a UserRecord>,
    /// What it rests on.
    pub(super) basis: Basis<'a>,
}

/// What an entitlement rests on.
#[derive(Debug)]
pub(super) enum Basis<'a> {
    /// A code that nothing speaks against.
    Code(EntitlingCode<'a>),
    /// A refresh token that is not retired, and its active grant.
    RefreshToken(CurrentToken<'a>, ActiveGrant<'a>),
    /// The client's own registration, which stands, and its access to one API.
    Client(ActiveClient, OwnAccess),
}
