//! The client that asks, how it proves who it is, and which grants it may use: `client.*`, `client_auth.*`,
//! `grant_type.*`.

macro_rules! rows {
    ($then:ident! $($before:tt)*) => {
        $then! { $($before)*
            ClientUnknown => InvalidClient, "client.unknown",
                "No client is registered under this client_id.",
                "Send the client_id that the registration returned, or register the client: proofkey client add.",
                "OAuth 2.1 §4.1.2.1";

            ClientDisabled => InvalidClient, "client.disabled",
                "This client has been disabled.",
                "An operator can enable it again: proofkey client enable.",
                "OAuth 2.1 §4.1.2.1";

            ClientPublic => UnauthorizedClient, "client.public",
                "A public client cannot do this: nothing proves who it is.",
                "Register a confidential client for this.",
                "OAuth 2.1 §4.2";

            ClientAuthenticationMissing => InvalidClient, "client_auth.missing",
                "The request does not say which client sends it.",
                "Authenticate as registered: Basic, client_secret in the form, or client_id alone for a public client.",
                "OAuth 2.1 §3.2.1";

            ClientAuthenticationMalformed => InvalidClient, "client_auth.malformed",
                "The Authorization header is not a well-formed Basic credential.",
                "Form-encode id and secret, join them with a colon and send the base64 of it.",
                "RFC 6749 §2.3.1";

            ClientAuthenticationAmbiguous => InvalidRequest, "client_auth.ambiguous",
                "The request authenticates the client in two ways.",
                "Use one: the Authorization header or the form.",
                "OAuth 2.1 §2.4";

            ClientAuthenticationMethod => InvalidClient, "client_auth.method",
                "The client sends its secret in another way than it registered, and its registration says strict_auth_method.",
                "Use the registered token_endpoint_auth_method, or change the registration.",
                "RFC 7591 §2; OpenID Connect Core §9";

            ClientSecretMissing => InvalidClient, "client_auth.no_secret",
                "The client has a secret, and the request does not carry it.",
                "Send the client_secret, by Basic or in the form; or register token_endpoint_auth_method none.",
                "OAuth 2.1 §3.2.1";

            ClientSecretUnexpected => InvalidClient, "client_auth.unexpected_secret",
                "The client is registered without a secret, and the request carries one.",
                "Leave client_secret out and send client_id alone; or register a token_endpoint_auth_method that has one.",
                "OAuth 2.1 §2.4; RFC 7591 §2";

            ClientSecretWrong => InvalidClient, "client_auth.failed",
                "The client's credentials are not right.",
                "Send the client_secret as it was shown once, or replace it: proofkey client rotate-secret.",
                "OAuth 2.1 §2.4.1";

            GrantTypeUnregistered => UnauthorizedClient, "grant_type.unregistered",
                "This client is not registered for this grant type.",
                "Add the grant type to grant_types of the client's registration.",
                "OAuth 2.1 §3.2.4";

            GrantTypeUnsupported => UnsupportedGrantType, "grant_type.unsupported",
                "This grant_type does not exist here.",
                "Use authorization_code, refresh_token or client_credentials.",
                "OAuth 2.1 §3.2.4; RFC 9700 §2.4";
        }
    };
}
pub(super) use rows;
