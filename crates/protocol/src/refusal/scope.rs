//! The access that is asked for, at any endpoint: `scope.*`, `resource.*`.

macro_rules! rows {
    ($then:ident! $($before:tt)*) => {
        $then! { $($before)*
            ScopeMalformed => InvalidScope, "scope.malformed",
                "The scope holds characters that scopes cannot have, or is longer than 4096 bytes.",
                "Send space-separated scope names of printable ASCII without quotes and backslashes.",
                "OAuth 2.1 §1.4.1";

            ScopeUnregistered => InvalidScope, "scope.unregistered",
                "The request asks for a scope that this client is not registered for.",
                "Ask for less, or add the scope to the client's registration; an API scope also needs its API: proofkey api add.",
                "OAuth 2.1 §1.4.1";

            ScopeBeyondGrant => InvalidScope, "scope.beyond_grant",
                "The request asks for a scope that was not granted.",
                "Ask for a part of the granted scope, or authorize again.",
                "OAuth 2.1 §4.3.1";

            ResourceMalformed => InvalidTarget, "resource.malformed",
                "The resource is not an absolute URI without a fragment.",
                "Send the API's resource indicator as it was registered.",
                "RFC 8707 §2";

            ResourceUnknown => InvalidTarget, "resource.unknown",
                "No API is registered under this resource.",
                "Send the resource of a registered API, byte for byte, or register it: proofkey api add.",
                "RFC 8707 §2";

            ResourceAmbiguous => InvalidTarget, "resource.ambiguous",
                "The scopes belong to several APIs, and an access token is for one.",
                "Name the API with resource, and ask for one token per API.",
                "RFC 8707 §2.2; RFC 9068 §3";

            ResourceBeyondGrant => InvalidTarget, "resource.beyond_grant",
                "The resource was not part of the authorization request.",
                "Ask for a resource that was authorized, or authorize again with this one.",
                "RFC 8707 §2.2";
        }
    };
}
pub(super) use rows;
