//! All that rules can be told, as text, of the store and of the model.

use proofkey_oauth::SecretHash;
use proofkey_protocol::{
    ClientId, CodeFacts, GrantId, GrantWithSubject, SessionFacts, SessionId, SubjectFacts, UserFacts,
};
use proofkey_simulation::model::Model;
use proofkey_store::Store;

use super::rows::{self, ACCOUNTS, CLIENTS, IDS, USERS};

/// `Debug` says nothing of secrets.
fn secret(hash: &SecretHash) -> [u8; 32] {
    hash.0
}

fn session(found: Option<&(SessionFacts, UserFacts)>) -> String {
    format!("{found:?} {:?}", found.map(|(session, _)| secret(&session.secret)))
}

fn subject(found: Option<&SubjectFacts>) -> String {
    let held = found.and_then(|subject| subject.session.as_ref());
    format!("{found:?} {:?}", held.map(|session| secret(&session.secret)))
}

fn grant(found: Option<&GrantWithSubject>) -> String {
    let held = found.map(GrantWithSubject::subject);
    format!("{:?} {}", found.map(GrantWithSubject::grant), subject(held))
}

fn code(found: &CodeFacts) -> String {
    let CodeFacts { subject: held, redemption, failures, suspect } = found;
    format!("{redemption:?} {failures} {suspect} {}", subject(held.as_ref()))
}

pub(super) async fn of_store(store: &Store) -> Vec<String> {
    let mut all = Vec::new();
    for number in 0..IDS {
        let id = rows::numbered(number);
        all.push(session(store.session(SessionId(id)).await.unwrap().as_ref()));
        all.push(grant(store.grant(GrantId(id)).await.unwrap().as_ref()));
        let token = rows::token(number);
        let found = store.granted_access_token(GrantId(id), token).await.unwrap();
        all.push(format!("{:?}", found.map(|(_, facts)| facts)));
        for client in CLIENTS {
            let session_id = SessionId(id);
            let id = ClientId::new(client);
            let found = store.session_with_consent(session_id, &id).await.unwrap();
            all.push(subject(found.as_ref()));
            all.push(format!("{:?}", store.access_token(&id, token).await.unwrap()));
            for user in USERS {
                all.push(code(&store.code(&rows::code(number, user, client)).await.unwrap()));
            }
        }
    }
    for client in CLIENTS {
        let id = ClientId::new(client);
        all.push(format!("{:?}", store.client_facts(&id).await.unwrap()));
        all.push(format!("{:?}", store.client(&id).await.unwrap().map(|found| (found.id, found.disabled))));
    }
    for user in USERS {
        all.push(format!("{:?}", store.credentials(user).await.unwrap()));
        for id in [rows::user_id(user), rows::user_anew(user).id] {
            all.push(format!("{:?}", store.user(&id).await.unwrap().map(|found| found.claims)));
        }
    }
    for account in 1..=ACCOUNTS {
        all.push(format!("{:?}", store.sign_in_failures(&[account; 32]).await.unwrap()));
    }
    all.push(format!("{:?}", store.apis().await.unwrap()));
    all
}

pub(super) fn of_model(model: &Model) -> Vec<String> {
    let mut all = Vec::new();
    for number in 0..IDS {
        let id = rows::numbered(number);
        all.push(session(model.session(SessionId(id)).as_ref()));
        all.push(grant(model.grant(GrantId(id)).as_ref()));
        let token = rows::token(number);
        let found = model.granted_access_token(GrantId(id), token);
        all.push(format!("{:?}", found.map(|(_, facts)| facts)));
        for client in CLIENTS {
            let id = ClientId::new(client);
            let found = model.session_with_consent(SessionId(rows::numbered(number)), &id);
            all.push(subject(found.as_ref()));
            all.push(format!("{:?}", model.access_token(&id, token)));
            for user in USERS {
                all.push(code(&model.code(&rows::code(number, user, client))));
            }
        }
    }
    for client in CLIENTS {
        let id = ClientId::new(client);
        all.push(format!("{:?}", model.client_facts(&id)));
        all.push(format!("{:?}", model.client(&id).map(|found| (&found.id, found.disabled))));
    }
    for user in USERS {
        all.push(format!("{:?}", model.credentials(user)));
        for id in [rows::user_id(user), rows::user_anew(user).id] {
            all.push(format!("{:?}", model.claims(&id)));
        }
    }
    for account in 1..=ACCOUNTS {
        all.push(format!("{:?}", model.sign_in_failures(&[account; 32])));
    }
    all.push(format!("{:?}", model.registered_apis()));
    all
}
