//! Subjects as this node has read them last, on an engine that others write to as well.
//!
//! They answer nothing and refuse nothing. A code may be decided by one of them, and the statement that then redeems it compares all
//! of it with what stands (`REDEEM_CODE_AS_READ`): whether it holds, the database says. So nothing is ever forgotten here because
//! it changed, and each is given once. Of a person no more is kept than the decision and the statement need, and not for longer
//! than a code lives: the person may have been removed meanwhile.

use std::hash::{BuildHasher as _, RandomState};
use std::time::{Duration, Instant};

use proofkey_oauth::SecretHash;
use proofkey_protocol::{ClientId, ClientStatus, SessionFacts, SessionId, SubjectFacts, UserFacts};

use crate::places::Places;
use crate::remembered::{RememberedSubject, is_worth_it};

/// What was read of a subject is not given for longer than this: no setting lets a code live for longer.
pub const SUBJECTS_READ_FOR: Duration = Duration::from_secs(600);

/// The subjects that were read last, by session and client.
#[derive(Debug)]
pub(crate) struct SubjectsRead {
    /// Keyed anew in each process: which ids share a place is not for those who choose ids to know.
    hasher: RandomState,
    places: Places<(SessionId, ClientId), Read>,
}

/// A subject, and when it was read.
#[derive(Debug)]
struct Read {
    facts: Box<SubjectFacts>,
    at: Instant,
}

impl Read {
    fn is_old(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.at) >= SUBJECTS_READ_FOR
    }
}

impl SubjectsRead {
    /// Room for so many.
    pub(crate) fn new(max: usize) -> Self {
        Self { hasher: RandomState::new(), places: Places::new(max) }
    }

    /// Keeps a subject that was read at that instant, unless the statement that compares could not find it so: it wants a session, an
    /// open account, an active client and no suspect grant.
    pub(crate) fn keep(
        &self,
        session: SessionId,
        client: &ClientId,
        subject: &RememberedSubject,
        at: Instant,
    ) {
        let RememberedSubject { facts, suspect } = subject;
        let can_stand = facts.session.is_some()
            && !facts.user.disabled
            && facts.client == ClientStatus::Active
            && !suspect;
        if can_stand && is_worth_it(client, facts, 0) {
            let key = (session, client.clone());
            let read = Read { facts: Box::new(without_names(facts)), at };
            self.places.keep(self.hash(session, client), key, read);
        }
    }

    /// Gives away a subject that was read: the next code of the same session and client is decided by what is read for it. `None` too
    /// if it is too old.
    pub(crate) fn take(&self, session: SessionId, client: &ClientId, now: Instant) -> Option<SubjectFacts> {
        let is_it = |key: &(SessionId, ClientId)| key.0 == session && key.1 == *client;
        let read = self.places.take(self.hash(session, client), is_it)?;
        (!read.is_old(now)).then_some(*read.facts)
    }

    /// Frees what is too old to be given.
    pub(crate) fn drop_old(&self, now: Instant) {
        self.places.drop_where(|_, read| read.is_old(now));
    }

    fn hash(&self, session: SessionId, client: &ClientId) -> u64 {
        self.hasher.hash_one((session.0, client.as_str()))
    }
}

/// A subject without what neither the decision nor the comparison looks at: the names of the user, and the hash of the secret that
/// proves the session's cookie, for a code is presented by a client.
fn without_names(facts: &SubjectFacts) -> SubjectFacts {
    let SubjectFacts { user, session, consent, client, client_valid_from } = facts;
    let UserFacts { id, username: _, display_name: _, disabled, valid_from } = user;
    let (username, display_name) = (String::new(), String::new());
    let user =
        UserFacts { id: id.clone(), username, display_name, disabled: *disabled, valid_from: *valid_from };
    let session = session.clone().map(|session| SessionFacts { secret: SecretHash([0; 32]), ..session });
    SubjectFacts {
        user,
        session,
        consent: consent.clone(),
        client: *client,
        client_valid_from: *client_valid_from,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proofkey_oauth::Timestamp;
    use proofkey_protocol::{Authentication, AuthenticationMethods, ConsentFacts, UserId};

    use super::*;

    fn app() -> ClientId {
        ClientId::new("app")
    }

    pub(crate) fn read(number: u8) -> RememberedSubject {
        let (id, now) = (UserId::new("ada"), Timestamp(1_790_000_000));
        let authentication =
            Authentication { at: now, methods: AuthenticationMethods::default(), context: None };
        let session = SessionFacts {
            id: SessionId([number; 16]),
            secret: SecretHash([3; 32]),
            user_id: id.clone(),
            authentication,
            seen_at: now,
            expires_at: now + 60,
            remembered: false,
            valid_from: Some(now),
        };
        let user = UserFacts {
            id,
            username: "ada".to_owned(),
            display_name: "Ada".to_owned(),
            disabled: false,
            valid_from: now,
        };
        let facts = SubjectFacts {
            user,
            session: Some(session),
            consent: None,
            client: ClientStatus::Active,
            client_valid_from: Timestamp(0),
        };
        RememberedSubject { facts, suspect: false }
    }

    fn is_kept(read: &RememberedSubject) -> bool {
        let subjects = SubjectsRead::new(8);
        let now = Instant::now();
        subjects.keep(SessionId([1; 16]), &app(), read, now);
        subjects.take(SessionId([1; 16]), &app(), now).is_some()
    }

    #[test]
    fn a_subject_is_given_once_and_under_its_own_session_and_client() {
        let (subjects, now) = (SubjectsRead::new(1), Instant::now());
        let take = |number, client: &str| {
            let found = subjects.take(SessionId([number; 16]), &ClientId::new(client), now);
            found.and_then(|facts| facts.session).map(|session| session.id)
        };
        subjects.keep(SessionId([1; 16]), &app(), &read(1), now);
        assert_eq!((take(2, "app"), take(1, "other")), (None, None));
        assert_eq!((take(1, "app"), take(1, "app")), (Some(SessionId([1; 16])), None));
    }

    #[test]
    fn pk_09_no_names_and_no_secret_are_kept_and_nothing_for_longer_than_a_code_lives() {
        let (subjects, now) = (SubjectsRead::new(8), Instant::now());
        let (session, before_the_end) =
            (SessionId([1; 16]), now + SUBJECTS_READ_FOR - Duration::from_nanos(1));
        let keep = || subjects.keep(session, &app(), &read(1), now);
        keep();
        let kept = subjects.take(session, &app(), before_the_end).unwrap();
        assert_eq!((kept.user.username, kept.user.display_name), (String::new(), String::new()));
        assert_eq!(kept.session.unwrap().secret.0, [0; 32]);
        keep();
        assert!(subjects.take(session, &app(), now + SUBJECTS_READ_FOR).is_none());
        // What is not asked for any more is freed too.
        for (at, is_left) in [(before_the_end, true), (now + SUBJECTS_READ_FOR, false)] {
            keep();
            subjects.drop_old(at);
            assert_eq!(subjects.take(session, &app(), now).is_some(), is_left);
        }
    }

    #[test]
    fn so_many_subjects_are_kept_as_there_is_room_and_the_later_one_stays() {
        let now = Instant::now();
        for (max, expected) in [(0, [false, false]), (1, [false, true])] {
            let subjects = SubjectsRead::new(max);
            for number in [1, 2] {
                subjects.keep(SessionId([number; 16]), &app(), &read(number), now);
            }
            let found = [1, 2].map(|number| subjects.take(SessionId([number; 16]), &app(), now).is_some());
            assert_eq!(found, expected, "{max}");
        }
        let many = SubjectsRead::new(2048);
        for number in 0..=255 {
            many.keep(SessionId([number; 16]), &app(), &read(number), now);
        }
        let found =
            (0..=255).filter(|number| many.take(SessionId([*number; 16]), &app(), now).is_some()).count();
        assert!((200..=256).contains(&found), "{found}");
    }

    #[test]
    fn what_no_redemption_could_find_so_is_not_kept_and_no_large_consent() {
        assert!(is_kept(&read(1)));
        let changes: [fn(&mut RememberedSubject); 6] = [
            |read| read.suspect = true,
            |read| read.facts.session = None,
            |read| read.facts.user.disabled = true,
            |read| read.facts.client = ClientStatus::Disabled,
            |read| read.facts.client = ClientStatus::Unregistered,
            |read| read.facts.consent = ConsentFacts::parse(&format!("1 1 {}", "x".repeat(2048))),
        ];
        for (number, change) in changes.iter().enumerate() {
            let mut read = read(1);
            change(&mut read);
            assert!(!is_kept(&read), "{number}");
        }
    }
}
