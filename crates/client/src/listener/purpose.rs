//! What the browser returns from, which decides the path and the words of the page.

/// What a listener is open for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A person signs in; the browser brings a code.
    SignIn,
    /// A person signs out; the browser only comes back.
    SignOut,
}

impl Purpose {
    /// The path, as it is registered.
    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::SignIn => "/callback",
            Self::SignOut => "/signed-out",
        }
    }

    /// Heading and text of the page that tells how it ended.
    pub(super) const fn words(self, succeeded: bool) -> (&'static str, &'static str) {
        match (self, succeeded) {
            (Self::SignIn, true) => ("Signed in", "You can close this window and return to the app."),
            (Self::SignIn, false) => (
                "Sign-in did not finish",
                "The app says why. You can close this window and try again from there.",
            ),
            (Self::SignOut, true) => ("Signed out", "You can close this window and return to the app."),
            (Self::SignOut, false) => {
                ("Sign-out did not finish", "You can close this window and try again from the app.")
            }
        }
    }
}
