//! Reading unified diffs (<https://www.gnu.org/software/diffutils/manual/html_node/Detailed-Unified.html>).
//! Whatever is in them, nothing here fails: GitLab passes on what people commit.

use std::borrow::Cow;

use sha2::{Digest as _, Sha256};

/// Longer lines are cut, in Unicode scalar values.
pub const LINE_MAX: usize = 2_000;

/// What a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowKind {
    /// The heading of a hunk.
    Hunk,
    /// The same before and after.
    Same,
    /// Only after.
    Added,
    /// Only before.
    Removed,
    /// A remark of the diff itself.
    Remark,
}

/// One row of a diff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What it is.
    pub kind: RowKind,
    /// The line's number before the change.
    pub old: Option<i64>,
    /// The line's number after the change.
    pub new: Option<i64>,
    /// The line without its sign and its end; at most [`LINE_MAX`] characters.
    pub text: String,
}

/// What a line of a diff is, with its text; `None` for the headings of the file before the first hunk.
fn lines(diff: &str) -> impl Iterator<Item = (RowKind, &str)> {
    let mut within = false;
    diff.strip_suffix('\n').unwrap_or(diff).split('\n').filter_map(move |line| {
        let line = line.strip_suffix('\r').unwrap_or(line);
        if starts(line).is_some() {
            within = true;
            return Some((RowKind::Hunk, line));
        }
        if !within {
            return None;
        }
        Some(match line.as_bytes().first() {
            Some(b'+') => (RowKind::Added, &line[1..]),
            Some(b'-') => (RowKind::Removed, &line[1..]),
            Some(b' ') => (RowKind::Same, &line[1..]),
            Some(b'\\') => (RowKind::Remark, line[1..].trim_start()),
            // Some programs leave the space of an empty line out.
            None => (RowKind::Same, ""),
            Some(_) => (RowKind::Remark, line),
        })
    })
}

/// A text in which characters that change the direction of what follows can be seen: `[U+202E]`. They make code look like
/// what it is not.
///
/// Source: CVE-2021-42574, <https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters>.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    let turns = |letter: char| matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if !text.contains(turns) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        if turns(letter) {
            shown.push_str(&format!("[U+{:04X}]", u32::from(letter)));
        } else {
            shown.push(letter);
        }
    }
    Cow::Owned(shown)
}

/// The rows of a diff.
#[must_use]
pub fn parse(diff: &str) -> Vec<Row> {
    let (mut old, mut new) = (0_i64, 0_i64);
    lines(diff)
        .map(|(kind, text)| {
            let mut row = Row { kind, old: None, new: None, text: visible(&cut(text)).into_owned() };
            match kind {
                RowKind::Hunk => (old, new) = starts(text).unwrap_or((old, new)),
                RowKind::Same => (row.old, row.new) = (Some(step(&mut old)), Some(step(&mut new))),
                RowKind::Added => row.new = Some(step(&mut new)),
                RowKind::Removed => row.old = Some(step(&mut old)),
                RowKind::Remark => {}
            }
            row
        })
        .collect()
}

/// Rows, added and removed lines of a diff.
#[must_use]
pub fn count(diff: &str) -> (usize, i64, i64) {
    lines(diff).fold((0, 0, 0), |(rows, added, removed), (kind, _)| match kind {
        RowKind::Added => (rows + 1, added + 1, removed),
        RowKind::Removed => (rows + 1, added, removed + 1),
        RowKind::Hunk | RowKind::Same | RowKind::Remark => (rows + 1, added, removed),
    })
}

/// A fingerprint of what a diff changes: without the numbers of its hunks and without their context, both of which
/// differ when lines elsewhere in the file changed.
#[must_use]
pub fn print(diff: &str) -> Option<String> {
    let mut any = false;
    let mut hash = Sha256::new();
    for (kind, text) in lines(diff) {
        let sign = match kind {
            RowKind::Added => b"+",
            RowKind::Removed => b"-",
            RowKind::Hunk | RowKind::Same | RowKind::Remark => continue,
        };
        any = true;
        hash.update(sign);
        hash.update(text.as_bytes());
        hash.update(b"\n");
    }
    any.then(|| hex::encode(&hash.finalize()[..16]))
}

/// Where a hunk begins, before and after: `@@ -12,9 +12,14 @@`.
fn starts(line: &str) -> Option<(i64, i64)> {
    let (ranges, _) = line.strip_prefix("@@ -")?.split_once(" @@")?;
    let (old, new) = ranges.split_once(" +")?;
    let first = |range: &str| -> Option<i64> {
        let number = range.split(',').next()?.parse::<i64>().ok()?;
        (0..=i64::from(u32::MAX)).contains(&number).then_some(number)
    };
    Some((first(old)?, first(new)?))
}

fn step(number: &mut i64) -> i64 {
    let now = *number;
    *number = now.saturating_add(1);
    now
}

fn cut(text: &str) -> String {
    // No character takes less than a byte.
    if text.len() <= LINE_MAX || text.chars().count() <= LINE_MAX {
        return text.to_owned();
    }
    text.chars().take(LINE_MAX - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_turn_the_direction_round_are_seen() {
        let rows = parse("@@ -0,0 +1 @@\n+if (isAdmin\u{202e} \u{2066}// only admins\u{2069} \u{2066}) {\n");
        assert_eq!(rows[1].text, "if (isAdmin[U+202E] [U+2066]// only admins[U+2069] [U+2066]) {");
        assert!(matches!(visible("\u{5d0}\u{200f} plain"), Cow::Borrowed(_)));
    }

    #[test]
    fn lines_are_numbered_on_both_sides() {
        let diff = "--- a/x\n+++ b/x\n@@ -3,3 +3,3 @@ fn x()\n a\n-b\n+c\r\n d\n\\ No newline at end of file\n@@ -9 +9,0 @@\n---\n";
        let rows = parse(diff);
        let seen: Vec<_> = rows.iter().map(|row| (row.kind, row.old, row.new, row.text.as_str())).collect();
        assert_eq!(
            seen,
            [
                (RowKind::Hunk, None, None, "@@ -3,3 +3,3 @@ fn x()"),
                (RowKind::Same, Some(3), Some(3), "a"),
                (RowKind::Removed, Some(4), None, "b"),
                (RowKind::Added, None, Some(4), "c"),
                (RowKind::Same, Some(5), Some(5), "d"),
                (RowKind::Remark, None, None, "No newline at end of file"),
                (RowKind::Hunk, None, None, "@@ -9 +9,0 @@"),
                (RowKind::Removed, Some(9), None, "--"),
            ]
        );
        assert_eq!(count(diff), (8, 1, 2));
    }

    #[test]
    fn nothing_that_can_be_committed_makes_it_fail() {
        let long = format!("@@ -1 +1 @@\n+{}\n", "ü".repeat(5_000));
        assert_eq!(parse(&long)[1].text.chars().count(), LINE_MAX);
        for diff in [
            "",
            "\n",
            "\n\n\n",
            "@@",
            "@@ -",
            "@@ - + @@",
            "@@ -99999999999999999999,1 +1 @@\n+x",
            "@@ -9223372036854775807 +1 @@\n-x\n-y",
            "@@ --1 +1 @@\n+x",
            "Binary files a/x and b/x differ\n",
            "@@ -1 +1 @@\né\u{0}\n+\u{feff}\n-\u{1F600}",
            "@@ -1 +1 @@\n\r\n+\r\r\n",
            "@@ -4294967295 +4294967295 @@\n x\n x\n",
        ] {
            let rows = parse(diff);
            assert_eq!(rows.len(), count(diff).0, "{diff:?}");
        }
        // Every text that a small alphabet of signs makes.
        for number in 0..7_u32.pow(6) {
            let letter = |place: u32| {
                ["@@ -1 +1 @@", "+", "-", "\n", "\\", " ", "é"][(number / 7_u32.pow(place) % 7) as usize]
            };
            let diff: String = (0..6).map(letter).collect();
            assert_eq!(parse(&diff).len(), count(&diff).0, "{diff:?}");
        }
    }

    #[test]
    fn a_fingerprint_ignores_where_the_lines_are() {
        let here = "@@ -1,2 +1,2 @@\n a\n-b\n+c\n";
        let there = "@@ -10,2 +12,2 @@ fn y\n other\n-b\n+c\n";
        assert_eq!(print(here), print(there));
        assert_ne!(print(here), print("@@ -1,2 +1,2 @@\n a\n-b\n+d\n"));
        assert_eq!(print("Binary files differ"), None);
    }
}
