//! No parameter comes twice, so that no two readers of a request can take it in two ways (OAuth 2.1 §3.1).
//!
//! The two types here are all that the rules take: what was not checked for repetition cannot be judged.

use std::ops::Deref;

use proofkey_oauth::AuthorizationRequest;

use crate::refusal::Refusal;

/// A request whose `client_id` and `redirect_uri` came at most once: it may be asked where an answer could go.
#[derive(Clone, Copy, Debug)]
pub(in crate::authorize) struct UnambiguousTarget<'a>(&'a AuthorizationRequest);

impl<'a> UnambiguousTarget<'a> {
    pub(in crate::authorize) fn of(request: &'a AuthorizationRequest) -> Result<Self, Refusal> {
        match request.target_repeated {
            Some(repeated) => Err(repeated.into()),
            None => Ok(Self(request)),
        }
    }

    /// The request, for the rules that find out where an answer could go.
    pub(super) const fn request(self) -> &'a AuthorizationRequest {
        self.0
    }
}

/// A request in which no parameter that we know came twice.
#[derive(Clone, Copy, Debug)]
pub(in crate::authorize) struct Unambiguous<'a>(&'a AuthorizationRequest);

impl<'a> Unambiguous<'a> {
    pub(in crate::authorize) fn of(request: UnambiguousTarget<'a>) -> Result<Self, Refusal> {
        match request.0.repeated {
            Some(repeated) => Err(repeated.into()),
            None => Ok(Self(request.0)),
        }
    }
}

impl Deref for Unambiguous<'_> {
    type Target = AuthorizationRequest;

    fn deref(&self) -> &AuthorizationRequest {
        self.0
    }
}
