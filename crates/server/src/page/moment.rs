//! Dates and durations, in words for people and by RFC 3339 for machines.

use jiff::{Timestamp, tz::TimeZone};

use super::words::Words;

/// `22 December 2026`, in UTC; the raw number if it is no date at all.
pub(super) fn date(words: &Words<'_>, at: i64) -> String {
    let Ok(timestamp) = Timestamp::from_second(at) else { return at.to_string() };
    let date = timestamp.to_zoned(TimeZone::UTC).date();
    let args = [
        ("day", date.day().to_string().into()),
        ("month", date.month().into()),
        ("year", date.year().to_string().into()),
    ];
    words.say_with("date", &args)
}

/// `2026-11-22T11:42:07Z` (RFC 3339 §5.6).
pub(super) fn instant(at: i64) -> String {
    Timestamp::from_second(at).map_or_else(|_| at.to_string(), |timestamp| timestamp.to_string())
}

/// `10 minutes`: rounded up, so that waiting as long as the page says is always enough.
pub(super) fn duration(words: &Words<'_>, seconds: u64) -> String {
    let (key, unit) = match seconds {
        0..120 => ("duration-seconds", 1),
        120..7_200 => ("duration-minutes", 60),
        7_200..172_800 => ("duration-hours", 3_600),
        _ => ("duration-days", 86_400),
    };
    words.say_with(key, &[("count", seconds.div_ceil(unit).max(1).into())])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::{Lang, words::bundle};

    #[test]
    fn dates_and_durations_follow_the_language() {
        let (english, german) = (bundle(Lang::En), bundle(Lang::De));
        let (en, de) = (Words::new(&english, &english), Words::new(&german, &english));
        assert_eq!(date(&en, 1_797_897_600), "22 December 2026");
        assert_eq!(date(&de, 1_797_897_600), "22. Dezember 2026");
        assert_eq!(date(&en, i64::MAX), i64::MAX.to_string());
        assert_eq!(instant(1_795_347_727), "2026-11-22T11:42:07Z");
        let cases = [
            (0, "one second", "einer Sekunde"),
            (59, "59 seconds", "59 Sekunden"),
            (121, "3 minutes", "3 Minuten"),
            (600, "10 minutes", "10 Minuten"),
            (7_200, "2 hours", "2 Stunden"),
            (2_592_000, "30 days", "30 Tagen"),
        ];
        for (seconds, english, german) in cases {
            assert_eq!((duration(&en, seconds), duration(&de, seconds)), (english.into(), german.into()));
        }
    }
}
