//! The authorization code at the token endpoint: `code.*`.

macro_rules! rows {
    ($then:ident! $($before:tt)*) => {
        $then! { $($before)*
            CodeInvalid => InvalidGrant, "code.invalid",
                "The code is not one that this server issued.",
                "Send the code exactly as it arrived at the redirect URI, decoded once.",
                "OAuth 2.1 §4.1.3";

            CodeOfAnotherClient => InvalidGrant, "code.other_client",
                "The code was issued to another client.",
                "Redeem a code with the client_id that asked for it.",
                "OAuth 2.1 §4.1.3";

            CodeExpired => InvalidGrant, "code.expired",
                "The code has expired.",
                "Redeem the code at once when it arrives; start the flow again for a new one.",
                "OAuth 2.1 §4.1.2";

            CodeAhead => InvalidGrant, "code.ahead",
                "The code was issued by a clock that ran ahead.",
                "Start the flow again; the operator looks at the clock of the server.",
                "OAuth 2.1 §4.1.2";

            CodeRedeemed => InvalidGrant, "code.redeemed",
                "The code has been redeemed already, so what it gave has been revoked.",
                "Redeem each code once. Look for a request sent twice, or for a code that leaked.",
                "OAuth 2.1 §4.1.3; RFC 9700 §4.5";

            CodeLocked => InvalidGrant, "code.burnt",
                "Too many wrong verifiers were sent with this code.",
                "Start the flow again, and keep the verifier of each attempt with its state.",
                "RFC 7636 §7.1";

            RedirectUriMismatch => InvalidGrant, "code.redirect_uri",
                "The redirect_uri is not the one of the authorization request.",
                "Send the same redirect_uri in both requests, or leave it out here.",
                "OAuth 2.1 §10.2; RFC 6749 §4.1.3";
        }
    };
}
pub(super) use rows;
