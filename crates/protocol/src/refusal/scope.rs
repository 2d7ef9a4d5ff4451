//! The access that is asked for, at any endpoint: `scope.*`, `resource.*`.

macro_rules! rows {
    ($then:ident! $($before:tt)*) => {
        $then! { $($before)*
            ScopeMalformed => InvalidScope, "scope.malformed",
                "The scope holds characters that scopes cannot have, or is longer than 4096 bytes.",
                "Send space-separated scope names of printable ASCII without quotes and backslashes.",
                "OAuth 2.1 §1.4.1";

            ScopeUnregistered => InvalidScope, "scope.unregistered",
                {"The request asks for a scope that this client is not registered for.": Named},
                "Ask for less, or add the scope and its API to the client's registration: proofkey client edit.",
                "OAuth 2.1 §1.4.1";

            ScopeUnowned => InvalidScope, "scope.unowned",
                {"The request asks for a scope that no API has.": Named},
                "Ask for less, or register the API that has it: proofkey api add.",
                "OAuth 2.1 §1.4.1";

            ScopeOfOtherApi => InvalidScope, "scope.other_api",
                {"The request asks for a scope that the API in resource does not have.": Named},
                "Name the API that has it in resource too, or leave the scope out.",
                "RFC 8707 §2; OAuth 2.1 §1.4.1";

            ScopeMissing => InvalidScope, "scope.missing",
                "The scope holds nothing that the client can have, and the request names no API.",
                "Ask for a scope of the client's registration, or name an API with resource.",
                "OAuth 2.1 §1.4.1";

            ScopeBeyondGrant => InvalidScope, "scope.beyond_grant",
                {"The request asks for a scope that was not granted.": Named},
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

            ResourceUnregistered => InvalidTarget, "resource.unregistered",
                {"This client is not registered for the API.": Named},
                "Ask for another API, or add this one to the client's registration: proofkey client edit.",
                "RFC 8707 §2";

            ResourceNone => InvalidTarget, "resource.none",
                "This client is registered for no API, and a token of its own is for one.",
                "Add the API to the client's registration: proofkey client edit.",
                "RFC 8707 §2.2";

            ResourceAmbiguous => InvalidTarget, "resource.ambiguous",
                {"Several APIs are meant, and an access token is for one.": Named},
                "Name the API with resource, and ask for one token per API.",
                "RFC 8707 §2.2; RFC 9068 §3";

            ResourceSeveral => InvalidTarget, "resource.several",
                "The token request names several resources, and an access token is for one.",
                "Send one resource, and ask for one token per API.",
                "RFC 8707 §2.2; RFC 9068 §3";

            ResourceBeyondGrant => InvalidTarget, "resource.beyond_grant",
                "The resource was not part of the authorization request.",
                "Ask for a resource that was authorized, or authorize again with this one.",
                "RFC 8707 §2.2";
        }
    };
}
pub(super) use rows;
