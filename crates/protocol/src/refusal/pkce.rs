//! The proof key, at both ends of the flow: `pkce.*`.

macro_rules! rows {
    ($then:ident! $($before:tt)*) => {
        $then! { $($before)*
            ChallengeMissing => InvalidRequest, "pkce.challenge_missing",
                "The request has no code_challenge.",
                "Create a code_verifier, send its S256 code_challenge here and the verifier to the token endpoint.",
                "OAuth 2.1 §4.1.1, §7.5.1";

            ChallengeMethodUnsupported => InvalidRequest, "pkce.method_unsupported",
                "The code_challenge_method is not S256.",
                "Send code_challenge_method=S256. An absent method means plain, which does not exist here.",
                "OAuth 2.1 §4.1.1; RFC 7636 §4.3";

            ChallengeMalformed => InvalidRequest, "pkce.challenge_malformed",
                "The code_challenge is not 43 base64url characters.",
                "Send BASE64URL(SHA256(code_verifier)) without padding.",
                "RFC 7636 §4.2";

            VerifierMissing => InvalidGrant, "pkce.verifier_missing",
                "The code was asked for with a challenge, and no code_verifier came.",
                "Send the code_verifier whose challenge the authorization request carried.",
                "OAuth 2.1 §4.1.3";

            VerifierUnexpected => InvalidGrant, "pkce.verifier_unexpected",
                "A code_verifier came, but the code was asked for without a challenge.",
                "Send code_challenge in the authorization request; if you did, somebody removed it.",
                "RFC 9700 §4.8.2";

            VerifierMalformed => InvalidGrant, "pkce.verifier_malformed",
                "The code_verifier is not 43 to 128 unreserved characters.",
                "Make the verifier from 32 random octets in base64url.",
                "RFC 7636 §4.1";

            VerifierWrong => InvalidGrant, "pkce.verifier_wrong",
                "The code_verifier is not the secret behind the code_challenge.",
                "Send the verifier of the same attempt: its SHA-256 in base64url must be the challenge.",
                "RFC 7636 §4.6";
        }
    };
}
pub(super) use rows;
