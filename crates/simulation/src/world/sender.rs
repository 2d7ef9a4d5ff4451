//! Who sends what.

use std::sync::Arc;

use proofkey_oauth::{CodeVerifier, form_encode};
use proofkey_protocol::{GrantId, Random as _};

use super::cast::Ask;
use super::registered::{CALLBACK, CLIENTS};
use super::sent::{Authorize, Sent, SignIn, Who};
use super::state::World;
use super::under_way::{Request, Stage};

/// What clients ask for.
const SCOPES: [&str; 4] = [
    "openid profile offline_access read",
    "openid read",
    "offline_access send",
    "openid offline_access send",
];

impl World {
    /// A client, a browser or a thief sends something to a node.
    pub(super) fn begin_request(&mut self) {
        let sent = match self.dice.below(100) {
            0..8 => self.sign_in(),
            8..28 => self.authorize(),
            28..46 => self.answer_page(),
            46..48 if self.recorder.is_none() => self.log_out(),
            48..62 => self.redeem(),
            62..80 => self.refresh(),
            80..82 => self.revoke(),
            82..92 => self.use_token(),
            92..94 => self.own_token(),
            94..96 => self.ask_about(),
            _ => self.steal(),
        };
        let Some(sent) = sent else { return };
        self.summary.requests += 1;
        if let Some(held) = sent.grant().and_then(|id| self.cast.held(id)) {
            held.is_busy = true;
        }
        let node = self.dice.below(self.nodes.len());
        let (number, now, keys) = (self.summary.requests, self.now(node), Arc::clone(&self.keys));
        self.tell(|| format!("request {number} to node {node}: {sent}"));
        if let Some(recorder) = &mut self.recorder {
            recorder.sent(number, &sent, &self.ledger);
        }
        self.requests.push(Request {
            number,
            node,
            now,
            keys,
            sent,
            user: None,
            stage: Stage::Load,
            decisions: 0,
        });
    }

    fn sign_in(&mut self) -> Option<Sent> {
        let browser = self.dice.below(self.cast.browsers.len());
        let held = self.cast.browsers.get(browser)?;
        let (user, cookie, device) = (held.user, held.cookie.clone(), held.device.clone());
        let person = self.cast.people.get(user)?;
        let password = match self.dice.below(100) {
            0..8 => "wrong".to_owned(),
            8..12 => person.password_before.clone(),
            _ => person.password.clone(),
        };
        let remember = self.dice.per_mille(300);
        Some(Sent::SignIn(SignIn { browser, user, password, remember, cookie, device, reserved: None }))
    }

    fn authorize(&mut self) -> Option<Sent> {
        let browser = self.dice.below(self.cast.browsers.len());
        let cookie = self.cast.browsers.get(browser)?.cookie.clone();
        let client = *self.dice.pick(&CLIENTS)?;
        let scope = *self.dice.pick(&SCOPES)?;
        let mut octets = [0; 32];
        self.dice.fill(&mut octets);
        let verifier = CodeVerifier::from_random(&octets);
        let challenge = verifier.challenge().to_string();
        let mut raw = String::new();
        for (name, value) in [
            ("client_id", client),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("scope", scope),
            ("state", "s"),
            ("nonce", "n"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ] {
            form_encode(&mut raw, name, value);
            raw.push('&');
        }
        let ask = Ask { client, scope, verifier: verifier.expose().to_owned(), raw };
        Some(Sent::Authorize(Box::new(Authorize { browser, cookie, ask, page: None })))
    }

    fn answer_page(&mut self) -> Option<Sent> {
        let browser = self.dice.below(self.cast.browsers.len());
        let pages = self.cast.browsers.get(browser)?.pages.len();
        let place = self.dice.below(pages);
        let held = self.cast.browsers.get_mut(browser)?;
        let cookie = held.cookie.clone();
        if place >= pages {
            return None;
        }
        // A page that is sent twice is answered twice.
        let page =
            if self.dice.per_mille(200) { held.pages.get(place)?.clone() } else { held.pages.remove(place) };
        let (ask, page) = (page.ask, Some(page.sealed));
        Some(Sent::Authorize(Box::new(Authorize { browser, cookie, ask, page })))
    }

    fn log_out(&mut self) -> Option<Sent> {
        let browser = self.dice.below(self.cast.browsers.len());
        let cookie = self.cast.browsers.get(browser)?.cookie.clone();
        Some(Sent::Logout(browser, Some(cookie?)))
    }

    /// An honest client redeems what it got, or sends it again where it heard nothing.
    fn redeem(&mut self) -> Option<Sent> {
        let waiting = self.cast.wallet.iter().filter(|held| !held.is_busy && !held.is_redeemed);
        let waiting: Vec<_> = waiting.map(|held| held.id).collect();
        let id = *self.dice.pick(&waiting)?;
        let is_wrong = self.recorder.is_none() && self.dice.per_mille(60);
        let held = self.cast.held(id)?;
        let verifier = if is_wrong { "w".repeat(43) } else { held.verifier.clone() };
        Some(Sent::Redeem { client: held.client, id, code: held.code.clone(), verifier, who: Who::Honest })
    }

    fn refresh(&mut self) -> Option<Sent> {
        let id = self.refreshable()?;
        let repeats = self.dice.per_mille(100);
        let held = self.cast.held(id)?;
        // A client that keeps a copy of its token sends an older one at times; only a shared one may.
        let older = held.older.clone().filter(|_| repeats && held.client == "shared");
        let token = older.or_else(|| held.refresh.clone())?;
        Some(Sent::Refresh { client: held.client, id: Some(id), token, who: Who::Honest })
    }

    fn refreshable(&mut self) -> Option<GrantId> {
        let live = self.cast.wallet.iter().filter(|held| !held.is_busy && held.refresh.is_some());
        let live: Vec<_> = live.map(|held| held.id).collect();
        self.dice.pick(&live).copied()
    }

    fn revoke(&mut self) -> Option<Sent> {
        let id = self.refreshable()?;
        let whole = self.recorder.is_some() || self.dice.per_mille(500);
        let held = self.cast.held(id)?;
        let client = held.client;
        if whole {
            return Some(Sent::RevokeRefresh { client, id, token: held.refresh.clone()? });
        }
        Some(Sent::RevokeAccess { client, claims: Box::new(held.access.clone()?) })
    }

    fn use_token(&mut self) -> Option<Sent> {
        let held = self.cast.wallet.iter().filter_map(|held| held.access.as_ref());
        let all: Vec<_> = held.chain(&self.cast.thief.access).chain(&self.cast.own).cloned().collect();
        self.dice.pick(&all).map(|claims| Sent::Use(Box::new(claims.clone())))
    }

    fn own_token(&mut self) -> Option<Sent> {
        let client = *self.dice.pick(&["web", "shared"])?;
        Some(Sent::OwnToken(client))
    }

    fn ask_about(&mut self) -> Option<Sent> {
        let id = self.refreshable()?;
        let held = self.cast.held(id).filter(|held| held.client != "spa")?;
        Some(Sent::Introspect { client: held.client, id, token: held.refresh.clone()? })
    }

    /// The thief tries what it has copied: codes with and without their verifiers, refresh tokens of any age.
    fn steal(&mut self) -> Option<Sent> {
        if self.dice.per_mille(500) {
            let (client, token) = self.dice.pick(&self.cast.thief.refresh)?.clone();
            self.ledger.stolen(&token);
            return Some(Sent::Refresh { client, id: None, token, who: Who::Thief });
        }
        let held = self.dice.pick(&self.cast.thief.codes)?.clone();
        let knows = self.recorder.is_some() || self.dice.per_mille(500);
        let verifier = if knows { held.verifier } else { "t".repeat(43) };
        Some(Sent::Redeem { client: held.client, id: held.id, code: held.code, verifier, who: Who::Thief })
    }
}
