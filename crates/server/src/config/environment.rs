//! Overrides from the environment: `PROOFKEY_<SECTION>__<KEY>`, and no other variable.
//!
//! Two underscores in a row are what makes a variable ours. Names that merely begin alike come from elsewhere: Kubernetes
//! gives each container `PROOFKEY_PORT` and more when a Service is named `proofkey`.

use std::collections::BTreeMap;

use toml::{Table, Value};
use zeroize::Zeroizing;

use super::error::ConfigError;
use super::file::File;
use super::nearest::with_nearest;

const PREFIX: &str = "PROOFKEY_";
/// The one secret that may come by environment; it never enters the table.
const SEALING_KEY: &str = "keys.sealing_key";
/// What stands between section and key.
const SEPARATOR: &str = "__";
/// The issuer's setting is outside of sections in the file, and has one here.
const ISSUER: (&str, &str) = ("issuer", "PROOFKEY_SERVER__ISSUER");
/// What named the issuer in release 0.1, and told `proofkey login` where to sign in as well. It is read for one more release.
const ISSUER_OF_0_1: &str = "PROOFKEY_ISSUER";

/// This process's environment, for [`super::Config::load`]. Names and values that are not Unicode are left out.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
pub fn process_environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

/// The overrides, by the name of the setting.
#[derive(Default)]
pub(super) struct Overlay {
    values: BTreeMap<String, Override>,
    sealing_key: Option<Zeroizing<String>>,
    warning: Option<String>,
}

struct Override {
    variable: String,
    text: String,
}

impl Overlay {
    pub(super) fn collect(
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut overlay = Self::default();
        let mut issuer_of_0_1 = None;
        for (variable, text) in environment {
            if variable == ISSUER_OF_0_1 {
                issuer_of_0_1 = Some(text);
                continue;
            }
            match setting(&variable) {
                Some(setting) if setting == SEALING_KEY => {
                    overlay.sealing_key = Some(Zeroizing::new(text));
                }
                Some(setting) => drop(overlay.values.insert(setting, Override { variable, text })),
                None => {}
            }
        }
        if let Some(text) = issuer_of_0_1 {
            overlay.take_issuer_of_0_1(text);
        }
        Ok(overlay)
    }

    fn take_issuer_of_0_1(&mut self, text: String) {
        let (setting, variable) = ISSUER;
        if self.values.contains_key(setting) {
            self.warning = Some(format!("{ISSUER_OF_0_1} is not read beside {variable}; remove it"));
            return;
        }
        self.warning = Some(format!(
            "{ISSUER_OF_0_1} sets the issuer in this release and will not in the next: set {variable}, or remove it if it is \
             meant for `proofkey login`, which reads PROOFKEY_LOGIN_ISSUER"
        ));
        let variable = ISSUER_OF_0_1.to_owned();
        let _none = self.values.insert(setting.to_owned(), Override { variable, text });
    }

    /// The variable that set this setting, if one did.
    pub(super) fn variable(&self, setting: &str) -> Option<String> {
        self.values.get(setting).map(|set| set.variable.clone())
    }

    /// What an operator should know of the environment.
    pub(super) fn warning(&self) -> Option<String> {
        self.warning.clone()
    }

    pub(super) fn sealing_key(&self) -> Option<&str> {
        self.sealing_key.as_deref().map(String::as_str)
    }

    /// Lays the overrides over the table of the file. One at a time, so that an error names its variable.
    pub(super) fn apply(&self, mut table: Table) -> Result<File, ConfigError> {
        for (setting, Override { variable, text }) in &self.values {
            table = apply_one(&table, setting, text)
                .map_err(|message| ConfigError::Environment { name: variable.clone(), message })?;
        }
        let whole = table.try_into();
        whole.map_err(|error| ConfigError::Environment {
            name: PREFIX.into(),
            message: error.message().into(),
        })
    }
}

/// The setting that a variable names; `None` if it is not one of ours.
fn setting(variable: &str) -> Option<String> {
    if variable == ISSUER.1 {
        return Some(ISSUER.0.to_owned());
    }
    let (section, key) = variable.strip_prefix(PREFIX)?.split_once(SEPARATOR)?;
    let names = !section.is_empty() && !key.is_empty();
    names.then(|| format!("{section}.{key}").to_ascii_lowercase())
}

/// The variable that names a setting, given as `section.key` or as the key alone where it stands before all sections.
pub(super) fn variable_of(setting: &str) -> String {
    if setting == ISSUER.0 {
        return ISSUER.1.to_owned();
    }
    format!("{PREFIX}{}", setting.replace('.', SEPARATOR).to_ascii_uppercase())
}

/// The type of a setting is known to the grammar only, so the value is tried as TOML, as a text and as a list.
fn apply_one(table: &Table, setting: &str, text: &str) -> Result<Table, String> {
    let mut refusal = String::new();
    for value in candidates(text) {
        let mut with = table.clone();
        place(&mut with, setting, value);
        match with.clone().try_into::<File>() {
            Ok(_) => return Ok(with),
            Err(error) if refusal.is_empty() => refusal = with_nearest(error.message()),
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
            let mut keys = match table.remove(section) {
                Some(Value::Table(keys)) => keys,
                // No section has this name; the grammar says so.
                Some(_) | None => Table::new(),
            };
            let _former = keys.insert(key.to_owned(), value);
            let _former = table.insert(section.to_owned(), Value::Table(keys));
        }
    }
}
