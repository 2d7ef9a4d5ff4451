//! The commented configuration that `proofkey init` writes.

use std::path::Path;

use proofkey_oauth::Issuer;

/// The text of the file, with the names of what is filled in.
pub(super) const TEMPLATE: &str = include_str!("template.toml");

/// The name of the sealing key's file in that configuration, beside it.
pub const SEALING_KEY_FILE: &str = "sealing.key";

/// A configuration with these three values set and every other setting explained, at its default, in a comment.
pub fn template(issuer: &Issuer, listen: &str, data: &Path) -> String {
    TEMPLATE
        .replace("{issuer}", &toml_text(issuer.as_str()))
        .replace("{listen}", &toml_text(listen))
        .replace("{data}", &toml_text(&data.to_string_lossy()))
        .replace("{sealing_key_file}", &toml_text(SEALING_KEY_FILE))
}

/// The key and the value of a line that sets something, or would if it were no comment.
pub(super) fn setting_of(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.strip_prefix("# ").unwrap_or(line).split_once(" = ")?;
    let is_key = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    is_key.then_some((key, value))
}

/// A TOML basic string.
fn toml_text(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::super::file::File;
    use super::*;

    fn written(data: &str) -> String {
        let issuer = Issuer::parse("https://id.example").unwrap();
        template(&issuer, "127.0.0.1:4455", Path::new(data))
    }

    #[test]
    fn the_template_parses_back() {
        let key = ("PROOFKEY_KEYS__SEALING_KEY".to_owned(), "A".repeat(43));
        let odd = "/srv/a \"quoted\\ data\u{7} dir";
        let config = Config::parse(&written(odd), Path::new("/etc/proofkey.toml"), [key]).unwrap();
        assert_eq!(Path::new(&config.store.place()), Path::new(odd).join("proofkey.db"));
        assert_eq!(config.issuer.as_str(), "https://id.example");
    }

    /// Uncommenting everything must give the defaults, so the comments cannot drift from the code.
    #[test]
    fn every_commented_setting_is_the_default() {
        let uncommented: String = written("data")
            .lines()
            .map(|line| match line.strip_prefix("# ") {
                Some(setting) if setting.split_once(" = ").is_some_and(|(key, _)| is_key(key)) => setting,
                _ => line,
            })
            .map(|line| format!("{line}\n"))
            .collect();
        let mut file: File = toml::from_str(&uncommented).unwrap();
        assert_eq!(file.server.tls_certificate.take().as_deref(), Some(Path::new("tls/certificate.pem")));
        assert_eq!(file.server.tls_key.take().as_deref(), Some(Path::new("tls/key.pem")));
        assert_eq!(file.pages.operator_name.take().as_deref(), Some("Example Ltd"));
        assert_eq!(file.pages.errors_url.take().as_deref(), Some("https://docs.example/errors"));
        assert_eq!(file.keys.sealing_key_file.take().as_deref(), Some(Path::new(SEALING_KEY_FILE)));
        assert!(file.store.url.take().is_some() && file.store.url_file.take().is_some());
        assert!(file.issuer.take().is_some() && file.store.data.take().is_some());
        // A new installation makes no key that was not asked for; a file that says nothing has all, as before there was a choice.
        assert_eq!(
            std::mem::replace(&mut file.keys.algorithms, File::default().keys.algorithms),
            ["ES256", "RS256"]
        );
        assert_eq!(file, File::default());
        for range in super::super::ranges::ranges(&File::default()) {
            let (section, key) = range.name.split_once('.').unwrap();
            let of_section = uncommented.split(&format!("[{section}]")).nth(1).unwrap();
            assert!(of_section.contains(&format!("{key} = ")), "{} is not explained", range.name);
            assert_eq!(range.refusal(), None);
        }
    }

    fn is_key(text: &str) -> bool {
        text.chars().all(|c| c.is_ascii_lowercase() || c == '_')
    }
}
