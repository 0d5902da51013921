//! Changes of any size, for tests and measurements.

use crate::world::{FileChange, NewMergeRequest};

/// Lines of a diff between two headings.
const HUNK: usize = 100;

impl FileChange {
    /// A changed Rust file whose diff has about `lines` lines: most of them new, some changed, some as they were.
    pub fn of_lines(path: &str, lines: usize) -> Self {
        let mut diff = String::new();
        let (mut old, mut new) = (1_usize, 1_usize);
        for begin in (0..lines).step_by(HUNK) {
            let count = HUNK.min(lines - begin);
            let (mut body, mut removed, mut added) = (String::new(), 0, 0);
            for number in begin..begin + count {
                let (sign, line) = line(number);
                match sign {
                    '-' => removed += 1,
                    '+' => added += 1,
                    _ => {
                        removed += 1;
                        added += 1;
                    }
                }
                body.push(sign);
                body.push_str(&line);
                body.push('\n');
            }
            diff.push_str(&format!(
                "@@ -{old},{removed} +{new},{added} @@ mod part_{} {{\n{body}",
                begin / HUNK
            ));
            old += removed + 20;
            new += added + 20;
        }
        Self::changed(path, &diff)
    }
}

impl NewMergeRequest {
    /// A merge request with one Rust file whose diff has about `lines` lines.
    pub fn of_lines(lines: usize) -> Self {
        Self {
            title: format!("Change {lines} lines"),
            files: vec![FileChange::of_lines("src/ledger.rs", lines)],
            ..Self::default()
        }
    }
}

/// One line: its sign and its text.
fn line(number: usize) -> (char, String) {
    let text = match number % 10 {
        0 => format!("    /// Adds what entry {number} says, in \"cents\"."),
        1 => format!("    pub fn entry_{number}(&mut self, amount: u64, why: &str) -> Result<(), Error> {{"),
        2 => format!("        if amount == 0 || why.is_empty() {{ return Err(Error::Nothing({number})); }}"),
        3 => "        let total = self.total.checked_add(amount).ok_or(Error::TooMuch)?;".into(),
        4 => format!("        let total = self.total.checked_add(amount * {number}).ok_or(Error::TooMuch)?;"),
        5 => format!("        self.entries.push(Entry {{ number: {number}, amount, why: why.to_owned() }});"),
        6 => "        self.total = total; // after the entry, so that both are there".into(),
        7 => "        Ok(())".into(),
        8 => "    }".into(),
        _ => String::new(),
    };
    let sign = match number % 10 {
        3 => '-',
        4 => '+',
        7..=9 if number.is_multiple_of(3) => ' ',
        _ => '+',
    };
    (sign, text)
}
