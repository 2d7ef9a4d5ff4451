//! The API that a token request names (RFC 8707 §2.2).

use crate::cx::Cx;
use crate::ids::ApiId;
use crate::refusal::Refusal;

/// What the `resource` parameter names, if it names anything: one API that exists, or the issuer. Made by
/// [`RequestedApi::read`] alone.
#[derive(Clone, Copy, Debug)]
pub(super) struct RequestedApi(Option<ApiId>);

impl RequestedApi {
    /// An access token is for one API, so a request names one (RFC 9068 §3). The same one twice is one.
    pub(super) fn read(resource: &[String], cx: &Cx<'_>) -> Result<Self, Refusal> {
        let mut named = None;
        for sent in resource {
            let id = cx.apis.named(sent, &cx.policy.issuer)?;
            if named.replace(id).is_some_and(|before| before != id) {
                return Err(Refusal::ResourceSeveral);
            }
        }
        Ok(Self(named))
    }

    pub(super) const fn id(self) -> Option<ApiId> {
        self.0
    }
}
