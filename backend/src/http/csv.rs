//! The record as CSV (RFC 4180), so that a spreadsheet runs nothing that somebody wrote into it.

use csv::{QuoteStyle, Terminator, WriterBuilder};

use crate::domain::audit::Entry;

/// The names of the columns.
const COLUMNS: [&str; 11] =
    ["id", "at", "kind", "check_id", "project_id", "actor", "account_id", "via", "summary", "data", "hash"];

/// The line with the names of the columns, behind a byte-order mark: without it spreadsheets read a file in the code page of
/// their country.
#[must_use]
pub fn head() -> String {
    format!("\u{feff}{}", write([COLUMNS.map(str::to_owned)]))
}

/// A line for each entry.
#[must_use]
pub fn rows(entries: &[Entry]) -> String {
    write(entries.iter().map(|entry| {
        let or_empty = |text: &Option<String>| text.clone().unwrap_or_default();
        [
            entry.id.to_string(),
            entry.at.clone(),
            entry.kind.clone(),
            or_empty(&entry.check_id),
            or_empty(&entry.project_id),
            entry.actor.clone(),
            or_empty(&entry.account_id),
            entry.via.clone(),
            entry.summary.clone(),
            entry.data.clone(),
            entry.hash.clone(),
        ]
    }))
}

/// Every value is quoted: a program that takes semicolons for separators would else find new cells
/// inside a value, which begin unguarded.
fn write(rows: impl IntoIterator<Item = [String; 11]>) -> String {
    let mut writer = WriterBuilder::new()
        .quote_style(QuoteStyle::Always)
        .terminator(Terminator::CRLF)
        .from_writer(Vec::new());
    for row in rows {
        // A Vec takes everything, and all rows are equally long.
        let _written = writer.write_record(row.iter().map(|value| guarded(value)));
    }
    writer.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

/// A value that a spreadsheet would take for a formula, with an apostrophe before it.
///
/// Source: <https://owasp.org/www-community/attacks/CSV_Injection>, which names these beginnings.
fn guarded(value: &str) -> String {
    if value.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) {
        format!("'{value}")
    } else {
        value.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_formula_is_defused() {
        for bad in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1"] {
            assert_eq!(guarded(bad), format!("'{bad}"));
        }
        for good in ["", "Ada", "a=b", " =1", "1-1", "'=1"] {
            assert_eq!(guarded(good), good);
        }
    }

    #[test]
    fn quotes_and_line_feeds_stay_inside_their_value() {
        let mut row = [(); 11].map(|()| String::new());
        row[8] = "say \"no\";=1,2\r\n=3".into();
        let text = write([row]);
        assert_eq!(text, format!("{}\"say \"\"no\"\";=1,2\r\n=3\",\"\",\"\"\r\n", "\"\",".repeat(8)));
    }
}
