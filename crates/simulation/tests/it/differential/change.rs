//! A change of any kind, on the store and on the model.

use proofkey_oauth::{SecretHash, Timestamp};
use proofkey_protocol::{
    ApiId, ClientId, Commit, Committed, ConsentFacts, FailureFacts, GrantId, SessionId, SessionProof,
    SignInTry, TokenId,
};
use proofkey_simulation::dice::Dice;
use proofkey_simulation::model::{Model, NotChanged};
use proofkey_store::{AdminFault, Store};

use super::rows::{self, CLIENTS, PASSWORDS, PEOPLE, RESOURCES};

#[derive(Clone, Debug)]
pub(super) enum Change {
    Commit(Commit),
    DisableUser(&'static str, bool, Timestamp),
    SetPassword(&'static str, &'static str, Timestamp, [u8; 32]),
    UnlockUser(&'static str, [u8; 32]),
    EndSessions(&'static str),
    EndUser(&'static str, Timestamp),
    RemoveUser(&'static str, Timestamp, [u8; 32]),
    /// Another person under a name, which a removed user may have had; whether the operator says that it is free.
    AddUser(&'static str, bool),
    AddClient(&'static str),
    DisableClient(&'static str, bool),
    EndClient(&'static str, Timestamp),
    RemoveClient(&'static str, Timestamp),
    RevokeConsent(&'static str, &'static str),
    NarrowConsent(&'static str, &'static str, ConsentFacts, ConsentFacts),
    AddApi(&'static str),
    RemoveApi(&'static str),
    Sweep(Timestamp),
}

impl Change {
    pub(super) fn random(dice: &mut Dice, model: &Model) -> Self {
        let &(user, another) = dice.pick(&PEOPLE).unwrap();
        let person = if dice.per_mille(250) { another } else { user };
        let client = *dice.pick(&CLIENTS).unwrap();
        let at = rows::at(dice);
        match dice.below(100) {
            0..70 => Self::Commit(commit(dice, model, person, client)),
            70..74 => Self::DisableUser(user, dice.per_mille(300), at),
            74..77 => Self::SetPassword(user, dice.pick(&PASSWORDS).unwrap(), at, rows::account(dice)),
            77 => Self::UnlockUser(user, rows::account(dice)),
            78 => Self::EndSessions(user),
            79 if dice.per_mille(300) => Self::RemoveUser(person, at, rows::account(dice)),
            79 => Self::EndUser(user, at),
            80 => Self::AddUser(another, dice.per_mille(500)),
            81..84 => Self::AddClient(client),
            84..87 => Self::DisableClient(client, dice.per_mille(300)),
            87 => Self::EndClient(client, at),
            88..90 => Self::RemoveClient(client, at),
            90..92 => Self::RevokeConsent(person, client),
            92..95 => {
                let before = rows::consent(dice);
                let after = before.without(ApiId(0)).unwrap_or_default();
                Self::NarrowConsent(person, client, before, after)
            }
            95..97 => Self::AddApi(dice.pick(&RESOURCES).unwrap()),
            97 => Self::RemoveApi(dice.pick(&RESOURCES).unwrap()),
            _ => Self::Sweep(Timestamp(rows::NOW + 3_700 + rows::small(dice, 8))),
        }
    }

    pub(super) async fn on_store(&self, store: &Store) -> &'static str {
        let clock = |at: Timestamp| move || at;
        match self.clone() {
            Self::Commit(commit) => return committed(store.commit(commit).await.unwrap()),
            Self::DisableUser(user, disabled, at) => {
                told(store.set_user_disabled(user, disabled, clock(at)).await)
            }
            Self::SetPassword(user, phc, at, account) => {
                told(store.set_user_password(user, phc, clock(at), &account).await)
            }
            Self::UnlockUser(user, account) => told(store.unlock_user(user, &account).await),
            Self::EndSessions(user) => told(store.end_sessions_of_user(user).await),
            Self::EndUser(user, at) => told(store.end_grants_of_user(user, clock(at)).await),
            Self::RemoveUser(user, at, account) => {
                told(store.remove_user(&rows::person(user), clock(at), &account).await)
            }
            Self::AddUser(user, true) => told(store.add_user_under_freed_name(rows::person(user)).await),
            Self::AddUser(user, false) => told(store.add_user(rows::person(user)).await),
            Self::AddClient(id) => told(store.add_client(rows::client(id)).await),
            Self::DisableClient(id, disabled) => {
                told(store.set_client_disabled(&ClientId::new(id), disabled).await)
            }
            Self::EndClient(id, at) => told(store.end_grants_of_client(&ClientId::new(id), clock(at)).await),
            Self::RemoveClient(id, at) => told(store.remove_client(&ClientId::new(id), clock(at)).await),
            Self::RevokeConsent(user, client) => {
                told(store.revoke_consent(&rows::user_id(user), &ClientId::new(client)).await)
            }
            Self::NarrowConsent(user, client, before, after) => {
                told(store.narrow_consent(&rows::user_id(user), &ClientId::new(client), before, after).await)
            }
            Self::AddApi(resource) => told(store.add_api(rows::api(resource)).await),
            Self::RemoveApi(resource) => told(store.remove_api(&rows::api(resource).resource).await),
            Self::Sweep(at) => {
                store.sweep(at, 10_000).await.unwrap();
                "written"
            }
        }
    }

    pub(super) fn on_model(&self, model: &mut Model) -> &'static str {
        let changed = match self.clone() {
            Self::Commit(commit) => return committed(model.commit(&commit)),
            Self::DisableUser(user, disabled, at) => model.set_user_disabled(user, disabled, at),
            Self::SetPassword(user, phc, at, account) => model.set_user_password(user, phc, at, &account),
            Self::UnlockUser(user, account) => model.unlock_user(user, &account),
            Self::EndSessions(user) => model.end_sessions_of_user(user),
            Self::EndUser(user, at) => model.end_grants_of_user(user, at),
            Self::RemoveUser(user, _, account) => model.remove_user(&rows::user_id(user), &account),
            Self::AddUser(user, true) => model.add_user_under_freed_name(rows::person(user)),
            Self::AddUser(user, false) => model.add_user(rows::person(user)),
            Self::AddClient(id) => model.add_client(rows::client(id)),
            Self::DisableClient(id, disabled) => model.set_client_disabled(&ClientId::new(id), disabled),
            Self::EndClient(id, at) => model.end_grants_of_client(&ClientId::new(id), at),
            Self::RemoveClient(id, at) => model.remove_client(&ClientId::new(id), at),
            Self::RevokeConsent(user, client) => {
                model.revoke_consent(&rows::user_id(user), &ClientId::new(client))
            }
            Self::NarrowConsent(user, client, before, after) => {
                model.narrow_consent(&rows::user_id(user), &ClientId::new(client), &before, after)
            }
            Self::AddApi(resource) => model.add_api(rows::api(resource)),
            Self::RemoveApi(resource) => model.remove_api(resource),
            Self::Sweep(at) => {
                model.sweep(at);
                Ok(())
            }
        };
        match changed {
            Ok(()) => "written",
            Err(NotChanged::Exists) => "exists",
            Err(NotChanged::Missing) => "missing",
            Err(NotChanged::Conflict) => "conflict",
        }
    }
}

/// A commit, often one that its rows allow: by the revision, the secret or the failures that stand.
fn commit(dice: &mut Dice, model: &Model, user: &'static str, client: &'static str) -> Commit {
    let (id, at) = (rows::id(dice), rows::at(dice));
    let revision = || model.grant(GrantId(id)).map_or(0, |row| row.grant().refresh.revision);
    match dice.below(16) {
        0..3 => Commit::RedeemCode {
            grant: Box::new(rows::grant(dice, user, client)),
            failures_max: 2,
            ends_suspects: dice.per_mille(400),
        },
        3 => Commit::CountCodeFailure { code: GrantId(id), keep_until: at },
        4..6 => {
            let next = revision() + 1 + i64::from(dice.per_mille(150));
            Commit::UseRefreshToken { grant: GrantId(id), chain: rows::chain(dice, next), expires_at: at }
        }
        6 => Commit::SuspectGrant { grant: GrantId(id), revision: revision() + 1 },
        7 => Commit::RevokeGrant { grant: GrantId(id), at },
        8 => Commit::RevokeAccessToken { token: TokenId(id), keep_until: at },
        9..11 => Commit::SignIn {
            session: Box::new(rows::session(dice, user)),
            replaces: dice
                .per_mille(300)
                .then_some(SessionProof { id: SessionId(id), secret: SecretHash([1; 32]) }),
            factors: rows::factors(dice),
            sessions_max: 1 + rows::small(dice, 3),
        },
        11 => {
            let session = rows::session(dice, user);
            let stands = model.session(session.id).map(|(row, _)| row.secret);
            let secret = stands.filter(|_| dice.per_mille(700)).unwrap_or(SecretHash([2; 32]));
            Commit::Reauthenticate { session: Box::new(session), secret, factors: rows::factors(dice) }
        }
        12 => Commit::ReserveSignInFailure(tried(dice, model, at)),
        13 => Commit::TouchSession { session: SessionId(id), at },
        14 => Commit::EndSession { session: SessionId(id) },
        _ => {
            let (user, client) = (rows::user_id(user), ClientId::new(client));
            let stands = model.consent(&user, &client).cloned();
            let before =
                if dice.per_mille(700) { stands } else { dice.per_mille(500).then(|| rows::consent(dice)) };
            Commit::GiveConsent { user, client, before, after: rows::consent(dice) }
        }
    }
}

fn tried(dice: &mut Dice, model: &Model, at: Timestamp) -> SignInTry {
    let counted_as = rows::account(dice);
    let stands = model.sign_in_failures(&counted_as);
    let seen = if dice.per_mille(700) { stands } else { FailureFacts { failures: 2, last_at: at.seconds() } };
    let owner = dice.per_mille(300).then(|| rows::account(dice));
    SignInTry { counted_as, owner, is_unknown_name: dice.per_mille(200), at, below: 2, seen }
}

const fn committed(committed: Committed) -> &'static str {
    match committed {
        Committed::Applied => "written",
        Committed::Conflict => "conflict",
    }
}

fn told(changed: Result<(), AdminFault>) -> &'static str {
    match changed {
        Ok(()) => "written",
        Err(AdminFault::Exists) => "exists",
        Err(AdminFault::Missing) => "missing",
        Err(AdminFault::Conflict) => "conflict",
        Err(AdminFault::Fault(fault)) => panic!("{fault}"),
    }
}
