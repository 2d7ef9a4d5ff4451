//! People with browsers, client applications and a thief: what each of them holds, which no crash takes away.

use std::collections::BTreeMap;

use proofkey_jose::claims::AccessTokenClaims;
use proofkey_oauth::Sha256;
use proofkey_protocol::{GrantId, Random as _, UserId};

use super::registered::{FIRST_PASSWORD, USERS, user_id};
use crate::dice::Dice;

/// Grants that are gone on with; older ones are forgotten.
const WALLET_MAX: usize = 12;
/// What the thief keeps of a kind.
const LOOT_MAX: usize = 8;

/// What a client asks for.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) client: &'static str,
    pub(crate) scope: &'static str,
    pub(crate) verifier: String,
    /// The whole request, form-encoded.
    pub(crate) raw: String,
}

/// A consent page that stands open.
#[derive(Clone, Debug)]
pub(crate) struct OpenPage {
    pub(crate) sealed: String,
    pub(crate) ask: Ask,
}

/// A browser of one person.
#[derive(Clone, Debug)]
pub(crate) struct Browser {
    pub(crate) user: &'static str,
    pub(crate) cookie: Option<String>,
    pub(crate) device: Option<String>,
    pub(crate) flow: Sha256,
    pub(crate) pages: Vec<OpenPage>,
}

/// A code that a client got, and what came of it.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) id: GrantId,
    pub(crate) client: &'static str,
    pub(crate) code: String,
    pub(crate) verifier: String,
    /// The newest refresh token whose arrival was noted.
    pub(crate) refresh: Option<String>,
    /// The one before it.
    pub(crate) older: Option<String>,
    pub(crate) access: Option<AccessTokenClaims>,
    /// Whether a request about it is under way: an honest client sends one after the other.
    pub(crate) is_busy: bool,
    pub(crate) is_redeemed: bool,
}

/// What a thief has copied.
#[derive(Clone, Debug, Default)]
pub(crate) struct Loot {
    pub(crate) codes: Vec<Held>,
    pub(crate) refresh: Vec<(&'static str, String)>,
    pub(crate) access: Vec<AccessTokenClaims>,
}

/// Who has a name, or had it last.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    /// One more than had the name before.
    pub(crate) number: usize,
    pub(crate) password: String,
    /// The one before it, this person's or another's.
    pub(crate) password_before: String,
}

impl Person {
    /// There is another password.
    pub(crate) fn reset(&mut self, password: String) {
        self.password_before = std::mem::replace(&mut self.password, password);
    }
}

/// All of them.
pub(crate) struct Cast {
    pub(crate) browsers: Vec<Browser>,
    pub(crate) wallet: Vec<Held>,
    pub(crate) thief: Loot,
    /// Tokens that clients got for themselves.
    pub(crate) own: Vec<AccessTokenClaims>,
    pub(crate) people: BTreeMap<&'static str, Person>,
}

impl Cast {
    pub(crate) fn new(dice: &mut Dice) -> Self {
        let mut browser = |user| {
            let mut flow = [0; 32];
            dice.fill(&mut flow);
            Browser { user, cookie: None, device: None, flow, pages: Vec::new() }
        };
        let [ada, bob] = USERS;
        let password = FIRST_PASSWORD.to_owned();
        let first = Person { number: 1, password: password.clone(), password_before: password };
        Self {
            browsers: vec![browser(ada), browser(ada), browser(bob)],
            wallet: Vec::new(),
            thief: Loot::default(),
            own: Vec::new(),
            people: USERS.map(|user| (user, first.clone())).into_iter().collect(),
        }
    }

    /// The id of who has a name, or had it last.
    pub(crate) fn user_id(&self, name: &str) -> UserId {
        user_id(name, self.people.get(name).map_or(1, |person| person.number))
    }

    /// The client's memory of a grant.
    pub(crate) fn held(&mut self, id: GrantId) -> Option<&mut Held> {
        self.wallet.iter_mut().find(|held| held.id == id)
    }

    /// A client gets a code; a copy of some goes to the thief.
    pub(crate) fn keep(&mut self, held: Held, is_copied: bool) {
        if is_copied {
            push(&mut self.thief.codes, held.clone());
        }
        if self.wallet.len() >= WALLET_MAX
            && let Some(oldest) = self.wallet.iter().position(|held| !held.is_busy)
        {
            self.wallet.remove(oldest);
        }
        self.wallet.push(held);
    }

    /// A copy of a refresh token goes to the thief.
    pub(crate) fn steal_refresh(&mut self, client: &'static str, token: &str) {
        push(&mut self.thief.refresh, (client, token.to_owned()));
    }

    /// A copy of an access token goes to the thief.
    pub(crate) fn steal_access(&mut self, claims: &AccessTokenClaims) {
        push(&mut self.thief.access, claims.clone());
    }

    /// A client keeps a token of its own.
    pub(crate) fn keep_own(&mut self, claims: AccessTokenClaims) {
        push(&mut self.own, claims);
    }
}

fn push<T>(among: &mut Vec<T>, one: T) {
    if among.len() >= LOOT_MAX {
        among.remove(0);
    }
    among.push(one);
}
