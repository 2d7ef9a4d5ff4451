//! The standard claims of a user (OpenID Connect Core §5.1) as flags and as a file.

use anyhow::{Context as _, ensure};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::admin::input::document;

/// One flag per standard claim. Each is serialized under the claim's own name.
#[derive(Debug, Default, clap::Args, Serialize)]
#[command(next_help_heading = "Claims (OpenID Connect Core §5.1)")]
pub(super) struct ClaimArgs {
    /// A JSON object of claims; flags win over it
    #[arg(long = "claims", value_name = "FILE")]
    #[serde(skip)]
    file: Option<String>,
    /// Full name
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// First name
    #[arg(long, value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    given_name: Option<String>,
    /// Surname
    #[arg(long, value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    family_name: Option<String>,
    /// Middle name
    #[arg(long, value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    middle_name: Option<String>,
    /// Casual name
    #[arg(long, value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    nickname: Option<String>,
    /// The short name that apps should show
    #[arg(long, value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    preferred_username: Option<String>,
    /// Profile page
    #[arg(long, value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<String>,
    /// Picture
    #[arg(long, value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    picture: Option<String>,
    /// Web site
    #[arg(long, value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    website: Option<String>,
    /// Gender
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    gender: Option<String>,
    /// Birthday: YYYY-MM-DD, 0000-MM-DD or YYYY
    #[arg(long, value_name = "DATE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    birthdate: Option<String>,
    /// Time zone, such as Europe/Berlin
    #[arg(long, value_name = "ZONE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    zoneinfo: Option<String>,
    /// Language, such as de-AT
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    locale: Option<String>,
    /// When the claims last changed, in seconds since 1970 [default: now]
    #[arg(long, value_name = "SECONDS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<u64>,
    /// E-mail address
    #[arg(long, value_name = "MAIL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// You have made sure that the e-mail address is theirs
    #[arg(long)]
    #[serde(skip_serializing_if = "is_unset")]
    email_verified: bool,
    /// Telephone number, such as +49 30 123456
    #[arg(long, value_name = "NUMBER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    phone_number: Option<String>,
    /// You have made sure that the telephone number is theirs
    #[arg(long)]
    #[serde(skip_serializing_if = "is_unset")]
    phone_number_verified: bool,
    /// Postal address, a JSON object of formatted, street_address, locality, region, postal_code, country
    #[arg(long, value_name = "JSON", value_parser = json_object)]
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<Value>,
}

impl ClaimArgs {
    /// The claims of the file, then those of the flags.
    pub(super) fn collect(self) -> anyhow::Result<Map<String, Value>> {
        let mut claims = Map::new();
        if let Some(file) = &self.file {
            ensure!(file != "-", "--claims: standard input is for the password; name a file");
            claims = serde_json::from_str(&document(file)?)
                .with_context(|| format!("--claims `{file}`: this is no JSON object"))?;
        }
        if let Value::Object(flags) = serde_json::to_value(self)? {
            claims.extend(flags);
        }
        Ok(claims)
    }
}

fn json_object(text: &str) -> Result<Value, String> {
    let object: Map<String, Value> =
        serde_json::from_str(text).map_err(|error| format!("not a JSON object: {error}"))?;
    Ok(Value::Object(object))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over references")]
const fn is_unset(flag: &bool) -> bool {
    !*flag
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use proofkey_protocol::claims::{check_claims, names};

    use super::*;

    #[derive(Parser)]
    struct Probe {
        #[command(flatten)]
        claims: ClaimArgs,
    }

    #[test]
    fn lg_16_every_standard_claim_has_a_flag_of_its_name_and_type() {
        for claim in names() {
            let flag = format!("--{}", claim.replace('_', "-"));
            let value = match claim {
                "email_verified" | "phone_number_verified" => None,
                "address" => Some("{\"country\": \"DE\"}"),
                _ => Some("1790000000"),
            };
            let probe = Probe::try_parse_from(["probe", &flag].into_iter().chain(value));
            let claims = probe.unwrap_or_else(|error| panic!("{claim}: {error}")).claims.collect().unwrap();
            assert_eq!(claims.keys().collect::<Vec<_>>(), [claim]);
            assert_eq!(check_claims(&claims), Ok(()), "{claim}");
        }
    }

    #[test]
    fn lg_16_nothing_is_verified_unless_the_operator_says_so() {
        let claims =
            Probe::try_parse_from(["probe", "--email", "a@example.com"]).unwrap().claims.collect().unwrap();
        assert!(!claims.contains_key("email_verified"));
    }
}
