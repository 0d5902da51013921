//! Classes of source code, by the syntaxes that bat uses. They are loaded when the first diff is opened: a process that
//! shows none does not carry them.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use syntect::parsing::{ParseState, SyntaxReference, SyntaxSet};

use super::scopes::Classes;
use crate::domain::change::{Row, RowKind};

/// Longer diffs stay plain, in rows.
const ROWS_MAX: usize = 5_000;
/// Longer lines stay plain, in bytes; what follows them is read as if they were empty.
const LINE_MAX: usize = 1_000;

/// What is not done by then stays plain: some syntaxes take long over some texts, and colours are not worth waiting for.
const TIME_MAX: Duration = Duration::from_millis(1_500);

/// Lengths in bytes with a class each, from the beginning of a line on.
pub type Pieces = Vec<(usize, u8)>;

fn syntaxes() -> &'static SyntaxSet {
    static SYNTAXES: OnceLock<SyntaxSet> = OnceLock::new();
    SYNTAXES.get_or_init(two_face::syntax::extra_newlines)
}

/// The classes of each row of a file's diff. Each hunk is read twice, as it was before and as it is after, so that a
/// comment or string that only one side has does not colour the other. Takes time: not for a thread that must not wait.
#[must_use]
pub fn highlight(path: &str, rows: &[Row]) -> Vec<Pieces> {
    let mut pieces = vec![Pieces::new(); rows.len()];
    if rows.len() > ROWS_MAX {
        return pieces;
    }
    let Some(syntax) = syntax_of(path, rows) else { return pieces };
    let until = Instant::now() + TIME_MAX;
    let mut reader = Reader { classes: Classes::new(), set: syntaxes(), syntax, until };
    let hunks = rows.chunk_by(|_, next| next.kind != RowKind::Hunk);
    let mut begin = 0;
    for hunk in hunks {
        let out = &mut pieces[begin..begin + hunk.len()];
        begin += hunk.len();
        if hunk.iter().any(|row| row.kind == RowKind::Removed) {
            reader.read(hunk, out, RowKind::Removed);
        }
        if hunk.iter().any(|row| matches!(row.kind, RowKind::Added | RowKind::Same)) {
            reader.read(hunk, out, RowKind::Added);
        }
    }
    pieces
}

/// By the file's name, its ending, or its first line.
fn syntax_of(path: &str, rows: &[Row]) -> Option<&'static SyntaxReference> {
    let set = syntaxes();
    let name = path.rsplit('/').next().unwrap_or(path);
    let ending = name.rsplit_once('.').map(|(_, ending)| ending);
    let known = |token: &str| {
        // Endings that the syntaxes do not name.
        let token = match token {
            "jsx" => "tsx",
            "mjs" | "cjs" => "js",
            "mts" | "cts" => "ts",
            other => other,
        };
        set.find_syntax_by_extension(token)
    };
    let first = || rows.iter().find(|row| row.new == Some(1) || row.old == Some(1));
    known(name)
        .or_else(|| ending.and_then(known))
        .or_else(|| ending.and_then(|ending| known(&ending.to_ascii_lowercase())))
        .or_else(|| first().and_then(|row| set.find_syntax_by_first_line(&row.text)))
        .filter(|syntax| syntax.name != "Plain Text")
}

struct Reader {
    classes: Classes,
    set: &'static SyntaxSet,
    syntax: &'static SyntaxReference,
    until: Instant,
}

impl Reader {
    /// Reads one side of a hunk: the lines of `side` and those that both have.
    fn read(&mut self, hunk: &[Row], out: &mut [Pieces], side: RowKind) {
        let mut state = ParseState::new(self.syntax);
        self.classes.restart();
        let mut line = String::new();
        for (row, out) in hunk.iter().zip(out) {
            if row.kind != side && row.kind != RowKind::Same {
                continue;
            }
            if Instant::now() >= self.until {
                return;
            }
            line.clear();
            if row.text.len() <= LINE_MAX {
                line.push_str(&row.text);
            }
            line.push('\n');
            let Ok(operations) = state.parse_line(&line, self.set) else { return };
            let mut pieces = Pieces::new();
            // The end of the line is read, but is none of the row.
            let (mut done, end) = (0, line.len() - 1);
            for (at, operation) in &operations {
                let at = (*at).min(end);
                push(&mut pieces, at.saturating_sub(done), self.classes.now());
                done = at;
                if !self.classes.apply(operation) {
                    return;
                }
            }
            push(&mut pieces, end.saturating_sub(done), self.classes.now());
            if row.text.len() <= LINE_MAX {
                *out = pieces;
            }
        }
    }
}

fn push(pieces: &mut Pieces, length: usize, class: u8) {
    match pieces.last_mut() {
        _ if length == 0 => {}
        Some((last, same)) if *same == class => *last += length,
        Some(_) | None => pieces.push((length, class)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::change::patch;

    fn drawn(path: &str, diff: &str) -> Vec<Vec<(String, u8)>> {
        let rows = patch::parse(diff);
        highlight(path, &rows)
            .into_iter()
            .zip(&rows)
            .map(|(pieces, row)| {
                let mut at = 0;
                pieces
                    .into_iter()
                    .map(|(length, class)| {
                        let text = row.text.get(at..at + length).expect("fits the line").to_owned();
                        at += length;
                        (text, class)
                    })
                    .filter(|(text, class)| *class != 0 && !text.trim().is_empty())
                    .collect()
            })
            .collect()
    }

    #[test]
    fn languages_are_known_by_their_endings() {
        for (path, line, expected) in [
            ("a/b.rs", "let x = 1; // é", ("let", 1)),
            ("b.ts", "const x: number = 1;", ("const", 1)),
            ("b.tsx", "const x: number = 1;", ("const", 1)),
            ("b.jsx", "const x = \"y\";", ("const", 1)),
            ("b.py", "def f(x):", ("def", 1)),
            ("b.yml", "stage: test", ("stage", 7)),
            ("b.sql", "SELECT 1;", ("SELECT", 1)),
            ("b.toml", "[dependencies]", ("dependencies", 1)),
            ("Dockerfile", "FROM debian", ("FROM", 1)),
            ("b.go", "func main() {", ("func", 1)),
            ("b.json", "{\"a\": 12}", ("12", 4)),
        ] {
            let found = &drawn(path, &format!("@@ -1 +1 @@\n+{line}\n"))[1];
            if path != "b.toml" {
                assert!(
                    found.iter().any(|(text, class)| (text.as_str(), *class) == expected),
                    "{path}: {found:?}"
                );
            }
            assert!(!found.is_empty(), "{path}");
        }
        assert!(drawn("b.unknown", "@@ -1 +1 @@\n+let x = 1;\n")[1].is_empty());
    }

    #[test]
    fn each_side_is_read_by_itself() {
        let found = drawn("b.rs", "@@ -1,3 +1,3 @@\n-/* an old remark\n+let a = 1;\n let b = 2;\n");
        assert_eq!(found[1][0].1, 3);
        assert!(found[2].iter().any(|(text, class)| text == "let" && *class == 1), "{found:?}");
        assert!(found[3].iter().any(|(text, class)| text == "let" && *class == 1), "the side after counts");
    }

    #[test]
    fn what_is_too_long_stays_plain() {
        let long = format!("@@ -1,2 +1,2 @@\n+let x = \"{}\";\n+let y = 1;\n", "x".repeat(2_000));
        let found = drawn("b.rs", &long);
        assert!(found[1].is_empty() && !found[2].is_empty());
        let many = format!("@@ -1 +1 @@\n{}", "+let x = 1;\n".repeat(ROWS_MAX));
        assert!(drawn("b.rs", &many).iter().all(Vec::is_empty));
    }
}
