//! Texts of the inbox: why a check is there, selecting, deciding on many, kept listings, notes.

use shared::bulk::{BULK_MAX, SAVED_MAX, SAVED_NAME_MAX};
use shared::{ChangeSummary, CheckItem, CheckState, Reason, ReasonKind, Verdict};

use super::{done, state, verb};
use crate::model::filter::{Sort, Tab};
use crate::model::saved::NameFault;
use crate::model::text::short_sha;

texts! {
    OTHERS_HINT = "You wrote these changes, so somebody else has to decide on them.";
    EMPTY_MINE_TITLE = "Nothing needs you";
    EMPTY_OTHERS_TITLE = "Nothing waits on others";
    STATE = "State";
    SORT = "Order";
    DECIDED_STATES = "Approved and rejected";
    ALL_STATES = "All states";
    SORT_LONGEST = "Waiting longest";
    SORT_OLDEST = "Oldest first";
    SORT_NEWEST = "Newest first";
    SORT_DECIDED = "Latest decision first";
    APPROVALS = "approvals in GitLab";
    LINES_CHANGED = "lines";

    LIST_HEAD = "Selection and order";
    SELECT_ALL = "Select all shown";
    CLEAR = "Clear";
    BULK_COMMENT = "It is kept with each of them.";
    BULK_CLOSE = "Close";
    OPEN_CHECK = "Open";
    NEXT_CHECK = "Next check";
    MERGED = "merged";
    WITHDRAWN = "withdrawn";

    SAVED = "Saved";
    SAVED_LISTINGS = "Saved listings";
    SAVED_NONE = "Nothing is saved yet.";
    SAVE_AS = "Save this listing as …";
    RENAME = "Rename";

    RULES = "Rules";
    RULES_HINT = "Each is an external status check of a GitLab project. Where its note is on, one note on the merge request says who decided and why.";
    RULES_NONE = "No rule is known yet. A rule appears here with its first call from GitLab.";
    NOTE_SWITCH = "Write a note on the merge request";
    NOTE_ON = "Writes a note";
    NOTE_OFF = "Writes no note";
    NOTE_PENDING = "The note on the merge request is being written";
    NOTE_WRITTEN = "The note on the merge request is up to date since ";
    NOTE_FAILED = "The note on the merge request could not be written";
    NOTE_AGAIN = " It is tried again with the next decision.";

    HELP_SELECT = "Select the row; with rows selected, a and r decide on all of them";
    HELP_GO_PEOPLE = "Go to people and groups";
    HELP_GO_SYSTEM = "Go to the system page";
}

/// The word of a tab.
#[must_use]
pub const fn tab(tab: Tab) -> &'static str {
    match tab {
        Tab::Mine => "Needs you",
        Tab::Others => "Waiting on others",
        Tab::Decided => "Decided",
        Tab::One(one) => state(one),
        Tab::All => "All",
    }
}

/// The word of an order; where everything waits, age is waiting time.
#[must_use]
pub const fn sort(sort: Sort, pending: bool) -> &'static str {
    match sort {
        Sort::Oldest if pending => SORT_LONGEST,
        Sort::Oldest => SORT_OLDEST,
        Sort::Newest => SORT_NEWEST,
        Sort::Decided => SORT_DECIDED,
    }
}

/// Why a check waits again; nothing for one that is simply new.
#[must_use]
pub fn reason(reason: &Reason) -> Option<String> {
    let before = reason.verdict.zip(reason.sha.as_deref()).map(|(verdict, sha)| {
        let who = match &reason.reviewer {
            _ if reason.own => "you",
            Some(name) => name,
            None => "somebody",
        };
        (who, format!("{} {}", done(verdict), short_sha(sha)))
    });
    Some(match (reason.kind, before) {
        (ReasonKind::New, _) => return None,
        (ReasonKind::NewCommits, Some((who, what))) if reason.own => {
            format!("New commits since {who} {what}")
        }
        (ReasonKind::NewCommits, Some((who, what))) => format!("{who} {what}; new commits since"),
        (ReasonKind::NewCommits, None) => "New commits".into(),
        (ReasonKind::Retargeted, Some((who, what))) => format!("Target branch changed since {who} {what}"),
        (ReasonKind::Retargeted, None) => "Target branch changed".into(),
        (ReasonKind::Reopened, _) => "Reopened".into(),
    })
}

/// Approvals given of those asked for; `None` if there is nothing to say.
#[must_use]
pub fn approvals(change: &ChangeSummary) -> Option<String> {
    match (change.approvals_given, change.approvals_required) {
        (0, 0) => None,
        (given, 0) => Some(given.to_string()),
        (given, required) => Some(format!("{given}/{required}")),
    }
}

/// What became of a check besides what its badge says; nothing for one that is open.
#[must_use]
pub fn fate(item: &CheckItem) -> Option<&'static str> {
    match (item.state, item.merge_request.state.as_str(), item.verdict) {
        (CheckState::Withdrawn, "merged", _) => Some(MERGED),
        (CheckState::Withdrawn, "locked", _) => Some("being merged"),
        (CheckState::Withdrawn, "closed", _) => Some("closed"),
        (CheckState::Withdrawn, _, Some(_)) => Some(WITHDRAWN),
        (CheckState::Superseded, _, Some(verdict)) => Some(done(verdict)),
        (_, _, _) => None,
    }
}

/// What became of a check that was decided before its merge request was merged or closed.
#[must_use]
pub fn ended(verdict: Verdict, fate: &str) -> String {
    let (past, and) = match verdict {
        Verdict::Approve => ("Approved", ", and "),
        Verdict::Reject if fate == MERGED => ("Rejected", ", but "),
        Verdict::Reject => ("Rejected", ", and "),
    };
    [past, and, fate, " in GitLab."].concat()
}

/// How many rows are shown.
#[must_use]
pub fn rows_shown(n: usize, more: bool) -> String {
    match (n, more) {
        (n, true) => format!("{n} shown"),
        (1, false) => "1 check".into(),
        (n, false) => format!("{n} checks"),
    }
}

/// How many rows are selected.
#[must_use]
pub fn selected(n: usize) -> String {
    if n == BULK_MAX { format!("{n} selected, the most at once") } else { format!("{n} selected") }
}

/// What a screen reader hears when no more can be selected.
#[must_use]
pub fn selection_full() -> String {
    format!("At most {BULK_MAX} checks can be decided at once.")
}

/// The name of a row's box.
#[must_use]
pub fn select_row(reference: &str, rule: &str) -> String {
    format!("Select {reference}, {rule}")
}

/// The verb with the number of checks: the dialog's heading, and its button.
#[must_use]
pub fn bulk_verb(verdict: Verdict, n: usize) -> String {
    let checks = if n == 1 { "check" } else { "checks" };
    format!("{} {n} {checks}", verb(verdict))
}

/// What deciding on many does, exactly.
#[must_use]
pub const fn bulk_effect(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Approve => {
            "Each of these becomes passed in GitLab for the commit beside it; where auto-merge is set, GitLab may merge at once."
        }
        Verdict::Reject => {
            "Each of these becomes failed in GitLab for the commit beside it; where status checks must succeed, the merge stays blocked."
        }
    }
}

/// What became of deciding on many.
#[must_use]
pub fn bulk_done(verdict: Verdict, decided: usize, all: usize) -> String {
    let past = done(verdict);
    match (decided, all) {
        (1, 1) => format!("1 check {past}. GitLab is being told."),
        (n, all) if n == all => format!("{n} checks {past}. GitLab is being told."),
        (0, _) => format!("None was {past}. Each says why."),
        (n, all) => format!("{n} of {all} checks {past}; the others say why not."),
    }
}

/// Why one of many was not decided: its merge request has new commits.
pub const BULK_MOVED: &str = "New commits have come since. Open it, and look at the newer check.";
/// Why one of many was not decided: its author is the one who tried.
pub const BULK_OWN: &str = "You wrote this change, so somebody else has to decide.";
/// Why one of many was not decided: it cannot be seen any more.
pub const BULK_GONE: &str = "It is not there any more, or not for you. Reload the page.";

/// Why one of many was not decided: where it stands now.
#[must_use]
pub fn bulk_state(now: CheckState, by: Option<&str>) -> String {
    match now {
        CheckState::Approved | CheckState::Rejected => {
            let past = if now == CheckState::Approved { Verdict::Approve } else { Verdict::Reject };
            format!("{} {} it first. Open it to see why.", by.unwrap_or("Somebody"), done(past))
        }
        CheckState::Superseded => BULK_MOVED.into(),
        CheckState::Withdrawn => "It was withdrawn: nothing is left to decide.".into(),
        CheckState::Pending => "It changed a moment ago. Look again, and decide once more.".into(),
    }
}

/// The heading of the form that renames.
#[must_use]
pub fn rename(name: &str) -> String {
    format!("{RENAME} “{name}”")
}

/// What is wrong with a name for a listing.
#[must_use]
pub fn name_fault(fault: NameFault) -> String {
    match fault {
        NameFault::Empty => "Give it a name.".into(),
        NameFault::TooLong => format!("A name has at most {SAVED_NAME_MAX} characters."),
        NameFault::Taken => "Another one has that name already.".into(),
        NameFault::TooMany => format!("At most {SAVED_MAX} can be kept: remove one first."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(kind: ReasonKind, own: bool, verdict: Verdict) -> Option<String> {
        let reviewer = Some("Rita".to_owned());
        reason(&Reason { kind, sha: Some("a1b2c3d4e5f6".into()), verdict: Some(verdict), reviewer, own })
    }

    #[test]
    fn why_a_check_is_here_is_said_in_a_few_words() {
        use ReasonKind::{New, NewCommits, Reopened, Retargeted};
        assert_eq!(why(New, false, Verdict::Approve), None);
        for (kind, own, verdict, says) in [
            (NewCommits, true, Verdict::Approve, "New commits since you approved a1b2c3d4"),
            (NewCommits, false, Verdict::Reject, "Rita rejected a1b2c3d4; new commits since"),
            (Retargeted, true, Verdict::Approve, "Target branch changed since you approved a1b2c3d4"),
            (Retargeted, false, Verdict::Approve, "Target branch changed since Rita approved a1b2c3d4"),
            (Reopened, false, Verdict::Approve, "Reopened"),
        ] {
            assert_eq!(why(kind, own, verdict).as_deref(), Some(says));
        }
        let bare = |kind| reason(&Reason { kind, sha: None, verdict: None, reviewer: None, own: false });
        assert_eq!(bare(NewCommits).as_deref(), Some("New commits"));
        assert_eq!(bare(Retargeted).as_deref(), Some("Target branch changed"));
    }

    #[test]
    fn what_became_of_a_merge_request_is_said() {
        use crate::model::samples::item;
        let check = |state, gitlab: &str, verdict| {
            let mut check = CheckItem { verdict, ..item("1", state) };
            check.merge_request.state = gitlab.into();
            fate(&check)
        };
        let approved = Some(Verdict::Approve);
        assert_eq!(check(CheckState::Withdrawn, "merged", approved), Some("merged"));
        assert_eq!(check(CheckState::Withdrawn, "locked", approved), Some("being merged"));
        assert_eq!(check(CheckState::Withdrawn, "closed", None), Some("closed"));
        assert_eq!(check(CheckState::Withdrawn, "opened", approved), Some("withdrawn"));
        assert_eq!(check(CheckState::Withdrawn, "opened", None), None);
        assert_eq!(check(CheckState::Superseded, "merged", approved), Some("approved"));
        assert_eq!(check(CheckState::Approved, "opened", approved), None);
        assert_eq!(ended(Verdict::Approve, "merged"), "Approved, and merged in GitLab.");
        assert_eq!(ended(Verdict::Reject, "closed"), "Rejected, and closed in GitLab.");
        assert_eq!(ended(Verdict::Reject, "merged"), "Rejected, but merged in GitLab.");
    }

    #[test]
    fn what_became_of_many_is_counted() {
        assert_eq!(bulk_done(Verdict::Approve, 3, 3), "3 checks approved. GitLab is being told.");
        assert_eq!(bulk_done(Verdict::Reject, 1, 3), "1 of 3 checks rejected; the others say why not.");
        assert_eq!(bulk_done(Verdict::Approve, 0, 2), "None was approved. Each says why.");
        assert_eq!(bulk_verb(Verdict::Reject, 1), "Reject 1 check");
    }
}
