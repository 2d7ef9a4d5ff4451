//! The limits on the log, as docs/limits.md lists them.

use crate::bounds::{Limit, Scope, Value};

use super::{FOREIGN_CHARS_MAX, LINE_BYTES_MAX, LINES_MAX};

pub(crate) const LIMITS: &[Limit] = &[
    Limit {
        name: "`log.refusals_per_second`",
        value: Value::Setting(|config| Value::Count(config.log.refusals_per_second as usize)),
        scope: Scope::All,
        beyond: "the line is not written; metric `log_lines_withheld`, and a line that says how many",
        bounds: "lines that strangers cause",
        test: "k_01_so_many_lines_a_second_and_then_how_many_were_not_written",
    },
    Limit {
        name: "lines that wait to be written",
        value: Value::Count(LINES_MAX),
        scope: Scope::All,
        beyond: "the line is lost; metric `log_lines_lost`, and a line that says how many",
        bounds: "memory and time that a slow reader of the log costs",
        test: "k_01_a_stalled_reader_costs_lines_and_nobody_waits",
    },
    Limit {
        name: "a line",
        value: Value::Bytes(LINE_BYTES_MAX),
        scope: Scope::All,
        beyond: "cut, with its length",
        bounds: "the same",
        test: "k_01_no_line_is_longer_than_a_line_may_be",
    },
    Limit {
        name: "text of a stranger in a line, in characters",
        value: Value::Count(FOREIGN_CHARS_MAX),
        scope: Scope::Request,
        beyond: "cut, with its length",
        bounds: "lines",
        test: "k_01_whatever_is_sent_the_log_grows_by_a_named_maximum",
    },
];
