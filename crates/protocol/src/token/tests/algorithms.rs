//! What signs the tokens of a request, and that nothing is spent where no key of this server can.

use proofkey_jose::Algorithm::{self, EdDsa, Es256, Rs256};
use serde_json::json;

use super::{Redemption, Refreshing, Writes, judged};
use crate::api::Apis;
use crate::fixtures::{MAIL, NOTES, api, client};
use crate::refusal::{Named, Refusal};

/// The APIs, of which that of notes is registered for an algorithm.
fn apis_with(algorithm: Option<Algorithm>) -> Apis {
    let mut notes = api(1, NOTES, &["read", "write"]);
    notes.record.algorithm = algorithm;
    Apis::new(vec![notes, api(2, MAIL, &["send"])])
}

/// What signs here, what the API and the client are registered for, and the refusal.
type Case = (&'static [Algorithm], Option<Algorithm>, &'static str, Option<Refusal>);

#[test]
fn pk_14_nothing_is_spent_where_no_key_here_signs_what_was_asked_for() {
    let off = |algorithm: Algorithm| Some(Refusal::AlgorithmOff(Named::of(algorithm.name())));
    let cases: [Case; 6] = [
        (&[Es256, Rs256], None, "RS256", None),
        (&[Es256, Rs256], Some(EdDsa), "RS256", off(EdDsa)),
        (&[Es256, Rs256], None, "EdDSA", off(EdDsa)),
        (&[EdDsa, Es256, Rs256], Some(EdDsa), "EdDSA", None),
        (&[Es256], None, "RS256", off(Rs256)),
        (&[], None, "RS256", Some(Refusal::AlgorithmOff(Named::NOTHING))),
    ];
    for (signs, of_api, of_client, refusal) in cases {
        let client = client(json!({"id_token_signed_response_alg": of_client}));
        let written = |writes| if refusal.is_none() { writes } else { Writes::Nothing };
        let mut redemption = Redemption::by(client.clone());
        (redemption.world.signs, redemption.world.apis) = (signs.to_vec(), apis_with(of_api));
        redemption.send("resource", NOTES);
        let expected = (refusal.clone(), written(Writes::Grant));
        assert_eq!(judged(&redemption.redeem()), expected, "a code: {signs:?} {of_api:?} {of_client}");
        let mut refreshing = Refreshing::by(client);
        (refreshing.world.signs, refreshing.world.apis) = (signs.to_vec(), apis_with(of_api));
        refreshing.send("resource", NOTES);
        let expected = (refusal.clone(), written(Writes::Use));
        assert_eq!(judged(&refreshing.refresh()), expected, "a refresh: {signs:?} {of_api:?} {of_client}");
    }
}

#[test]
fn pk_14_a_request_without_openid_asks_for_no_key_of_id_tokens() {
    let mut refreshing = Refreshing::by(client(json!({"id_token_signed_response_alg": "EdDSA"})));
    refreshing.world.signs = vec![Es256];
    refreshing.send("scope", "read");
    assert_eq!(judged(&refreshing.refresh()), (None, Writes::Use));
}

#[test]
fn pk_14_the_first_of_those_that_sign_signs_for_an_api_that_names_none() {
    for (signs, first) in [([Es256, Rs256], Es256), ([Rs256, EdDsa], Rs256)] {
        let mut redemption = Redemption::new();
        redemption.world.signs = signs.to_vec();
        redemption.send("resource", NOTES);
        assert_eq!(redemption.redeem().outcome.unwrap().access_algorithm, first);
    }
}
