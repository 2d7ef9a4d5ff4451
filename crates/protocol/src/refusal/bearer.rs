//! Access tokens that come back to this server, to be used or revoked: `token.*`.

macro_rules! rows {
    ($then:ident! $($before:tt)*) => {
        $then! { $($before)*
            TokenMissing => InvalidToken, "token.missing",
                "The request carries no access token.",
                "Send Authorization: Bearer and the access token. A token in the query is not read.",
                "RFC 6750 §2.1, §3";

            TokenInvalid => InvalidToken, "token.invalid",
                "The access token is malformed, expired, revoked, or not from this server.",
                "Refresh the token and try again.",
                "RFC 6750 §3.1";

            TokenAudience => InvalidToken, "token.audience",
                "The access token is for an API and not for this server: ask for a token with resource=<issuer>, or authorize without resource.",
                "Ask the token endpoint for a token with resource set to the issuer, or authorize without resource; either way with the scope openid.",
                "RFC 9068 §4; RFC 8707 §2.2";

            TokenScope => InsufficientScope, "token.scope",
                "The access token lacks a scope that is needed here.",
                "Authorize with the scope openid.",
                "RFC 6750 §3.1";

            TokenTransports => InvalidRequest, "token.transports",
                "The access token came in two ways at once.",
                "Send the token in the Authorization header alone.",
                "RFC 6750 §2";

            TokenOfAnotherClient => InvalidGrant, "token.other_client",
                "The token was issued to another client.",
                "Revoke a token with the client_id that got it.",
                "RFC 7009 §2.1";
        }
    };
}
pub(super) use rows;
