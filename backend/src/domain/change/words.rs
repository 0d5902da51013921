//! Where a changed line differs from its counterpart.

use std::ops::Range;

use similar::{Algorithm, DiffTag, capture_diff_slices};

use super::{Row, RowKind};

/// Longer lines are not compared, in bytes.
const LINE_MAX: usize = 1_000;
/// Longer runs of changed lines are not compared: they are new text, not edited text.
const RUN_MAX: usize = 200;
/// So much of two lines must be equal in a run of as many lines on both sides, of 100.
const ALIKE: usize = 35;
/// The same where the numbers of lines differ, and so the counterpart is less certain.
const ALIKE_UNEVEN: usize = 60;

/// For each row the ranges that differ from its counterpart, in bytes.
#[must_use]
pub fn differences(rows: &[Row]) -> Vec<Vec<Range<usize>>> {
    let mut found = vec![Vec::new(); rows.len()];
    let mut at = 0;
    while at < rows.len() {
        let removed = run(rows, at, RowKind::Removed);
        let added = run(rows, removed.end, RowKind::Added);
        let next = added.end.max(at + 1);
        if removed.len().max(added.len()) <= RUN_MAX {
            let alike = if removed.len() == added.len() { ALIKE } else { ALIKE_UNEVEN };
            for (before, after) in removed.zip(added) {
                if let Some((old, new)) = compare(&rows[before].text, &rows[after].text, alike) {
                    found[before] = old;
                    found[after] = new;
                }
            }
        }
        at = next;
    }
    found
}

/// The rows of one kind from `start` on, with remarks between them left out at the end.
fn run(rows: &[Row], start: usize, kind: RowKind) -> Range<usize> {
    let length = rows[start.min(rows.len())..].iter().take_while(|row| row.kind == kind).count();
    start..start + length
}

type Ranges = Vec<Range<usize>>;

fn compare(old: &str, new: &str, alike: usize) -> Option<(Ranges, Ranges)> {
    if old.len() > LINE_MAX || new.len() > LINE_MAX {
        return None;
    }
    let (before, after) = (tokens(old), tokens(new));
    let text = |ranges: &[Range<usize>], line: &str| -> Vec<String> {
        ranges.iter().map(|range| line[range.clone()].to_owned()).collect()
    };
    let operations = capture_diff_slices(Algorithm::Myers, &text(&before, old), &text(&after, new));
    let (mut left, mut right, mut equal) = (Vec::new(), Vec::new(), 0);
    for operation in operations {
        let bytes = |tokens: &[Range<usize>], range: Range<usize>| match tokens.get(range) {
            Some([first, .., last]) => Some(first.start..last.end),
            Some([only]) => Some(only.clone()),
            Some([]) | None => None,
        };
        let (one, other) = (bytes(&before, operation.old_range()), bytes(&after, operation.new_range()));
        if operation.tag() == DiffTag::Equal {
            equal += one.map_or(0, |range| old[range].trim().len());
        } else {
            join(&mut left, one);
            join(&mut right, other);
        }
    }
    let longest = old.trim().len().max(new.trim().len());
    (equal * 100 >= longest * alike && longest > 0).then_some((left, right))
}

/// Adds a range, joined with the last one if they touch.
fn join(ranges: &mut Ranges, next: Option<Range<usize>>) {
    let Some(next) = next else { return };
    match ranges.last_mut() {
        Some(last) if last.end == next.start => last.end = next.end,
        Some(_) | None => ranges.push(next),
    }
}

/// Words, runs of spaces, and single signs.
fn tokens(line: &str) -> Vec<Range<usize>> {
    let class = |letter: char| {
        if letter.is_alphanumeric() || letter == '_' {
            0
        } else if letter.is_whitespace() {
            1
        } else {
            2
        }
    };
    let mut all: Vec<Range<usize>> = Vec::new();
    let mut last = 2;
    for (at, letter) in line.char_indices() {
        let kind = class(letter);
        match all.last_mut() {
            Some(token) if kind == last && kind != 2 => token.end = at + letter.len_utf8(),
            Some(_) | None => all.push(at..at + letter.len_utf8()),
        }
        last = kind;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::change::patch;

    fn differing(diff: &str) -> Vec<Vec<String>> {
        let rows = patch::parse(diff);
        let found = differences(&rows);
        rows.iter()
            .zip(found)
            .map(|(row, ranges)| ranges.into_iter().map(|one| row.text[one].to_owned()).collect())
            .collect()
    }

    #[test]
    fn only_what_differs_is_marked() {
        let found = differing("@@ -1 +1 @@\n-let total = a + b;\n+let total = a - bé;\n");
        assert_eq!(found[1], ["+", "b"]);
        assert_eq!(found[2], ["-", "bé"]);
    }

    #[test]
    fn lines_that_have_little_in_common_are_new_text() {
        let found =
            differing("@@ -1 +1 @@\n-let total = a + b;\n+return Err(Nothing);\n-same\n same\n+other\n");
        assert!(found.iter().all(Vec::is_empty), "{found:?}");
        let long = "x ".repeat(600);
        assert!(differing(&format!("@@ -1 +1 @@\n-{long}a\n+{long}b\n")).iter().all(Vec::is_empty));
    }
}
