//! Refresh tokens: `refresh_token.*`.

macro_rules! rows {
    ($then:ident! $($before:tt)*) => {
        $then! { $($before)*
            RefreshTokenInvalid => InvalidGrant, "refresh_token.invalid",
                "The refresh token is not one that this server issued.",
                "Send the newest refresh token exactly as it came.",
                "OAuth 2.1 §4.3.1";

            RefreshTokenOfAnotherClient => InvalidGrant, "refresh_token.other_client",
                "The refresh token was issued to another client.",
                "Use a refresh token with the client_id that got it.",
                "OAuth 2.1 §4.3.1";

            RefreshTokenExpired => InvalidGrant, "refresh_token.expired",
                "The refresh token has expired.",
                "Send the user to sign in again.",
                "OAuth 2.1 §4.3.1";

            RefreshTokenRetired => InvalidGrant, "refresh_token.reused",
                "The refresh token was replaced by one that has been used, so the whole grant has been revoked.",
                "Store each new refresh token before using the access token beside it; if you do, a token leaked.",
                "OAuth 2.1 §4.3.1; RFC 9700 §4.14";
        }
    };
}
pub(super) use rows;
