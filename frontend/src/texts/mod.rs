//! Every text of the interface, in one place, ready for translation.

macro_rules! texts {
    ($($name:ident = $text:literal;)*) => { $(#[doc = $text] pub const $name: &str = $text;)* };
}

mod change;
mod inbox;
mod people;
mod sentences;

pub use change::*;
pub use inbox::*;
pub use people::*;
pub use sentences::*;

/// A live region speaks when its text changes; a no-break space at the end changes it unseen.
pub const UNSEEN: &str = "\u{a0}";

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

    THEME_SYSTEM = "System theme";
    THEME_LIGHT = "Light theme";
    THEME_DARK = "Dark theme";

    INBOX_TITLE = "Checks";
    TABS = "Checks by state";
    FILTERS = "Filters";
    SEARCH = "Search";
    SEARCH_HINT = "Search title, author, branch, SHA, link …";
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
    UNKNOWN_AUTHOR = "author not known yet";
    UNTITLED = "(no title)";
    INTO = "into";

    EMPTY_DONE_TITLE = "Nothing waits for a decision";
    EMPTY_DONE = "New checks appear here by themselves.";
    EMPTY_REACH_TITLE = "You reach no project yet";
    EMPTY_REACH = "An administrator can change that under People.";
    EMPTY_TAB_TITLE = "No checks here";
    EMPTY_MATCH_TITLE = "No check matches these filters";
    EMPTY_SETUP_TITLE = "Nothing is set up yet";
    EMPTY_SETUP = "No GitLab is configured, so no check can arrive. Set APPROVAL_GITLAB_URL and APPROVAL_GITLAB_TOKEN, restart, and add this service's status_check URL as an external status check of a GitLab project (Settings, Merge requests).";
    EMPTY_FIRST_TITLE = "No check has arrived yet";
    EMPTY_FIRST = "In GitLab, add the address of this service, followed by /status_check, as an external status check of a project (Settings, Merge requests). Every merge request opened or pushed from then on appears here.";
    SEE_ALL = "See all checks";
    SET_UP_HINT = "See what this service is connected to";

    CHECK_TITLE = "Check";
    BACK = "Back to the list";
    FACTS = "Facts";
    DESCRIPTION = "Description";
    NO_DESCRIPTION = "The merge request has no description.";
    DECISION_CARD = "Decision";
    NO_DECISIONS = "Nobody has decided yet.";
    TIMELINE = "Timeline";
    NO_TIMELINE = "Nothing recorded yet.";
    DELIVERY = "What GitLab knows";
    ATTEMPTS = "Attempts";
    READ_GITLAB = "Ask GitLab now";
    READING_GITLAB = "Asking GitLab …";
    READ_FAILED = "GitLab could not be asked just now";
    RETRY_DELIVERY = "Tell GitLab again";
    RETRY_QUEUED = "GitLab is told again.";
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
    WHY_NOTHING_LEFT = "Nothing is left to decide.";

    OTHERS = "Other checks of this merge request";

    COMMENT = "Comment";
    REQUIRED = "required";
    OPTIONAL = "optional";
    SENDING = "Sending …";
    CTRL_ENTER = "Ctrl+Enter sends, Esc closes";
    CONFLICT_TITLE = "Nothing was recorded: the check changed meanwhile";
    CONFLICT_KEPT = "Your comment is kept.";
    CONFLICT_NEWER = "Open the newer check";
    CONFLICT_SHOW = "Show the check as it is now";
    CONFLICT_REOPENED = "The check is pending again.";
    NOT_RECORDED = "Your decision was not recorded";
    PERHAPS_RECORDED = "It is not known whether your decision was recorded. Look at the check before you try again";
    DRAFT_KEPT = "Your comment is still here.";

    ACKNOWLEDGE = "End the alarm";
    FOUND_OUT = "What did you find out?";
    FOUND_OUT_HINT = "Who let it pass in GitLab, and why. It stays in the record.";

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
    DOCTOR = "The way to GitLab";
    DOCTOR_HINT = "Looks at the address, the token and its rights, the licence, the clock and the status checks, and says how to mend what is wrong.";
    EXAMINE = "Examine";
    DOCTOR_AT = "Examined at";
    RECONCILE = "Reconcile now";
    RECONCILE_HINT = "Reads the open merge requests from GitLab again and mends what was missed.";
    RECONCILE_DONE = "Reconciliation has been started.";
    SIGNED = "signed";
    UNSIGNED = "unsigned";
    CALL = "Call";
    NO_NOTE = "No reason was recorded.";

    NOTICES = "Notices";
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
    CHECK_GONE = "The link may be cut short, or the check is in a project that you do not reach. Ask whoever sent it.";
    GO_INBOX = "Go to the checks";

    ERR_LIST = "The checks could not be loaded";
    ERR_MORE = "The next rows could not be loaded";
    ERR_CHECK = "This check could not be loaded";
    ERR_SYSTEM = "The state of the service could not be loaded";
    ERR_CALLS = "The calls could not be loaded";
    ERR_ACTION = "That did not work";
    ERR_HOLDS = "What you see below is as last loaded.";
    ERR_NETWORK = "The service could not be reached. Try again in a moment.";
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
    UNTIL_RETRY = ". Mend that, then tell GitLab again.";
    THE_ANSWER = "The answer ";
    OVERTAKEN = " was not sent: a newer decision or commit came first.";
    NOT_ACCEPTED = " was not accepted";
    OVERTAKEN_SINCE = ". A newer decision or commit came since.";
    MOVED_ON = " was sent and refused: the commit had moved on.";
    SHOWS = "GitLab shows ";
    READ_AT = " (read at ";
    SHOWS_UNDECIDED_PASS = ", though nobody decided so here. See who answered this check in GitLab.";
    SHOWS_TIMED_OUT = ": no answer within two minutes, not a rejection. It turns to passed as soon as the check is approved here.";
    SHOWS_PENDING = ". After two minutes without an answer it may show failed; that is not a rejection.";
    SHOWS_OTHER = ", not what it was told. The next reconciliation tells it again.";
    SHOWED_BEFORE = "; that was before it was told.";
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
