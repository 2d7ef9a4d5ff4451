//! The range of every number: no limit is implicit (invariant I11), and a typing error of three zeros is refused.

use super::file::File;

/// A number in the file and what it may be.
#[derive(Debug)]
pub(super) struct Range {
    pub(super) name: &'static str,
    value: f64,
    min: f64,
    max: f64,
    unit: &'static str,
}

impl Range {
    /// What is wrong with the value, if it lies outside.
    pub(super) fn refusal(&self) -> Option<String> {
        let Self { name, value, min, max, unit } = self;
        // Written so that NaN is outside.
        let inside = value >= min && value <= max;
        (!inside).then(|| format!("{name} is {value}; it must lie between {min} and {max}{unit}"))
    }

    /// What the number counts; empty where its name says it.
    pub(super) fn unit(&self) -> &'static str {
        self.unit.trim_start()
    }

    /// The least and the greatest value.
    pub(super) fn bounds(&self) -> (String, String) {
        (self.min.to_string(), self.max.to_string())
    }
}

macro_rules! ranges {
    ($file:ident: $($section:ident.$key:ident $min:literal ..= $max:literal $unit:literal;)*) => {
        vec![$(Range {
            name: concat!(stringify!($section), ".", stringify!($key)),
            value: $file.$section.$key as f64,
            min: $min as f64,
            max: $max as f64,
            unit: $unit,
        }),*]
    };
}

/// Every number of the file with its range.
pub(super) fn ranges(file: &File) -> Vec<Range> {
    ranges! { file:
        server.connections_max 16..=1_000_000 "";
        server.connections_address_max 0..=1_000_000 "";
        server.unready_seconds 0..=300 " seconds";
        server.drain_seconds 0..=300 " seconds";
        store.wait_seconds 0..=3_600 " seconds";
        store.remembered_max 0..=16_000_000 "";
        keys.rotation_days 1..=730 " days";
        keys.publish_ahead_hours 1..=720 " hours";
        keys.jwks_max_age_seconds 10..=86_400 " seconds";
        tokens.code_seconds 10..=600 " seconds";
        tokens.access_seconds 30..=86_400 " seconds";
        tokens.id_seconds 30..=86_400 " seconds";
        tokens.refresh_idle_days 1..=3_650 " days";
        tokens.refresh_absolute_days 1..=3_650 " days";
        sessions.idle_seconds 60..=2_592_000 " seconds";
        sessions.absolute_seconds 60..=31_536_000 " seconds";
        sessions.remembered_idle_seconds 60..=31_536_000 " seconds";
        sessions.remembered_absolute_seconds 60..=31_536_000 " seconds";
        passwords.memory_kib 64..=131_072 " KiB";
        passwords.iterations 1..=32 "";
        passwords.parallelism 1..=16 "";
        passwords.hashes_max 0..=256 "";
        passwords.queue_max 0..=10_000 "";
        passwords.queue_seconds 1..=30 " seconds";
        passwords.length_min 8..=64 " characters";
        limits.factor 0.001..=1_000_000 "";
        limits.login_address_burst 1..=100_000 "";
        limits.login_address_interval_seconds 1..=86_400 " seconds";
        limits.login_network_burst 1..=100_000 "";
        limits.login_network_interval_seconds 1..=86_400 " seconds";
        limits.login_all_failures_per_minute 1..=60_000 "";
        limits.paced_turns_per_second 1..=1_000_000 "";
        limits.login_account_burst 1..=1_000 "";
        limits.login_account_interval_seconds 1..=86_400 " seconds";
        limits.login_account_interval_max_seconds 1..=86_400 " seconds";
        limits.login_account_failures_max 1..=100 "";
        limits.login_device_burst 1..=1_000 "";
        limits.login_device_interval_seconds 1..=86_400 " seconds";
        limits.client_failures_per_minute 1..=100_000 "";
        limits.code_verifier_failures_max 1..=100 "";
        limits.sessions_per_user_max 1..=10_000 "";
        limits.grants_per_minute 1..=60_000 "";
        limits.entries_max 1_000..=10_000_000 "";
        log.refusals_per_second 1..=100_000 "";
    }
}
