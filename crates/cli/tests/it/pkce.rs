//! `pkce`: a verifier and its challenge.

use crate::admin::support::Installation;

#[test]
fn a_verifier_is_made_anew_each_time_and_its_challenge_can_be_asked_for_again() {
    let installation = Installation::empty();
    let [made, other] = [(); 2].map(|()| installation.json(&["pkce"], ""));
    assert_ne!(made["code_verifier"], other["code_verifier"]);
    let verifier = made["code_verifier"].as_str().unwrap();
    for ending in ["", "\n", "\r\n"] {
        let again = installation.json(&["pkce", "--verifier-stdin"], &format!("{verifier}{ending}"));
        assert_eq!(again, made);
    }
    let text = installation.text(&["pkce"]);
    let names: Vec<_> = text.lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(names, ["code_verifier", "code_challenge", "code_challenge_method"]);
    // RFC 7636, appendix B.
    let example =
        installation.json(&["pkce", "--verifier-stdin"], "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    assert_eq!(example["code_challenge"], "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    assert_eq!(example["code_challenge_method"], "S256");
    for bad in ["", "short", &"a".repeat(129), &format!("{verifier}\n{verifier}"), &"\u{e9}".repeat(43)] {
        let message = installation.refused(&["pkce", "--verifier-stdin"], bad, 1, &["43 to 128"]);
        assert!(bad.len() < 9 || !message.contains(bad), "a verifier is a secret");
    }
}
