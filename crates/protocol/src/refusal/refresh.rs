//! Refresh tokens: `refresh_token.*`, and what they tell of the database: `store.*`.

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

            RefreshTokenStale => InvalidGrant, "refresh_token.stale",
                "The refresh token was replaced by one that has been used; others go on with that sign-in.",
                "Read the newest refresh token from where the processes of the app share it, and send that.",
                "OAuth 2.1 §4.3.1; RFC 9700 §4.14";

            RefreshTokenAhead => InvalidGrant, "store.behind",
                "The refresh token is newer than the database of this server, which must have been restored.",
                "Send the user to sign in again; tell the operator that the database went back.",
                "OAuth 2.1 §4.3.1";
        }
    };
}
pub(super) use rows;
