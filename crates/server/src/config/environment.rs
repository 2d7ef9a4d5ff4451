//! Overrides from the environment: `PROOFKEY_SECTION__KEY`, or `PROOFKEY_KEY` for a key outside of sections.

use std::collections::BTreeMap;

use toml::{Table, Value};
use zeroize::Zeroizing;

use super::error::ConfigError;
use super::file::File;

const PREFIX: &str = "PROOFKEY_";
/// The one secret that may come by environment; it never enters the table.
const SEALING_KEY: &str = "keys.sealing_key";
/// Variables of the commands that are no settings of a server.
const RESERVED: [&str; 3] = ["PROOFKEY_CONFIG", "PROOFKEY_CLIENT_ID", "PROOFKEY_NO_KEYRING"];

/// This process's environment, for [`super::Config::load`]. Names and values that are not Unicode are left out.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
pub fn process_environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

/// The overrides, by the name of the setting.
#[derive(Default)]
pub(super) struct Overlay {
    values: BTreeMap<String, String>,
    sealing_key: Option<Zeroizing<String>>,
}

impl Overlay {
    pub(super) fn collect(
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut overlay = Self::default();
        for (name, value) in environment {
            let Some(setting) = name.strip_prefix(PREFIX).filter(|_| !RESERVED.contains(&name.as_str()))
            else {
                continue;
            };
            match setting.to_ascii_lowercase().replacen("__", ".", 1) {
                setting if setting == SEALING_KEY => overlay.sealing_key = Some(Zeroizing::new(value)),
                setting => drop(overlay.values.insert(setting, value)),
            }
        }
        Ok(overlay)
    }

    /// The variable that set this setting, if one did.
    pub(super) fn variable(&self, setting: &str) -> Option<String> {
        self.values.contains_key(setting).then(|| variable(setting))
    }

    pub(super) fn sealing_key(&self) -> Option<&str> {
        self.sealing_key.as_deref().map(String::as_str)
    }

    /// Lays the overrides over the table of the file. One at a time, so that an error names its variable.
    pub(super) fn apply(&self, mut table: Table) -> Result<File, ConfigError> {
        for (setting, text) in &self.values {
            table = apply_one(&table, setting, text)
                .map_err(|message| ConfigError::Environment { name: variable(setting), message })?;
        }
        let whole = table.try_into();
        whole.map_err(|error| ConfigError::Environment {
            name: PREFIX.into(),
            message: error.message().into(),
        })
    }
}

fn variable(setting: &str) -> String {
    format!("{PREFIX}{}", setting.replacen('.', "__", 1).to_ascii_uppercase())
}

/// The type of a setting is known to the grammar only, so the value is tried as TOML, as a text and as a list.
fn apply_one(table: &Table, setting: &str, text: &str) -> Result<Table, String> {
    let mut refusal = String::new();
    for value in candidates(text) {
        let mut with = table.clone();
        place(&mut with, setting, value);
        match with.clone().try_into::<File>() {
            Ok(_) => return Ok(with),
            Err(error) if refusal.is_empty() => error.message().clone_into(&mut refusal),
            Err(_) => {}
        }
    }
    Err(refusal)
}

fn candidates(text: &str) -> impl Iterator<Item = Value> {
    let literal =
        toml::from_str::<Table>(&format!("value = {text}")).ok().and_then(|mut table| table.remove("value"));
    let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
    let list = Value::Array(items.map(|item| Value::String(item.to_owned())).collect());
    literal.into_iter().chain([Value::String(text.to_owned()), list])
}

fn place(table: &mut Table, setting: &str, value: Value) {
    match setting.split_once('.') {
        None => drop(table.insert(setting.to_owned(), value)),
        Some((section, key)) => {
            let section = table.entry(section.to_owned()).or_insert_with(|| Value::Table(Table::new()));
            if let Some(section) = section.as_table_mut() {
                section.insert(key.to_owned(), value);
            }
        }
    }
}
