//! What any endpoint asks of a request, before it knows what the request is about: `parameters.*`, `limit.*`.

macro_rules! rows {
    ($then:ident! $($before:tt)*) => {
        $then! { $($before)*
            ParametersMalformed => InvalidRequest, "parameters.malformed",
                "The parameters are not form-encoded text.",
                "Encode the parameters as application/x-www-form-urlencoded, at most 64 KiB and 100 parameters.",
                "OAuth 2.1 §3.1, §3.2";

            ParameterRepeated => InvalidRequest, "parameters.repeated",
                "A parameter was sent more than once.",
                "Send each parameter once; only resource may repeat.",
                "OAuth 2.1 §3.1; RFC 8707 §2";

            ParameterMissing(RequiredParameter) => InvalidRequest, "parameters.missing",
                [
                    GrantType: "The parameter grant_type is missing.",
                    Code: "The parameter code is missing.",
                    RefreshToken: "The parameter refresh_token is missing.",
                    Token: "The parameter token is missing.",
                ],
                "Send it in the form, once and not empty.",
                "OAuth 2.1 §3.2";

            TooManyFailures => TemporarilyUnavailable, "limit.failures",
                "Too many failed attempts came from this address.",
                "Wait as long as Retry-After says, and check the credentials.",
                "OAuth 2.1 §2.4.1";

            TooManyGrants => TemporarilyUnavailable, "limit.grants",
                "This user gives this client new grants faster than the server makes them.",
                "Keep the tokens of a sign-in and refresh them; send this request again after Retry-After seconds.",
                "RFC 6749 §4.1.2.1";
        }
    };
}
pub(super) use rows;
