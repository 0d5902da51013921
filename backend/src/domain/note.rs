//! The note on a merge request: what it says, in GitLab's Markdown, and what GitLab's answers mean for it.
//!
//! People type names and comments. In the note they must stay what they are: text. Nothing in them may
//! mention anybody, refer to anything, run a quick action, add HTML or end the quotation that they stand
//! in. So everything with a meaning in Markdown is escaped, and behind whatever begins a reference in
//! GitLab stands a character without width: GitLab looks for references in the *rendered* text, where a
//! backslash is gone. Sources: <https://docs.gitlab.com/user/markdown/>,
//! <https://docs.gitlab.com/user/project/quick_actions/>.

use std::fmt::Write as _;

use super::ids::short_sha;
use super::{CheckState, Verdict};

/// Where a note stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NoteState {
    /// To be written, or to be brought up to date.
    Pending,
    /// GitLab's note says what is true.
    Written,
    /// GitLab refused; it is tried again when there is something new to say.
    Failed,
}

impl NoteState {
    /// The word in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            NoteState::Pending => "pending",
            NoteState::Written => "written",
            NoteState::Failed => "failed",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [NoteState::Pending, NoteState::Written, NoteState::Failed]
            .into_iter()
            .find(|state| state.as_str() == word)
    }
}

/// A decision, as the note tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// What was said.
    pub verdict: Verdict,
    /// Who said it.
    pub reviewer: String,
    /// Why.
    pub comment: String,
    /// For which commit.
    pub sha: String,
    /// For which target branch.
    pub target_branch: String,
    /// When, RFC 3339 UTC.
    pub at: String,
}

/// What the note is about, as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The rule's name.
    pub rule: String,
    /// The state of the check at HEAD.
    pub state: CheckState,
    /// Its commit.
    pub sha: String,
    /// Its target branch.
    pub target_branch: String,
    /// The decision that counts for it.
    pub standing: Option<Said>,
    /// The newest decision besides.
    pub earlier: Option<Said>,
    /// The check's page.
    pub link: Option<String>,
}

/// The line by which a note is found again; it shows nowhere. `key` are letters and digits.
#[must_use]
pub fn marker(key: &str) -> String {
    format!("<!-- approval-app note {key} -->")
}

/// Whether a note ends with the marker: not if somebody quotes or mentions it.
#[must_use]
pub fn is_marked(body: &str, marker: &str) -> bool {
    body.trim_end().lines().next_back().is_some_and(|last| last.trim_end() == marker)
}

/// The note.
#[must_use]
pub fn body(subject: &Subject, marker: &str) -> String {
    let mut body = headline(subject);
    if let Some(said) = &subject.standing {
        body.push_str(&quoted(&said.comment));
    }
    if let Some(said) = &subject.earlier {
        let branch = if said.sha == subject.sha && said.target_branch != subject.target_branch {
            format!(" for the target branch {}", inline(&said.target_branch))
        } else {
            String::new()
        };
        // Nothing fails that is written to a string.
        let _fine = write!(body, "\n\nEarlier: {}{branch}.", told(said));
    }
    if let Some(link) = &subject.link {
        let _fine = write!(body, "\n\n[See the check and its history]({link})");
    }
    let _fine = write!(body, "\n\n{marker}\n");
    body
}

fn headline(subject: &Subject) -> String {
    let (rule, sha) = (inline(&subject.rule), code(&subject.sha));
    match (&subject.standing, subject.state) {
        (Some(said), CheckState::Approved | CheckState::Rejected | CheckState::Withdrawn) => {
            format!("**{rule}**: {}.", told(said))
        }
        (None, CheckState::Withdrawn) => {
            format!("**{rule}**: nobody decided on {sha}, and nothing is asked for any more.")
        }
        (_, CheckState::Pending | CheckState::Superseded)
        | (None, CheckState::Approved | CheckState::Rejected) => {
            format!("**{rule}**: waiting for a decision on {sha}.")
        }
    }
}

/// `approved by Rita Reviewer for 9f8e7d6c on 2026-03-02 at 09:30 UTC`.
fn told(said: &Said) -> String {
    let verb = match said.verdict {
        Verdict::Approve => "approved",
        Verdict::Reject => "rejected",
    };
    let (day, time) = said.at.split_once('T').unwrap_or((&said.at, ""));
    let time = time.get(..5).unwrap_or(time);
    format!("{verb} by {} for {} on {day} at {time} UTC", inline(&said.reviewer), code(&said.sha))
}

/// A commit as code, so that GitLab makes no reference of it.
fn code(sha: &str) -> String {
    let hex: String = short_sha(sha).chars().filter(char::is_ascii_alphanumeric).collect();
    format!("`{hex}`")
}

/// A comment as a block quotation.
fn quoted(comment: &str) -> String {
    let mut quoted = String::new();
    if comment.trim().is_empty() {
        return quoted;
    }
    quoted.push('\n');
    for line in comment.trim().replace("\r\n", "\n").split(is_line_end) {
        // Two blanks at the end keep the line's end; leading ones would make code.
        let _fine = match inline(line) {
            line if line.is_empty() => write!(quoted, "\n>"),
            line => write!(quoted, "\n> {line}  "),
        };
    }
    quoted
}

fn is_line_end(letter: char) -> bool {
    matches!(letter, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// A character without width: GitLab finds no reference across it.
const BREAK: char = '\u{200b}';

/// Text in one line that stays text.
fn inline(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let letters: Vec<char> = text.trim().chars().filter(|letter| !turns(*letter)).collect();
    let mut hex = 0_usize;
    for (at, letter) in letters.iter().copied().enumerate() {
        let next = letters.get(at + 1).copied();
        hex = if letter.is_ascii_hexdigit() { hex + 1 } else { 0 };
        match letter {
            letter if letter.is_control() || is_line_end(letter) => out.push(' '),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            letter if letter.is_ascii_punctuation() => {
                out.push('\\');
                out.push(letter);
            }
            letter => out.push(letter),
        }
        let begins = matches!(letter, '@' | '#' | '!' | '$' | '%' | '^' | '&' | '~' | ':' | '[' | '*' | '+');
        let issue = letter == '-' && next.is_some_and(|next| next.is_ascii_digit());
        // A commit is seven digits or more.
        if next.is_some_and(|next| !next.is_whitespace()) && (begins || issue || hex == 6) {
            out.push(BREAK);
            hex = 0;
        }
    }
    out
}

/// Characters that turn round what is written.
fn turns(letter: char) -> bool {
    matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// What an HTTP status means for writing a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteAnswer {
    /// Written.
    Done,
    /// There is no such note, or no such merge request.
    Missing,
    /// The token is not accepted now; that is for the connection to be mended.
    NotSignedIn,
    /// Try again.
    Later,
    /// Not with this token, or not like this: give up until there is something new to say.
    Refused,
}

/// What an HTTP status of `…/notes` means. Source: <https://docs.gitlab.com/api/notes/#merge-requests>.
#[must_use]
pub const fn note_answer(http_status: u16) -> NoteAnswer {
    match http_status {
        200..=299 => NoteAnswer::Done,
        401 => NoteAnswer::NotSignedIn,
        404 => NoteAnswer::Missing,
        408 | 409 | 425 | 429 | 500..=599 => NoteAnswer::Later,
        _ => NoteAnswer::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(verdict: Verdict, comment: &str) -> Said {
        Said {
            verdict,
            reviewer: "Rita Reviewer".into(),
            comment: comment.into(),
            sha: "9f8e7d6c5b4a39281706f5e4d3c2b1a098765432".into(),
            target_branch: "main".into(),
            at: "2026-03-02T09:30:00.000000Z".into(),
        }
    }

    fn subject(state: CheckState, standing: Option<Said>, earlier: Option<Said>) -> Subject {
        Subject {
            rule: "Change approval".into(),
            state,
            sha: "9f8e7d6c5b4a39281706f5e4d3c2b1a098765432".into(),
            target_branch: "main".into(),
            standing,
            earlier,
            link: None,
        }
    }

    #[test]
    fn it_says_who_decided_what_when_and_why() {
        let mut it = subject(CheckState::Approved, Some(said(Verdict::Approve, "Fine\n\nby me")), None);
        it.link = Some("https://approvals.example.com/approval-apps/checks/1".into());
        assert_eq!(
            body(&it, &marker("k")),
            "**Change approval**: approved by Rita Reviewer for `9f8e7d6c` on 2026-03-02 at 09:30 UTC.\n\
             \n> Fine  \n>\n> by me  \n\
             \n[See the check and its history](https://approvals.example.com/approval-apps/checks/1)\n\
             \n<!-- approval-app note k -->\n"
        );
    }

    #[test]
    fn a_new_commit_and_a_new_branch_leave_the_earlier_decision_as_such() {
        let mut it = subject(CheckState::Pending, None, Some(said(Verdict::Approve, "fine")));
        it.sha = "a1b2c3d4e5f6".into();
        let text = body(&it, "m");
        assert!(text.starts_with("**Change approval**: waiting for a decision on `a1b2c3d4`.\n\nEarlier: approved by Rita Reviewer for `9f8e7d6c`"), "{text}");
        assert!(!text.contains("fine") && !text.contains("target branch"), "{text}");
        let mut it = subject(CheckState::Pending, None, Some(said(Verdict::Reject, "no")));
        it.target_branch = "release".into();
        assert!(body(&it, "m").contains("UTC for the target branch main."), "{}", body(&it, "m"));
    }

    #[test]
    fn closing_keeps_a_decision_and_ends_the_waiting() {
        let it = subject(CheckState::Withdrawn, Some(said(Verdict::Approve, "")), None);
        assert!(body(&it, "m").contains("approved by Rita"));
        let it = subject(CheckState::Withdrawn, None, None);
        assert!(body(&it, "m").contains("nothing is asked for any more"));
    }

    /// What somebody types, and what the note must not contain because of it, seen without its escapes'
    /// characters of no width.
    #[test]
    fn what_people_type_stays_text() {
        for (typed, forbidden) in [
            ("@all look", "@all"),
            ("ask @group/sub", "@group"),
            ("#123 and !1 and $5 and &7 and ^9", "#123"),
            ("!1", "!1"),
            ("$5", "$5"),
            ("&7", "&amp;7"),
            ("^9", "^9"),
            ("~label ~\"two words\"", "~label"),
            ("~\"two words\"", "~\\\""),
            ("%\"1.0\" %milestone", "%milestone"),
            (":thumbsup:", ":thumbsup"),
            ("[issue:5]", "[issue"),
            ("*iteration:\"x\"", "*iteration"),
            ("GL-123 ABC-7", "-7"),
            ("https://gitlab.example.com/a/b/-/issues/1", "://"),
            ("revert 9f8e7d6c5b4a", "9f8e7d6"),
            ("<script>alert(1)</script>", "<script"),
            ("<!-- approval-app note k -->", "<!--"),
            ("</blockquote>", "</"),
            ("`code` ```", "``"),
            ("**bold** __under__", "**bold"),
            ("[x](javascript:alert(1))", "]("),
            ("![](https://evil.example/x.png)", "!["),
            ("| a | b |", " | "),
            ("{+ x +}", "{+"),
            ("\u{202e}drawkcab", "\u{202e}"),
        ] {
            let text = body(&subject(CheckState::Rejected, Some(said(Verdict::Reject, typed)), None), "m");
            let quotation = text.lines().filter(|line| line.starts_with('>')).collect::<String>();
            assert!(!quotation.contains(forbidden), "{typed:?} became {quotation:?}");
        }
    }

    #[test]
    fn no_line_of_a_comment_begins_anything() {
        let typed = "/merge\r\n/close\n  /assign @me\r/label ~x\u{2028}/approve\n```\n# heading\n> quote\n- item\n1. one\n---\n===\n    code\n>>>\n\u{c}/wip";
        let text = body(&subject(CheckState::Rejected, Some(said(Verdict::Reject, typed)), None), "m");
        let mut lines = text.split(is_line_end).filter(|line| !line.is_empty());
        let first = lines.next().expect("has a headline");
        assert!(first.starts_with("**Change approval**"), "{first}");
        for line in lines.filter(|line| *line != "m") {
            let rest =
                line.strip_prefix('>').unwrap_or_else(|| panic!("{line:?} is outside of the quotation"));
            let begins = rest.trim_start().chars().next();
            assert!(
                begins.is_none_or(|letter| letter.is_alphanumeric() || matches!(letter, '\\' | '&')),
                "{line:?}"
            );
        }
    }

    #[test]
    fn names_cannot_break_out_of_their_line() {
        let mut it = subject(CheckState::Approved, Some(said(Verdict::Approve, "")), None);
        it.rule = "Gate\n/merge\n<b>".into();
        it.standing.as_mut().expect("is there").reviewer = "@all\n/close **x".into();
        let text = body(&it, "m");
        assert_eq!(text.lines().count(), 3, "{text}");
        assert!(!text.contains("@all") && !text.contains("<b>") && !text.contains("**x"), "{text}");
    }

    #[test]
    fn only_a_last_line_is_a_marker() {
        let marker = marker("k");
        assert!(is_marked(&format!("text\n\n{marker}\n"), &marker));
        assert!(is_marked(&format!("text\r\n\r\n{marker}"), &marker));
        for other in
            [format!("> {marker}"), format!("{marker}\nmore"), format!("see {marker}"), String::new()]
        {
            assert!(!is_marked(&other, &marker), "{other:?}");
        }
    }
}
