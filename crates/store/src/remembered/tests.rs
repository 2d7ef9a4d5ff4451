//! What is kept, and when it is not.

use proofkey_oauth::{SecretHash, Timestamp};
use proofkey_protocol::{
    Authentication, AuthenticationMethods, ClientStatus, ConsentFacts, SessionFacts, UserFacts, UserId,
};

use super::*;
use crate::sql;

fn subject(user: &str, consent: Option<&str>) -> RememberedSubject {
    let user = UserFacts {
        id: UserId::new(user),
        username: user.to_owned(),
        display_name: user.to_owned(),
        disabled: false,
        valid_from: Timestamp(1),
    };
    let consent = consent.map(|consent| ConsentFacts::parse(consent).unwrap());
    let client = ClientStatus::Active;
    let facts = SubjectFacts { user, session: None, consent, client, client_valid_from: Timestamp(0) };
    RememberedSubject { facts, suspect: false }
}

fn session(number: u8) -> SessionId {
    SessionId([number; 16])
}

/// One whose writer has looked, in which what the tests tell apart has different stamps: by chance, some of it might not.
fn looked() -> Remembered {
    let differ = |remembered: &Remembered, ids: &[&[u8]]| {
        let stamps: std::collections::BTreeSet<_> = ids.iter().map(|id| remembered.stamp(id)).collect();
        stamps.len() == ids.len()
    };
    let apart = |remembered: &Remembered| {
        differ(remembered, &[&[1; 16], &[2; 16], &[3; 16], &[4; 16]]) && differ(remembered, &[b"ada", b"bob"])
    };
    let remembered = std::iter::repeat_with(|| Remembered::new(1024)).find(apart).unwrap();
    remembered.note_look(Instant::now(), false);
    remembered
}

fn app() -> ClientId {
    ClientId::new("app")
}

fn kept(remembered: &Remembered, number: u8, user: &str) {
    remembered.keep_subject(remembered.begin_read(), session(number), &app(), &subject(user, None));
}

#[test]
fn a_subject_is_found_by_its_session_and_its_client_while_the_writer_has_looked() {
    let remembered = Remembered::new(1024);
    kept(&remembered, 1, "ada");
    assert!(remembered.subject(session(1), &app()).is_none(), "nobody has looked yet");
    remembered.note_look(Instant::now(), false);
    assert_eq!(remembered.subject(session(1), &app()).unwrap().facts.user.id, UserId::new("ada"));
    assert!(remembered.subject(session(2), &app()).is_none());
    assert!(remembered.subject(session(1), &ClientId::new("other")).is_none());
    std::thread::sleep(crate::last_look::REMEMBERED_FOR);
    assert!(remembered.subject(session(1), &app()).is_none(), "the look is too old");
}

#[test]
fn v_30_what_is_forgotten_is_not_found_and_another_subject_is() {
    let cases = [
        (Forgets::Nothing, Value::Null, [true, true]),
        (Forgets::Id, Value::Id([1; 16]), [false, true]),
        (Forgets::User, Value::Text("ada".into()), [false, true]),
        (Forgets::All, Value::Null, [false, false]),
        // What cannot be told apart is forgotten with all else.
        (Forgets::Id, Value::Null, [false, false]),
        (Forgets::User, Value::Id([1; 16]), [false, false]),
    ];
    for (forgets, value, expected) in cases {
        let remembered = looked();
        kept(&remembered, 1, "ada");
        kept(&remembered, 2, "bob");
        if let Some(what) = remembered.forgotten_by(forgets, &[value]) {
            remembered.forget(what);
        }
        let found = [1, 2].map(|number| remembered.subject(session(number), &app()).is_some());
        assert_eq!(found, expected, "{forgets:?}");
    }
}

#[test]
fn v_30_what_was_read_while_some_of_it_was_forgotten_is_not_kept_and_all_else_is() {
    let of = |remembered: &Remembered, id: u8| Forgotten::Id(remembered.stamp(&[id; 16]));
    let user = |remembered: &Remembered, id: &str| Forgotten::User(remembered.stamp(id.as_bytes()));
    for (number, (is_own, is_kept)) in [(true, false), (false, true)].into_iter().enumerate() {
        for of_user in [false, true] {
            let remembered = looked();
            let begun = remembered.begin_read();
            let what = match (of_user, is_own) {
                (true, own) => user(&remembered, if own { "ada" } else { "bob" }),
                (false, own) => of(&remembered, if own { 1 } else { 2 }),
            };
            remembered.forget(what);
            remembered.keep_subject(begun, session(1), &app(), &subject("ada", None));
            assert_eq!(remembered.subject(session(1), &app()).is_some(), is_kept, "{number} {of_user}");
        }
    }
    let remembered = looked();
    let begun = remembered.begin_read();
    remembered.note_look(Instant::now(), true);
    remembered.keep_subject(begun, session(1), &app(), &subject("ada", None));
    assert!(remembered.subject(session(1), &app()).is_none(), "another process wrote meanwhile");
    kept(&remembered, 1, "ada");
    assert!(remembered.subject(session(1), &app()).is_some());
}

fn used_at(number: u8, at: i64) -> RememberedSubject {
    let mut subject = subject("ada", None);
    subject.facts.session = Some(SessionFacts {
        id: session(number),
        secret: SecretHash([7; 32]),
        user_id: UserId::new("ada"),
        authentication: Authentication {
            at: Timestamp(1),
            methods: AuthenticationMethods::default(),
            context: None,
        },
        seen_at: Timestamp(at),
        expires_at: Timestamp(1_000),
        remembered: false,
        valid_from: None,
    });
    subject
}

#[test]
fn lg_13_a_use_is_told_of_a_session_for_each_client_and_of_no_other() {
    let (remembered, other) = (looked(), ClientId::new("other"));
    for (number, client) in [(1, &app()), (1, &other), (2, &app())] {
        remembered.keep_subject(remembered.begin_read(), session(number), client, &used_at(number, 5));
    }
    let seen = |number: u8, client: &ClientId| {
        remembered.subject(session(number), client).unwrap().facts.session.unwrap().seen_at.seconds()
    };
    for (at, expected) in [(9, 9), (7, 9), (12, 12)] {
        remembered.note_use(session(1), Timestamp(at));
        assert_eq!([seen(1, &app()), seen(1, &other), seen(2, &app())], [expected, expected, 5]);
    }
    remembered.note_use(session(3), Timestamp(20));
}

#[tokio::test]
async fn pk_09_what_is_forgotten_is_freed_within_so_many_looks_and_nothing_else() {
    let remembered = looked();
    for (number, user) in [(1, "ada"), (2, "bob"), (3, "ada")] {
        kept(&remembered, number, user);
    }
    remembered.forget(remembered.forgotten_by(Forgets::User, &[Value::Text("ada".into())]).unwrap());
    for _ in 0..FREED_IN_LOOKS {
        remembered.free_forgotten().await;
    }
    let is_there = |number: u8| {
        let hash = remembered.hash_of_subject(session(number), &app());
        remembered.subjects.find(hash, |key, _| (key.0 == session(number)).then_some(())).is_some()
    };
    assert_eq!([1, 2, 3].map(is_there), [false, true, false]);
    assert!(remembered.subject(session(2), &app()).is_some());
}

#[test]
fn as_much_is_kept_as_there_is_room_and_no_large_consent() {
    let none = Remembered::new(0);
    none.note_look(Instant::now(), false);
    kept(&none, 1, "ada");
    assert!(none.subject(session(1), &app()).is_none());
    let one = Remembered::new(1);
    one.note_look(Instant::now(), false);
    for number in [1, 2] {
        kept(&one, number, "ada");
        assert!(one.subject(session(number), &app()).is_some());
    }
    assert!(one.subject(session(1), &app()).is_none(), "the other one has its place");
    // "app", twice "ada" of the user's id and name, once to be shown, and "1 1 ".
    let others = 3 * 4 + 4;
    for (bytes, is_kept) in [(TEXT_BYTES_MAX, true), (TEXT_BYTES_MAX + 1, false)] {
        let text = format!("1 1 {}", "x".repeat(bytes - others));
        let remembered = looked();
        remembered.keep_subject(remembered.begin_read(), session(1), &app(), &subject("ada", Some(&text)));
        assert_eq!(remembered.subject(session(1), &app()).is_some(), is_kept, "{bytes}");
    }
}

#[test]
fn that_there_is_no_such_client_is_not_remembered() {
    for (client, is_kept) in
        [(ClientStatus::Active, true), (ClientStatus::Disabled, true), (ClientStatus::Unregistered, false)]
    {
        let remembered = looked();
        let mut subject = subject("ada", None);
        subject.facts.client = client;
        remembered.keep_subject(remembered.begin_read(), session(1), &app(), &subject);
        assert_eq!(remembered.subject(session(1), &app()).is_some(), is_kept, "{client:?}");
    }
}

#[test]
fn a_session_in_doubt_is_read_again() {
    let remembered = looked();
    kept(&remembered, 1, "ada");
    kept(&remembered, 2, "ada");
    remembered.doubt(session(1));
    let found = [1, 2].map(|number| remembered.subject(session(number), &app()).is_some());
    assert_eq!(found, [false, true]);
}

#[test]
fn v_30_each_text_that_writes_a_table_of_a_subject_forgets() {
    use Forgets::{All, Id, Returned, User};
    let expected = [
        ("NEXT_API_ID", All),
        ("INSERT_CLIENT", All),
        ("UPDATE_CLIENT", All),
        ("SET_CLIENT_DISABLED", All),
        ("END_GRANTS_OF_CLIENT", All),
        ("TOUCH_CLIENT", All),
        ("DELETE_CLIENT", All),
        ("BEGIN_CONSENT", User),
        ("CHANGE_CONSENT", User),
        ("DELETE_CONSENT", User),
        ("END_CONSENT", User),
        ("DELETE_CONSENTS_OF_USER", User),
        ("DELETE_CONSENTS_OF_CLIENT", All),
        ("SET_MARK_OF_USERS", All),
        ("SET_MARK_OF_CLIENTS", All),
        ("USE_REFRESH_TOKEN", Id),
        ("SUSPECT_GRANT", All),
        ("REVOKE_SUSPECT_GRANTS", User),
        ("REVOKE_GRANT", Id),
        ("REVOKE_GRANTS_OF_CLIENT", All),
        ("REVOKE_ACCESS_TOKEN", Id),
        ("RENEW_SESSION", Id),
        ("END_UNUSED_SESSIONS", User),
        ("DELETE_SESSION", Id),
        ("REPLACE_SESSION", Id),
        ("DELETE_SESSIONS_OF_USER", All),
        ("DELETE_SESSIONS_OF_USER_ID", User),
        ("SWEEP_GRANTS", Returned),
        ("SWEEP_REVOKED_TOKENS", Returned),
        ("SWEEP_SESSIONS", Returned),
        ("TOUCH_USER", All),
        ("TOUCH_USER_OF_ID", User),
        ("UPDATE_USER_CLAIMS", User),
        ("DELETE_USER", User),
        ("END_GRANTS_OF_USER", All),
        ("DISABLE_USER", All),
        ("ENABLE_USER", All),
        ("SET_USER_PASSWORD", All),
        ("PASSWORD_HOLDS", User),
        ("BUMP_CLIENTS", All),
        ("BUMP_CLIENTS_FROM", All),
        ("BUMP_APIS", All),
        ("BUMP_APIS_FROM", All),
        ("BUMP_KEYS", All),
        ("BUMP_KEYS_SEALED_BY", All),
        ("BUMP_SEALING", All),
        // Of databases from which no server serves.
        ("MOVE_INTO_clients", All),
        ("MOVE_INTO_consents", User),
        ("MOVE_INTO_revoked_tokens", Id),
    ];
    let found: Vec<_> = sql::all()
        .into_iter()
        .filter(|statement| statement.forgets != Forgets::Nothing)
        .map(|statement| (statement.name, statement.forgets))
        .collect();
    assert_eq!(found, expected);
    // Nothing else writes such a table but what adds to it, and the note of the use of a session.
    for statement in sql::all() {
        let words = statement.text.split_whitespace().collect::<Vec<_>>().join(" ");
        let writes = ["UPDATE", "DELETE FROM", "INSERT INTO"].iter().any(|verb| {
            ["users", "sessions", "consents", "clients", "grants", "revoked_tokens"]
                .iter()
                .any(|table| words.contains(&format!("{verb} {table} ")))
        });
        let adds = ["INSERT_USER", "INSERT_SESSION", "REDEEM_CODE", "REDEEM_CODE_AS_READ", "TOUCH_SESSION"]
            .contains(&statement.name);
        let moves = statement.name.starts_with("MOVE_INTO_");
        assert_eq!(
            writes && !adds && !moves,
            statement.forgets != Forgets::Nothing && !moves && !words.contains("directory_versions"),
            "{}",
            statement.name
        );
    }
}

#[test]
fn v_30_how_a_client_stands_is_kept_until_anything_of_clients_is_written() {
    let of = |status| ClientFacts { status, valid_from: Timestamp(7) };
    for (status, is_kept) in
        [(ClientStatus::Active, true), (ClientStatus::Disabled, true), (ClientStatus::Unregistered, false)]
    {
        let remembered = looked();
        remembered.keep_client(remembered.begin_read(), &app(), of(status));
        assert_eq!(remembered.client(&app()).is_some(), is_kept, "{status:?}");
        assert!(remembered.client(&ClientId::new("other")).is_none());
    }
    let cases = [
        (Forgets::Id, Value::Id([1; 16]), true),
        (Forgets::User, Value::Text("ada".into()), true),
        (Forgets::All, Value::Null, false),
    ];
    for (forgets, value, is_kept) in cases {
        let remembered = looked();
        let begun = remembered.begin_read();
        remembered.keep_client(begun, &app(), of(ClientStatus::Active));
        remembered.forget(remembered.forgotten_by(forgets, &[value]).unwrap());
        assert_eq!(remembered.client(&app()).is_some(), is_kept, "{forgets:?}");
        remembered.keep_client(begun, &ClientId::new("late"), of(ClientStatus::Active));
        let late = remembered.client(&ClientId::new("late"));
        assert_eq!(late.is_some(), is_kept, "{forgets:?}: it was read before");
    }
    let unseen = Remembered::new(1024);
    unseen.keep_client(unseen.begin_read(), &app(), of(ClientStatus::Active));
    assert!(unseen.client(&app()).is_none(), "nobody has looked yet");
}

#[test]
fn the_writer_is_asked_once_for_a_look_that_is_due() {
    let remembered = Remembered::new(1);
    assert!(remembered.wants_look());
    assert!(!remembered.wants_look(), "it has been asked");
    remembered.may_ask_again();
    assert!(remembered.wants_look());
    remembered.may_ask_again();
    remembered.note_look(Instant::now(), false);
    assert!(!remembered.wants_look(), "it has just looked");
}
