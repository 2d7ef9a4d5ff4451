//! What is kept, and when it is not.

use proofkey_oauth::Timestamp;
use proofkey_protocol::{ClientStatus, UserFacts, UserId};

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

fn looked() -> Remembered {
    let remembered = Remembered::new(1024);
    remembered.note_look(Instant::now(), false);
    remembered
}

fn app() -> ClientId {
    ClientId::new("app")
}

fn kept(remembered: &Remembered, number: u8, user: &str) {
    remembered.keep(remembered.begin_read(), session(number), &app(), &subject(user, None));
}

#[test]
fn a_subject_is_found_by_its_session_and_its_client_while_the_writer_has_looked() {
    let remembered = Remembered::new(1024);
    kept(&remembered, 1, "ada");
    assert!(remembered.find(session(1), &app()).is_none(), "nobody has looked yet");
    remembered.note_look(Instant::now(), false);
    assert_eq!(remembered.find(session(1), &app()).unwrap().facts.user.id, UserId::new("ada"));
    assert!(remembered.find(session(2), &app()).is_none());
    assert!(remembered.find(session(1), &ClientId::new("other")).is_none());
    std::thread::sleep(crate::last_look::REMEMBERED_FOR);
    assert!(remembered.find(session(1), &app()).is_none(), "the look is too old");
}

#[test]
fn v_30_what_is_forgotten_is_not_found_and_another_subject_is() {
    let cases = [
        (Forgets::Nothing, Value::Null, [true, true]),
        (Forgets::Session, Value::Id([1; 16]), [false, true]),
        (Forgets::User, Value::Text("ada".into()), [false, true]),
        (Forgets::All, Value::Null, [false, false]),
        // What cannot be told apart is forgotten with all else.
        (Forgets::Session, Value::Null, [false, false]),
        (Forgets::User, Value::Id([1; 16]), [false, false]),
    ];
    for (forgets, value, expected) in cases {
        let remembered = looked();
        kept(&remembered, 1, "ada");
        kept(&remembered, 2, "bob");
        if let Some(what) = remembered.forgotten_by(forgets, &[value]) {
            remembered.forget(what);
        }
        let found = [1, 2].map(|number| remembered.find(session(number), &app()).is_some());
        assert_eq!(found, expected, "{forgets:?}");
    }
}

#[test]
fn v_30_what_was_read_while_anything_was_forgotten_is_not_kept() {
    let remembered = looked();
    let begun = remembered.begin_read();
    remembered.forget(Forgotten::User(7));
    remembered.keep(begun, session(1), &app(), &subject("ada", None));
    assert!(remembered.find(session(1), &app()).is_none());
    let begun = remembered.begin_read();
    remembered.note_look(Instant::now(), true);
    remembered.keep(begun, session(1), &app(), &subject("ada", None));
    assert!(remembered.find(session(1), &app()).is_none(), "another process wrote meanwhile");
    kept(&remembered, 1, "ada");
    assert!(remembered.find(session(1), &app()).is_some());
}

#[test]
fn as_much_is_kept_as_there_is_room_and_no_large_consent() {
    let none = Remembered::new(0);
    none.note_look(Instant::now(), false);
    kept(&none, 1, "ada");
    assert!(none.find(session(1), &app()).is_none());
    let one = Remembered::new(1);
    one.note_look(Instant::now(), false);
    for number in [1, 2] {
        kept(&one, number, "ada");
        assert!(one.find(session(number), &app()).is_some());
    }
    assert!(one.find(session(1), &app()).is_none(), "the other one has its place");
    for (bytes, is_kept) in [(CONSENT_BYTES_MAX, true), (CONSENT_BYTES_MAX + 1, false)] {
        let text = format!("1 1 {}", "x".repeat(bytes - 4));
        let remembered = looked();
        remembered.keep(remembered.begin_read(), session(1), &app(), &subject("ada", Some(&text)));
        assert_eq!(remembered.find(session(1), &app()).is_some(), is_kept, "{bytes}");
    }
}

#[test]
fn v_30_each_text_that_writes_a_table_of_a_subject_forgets() {
    use Forgets::{All, Session, User};
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
        ("DELETE_CONSENTS_OF_CLIENT", All),
        ("SUSPECT_GRANT", All),
        ("RENEW_SESSION", Session),
        ("END_UNUSED_SESSIONS", User),
        ("TOUCH_SESSION", Session),
        ("DELETE_SESSION", Session),
        ("REPLACE_SESSION", Session),
        ("DELETE_SESSIONS_OF_USER", All),
        ("SWEEP_SESSIONS", All),
        ("TOUCH_USER", All),
        ("END_GRANTS_OF_USER", All),
        ("DISABLE_USER", All),
        ("ENABLE_USER", All),
        ("SET_USER_PASSWORD", All),
        ("PASSWORD_HOLDS", User),
        ("BUMP_CLIENTS", All),
        ("BUMP_CLIENTS_FROM", All),
        ("BUMP_APIS", All),
        ("BUMP_KEYS", All),
        ("BUMP_KEYS_SEALED_BY", All),
        ("BUMP_SEALING", All),
    ];
    let found: Vec<_> = sql::all()
        .into_iter()
        .filter(|statement| statement.forgets != Forgets::Nothing)
        .map(|statement| (statement.name, statement.forgets))
        .collect();
    assert_eq!(found, expected);
    // Nothing else writes such a table but what adds to it.
    for statement in sql::all() {
        let words = statement.text.split_whitespace().collect::<Vec<_>>().join(" ");
        let writes = ["UPDATE", "DELETE FROM", "INSERT INTO"].iter().any(|verb| {
            ["users", "sessions", "consents", "clients"]
                .iter()
                .any(|table| words.contains(&format!("{verb} {table} ")))
        });
        let adds = ["INSERT_USER", "INSERT_SESSION"].contains(&statement.name);
        assert_eq!(
            writes && !adds,
            statement.forgets != Forgets::Nothing
                && !words.contains("directory_versions")
                && !words.contains("grants SET"),
            "{}",
            statement.name
        );
    }
}
