//! What a reader is told of a change.

use shared::{ChangedFile, CheckDetail, CheckState, Decision};

use super::truth::Tone;

/// How many files a browser remembers as viewed.
const VIEWED: usize = 2_000;

/// The tone of GitLab's word for a pipeline or a job.
#[must_use]
pub fn pipeline_tone(status: &str, may_fail: bool) -> Tone {
    match status {
        "success" => Tone::Good,
        "failed" if may_fail => Tone::Waiting,
        "failed" => Tone::Bad,
        "canceled" | "skipped" | "manual" => Tone::Plain,
        // What waits or runs, and words that GitLab has yet to invent.
        _ => Tone::Waiting,
    }
}

/// Lines added and removed in all.
#[must_use]
pub fn total(files: &[ChangedFile]) -> (i64, i64) {
    files.iter().fold((0, 0), |(more, less), file| (more + file.additions, less + file.deletions))
}

/// The decision that counts now, or did when the check was withdrawn.
#[must_use]
pub fn counted(detail: &CheckDetail) -> Option<&Decision> {
    let open = matches!(detail.item.state, CheckState::Pending | CheckState::Superseded);
    detail.decisions.iter().rev().find(|decision| !open && decision.counts)
}

/// Adds a line to what is kept, or takes it away. The oldest lines make room for new ones.
#[must_use]
pub fn keep(kept: &str, line: &str, on: bool) -> String {
    let mut lines: Vec<&str> = kept.lines().filter(|known| *known != line).collect();
    if on {
        lines.push(line);
    }
    lines[lines.len().saturating_sub(VIEWED)..].join("\n")
}

#[cfg(test)]
mod tests {
    use shared::Verdict;

    use super::*;
    use crate::model::samples::detail;

    #[test]
    fn a_job_that_may_fail_is_no_alarm() {
        assert_eq!(pipeline_tone("failed", false), Tone::Bad);
        assert_eq!(pipeline_tone("failed", true), Tone::Waiting);
        assert_eq!(pipeline_tone("success", true), Tone::Good);
        assert_eq!(pipeline_tone("skipped", false), Tone::Plain);
        assert_eq!(pipeline_tone("waiting_for_callback", false), Tone::Waiting);
    }

    #[test]
    fn only_a_decided_check_has_a_decision_that_counts() {
        let mut approved = detail("1", CheckState::Approved);
        approved.decisions = vec![Decision {
            id: "d".into(),
            verdict: Verdict::Approve,
            comment: String::new(),
            sha: "s".into(),
            target_branch: "main".into(),
            reviewer: "Ada".into(),
            account_id: None,
            reviewer_verified: true,
            via: None,
            counts: true,
            decided_at: "t".into(),
        }];
        assert_eq!(counted(&approved).map(|by| by.reviewer.as_str()), Some("Ada"));
        approved.item.state = CheckState::Withdrawn;
        assert!(counted(&approved).is_some(), "after the merge");
        approved.item.state = CheckState::Superseded;
        assert_eq!(counted(&approved), None);
    }

    #[test]
    fn what_was_viewed_is_kept_once_and_not_for_ever() {
        let kept = keep("a\nb", "c", true);
        assert_eq!(kept, "a\nb\nc");
        assert_eq!(keep(&kept, "a", true), "b\nc\na");
        assert_eq!(keep(&kept, "b", false), "a\nc");
        assert_eq!(keep("", "a", false), "");
        let full = (0..VIEWED).map(|n| n.to_string()).collect::<Vec<_>>().join("\n");
        let next = keep(&full, "new", true);
        assert!(next.starts_with("1\n") && next.ends_with("\nnew"));
    }
}
