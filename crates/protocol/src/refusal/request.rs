//! What any endpoint asks of a request, before it knows what the request is about: `parameters.*`, `body.*`, `limit.*`.

/// Why parameters cannot be read. What is too long to be a parameter list is refused as a body that is too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is explained in its row")]
pub enum Unreadable {
    BadPercent,
    NotUtf8,
    TooMany,
}

macro_rules! rows {
    ($then:ident! $($before:tt)*) => {
        $then! { $($before)*
            ParametersMalformed(Unreadable) => InvalidRequest, "parameters.malformed",
                [
                    BadPercent: "The parameters are not form-encoded text: a percent sign is not followed by two hexadecimal digits.",
                    NotUtf8: "The parameters are not form-encoded text: they are not UTF-8.",
                    TooMany: "There are more than 100 parameters.",
                ],
                "Encode the parameters as application/x-www-form-urlencoded, at most 64 KiB and 100 parameters.",
                "OAuth 2.1 §3.1, §3.2";

            ParameterRepeated => InvalidRequest, "parameters.repeated",
                {"A parameter was sent more than once.": Named},
                "Send each parameter once; only resource may repeat.",
                "OAuth 2.1 §3.1; RFC 8707 §2";

            ParameterMissing => InvalidRequest, "parameters.missing",
                {"A parameter is missing.": Named},
                "Send it once and not empty.",
                "OAuth 2.1 §3.1, §3.2";

            BodyNotForm => InvalidRequest, "body.not_form",
                "The body is not declared as a form.",
                "Send the parameters as application/x-www-form-urlencoded, and say so in Content-Type.",
                "OAuth 2.1 §3.2";

            BodyTooLarge => InvalidRequest, "body.too_large",
                "The body is larger than 64 KiB.",
                "Send less; no request needs as much.",
                "RFC 9110 §15.5.14";

            BodyEncoded => InvalidRequest, "body.encoded",
                "The body has a Content-Encoding.",
                "Send the form as it is, not compressed.",
                "RFC 9110 §15.5.16";

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
