//! What a grant rests on, the user, the session and the consent: `user.*`, `session.*`, `consent.*`, `grant.*`.

macro_rules! rows {
    ($then:ident! $($before:tt)*) => {
        $then! { $($before)*
            UserDisabled => InvalidGrant, "user.disabled",
                "The user's account has been disabled.",
                "Sign the user in again once an operator has enabled the account.",
                "OAuth 2.1 §4.3.1";

            SessionEnded => InvalidGrant, "session.ended",
                "The user's session has ended, or the password was changed since.",
                "Send the user to sign in again.",
                "RFC 10017 §6.3.2.3";

            AccessDenied => AccessDenied, "consent.denied",
                "The user did not allow this.",
                "Explain to the user what the access is for and let them start again.",
                "OAuth 2.1 §4.1.2.1";

            ConsentWithdrawn => InvalidGrant, "consent.withdrawn",
                "The user has withdrawn what was allowed.",
                "Send the user through the authorization endpoint again.",
                "OAuth 2.1 §4.3.1";

            ConsentTooLarge => InvalidScope, "consent.too_large",
                "With this, the user would allow the client more than can be remembered.",
                "Withdraw what the client no longer needs: proofkey consent revoke.",
                "OAuth 2.1 §1.4.1";

            ApiRemoved => InvalidGrant, "grant.api_removed",
                "An API that was granted has been removed.",
                "Send the user through the authorization endpoint again, for APIs that exist.",
                "OAuth 2.1 §4.3.1; RFC 8707 §2";

            GrantAhead => InvalidGrant, "grant.ahead",
                "The grant was given by a clock that ran ahead.",
                "Send the user to sign in again; the operator looks at the clock of the server.",
                "OAuth 2.1 §4.3.1";

            GrantRevoked => InvalidGrant, "grant.revoked",
                "What the user granted has been revoked.",
                "Send the user to sign in again.",
                "OAuth 2.1 §4.3.1";

            AlgorithmOff => TemporarilyUnavailable, "grant.algorithm_off",
                {"No key of this server signs by the algorithm of the client or the API.": Named},
                "Send the request again, nothing is spent; if it stays, ask the operator for the list of algorithms that sign here.",
                "OpenID Connect Registration §2; RFC 9068 §2.1";
        }
    };
}
pub(super) use rows;
