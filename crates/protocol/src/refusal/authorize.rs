//! The parameters of an authorization request: `redirect_uri.*`, `response_type.*`, `response_mode.*`, `request.*`,
//! `request_uri.*`, `prompt.*`, `max_age.*`, `id_token_hint.*`.

macro_rules! rows {
    ($then:ident! $($before:tt)*) => {
        $then! { $($before)*
            RedirectUriMissing => InvalidRequest, "redirect_uri.missing",
                "The request names no redirect_uri.",
                "Send redirect_uri. It may be left out only by a client with exactly one registered, and never with the scope openid.",
                "OAuth 2.1 §2.3.2; OpenID Connect Core §3.1.2.1";

            RedirectUriUnregistered => InvalidRequest, "redirect_uri.unregistered",
                "The redirect address in the request is not one that this client registered.",
                "Send a registered address, character for character. The port may differ on a loopback address of a native app; the path may not.",
                "RFC 9700 §2.1, RFC 8252 §7.3";

            ResponseTypeMissing => InvalidRequest, "response_type.missing",
                "The request has no response_type.",
                "Send response_type=code.",
                "OAuth 2.1 §4.1.1";

            ResponseTypeUnsupported => UnsupportedResponseType, "response_type.unsupported",
                "Only the authorization code flow exists here.",
                "Send response_type=code; tokens come from the token endpoint.",
                "OAuth 2.1 §4.1.1; RFC 10017 §7";

            ResponseModeUnsupported => InvalidRequest, "response_mode.unsupported",
                "This response_mode is not offered.",
                "Leave response_mode out or send response_mode=query.",
                "RFC 9700 §2.1";

            RequestTooLong => InvalidRequest, "request.too_long",
                "The authorization request is longer than 8 KiB.",
                "Shorten state and the other parameters.",
                "RFC 9700 §4";

            RequestObjectUnsupported => RequestNotSupported, "request.unsupported",
                "Request objects are not supported.",
                "Send the parameters themselves instead of request.",
                "OpenID Connect Core §6, §3.1.2.6";

            RequestUriUnsupported => RequestUriNotSupported, "request_uri.unsupported",
                "Request objects by reference are not supported.",
                "Send the parameters themselves instead of request_uri.",
                "OpenID Connect Core §6, §3.1.2.6";

            PromptMalformed => InvalidRequest, "prompt.malformed",
                "The prompt holds an unknown value, or none beside another.",
                "Send prompt=none alone, or any of login, consent, select_account.",
                "OpenID Connect Core §3.1.2.1";

            LoginRequired => LoginRequired, "prompt.login_required",
                "The user is not signed in, and the request allows no page.",
                "Send the request again without prompt=none.",
                "OpenID Connect Core §3.1.2.6";

            ConsentRequired => ConsentRequired, "prompt.consent_required",
                "The user has not allowed this yet, and the request allows no page.",
                "Send the request again without prompt=none.",
                "OpenID Connect Core §3.1.2.6";

            InteractionRequired => InteractionRequired, "prompt.interaction_required",
                "An app on the device needs the user's word every time, and the request allows no page.",
                "Send the request again without prompt=none.",
                "OAuth 2.1 §7.3.1; RFC 8252 §8.6";

            MaxAgeMalformed => InvalidRequest, "max_age.malformed",
                "The max_age is not a number of seconds.",
                "Send max_age as a non-negative integer.",
                "OpenID Connect Core §3.1.2.1";

            IdTokenHintInvalid => InvalidRequest, "id_token_hint.invalid",
                "The id_token_hint is not an ID token that this server issued.",
                "Send an ID token from this issuer, unchanged, or leave the hint out.",
                "OpenID Connect Core §3.1.2.1";
        }
    };
}
pub(super) use rows;
