//! Every text that this server hands out, put where every other is expected (V-10): it opens as its own kind, and is
//! nothing anywhere else.

use proofkey_jose::decode_unverified;
use proofkey_oauth::{Secret, TokenKind, encode_token};

use proptest::prelude::*;

use super::Redemption;
use crate::code::AuthorizationCode;
use crate::fixtures::{NOW, World, keys, user};
use crate::ids::{GrantId, SessionId, TokenId};
use crate::interaction::{Consent, Logout, Sealed, SignIn};
use crate::refresh_token::RefreshToken;
use crate::session::SessionCookie;

/// The texts that this server hands out, by name.
fn tokens() -> Vec<(&'static str, String)> {
    let world = &mut World::new();
    let code = Redemption::new().code.unwrap().seal(&mut world.cx());
    let refresh = RefreshToken::issue(GrantId([5; 16]), 1, &mut world.cx());
    let step = Consent { session: SessionId([2; 16]), fresh: false, shown: [0; 32] };
    let interaction = Sealed::seal(step, "client_id=app", [1; 32], &mut world.cx());
    let session = world.sign_in(user()).0.cookie.value();
    let of_kind = |kind| encode_token(kind, &[3; 40]);
    let text = |secret: &Secret| secret.expose().to_owned();
    vec![
        ("code", text(&code)),
        ("refresh token", text(&refresh)),
        ("interaction", text(&interaction)),
        ("session cookie", text(&session)),
        ("client secret", text(&of_kind(TokenKind::ClientSecret))),
        ("device cookie", text(&of_kind(TokenKind::Device))),
        ("access token", "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.e30.AA".into()),
        ("grant id", GrantId([5; 16]).to_string()),
        ("token id", TokenId([5; 16]).to_string()),
        ("nonce", "n-0S6_WzA2Mj".into()),
        ("nothing", String::new()),
    ]
}

/// The kinds that a text opens as.
fn opens_as(text: &str) -> Vec<&'static str> {
    let browser = &[[1; 32]];
    let interaction = Sealed::resume(&keys(), text).is_ok()
        || Sealed::<SignIn>::open(&keys(), text, browser, NOW).is_ok()
        || Sealed::<Consent>::open(&keys(), text, browser, NOW).is_ok()
        || Sealed::<Logout>::open(&keys(), text, browser, NOW).is_ok();
    [
        ("code", AuthorizationCode::open(&World::new().cx(), text).is_some()),
        ("refresh token", RefreshToken::read(&keys(), text).is_some()),
        ("interaction", interaction),
        ("session cookie", SessionCookie::parse(text).is_some()),
        ("access token", decode_unverified(text).is_ok()),
    ]
    .into_iter()
    .filter_map(|(kind, opened)| opened.then_some(kind))
    .collect()
}

#[test]
fn v_10_a_token_is_of_one_kind_everywhere() {
    let readable = ["code", "refresh token", "interaction", "session cookie"];
    for (name, text) in tokens() {
        let opened = opens_as(&text);
        if readable.contains(&name) {
            assert_eq!(opened, [name]);
        } else {
            assert!(opened.iter().all(|kind| *kind == name), "{name} opens as {opened:?}");
        }
    }
}

#[test]
fn v_10_another_prefix_or_a_mended_checksum_makes_no_other_kind() {
    let kinds = [
        TokenKind::Code,
        TokenKind::Refresh,
        TokenKind::ClientSecret,
        TokenKind::Interaction,
        TokenKind::Device,
    ];
    for (name, text) in tokens() {
        for from in kinds {
            let Some(payload) = proofkey_oauth::decode_token(from, &text) else { continue };
            for to in kinds.into_iter().filter(|to| *to != from) {
                assert!(opens_as(encode_token(to, &payload).expose()).is_empty(), "{name} as {to:?}");
            }
        }
    }
}

#[test]
fn v_06_v_33_a_text_altered_in_any_byte_is_nothing() {
    for (name, text) in tokens().into_iter().take(3) {
        for index in 0..text.len() {
            for other in ["A", "z", "-"] {
                let mut altered = text.clone();
                altered.replace_range(index..=index, other);
                assert!(altered == text || opens_as(&altered).is_empty(), "{name} at {index}");
            }
            assert!(opens_as(&text[..index]).is_empty() && opens_as(&text[index + 1..]).is_empty(), "{name}");
        }
        for longer in [format!("{text}A"), format!("{text}="), format!(" {text}"), format!("{text}\n")] {
            assert!(opens_as(&longer).is_empty(), "{name}");
        }
    }
}

proptest! {
    #[test]
    fn v_10_v_33_any_text_is_read_or_refused(text in "\\PC{0,120}", at in any::<prop::sample::Index>(), put in "\\PC{0,3}") {
        prop_assert!(opens_as(&text).is_empty());
        let _ = (GrantId::parse(&text), SessionId::parse(&text), TokenId::parse(&text));
        for (name, good) in tokens() {
            let mut cut = good.clone();
            cut.truncate(at.index(good.len() + 1));
            let mutated = format!("{cut}{put}");
            // A session's secret half is opaque, and a JWT here unverified: another one parses, and is refused by its
            // hash or signature (`session`, `jose`).
            let opaque = ["session cookie", "access token"];
            let opened = opens_as(&mutated);
            prop_assert!(mutated == good || opened.iter().all(|kind| opaque.contains(kind)), "{} {:?}", name, opened);
        }
    }

    #[test]
    fn v_06_any_sealed_content_is_read_or_refused(content in proptest::collection::vec(any::<u8>(), 0..300), version in 0u8..3) {
        // Even if our own key had sealed it.
        let content: Vec<u8> = std::iter::once(version).chain(content).collect();
        for kind in [TokenKind::Code, TokenKind::Interaction] {
            let text = World::new().cx().seal(kind, &content);
            let _ = opens_as(text.expose());
        }
    }
}
