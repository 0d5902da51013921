//! Every text of the interface, in one place, ready for translation.

use shared::decision::{COMMENT_MAX, DecisionFault, REVIEWER_MAX};
use shared::{CheckState, EventKind, Verdict};

use crate::model::age::Age;
use crate::model::alarm::count;
use crate::model::filter::Tab;

macro_rules! texts {
    ($($name:ident = $text:literal;)*) => { $(#[doc = $text] pub const $name: &str = $text;)* };
}

texts! {
    PRODUCT = "Approval App";
    SKIP = "Skip to content";
    NAV_MAIN = "Main";
    NAV_CHECKS = "Checks";
    NAV_SYSTEM = "System";
    KEYS_HELP = "Keyboard shortcuts";
    RETRY = "Retry";
    RELOAD = "Reload";
    CLOSE = "Close";
    CANCEL = "Cancel";
    COPY_SHA = "Copy the full commit SHA";
    COPIED = "Copied";
    COPY_FAILED = "Could not copy";
    LOADING = "Loading";
    UTC = "UTC";

    THEME = "Theme";
    THEME_SYSTEM = "System theme";
    THEME_LIGHT = "Light theme";
    THEME_DARK = "Dark theme";

    INBOX_TITLE = "Checks";
    TABS = "Checks by state";
    FILTERS = "Filters";
    SEARCH = "Search";
    SEARCH_HINT = "Search title, author, branch, SHA …";
    ALL_PROJECTS = "All projects";
    ALL_RULES = "All rules";
    PROJECT = "Project";
    RULE = "Rule";
    RESET = "Reset filters";
    LOAD_MORE = "Load more";
    LOADING_MORE = "Loading …";
    APPROVE = "Approve";
    REJECT = "Reject";
    CHANGE_DECISION = "Change decision";
    OFFLINE_REASON = "Off while there is no connection";
    UNKNOWN_AUTHOR = "author not known yet";
    UNTITLED = "(no title)";
    INTO = "into";

    EMPTY_DONE_TITLE = "Nothing waits for a decision";
    EMPTY_DONE = "New checks appear here by themselves.";
    EMPTY_TAB_TITLE = "No checks here";
    EMPTY_MATCH_TITLE = "No check matches these filters";
    EMPTY_SETUP_TITLE = "Nothing is set up yet";
    EMPTY_SETUP = "No GitLab is configured, so no check can arrive. Set APPROVAL_GITLAB_URL and APPROVAL_GITLAB_TOKEN, restart, and add this service's status_check URL as an external status check of a GitLab project (Settings, Merge requests).";
    EMPTY_FIRST_TITLE = "No check has arrived yet";
    EMPTY_FIRST = "In GitLab, add this URL as an external status check of a project (Settings, Merge requests). Every merge request opened or pushed from then on appears here.";
    SEE_ALL = "See all checks";
    SET_UP_HINT = "See what this service is connected to";

    CHECK_TITLE = "Check";
    BACK = "All checks";
    FACTS = "Facts";
    DESCRIPTION = "Description";
    NO_DESCRIPTION = "The merge request has no description.";
    DECISION_CARD = "Decision";
    DECISIONS = "Decisions";
    NO_DECISIONS = "Nobody has decided yet.";
    TIMELINE = "Timeline";
    NO_TIMELINE = "Nothing recorded yet.";
    DELIVERY = "What GitLab knows";
    ATTEMPTS = "Attempts";
    READ_GITLAB = "Ask GitLab now";
    READING_GITLAB = "Asking GitLab …";
    READ_FAILED = "GitLab could not be asked just now";
    RETRY_DELIVERY = "Tell GitLab again";
    RETRY_QUEUED = "Queued: GitLab will be told again.";
    AUTHOR = "Author";
    BRANCHES = "Branches";
    COMMIT = "Commit";
    ARRIVED = "Arrived";
    MERGE_REQUEST = "Merge request";
    UNVERIFIED = "name not verified";
    VOID = "no longer counts";
    PREVIOUS = "Previous check";
    NEXT = "Next check";
    STALE_NEXT = "Open the check for the newer commit";
    STALE_SOON = "The newer check will be here in a moment.";
    WHY_NOTHING_SUPERSEDED = "A newer commit exists, so this check can no longer be decided.";
    WHY_NOTHING_WITHDRAWN = "This check was withdrawn and can no longer be decided.";

    COMMENT = "Comment";
    REQUIRED = "required";
    OPTIONAL = "optional";
    REVIEWER = "Your name";
    REVIEWER_HINT = "Recorded as typed; nobody verifies it. Remembered in this browser.";
    SENDING = "Sending …";
    CTRL_ENTER = "Ctrl+Enter sends, Esc closes";
    CONFLICT_TITLE = "Not recorded: the check changed meanwhile";
    CONFLICT_KEPT = "Your comment is kept.";
    CONFLICT_NEWER = "Open the newer check";
    CONFLICT_SHOW = "Show the check as it is now";
    CONFLICT_REOPENED = "The check is pending again.";
    NOT_RECORDED = "Your decision was not recorded";
    DRAFT_KEPT = "Nothing was lost: your comment is still here.";

    SYSTEM_TITLE = "System";
    SERVICE = "Service";
    VERSION = "Version";
    DATABASE = "Database";
    GITLAB = "GitLab";
    GITLAB_NONE = "not configured";
    GITLAB_SANDBOX = "sandbox";
    GITLAB_FINE = "No trouble known";
    QUEUES = "Queues";
    Q_PENDING_CHECKS = "Checks that wait for a decision";
    Q_PENDING_DELIVERIES = "Decisions on their way to GitLab";
    Q_FAILED_DELIVERIES = "Decisions GitLab refused";
    Q_WAITING_CALLS = "Calls from GitLab to process";
    Q_SET_ASIDE = "Calls set aside";
    Q_UNDECIDED = "Passed in GitLab, decided by nobody here";
    CALLS_TITLE = "Calls set aside";
    CALLS_HINT = "Calls from GitLab that are stored but could not be processed. Replay one after its cause is mended.";
    CALLS_NONE = "No call is set aside.";
    REPLAY = "Replay";
    REPLAYED = "Queued";
    RECONCILE = "Reconcile now";
    RECONCILE_HINT = "Reads the open merge requests from GitLab again and mends what was missed.";
    RECONCILE_DONE = "Reconciliation has been started.";
    SIGNED = "signed";
    UNSIGNED = "unsigned";
    RECEIVED = "Received";
    CALL = "Call";
    NOTE = "What is wrong";
    NO_NOTE = "No reason was recorded.";
    SIZE = "Size";

    ALARM_LINK = "See System";
    SANDBOX = "Sandbox: the merge requests here are samples.";
    SANDBOX_LINK = "Open the sandbox GitLab";
    NEW_VERSION = "A new version of Approval App is running.";
    LIVE_LOST = "Live updates interrupted, reconnecting";
    LAST_UPDATED = "; last updated";
    DECIDING_OFF = "Deciding is off until the connection is back.";

    NOT_FOUND_TITLE = "Page not found";
    NOT_FOUND = "Nothing is at this address.";
    CHECK_GONE_TITLE = "No such check";
    CHECK_GONE = "The link may be cut short, or the check was removed.";
    GO_INBOX = "Go to the checks";

    ERR_LIST = "The checks could not be loaded";
    ERR_MORE = "The next rows could not be loaded";
    ERR_CHECK = "This check could not be loaded";
    ERR_SYSTEM = "The state of the service could not be loaded";
    ERR_CALLS = "The calls could not be loaded";
    ERR_ACTION = "That did not work";
    ERR_HOLDS = "What you see below is as last loaded.";
    ERR_NETWORK = "The service could not be reached.";
    ERR_UNREADABLE = "The answer could not be read. A newer version may be running: reload the page.";
    REQUEST_ID = "Request";

    AT_ONCE = "now";
    TOLD_NOTHING = "There is nothing to tell GitLab until somebody decides.";
    TOLD_NEVER = "GitLab was told nothing for this commit.";
    WAS_TOLD = "GitLab was told ";
    AT = " at ";
    WAITING_TO_TELL = "Waiting to tell GitLab ";
    NEXT_TRY = ", next try ";
    COULD_NOT_TELL = "GitLab could not be told ";
    UNTIL_RETRY = ". Nothing is sent until somebody retries.";
    NOT_SENT = "The answer ";
    OVERTAKEN = " was not sent: a newer decision or commit came first.";
    SHOWS = "GitLab shows ";
    READ_AT = " (read at ";
    SHOWS_UNDECIDED_PASS = ", though nobody decided so here. See who answered this check in GitLab.";
    SHOWS_TIMED_OUT = ": no answer within two minutes, not a rejection. It turns to passed as soon as the check is approved here.";
    SHOWS_PENDING = ". After two minutes without an answer it may show failed; that is not a rejection.";
    SHOWS_OTHER = ", not what it was told. The next reconciliation tells it again.";
    SHOWS_NOT_YET = "; it has not been told the decision yet.";

    HELP_MOVE = "Next and previous row";
    HELP_OPEN = "Open the row";
    HELP_DECIDE = "Approve or reject (opens the dialog)";
    HELP_SEND = "Send the decision";
    HELP_SEARCH = "Search";
    HELP_NEIGHBOUR = "Previous and next check";
    HELP_GO = "Go to the checks";
    HELP_BACK = "Close, or back to the checks";
    HELP_HELP = "This help";
    HELP_SWITCH = "Single-key shortcuts";
}

/// The word of a state.
#[must_use]
pub const fn state(state: CheckState) -> &'static str {
    match state {
        CheckState::Pending => "Pending",
        CheckState::Approved => "Approved",
        CheckState::Rejected => "Rejected",
        CheckState::Superseded => "Superseded",
        CheckState::Withdrawn => "Withdrawn",
    }
}

/// The word of a tab.
#[must_use]
pub const fn tab(tab: Tab) -> &'static str {
    match tab {
        Tab::One(one) => state(one),
        Tab::All => "All",
    }
}

/// The verb of a verdict.
#[must_use]
pub const fn verb(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Approve => APPROVE,
        Verdict::Reject => REJECT,
    }
}

/// The past of a verdict.
#[must_use]
pub const fn done(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Approve => "approved",
        Verdict::Reject => "rejected",
    }
}

/// What a timeline entry is about, in a word or two.
#[must_use]
pub const fn event(kind: EventKind) -> &'static str {
    match kind {
        EventKind::CheckCreated => "Arrived",
        EventKind::CheckUpdated => "Updated",
        EventKind::CheckDecided => "Decided",
        EventKind::CheckSuperseded => "Superseded",
        EventKind::CheckWithdrawn => "Withdrawn",
        EventKind::CheckReopened => "Reopened",
        EventKind::CheckVoided => "Decision void",
        EventKind::CheckRetried => "Retried in GitLab",
        EventKind::DeliveryDelivered => "GitLab told",
        EventKind::DeliveryFailed => "GitLab refused",
        EventKind::DeliveryRetried => "Sending again",
        EventKind::AlarmUndecidedPass => "Undecided pass",
        EventKind::ConnectionBroken => "Connection broken",
        EventKind::ConnectionRestored => "Connection restored",
        EventKind::CallSetAside => "Call set aside",
        EventKind::CallReplayed => "Call replayed",
        EventKind::RuleEnrolled => "Rule enrolled",
    }
}

/// An age, short: "4 min ago".
#[must_use]
pub fn ago(age: Age) -> String {
    match age {
        Age::Now => "just now".into(),
        Age::Minutes(n) => format!("{n} min ago"),
        Age::Hours(n) => format!("{n} h ago"),
        Age::Days(n) => format!("{n} days ago"),
    }
}

/// How long something has waited: "waits 4 min".
#[must_use]
pub fn waits(age: Age) -> String {
    match age {
        Age::Now => "just arrived".into(),
        Age::Minutes(n) => format!("waits {n} min"),
        Age::Hours(n) => format!("waits {n} h"),
        Age::Days(n) => format!("waits {n} days"),
    }
}

/// "in 40 s".
#[must_use]
pub fn in_seconds(n: u32) -> String {
    format!("in {n} s")
}

/// "in 5 min".
#[must_use]
pub fn in_minutes(n: u32) -> String {
    format!("in {n} min")
}

/// "in 3 h".
#[must_use]
pub fn in_hours(n: u32) -> String {
    format!("in {n} h")
}

/// ": connection refused".
#[must_use]
pub fn because(error: &str) -> String {
    format!(": {}", error.trim_end_matches('.'))
}

/// "; attempt 3".
#[must_use]
pub fn attempt(n: i64) -> String {
    format!("; attempt {n}")
}

/// What a row says while GitLab waits to be told.
#[must_use]
pub fn row_waiting(attempts: i64, error: Option<&str>) -> String {
    match error {
        Some(error) if attempts > 0 => format!("GitLab not told yet, {attempts} tried{}", because(error)),
        _ => "Telling GitLab …".into(),
    }
}

/// What a row says when GitLab refused to be told.
#[must_use]
pub fn row_failed(error: Option<&str>) -> String {
    format!("GitLab was not told{}", error.map(because).unwrap_or_default())
}

/// "by Ada".
#[must_use]
pub fn by(name: &str) -> String {
    format!("by {name}")
}

/// The words on the pill.
#[must_use]
pub fn new_rows(n: usize, more: bool) -> String {
    match (n, more) {
        (0, _) => "New checks".into(),
        (n, true) => format!("{n}+ new"),
        (n, false) => format!("{n} new"),
    }
}

/// What a screen reader hears when checks arrive.
#[must_use]
pub fn new_rows_said(n: usize, more: bool) -> String {
    match (n, more) {
        (1, false) => "1 new check has arrived".into(),
        _ => format!("{} checks have arrived", new_rows(n, more)),
    }
}

/// What a screen reader hears after a listing was loaded.
#[must_use]
pub fn rows_said(n: usize, more: bool) -> String {
    match (n, more) {
        (1, false) => "1 check".into(),
        (n, true) => format!("{n} checks shown, more can be loaded"),
        (n, false) => format!("{n} checks"),
    }
}

/// The chip that names a filter.
#[must_use]
pub fn remove_filter(name: &str) -> String {
    format!("Remove the filter {name}")
}

/// The name of an approve or reject button for screen readers.
#[must_use]
pub fn decide_label(verb: &str, reference: &str, sha: &str) -> String {
    format!("{verb} {reference} at {sha}")
}

/// The heading of the dialog.
#[must_use]
pub fn dialog_title(verdict: Verdict, reversal: bool) -> &'static str {
    match (verdict, reversal) {
        (Verdict::Approve, false) => "Approve this change",
        (Verdict::Reject, false) => "Reject this change",
        (Verdict::Approve, true) => "Change the decision to approved",
        (Verdict::Reject, true) => "Change the decision to rejected",
    }
}

/// What the decision does, exactly.
#[must_use]
pub fn effect(verdict: Verdict, rule: &str, sha: &str) -> String {
    match verdict {
        Verdict::Approve => {
            format!(
                "“{rule}” becomes passed in GitLab for {sha}; if auto-merge is set, GitLab may merge at once."
            )
        }
        Verdict::Reject => {
            format!(
                "“{rule}” becomes failed in GitLab for {sha}; where status checks must succeed, the merge stays blocked."
            )
        }
    }
}

/// The words on the button that decides.
#[must_use]
pub fn decide_button(verdict: Verdict, sha: &str) -> String {
    format!("{} {sha}", verb(verdict))
}

/// What a fault in the form asks for.
#[must_use]
pub fn fault(fault: DecisionFault) -> String {
    match fault {
        DecisionFault::CommentRequired => "Say why: a comment is required here.".into(),
        DecisionFault::CommentTooLong => format!("The comment is longer than {COMMENT_MAX} characters."),
        DecisionFault::BadReviewer => {
            format!("The name is longer than {REVIEWER_MAX} characters or holds control characters.")
        }
        DecisionFault::ShaRequired | DecisionFault::BadExpectedState | DecisionFault::NothingToReverse => {
            "This check cannot be decided as shown: reload it.".into()
        }
    }
}

/// What a screen reader hears after a decision.
#[must_use]
pub fn decided_said(verdict: Verdict, reference: &str) -> String {
    format!("{reference} {}. GitLab is being told.", done(verdict))
}

/// A conflict: new commits.
#[must_use]
pub fn conflict_moved(seen: &str, head: &str) -> String {
    if seen == head {
        format!("The merge request moved on from {seen}.")
    } else {
        format!("The merge request has new commits: it is at {head} now, you looked at {seen}.")
    }
}

/// A conflict: somebody was first.
#[must_use]
pub fn conflict_decided(name: &str, verified: bool, verdict: Verdict, comment: &str) -> String {
    let name = if verified { name.to_owned() } else { format!("{name} ({UNVERIFIED})") };
    let comment = if comment.is_empty() { String::new() } else { format!(": “{comment}”") };
    format!("{name} {} this check first{comment}", done(verdict))
}

/// A conflict: the check is closed.
#[must_use]
pub fn conflict_withdrawn(notice: Option<&str>) -> String {
    format!("The check was withdrawn{}.", notice.map(because).unwrap_or_default())
}

/// The banner on a check whose merge request moved on.
#[must_use]
pub fn stale(head: &str) -> String {
    format!("New commits: the merge request is at {head} now. This check can no longer be decided.")
}

/// One attempt to tell GitLab.
#[must_use]
pub fn attempt_result(status: Option<i64>, error: Option<&str>) -> String {
    match (status, error) {
        (Some(status), Some(error)) => format!("{status}: {error}"),
        (Some(status), None) => format!("{status}, accepted"),
        (None, Some(error)) => error.into(),
        (None, None) => "accepted".into(),
    }
}

/// The name of a call.
#[must_use]
pub fn call(id: i64) -> String {
    format!("{CALL} {id}")
}

/// How long something took.
#[must_use]
pub fn milliseconds(n: i64) -> String {
    format!("{n} ms")
}

/// An alarm.
#[must_use]
pub fn gitlab_trouble(what: &str) -> String {
    format!("GitLab cannot be told decisions: {}.", what.trim_end_matches('.'))
}

/// An alarm.
#[must_use]
pub fn undecided_passes(n: i64) -> String {
    match n {
        1 => "1 check shows passed in GitLab though nobody here approved it.".into(),
        n => format!("{} checks show passed in GitLab though nobody here approved them.", count(n)),
    }
}

/// An alarm.
#[must_use]
pub fn failed_deliveries(n: i64) -> String {
    match n {
        1 => "1 decision has not reached GitLab and needs a person.".into(),
        n => format!("{} decisions have not reached GitLab and need a person.", count(n)),
    }
}

/// An alarm.
#[must_use]
pub fn set_aside_calls(n: i64) -> String {
    match n {
        1 => "1 call from GitLab could not be processed and was set aside.".into(),
        n => format!("{} calls from GitLab could not be processed and were set aside.", count(n)),
    }
}

/// A size in bytes.
#[must_use]
pub fn bytes(n: i64) -> String {
    if n < 10_000 { format!("{n} B") } else { format!("{} KB", n / 1_000) }
}

/// How many times something was tried.
#[must_use]
pub fn tries(n: i64) -> String {
    if n == 1 { "1 try".into() } else { format!("{n} tries") }
}
