//! The limits on what browsers bring, as docs/limits.md lists them.

use crate::bounds::{Limit, Scope, Value};

use super::request::{LOCATION_BYTES_MAX, REQUEST_BYTES_MAX};

pub(crate) const LIMITS: &[Limit] = &[
    Limit {
        name: "authorization request, in bytes as it is sent",
        value: Value::Bytes(REQUEST_BYTES_MAX),
        scope: Scope::Request,
        beyond: "an error page, `request.too_long`; nothing goes back to the app",
        bounds: "steps in the forms of our pages, a third longer each; codes",
        test: "k_30_a_request_of_one_byte_more_than_there_may_be_is_refused_on_a_page",
    },
    Limit {
        name: "address of a redirect",
        value: Value::Bytes(LOCATION_BYTES_MAX),
        scope: Scope::Request,
        beyond: "a page that leads on, by itself or by *Continue*",
        bounds: "response heads: proxies take 4 KiB",
        test: "k_30_az_14_no_redirect_names_a_long_address_whatever_the_request_weighs",
    },
    Limit {
        name: "cookies of flows that were begun",
        value: Value::Count(crate::cookies::FLOW_COOKIES_MAX),
        scope: Scope::Browser,
        beyond: "the oldest are removed, and their pages lead back to their requests",
        bounds: "request heads of one browser",
        test: "k_14_flow_cookies_stand_beside_one_another_and_the_oldest_of_too_many_go",
    },
];
