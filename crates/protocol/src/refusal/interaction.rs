//! The pages of a sign-in and their forms: `interaction.*`, `form.*`.

macro_rules! rows {
    ($then:ident! $($before:tt)*) => {
        $then! { $($before)*
            InteractionInvalid => InvalidRequest, "interaction.invalid",
                "This address does not belong to a sign-in that was begun here.",
                "Go back to the app and start again; do not bookmark or change addresses of the sign-in.",
                "RFC 9700 §4.7";

            InteractionOfAnotherBrowser => InvalidRequest, "interaction.other_browser",
                "This browser does not send back the cookie that belongs to this sign-in.",
                "Go back to the app and start again in this browser, with cookies allowed.",
                "RFC 9700 §4.7; OWASP ASVS 7.2";

            FormFromAnotherSite => InvalidRequest, "form.cross_site",
                "The form was sent from another site.",
                "Use the page of this server itself.",
                "OWASP ASVS 3.5";
        }
    };
}
pub(super) use rows;
