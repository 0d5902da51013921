//! How the lines of a file are laid out: the pieces of a line, two columns, and which rows are in the document.

use std::ops::Range;

use shared::{DiffRow, RowKind};

/// The height of a row in pixels; `styles/change.css` has the same.
pub const ROW: i64 = 20;
/// How many rows come and go together.
pub const BLOCK: usize = 32;
/// How far above and below the window rows are kept, in pixels.
pub const REACH: i64 = 600;
/// From how wide a window on two columns are offered, in pixels; `styles/change.css` has the same.
pub const WIDE: i64 = 900;
/// Added to the class of what differs from its counterpart.
pub const DIFFERS: i64 = 16;

/// Cuts a line into pieces, each with its class. `marks` has lengths in UTF-16 code units and classes in turn; what
/// it does not tell of is plain.
#[must_use]
pub fn pieces<'a>(text: &'a str, marks: &[i64]) -> Vec<(&'a str, i64)> {
    let mut pieces = Vec::new();
    let mut rest = text;
    for mark in marks.chunks_exact(2) {
        let mut left = mark[0];
        let end = rest.char_indices().find(|(_, letter)| {
            let full = left <= 0;
            left -= letter.len_utf16() as i64;
            full
        });
        let (piece, behind) = rest.split_at(end.map_or(rest.len(), |(at, _)| at));
        pieces.push((piece, mark[1]));
        rest = behind;
    }
    pieces.push((rest, 0));
    pieces.retain(|(piece, _)| !piece.is_empty());
    pieces
}

/// The rows of the left and of the right column, equally many; `None` where a column has nothing to set against the
/// other. A remark belongs to the line above it.
#[must_use]
pub fn columns(rows: &[DiffRow]) -> [Vec<Option<usize>>; 2] {
    let mut columns = [Vec::new(), Vec::new()];
    let mut above = RowKind::Same;
    for (at, row) in rows.iter().enumerate() {
        let kind = if row.kind == RowKind::Remark { above } else { row.kind };
        match kind {
            RowKind::Removed => {
                if above == RowKind::Added {
                    level(&mut columns);
                }
                columns[0].push(Some(at));
            }
            RowKind::Added => columns[1].push(Some(at)),
            RowKind::Same | RowKind::Hunk | RowKind::Remark => {
                level(&mut columns);
                for column in &mut columns {
                    column.push(Some(at));
                }
            }
        }
        above = kind;
    }
    level(&mut columns);
    columns
}

fn level(columns: &mut [Vec<Option<usize>>; 2]) {
    let high = columns[0].len().max(columns[1].len());
    for column in columns {
        column.resize(high, None);
    }
}

/// Which blocks of `rows` rows have to be in the document. `top` is how far below the window's upper edge they
/// begin, `window` the window's height, both in pixels: whole ones, since writing a fraction as text would bring the
/// code for it along.
#[must_use]
pub fn blocks(top: i64, window: i64, rows: usize) -> Range<usize> {
    let all = rows.div_ceil(BLOCK) as i64;
    let height = ROW * BLOCK as i64;
    let start = (-top - REACH).div_euclid(height);
    let end = (window - top + REACH - 1).div_euclid(height) + 1;
    start.clamp(0, all) as usize..end.clamp(0, all) as usize
}

/// How much room a line takes, in characters of fixed width: a tab up to four, most of Asia's letters two.
#[must_use]
pub fn room(text: &str) -> usize {
    let wide = |letter: char| match letter {
        '\t' => 4,
        '\u{1100}'.. => 2,
        _ => 1,
    };
    text.chars().map(wide).sum()
}

/// A path's folder, with its slash, and its name.
#[must_use]
pub fn split_path(path: &str) -> (&str, &str) {
    path.split_at(path.rfind('/').map_or(0, |slash| slash + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(kind: RowKind) -> DiffRow {
        DiffRow { kind, old: None, new: None, text: String::new(), marks: Vec::new() }
    }

    fn laid_out(kinds: &str) -> String {
        let rows: Vec<DiffRow> = kinds
            .chars()
            .map(|kind| {
                row(match kind {
                    '-' => RowKind::Removed,
                    '+' => RowKind::Added,
                    '@' => RowKind::Hunk,
                    '\\' => RowKind::Remark,
                    _ => RowKind::Same,
                })
            })
            .collect();
        let [left, right] = columns(&rows);
        let name = |at: &Option<usize>| at.map_or("·".to_owned(), |at| at.to_string());
        left.iter().zip(&right).map(|(l, r)| format!("{}{}", name(l), name(r))).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_was_removed_stands_beside_what_was_added_in_its_place() {
        assert_eq!(laid_out("@ -+ "), "00 11 23 44");
        assert_eq!(laid_out("--+ "), "02 1· 33");
        assert_eq!(laid_out("-++"), "01 ·2");
        assert_eq!(laid_out("++ --"), "·0 ·1 22 3· 4·");
        assert_eq!(laid_out("-+-+"), "01 23");
        assert_eq!(laid_out(""), "");
    }

    #[test]
    fn a_remark_stays_with_the_line_above_it() {
        assert_eq!(laid_out("-\\+"), "02 1·");
        assert_eq!(laid_out("-\\+\\"), "02 13");
        assert_eq!(laid_out(" \\"), "00 11");
    }

    #[test]
    fn lengths_count_as_a_browser_counts() {
        assert_eq!(pieces("let x = 1;", &[3, 1, 5, 0, 1, 4]), [("let", 1), (" x = ", 0), ("1", 4), (";", 0)]);
        // One letter, two units.
        assert_eq!(pieces("𝒳=ü", &[2, 9, 1, 26]), [("𝒳", 9), ("=", 26), ("ü", 0)]);
        assert_eq!(pieces("ab", &[]), [("ab", 0)]);
        assert_eq!(pieces("", &[3, 1]), []);
    }

    #[test]
    fn marks_that_do_not_fit_cost_no_letter() {
        assert_eq!(pieces("ab", &[9, 1]), [("ab", 1)]);
        assert_eq!(pieces("ab", &[-1, 1, 0, 2, 1]), [("ab", 0)]);
        assert_eq!(pieces("𝒳b", &[1, 1]), [("𝒳", 1), ("b", 0)]);
    }

    #[test]
    fn only_what_is_near_the_window_is_in_the_document() {
        let height = ROW * BLOCK as i64;
        assert_eq!(blocks(0, 800, 10), 0..1);
        assert_eq!(blocks(0, 800, 0), 0..0);
        assert_eq!(blocks(0, 800, 5_000), 0..3);
        assert_eq!(blocks(-10 * height, 800, 5_000), 9..13);
        assert_eq!(blocks(-1_000_000, 800, 5_000), 157..157, "far above the window");
        assert_eq!(blocks(1_000_000, 800, 5_000), 0..0, "far below it");
        for at in 0..100_000 {
            let rows = blocks(-at, 1_200, 5_000).len() * BLOCK;
            assert!((96..400).contains(&rows) || at > 98_000, "{rows} rows at {at}");
        }
    }

    #[test]
    fn room_is_made_for_tabs_and_wide_letters() {
        assert_eq!(room("\tüx"), 6);
        assert_eq!(room("漢字"), 4);
    }

    #[test]
    fn a_path_is_a_folder_and_a_name() {
        assert_eq!(split_path("src/ui/mod.rs"), ("src/ui/", "mod.rs"));
        assert_eq!(split_path("Makefile"), ("", "Makefile"));
        assert_eq!(split_path("odd/"), ("odd/", ""));
    }
}
