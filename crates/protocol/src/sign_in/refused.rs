//! Why a sign-in is refused. The person is not told: any reason is one more thing to learn of an account.

/// Why a sign-in is refused; for the log alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInRefused {
    /// The password was too long to be compared.
    TooLong,
    /// Wrong name or password, or the account is disabled or locked.
    Wrong,
    /// The account changed during every check.
    Unsettled,
}

impl SignInRefused {
    /// The reason in words.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::TooLong => "password too long",
            Self::Wrong => "wrong name or password, disabled or locked",
            Self::Unsettled => "the account changed during every check",
        }
    }
}
