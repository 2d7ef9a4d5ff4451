//! Which addresses and scopes an app of a kind can have.

use proofkey_oauth::{RedirectUri, standard_scope};

use super::app_kind::AppKind;
use super::app_refused::AppRefused;

impl AppKind {
    /// Refuses an address to which no browser can bring a code or a person back for such an app. `member` is the list that it is in.
    pub fn check_address(self, member: &'static str, at: usize, uri: &str) -> Result<(), AppRefused> {
        if !self.signs_in() {
            return Err(AppRefused::AddressOfService { member, at });
        }
        let refused = |cause| AppRefused::Address { member, at, uri: uri.to_owned(), cause };
        RedirectUri::register(uri, self.application()).map_err(refused)?;
        let is_of_web = uri.starts_with("https:") || uri.starts_with("http:");
        if self != Self::Native && !is_of_web {
            return Err(AppRefused::Scheme { kind: self, member, at, uri: uri.to_owned() });
        }
        Ok(())
    }

    /// Refuses a scope that is a person's for an app that acts for no person.
    pub fn check_scope(self, at: usize, scope: &str) -> Result<(), AppRefused> {
        if !self.signs_in() && standard_scope::ALL.contains(&scope) {
            return Err(AppRefused::ScopeOfService { at, scope: scope.to_owned() });
        }
        Ok(())
    }
}
