//! The APIs that a token request names (RFC 8707 §2.2).

use proofkey_oauth::ResourceUri;

use crate::cx::Cx;
use crate::refusal::Refusal;

/// The APIs of the `resource` parameters, each of them known. Made by [`RequestedApis::read`] alone.
#[derive(Debug)]
pub(super) struct RequestedApis(Vec<ResourceUri>);

impl RequestedApis {
    pub(super) fn read(resource: &[String], cx: &Cx<'_>) -> Result<Self, Refusal> {
        cx.apis.resources(resource, &cx.policy.issuer).map(Self)
    }

    pub(super) fn as_slice(&self) -> &[ResourceUri] {
        &self.0
    }
}
