use std::path::Path;

use proofkey_oauth::Timestamp;
use proofkey_protocol::{ClientId, ClientSecretRecord};
use serde_json::json;

use super::*;

/// The values of the pages, by which they can be compared.
fn of_the_guides(framework: Framework, page: &str) -> ClientRecord {
    let quoted = |front: &str| {
        let text =
            page.split(front).nth(1).unwrap_or_else(|| panic!("{framework:?}: the page has no {front}"));
        text.split_whitespace().next().unwrap().to_owned()
    };
    let public = !framework.keeps_secret();
    let signed_out: Vec<String> =
        page.contains("--post-logout ").then(|| quoted("--post-logout ")).into_iter().collect();
    let metadata = json!({
        "client_name": "Notes",
        "redirect_uris": [quoted("--redirect ")],
        "post_logout_redirect_uris": signed_out,
        "grant_types": ["authorization_code", "refresh_token"],
        "scope": "openid profile email address phone offline_access notes:read",
        "resources": ["http://127.0.0.1:4460/notes"],
        "token_endpoint_auth_method": if public { "none" } else { "client_secret_basic" },
    });
    let hash = proofkey_oauth::Secret::new("a secret of more than thirty-two characters".into()).hash();
    let secret = ClientSecretRecord { hash, created_at: Timestamp(0), expires_at: None };
    ClientRecord {
        id: ClientId::new(quoted("--id ")),
        metadata: serde_json::from_value(metadata).unwrap(),
        secrets: if public { vec![] } else { vec![secret] },
        disabled: false,
        created_at: Timestamp(0),
    }
}

fn page(framework: Framework) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs/guides")
        .join(format!("{}.md", framework.name()));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The blocks of the page that are pieces of `file`, with an empty line between them.
fn shown(page: &str, file: &str) -> String {
    let mut pieces = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let is_piece =
            line.starts_with("```") && line.split_whitespace().any(|word| word == format!("part={file}"));
        if is_piece {
            let piece: String =
                lines.by_ref().take_while(|line| *line != "```").map(|line| format!("{line}\n")).collect();
            pieces.push(piece);
        }
    }
    pieces.join("\n")
}

#[test]
fn pk_10_a_snippet_is_the_file_that_its_guide_shows() {
    for framework in Framework::value_variants() {
        let page = page(*framework);
        let snippet = framework.snippet("http://127.0.0.1:4455", &of_the_guides(*framework, &page)).unwrap();
        assert_eq!(snippet.text, shown(&page, snippet.file), "{framework:?}");
    }
}

/// What would be more than a text in one language or another.
const NAMES: [&str; 8] = [
    r#"a "quoted" name"#,
    "$(touch /tmp/owned) `id` ${HOME} $HOME",
    "</script><script>alert(1)</script>",
    "it's ''; rm -rf '",
    r"back\slash \u0022 \",
    "]]> --> */ #{x} {{ y }} %(z)s <%= 1 %>",
    "line\u{2028}separator\u{2029}and ünïcödé 🗝",
    "__ISSUER__ __API__",
];

/// Reads a literal as its language does, by the rules of the language and not by those of the writer.
fn read(language: Language, literal: &str) -> String {
    match language {
        // JSON's strings are JavaScript's, Python's and Go's, as far as they have no `\/`.
        Language::Go | Language::JavaScript | Language::Python => serde_json::from_str(literal).unwrap(),
        // YAML's double quotes hold JSON; then Spring takes the backslash before `${` away.
        Language::SpringYaml => {
            let text: String = serde_json::from_str(literal).unwrap();
            assert_eq!(
                text.matches("${").count(),
                text.matches("\\${").count(),
                "Spring would look for a value: {literal}"
            );
            text.replace("\\${", "${")
        }
        Language::Rust => {
            let mut text = String::new();
            let mut rest = literal.strip_prefix('"').unwrap().strip_suffix('"').unwrap().chars();
            while let Some(c) = rest.next() {
                assert_ne!(c, '"', "ends the literal: {literal}");
                if c != '\\' {
                    text.push(c);
                    continue;
                }
                match rest.next().unwrap() {
                    'u' => {
                        let digits: String = rest.by_ref().skip(1).take_while(|c| *c != '}').collect();
                        text.push(char::from_u32(u32::from_str_radix(&digits, 16).unwrap()).unwrap());
                    }
                    escaped => text.push(escaped),
                }
            }
            text
        }
        Language::Shell => {
            let output =
                std::process::Command::new("bash").args(["-c", &format!("printf %s {literal}")]).output();
            String::from_utf8(output.unwrap().stdout).unwrap()
        }
    }
}

#[test]
fn pk_10_a_name_stays_data_in_every_language() {
    let languages = [
        Language::Go,
        Language::JavaScript,
        Language::Python,
        Language::Rust,
        Language::Shell,
        Language::SpringYaml,
    ];
    for language in languages {
        for name in NAMES {
            let literal = language.literal(name);
            assert_eq!(read(language, &literal), name, "{language:?}: {literal}");
            if language == Language::JavaScript {
                assert!(!literal.contains('<'), "would end the script around it: {literal}");
            }
        }
    }
}

#[test]
fn pk_10_a_name_that_looks_like_a_placeholder_is_not_filled_in() {
    let page = page(Framework::Curl);
    let mut record = of_the_guides(Framework::Curl, &page);
    record.metadata.client_name = Some("__API__".to_owned());
    let snippet = Framework::Express.template();
    let values = Values {
        issuer: "https://id.example".into(),
        client_id: "notes".into(),
        name: "__API__".into(),
        redirect_uri: "https://app.example/callback".into(),
        signed_out_uri: String::new(),
        scope: "openid".into(),
        api: "https://api.example/notes".into(),
    };
    let filled = values.fill(snippet.text, snippet.language);
    assert!(filled.contains(r#""__API__""#), "{filled}");
    assert!(filled.contains(r#""https://api.example/notes""#), "{filled}");
}

#[test]
fn pk_09_a_snippet_for_another_kind_of_app_is_refused_with_those_that_fit() {
    let (curl, flask) = (page(Framework::Curl), page(Framework::Flask));
    let (native, web) = (of_the_guides(Framework::Curl, &curl), of_the_guides(Framework::Flask, &flask));
    let refused = |framework: Framework, record: &ClientRecord| {
        framework.snippet("https://id.example", record).unwrap_err().to_string()
    };
    assert!(refused(Framework::Flask, &native).contains("react"));
    assert!(refused(Framework::React, &web).contains("flask"));
    let mut without_api = native.clone();
    without_api.metadata.resources = None;
    let no_api = refused(Framework::Curl, &without_api);
    assert!(
        no_api.contains("--add-scope") && no_api.ends_with("`proofkey client snippet notes-curl curl`"),
        "{no_api}"
    );
    let mut service = web;
    service.metadata.redirect_uris.clear();
    assert!(refused(Framework::Flask, &service).contains("redirect URI"));
}
