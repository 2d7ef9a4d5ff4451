//! `at_hash`: the hash by which an ID token is bound to the access token that comes with it.

use aws_lc_rs::digest;

use crate::{Algorithm, base64url};

/// The left half of the hash of the access token (OpenID Connect Core §3.1.3.6); `algorithm` is the ID token's.
pub fn at_hash(algorithm: Algorithm, access_token: &str) -> String {
    let hash = digest::digest(algorithm.hash(), access_token.as_bytes());
    let (left, _) = hash.as_ref().split_at(hash.as_ref().len() / 2);
    base64url::encode(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn openid_core_example_has_its_hash() {
        // OpenID Connect Core, appendix A.4: this token, RS256.
        let token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
        assert_eq!(at_hash(Algorithm::Rs256, token), "77QmUPtjPfzWtF2AnpK9RQ");
        assert_eq!(at_hash(Algorithm::Es256, token), "77QmUPtjPfzWtF2AnpK9RQ");
        assert_eq!(at_hash(Algorithm::EdDsa, token).len(), 43);
    }
}
