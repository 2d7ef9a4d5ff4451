//! The reference of the settings: what the template says of each, with its default, its range and its variable.
//!
//! The template is the one table: `proofkey init` writes it, docs/configuration.md and the manual page are made of it, and the
//! nearest name is looked for in it. Tests hold it to the grammar of the file, to the defaults and to the ranges.

use std::path::Path;

use proofkey_oauth::Issuer;
use toml::{Table, Value};

use super::environment::variable_of;
use super::file::File;
use super::ranges::{Range, ranges};
use super::template::{setting_of, template};

/// Settings that stand under one explanation, in the order of the file.
#[derive(Clone, Debug)]
pub struct Explained {
    /// The section, without brackets; empty for what stands before all sections.
    pub section: String,
    /// What they mean, as one paragraph.
    pub meaning: String,
    /// The settings, at least one.
    pub settings: Vec<Setting>,
}

/// One setting.
#[derive(Clone, Debug)]
pub struct Setting {
    /// `section.key`, or the key alone before all sections.
    pub name: String,
    /// The key as it stands in its section.
    pub key: String,
    /// The value that it has where it is not set, as TOML; `None` where it has none.
    pub default: Option<String>,
    /// The value that the template shows, as TOML: the default, or one that it may have.
    pub example: String,
    /// The unit of a number that has one, else what kind of value it is.
    pub unit: &'static str,
    /// The least and the greatest value of a number.
    pub range: Option<(String, String)>,
    /// The variable of the environment that sets it.
    pub variable: String,
}

/// Every setting, with what it means.
pub fn settings() -> Vec<Explained> {
    let Ok(issuer) = Issuer::parse("https://id.example") else { return Vec::new() };
    let mut reader = Reader { ranges: ranges(&File::default()), ..Reader::default() };
    for line in template(&issuer, &File::default().server.listen, Path::new("data")).lines() {
        reader.read(line);
    }
    reader.all
}

/// Reads the template line by line.
#[derive(Default)]
struct Reader {
    ranges: Vec<Range>,
    section: String,
    /// The lines of the paragraph that is being read.
    paragraph: Vec<String>,
    /// The line before was a setting: one that follows at once belongs to the same paragraph.
    is_after_setting: bool,
    all: Vec<Explained>,
}

impl Reader {
    fn read(&mut self, line: &str) {
        let is_after_setting = std::mem::take(&mut self.is_after_setting);
        if let Some((key, value)) = setting_of(line) {
            let setting = self.setting(key, value);
            if !is_after_setting {
                let meaning = std::mem::take(&mut self.paragraph).join(" ");
                self.all.push(Explained { section: self.section.clone(), meaning, settings: Vec::new() });
            }
            if let Some(explained) = self.all.last_mut() {
                explained.settings.push(setting);
            }
            self.is_after_setting = true;
        } else if let Some(text) = line.strip_prefix("# ") {
            self.paragraph.push(text.trim().to_owned());
        } else {
            self.paragraph.clear();
            if let Some(section) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                section.clone_into(&mut self.section);
            }
        }
    }

    fn setting(&self, key: &str, value: &str) -> Setting {
        let name = if self.section.is_empty() { key.to_owned() } else { format!("{}.{key}", self.section) };
        let range = self.ranges.iter().find(|range| range.name == name);
        let unit = range.map_or("", Range::unit);
        Setting {
            default: default_of(&self.section, key, value),
            example: value.to_owned(),
            unit: if unit.is_empty() { kind(value) } else { unit },
            range: range.map(Range::bounds),
            variable: variable_of(&name),
            key: key.to_owned(),
            name,
        }
    }
}

/// The default of a setting that the template shows with this value.
fn default_of(section: &str, key: &str, value: &str) -> Option<String> {
    match (section, key) {
        // Written out by the template, for a new installation has fewer than a file without the line.
        ("keys", "algorithms") => Some(format!("{:?}", File::default().keys.algorithms)),
        _ => is_default(section, key, value).then(|| value.to_owned()),
    }
}

/// Whether a file with this line alone says no more than an empty one.
fn is_default(section: &str, key: &str, value: &str) -> bool {
    let heading = if section.is_empty() { String::new() } else { format!("[{section}]\n") };
    toml::from_str::<File>(&format!("{heading}{key} = {value}\n")).is_ok_and(|file| file == File::default())
}

fn kind(value: &str) -> &'static str {
    let parsed = toml::from_str::<Table>(&format!("value = {value}")).ok();
    match parsed.and_then(|mut table| table.remove("value")) {
        Some(Value::Boolean(_)) => "true or false",
        Some(Value::Array(_)) => "list of texts",
        Some(Value::Integer(_) | Value::Float(_)) => "number",
        _ => "text",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn pk_11_every_key_of_the_grammar_is_explained_once_and_every_number_with_its_range() {
        let settings: Vec<Setting> =
            settings().into_iter().flat_map(|explained| explained.settings).collect();
        let names: Vec<&str> = settings.iter().map(|setting| setting.name.as_str()).collect();
        let distinct: BTreeSet<&str> = names.iter().copied().collect();
        assert_eq!(distinct.len(), names.len(), "one is explained twice");
        let grammar = super::super::grammar::keys();
        assert_eq!(distinct, grammar.iter().map(String::as_str).collect());
        for range in ranges(&File::default()) {
            let setting = settings.iter().find(|setting| setting.name == range.name).unwrap();
            assert!(setting.range.is_some() && setting.default.is_some(), "{setting:?}");
        }
        let without: Vec<&str> = settings
            .iter()
            .filter(|setting| setting.default.is_none())
            .map(|setting| &*setting.name)
            .collect();
        // Each is an `Option` of the grammar.
        let optional = [
            "issuer",
            "server.tls_certificate",
            "server.tls_key",
            "store.data",
            "store.url",
            "store.url_file",
            "keys.sealing_key_file",
            "pages.operator_name",
            "pages.errors_url",
        ];
        assert_eq!(without, optional);
        for setting in &settings {
            let section = setting.name.rsplit_once('.').map_or("", |(section, _)| section);
            let default = setting.default.as_deref();
            assert!(default.is_none_or(|value| is_default(section, &setting.key, value)), "{setting:?}");
        }
        for explained in super::settings() {
            assert!(explained.meaning.ends_with(['.', '?']), "{explained:?}");
        }
    }
}
