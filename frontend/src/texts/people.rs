//! Texts about people: sign-in, accounts, tokens and the record.

use shared::account::{AccountFault, EMAIL_MAX, NAME_MAX, PASSWORD_MAX, PASSWORD_MIN};
use shared::{LinkKind, Permission, Role};

use crate::model::people::Standing;

texts! {
    NAV_HISTORY = "History";
    NAV_PEOPLE = "People";
    NAV_ACCOUNT = "Account";
    SIGN_IN = "Sign in";
    SIGN_OUT = "Sign out";
    SIGN_IN_AGAIN = "Sign in again";
    EMAIL = "E-mail";
    PASSWORD = "Password";
    SHOW = "Show";
    HIDE = "Hide";
    NAME = "Name";
    NAME_HINT = "As others see it beside your decisions.";
    COPY = "Copy";
    DONE = "Done";
    SAVE = "Save";
    CHANGE = "Change";
    REMOVE = "Remove";
    REVOKE = "Revoke";
    OR_WITH = "Or with";
    SAMPLES = "Sandbox people";
    SAMPLES_HINT = "They exist only here, and everybody may be them. A real installation has none.";
    SETUP_NEEDED = "Nobody can sign in yet.";
    SETUP_HINT = "The service printed a one-time link when it started. Open it to become the first administrator. Instead, “approval-app user create” makes one on the command line.";
    BAD_CREDENTIALS = "E-mail or password is wrong.";
    SESSION_ENDED = "Your session has ended.";
    DRAFT_WAITS = "Your comment is kept, and this dialog opens again after sign-in.";
    NOT_A_REVIEWER = "You can look but not decide: that takes the role Reviewer, which an administrator can give you.";

    WELCOME = "Welcome";
    NEW_PASSWORD = "New password";
    CURRENT_PASSWORD = "Current password";
    CHANGE_PASSWORD = "Change password";
    PASSWORD_RULES = "At least 12 characters. Nothing else is demanded: a few words are fine.";
    PASSWORD_CHANGED = "The password is changed, and your other sessions have ended.";
    NO_PASSWORD = "You sign in through a provider, so there is no password here.";
    CURRENT_NEEDED = "Your current password is needed.";
    LINK_SPENT_TITLE = "This link is not valid any more";
    LINK_SPENT = "It was used already, has ended, or was cut short. Ask an administrator for a new one.";
    LINK_ENDS = "The link is good until";

    BARRED_TITLE = "This page is not for you";

    ME = "You";
    ME_HINT = "An administrator can change these.";
    ROLES = "Roles";
    PROJECTS = "Projects";
    REACH = "Reach";
    REACH_ALL = "All projects";
    REACH_SOME = "Only chosen projects, and those of the groups";
    REACH_GRANTED = "Only those granted";

    SESSIONS = "Sessions";
    SESSIONS_HINT = "Where you are signed in. End what you do not know, and change your password.";
    SESSION_REVOKED = "The session has ended.";
    THIS_ONE = "this one";
    SINCE = "since";
    LAST_USED = "last used";
    UNKNOWN_BROWSER = "unknown browser";

    TOKENS = "API tokens";
    TOKENS_HINT = "For programs that act in your name. A token may never do more than you may at that moment.";
    TOKENS_NONE = "There are no tokens.";
    NEW_TOKEN = "New token";
    MAKE_TOKEN = "Make token";
    TOKEN_NAME = "What it is for";
    TOKEN_NAME_HINT = "The record shows it beside your name.";
    SCOPES = "It may";
    SCOPE_NEEDED = "Choose at least one.";
    TOKEN_PROJECTS = "None chosen: all that you reach.";
    TOKEN_ENDS = "It ends";
    DAYS_30 = "in 30 days";
    DAYS_90 = "in 90 days";
    DAYS_365 = "in a year";
    NEVER = "never";
    TOKEN_ONCE = "Copy the token now: it is shown this once and stored nowhere.";
    TOKEN_SECRET = "The token";
    TOKEN_USE = "Send it as “Authorization: Bearer …”.";
    NEVER_USED = "never used";
    NEVER_ENDS = "never ends";
    ENDS = "ends";
    REVOKE_TOKEN = "Programs that use it are refused at once. This cannot be undone.";

    PEOPLE_SEARCH = "Search name or e-mail …";
    PEOPLE_NO_MATCH = "Nobody matches";
    INVITE = "Invite a person";
    INVITE_VERB = "Invite";
    SEEN = "signed in";
    NEVER_SEEN = "never signed in";
    ACTIVE = "May sign in";
    ACTIVE_HINT = "Switching it off ends all sessions and tokens. What the person decided stays on record.";
    GITLAB_ID = "GitLab user id";
    GITLAB_ID_HINT = "The number on the person's GitLab profile. Whoever wrote a merge request may not decide on it.";
    BAD_GITLAB_ID = "This is a number, for example 1234.";
    INVITE_AGAIN = "New invitation link";
    RESET_LINK = "Link for a new password";
    END_SESSIONS = "End all sessions";
    END_SESSIONS_HINT = "The person must sign in again everywhere. API tokens are not touched.";
    LINK_TITLE = "One-time link";
    LINK_HINT = "Hand this link to the person yourself: it is shown this once, and whoever opens it first sets the password.";

    GROUPS = "Groups";
    GROUPS_HINT = "Members of a group reach its projects.";
    GROUPS_NONE = "There are no groups.";
    NEW_GROUP = "New group";
    GROUP_PROJECTS = "What its members reach.";
    MEMBERS = "Members";
    REMOVE_GROUP_HINT = "Its members no longer reach its projects, unless otherwise granted.";

    ALL_KINDS = "Everything";
    KIND = "Kind";
    PERSON = "Person";
    RECORD_SEARCH = "Search the record …";
    RECORD_ACTOR = "Who …";
    FROM = "From";
    TO = "To";
    EXPORT_CSV = "CSV";
    EXPORT_JSON = "JSON lines";
    RECORD_NO_MATCH = "No entry matches these filters";
    RECORD_NONE = "Nothing is on record yet";
    RECORD_NEW = "New entries are on record";
    CHAIN = "Chain of the record";
    CHAIN_HINT = "Each entry is chained to the one before by its hash, so that a later change shows.";
    VERIFY = "Verify the chain";
    VERIFYING = "Verifying …";
    CHAIN_HEAD = "The newest hash; keep it elsewhere, and entries cut off at the end show as well:";
    CHAIN_BROKEN_HINT = "Somebody changed the database by other means than this service, or it is damaged. Keep a copy of it before anything else.";
    HASH = "Hash";
    HELP_GO_HISTORY = "Go to the history";

    ERR_WHO = "It is not known whether you are signed in";
    ERR_SIGN_IN = "Signing in did not work";
    ERR_TOO_OFTEN = "Too many attempts. Try again later.";
    ERR_LINK = "The link could not be used";
    ERR_SESSIONS = "The sessions could not be loaded";
    ERR_TOKENS = "The tokens could not be loaded";
    ERR_PEOPLE = "The people could not be loaded";
    ERR_RECORD = "The record could not be loaded";
    ERR_VERIFY = "The chain could not be verified";
}

/// The names of the groups of kinds, in the order of `model::history::GROUPS`.
pub const KIND_GROUPS: [&str; 6] =
    ["Decisions", "Checks", "GitLab", "Sign-in", "People", "Tokens and the record"];

/// The word of a role.
#[must_use]
pub const fn role(role: Role) -> &'static str {
    match role {
        Role::Viewer => "Viewer",
        Role::Reviewer => "Reviewer",
        Role::Administrator => "Administrator",
        Role::Auditor => "Auditor",
    }
}

/// What a role is for.
#[must_use]
pub const fn role_hint(role: Role) -> &'static str {
    match role {
        Role::Viewer => "sees checks",
        Role::Reviewer => "sees checks and decides on them",
        Role::Administrator => "manages people, tokens and projects; decides only when also a reviewer",
        Role::Auditor => "sees checks and reads the record",
    }
}

/// What a permission allows.
#[must_use]
pub const fn permission(permission: Permission) -> &'static str {
    match permission {
        Permission::ChecksRead => "see checks and follow them live",
        Permission::ChecksDecide => "decide on checks, in your name",
        Permission::ProjectsRead => "list projects",
        Permission::ProjectsWrite => "connect and change projects, and reconcile with GitLab",
        Permission::AuditRead => "read, export and verify the record",
        Permission::WebhooksManage => "manage outgoing webhooks",
        Permission::Admin => "manage people, groups and tokens, and replay calls",
    }
}

/// Why a page is not shown.
#[must_use]
pub fn barred(needed: Permission) -> String {
    format!(
        "It is for those who may {}, and your roles do not include that. An administrator can change them.",
        permission(needed)
    )
}

/// What is wrong with a field.
#[must_use]
pub fn account_fault(fault: AccountFault) -> String {
    match fault {
        AccountFault::BadName => format!("A name is needed, of at most {NAME_MAX} characters."),
        AccountFault::BadEmail => {
            format!("This is no e-mail address of at most {EMAIL_MAX} characters.")
        }
        AccountFault::PasswordTooShort => format!("At least {PASSWORD_MIN} characters are needed."),
        AccountFault::PasswordTooLong => format!("At most {PASSWORD_MAX} bytes are taken."),
        AccountFault::NoRole => "Choose at least one.".into(),
    }
}

/// The heading of the page behind a link.
#[must_use]
pub const fn link_title(kind: LinkKind) -> &'static str {
    match kind {
        LinkKind::Setup => "Set up Approval App",
        LinkKind::Invitation => WELCOME,
        LinkKind::Reset => "Set a new password",
    }
}

/// What a link is for.
#[must_use]
pub const fn link_hint(kind: LinkKind) -> &'static str {
    match kind {
        LinkKind::Setup => "You become the first administrator, and can also decide on checks.",
        LinkKind::Invitation => "You were invited. Choose a password, and you are in.",
        LinkKind::Reset => "All your other sessions end.",
    }
}

/// The button on the page behind a link.
#[must_use]
pub const fn link_verb(kind: LinkKind) -> &'static str {
    match kind {
        LinkKind::Setup => "Become administrator",
        LinkKind::Invitation => "Join",
        LinkKind::Reset => "Set password",
    }
}

/// How an account stands.
#[must_use]
pub const fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Active => "Active",
        Standing::Invited => "Invited",
        Standing::Locked => "Locked until",
        Standing::Off => "Off",
    }
}

/// Too many attempts.
#[must_use]
pub fn locked_until(clock: &str) -> String {
    format!("Too many attempts failed. Sign-in is locked until {clock}.")
}

/// Why a provider did not let somebody in, and what to do; `word` is the service's.
#[must_use]
pub fn provider_fault(word: &str) -> &'static str {
    match word {
        "provider_unavailable" => {
            "The provider cannot be reached now. Try again in a moment, or sign in with a password."
        }
        "provider_refused" => "The provider did not sign you in. Try again, or ask whoever runs it.",
        "sign_in_expired" => "That sign-in took too long, or was begun in another browser. Try again.",
        "not_permitted" => {
            "You are known there, but none of your groups may do anything here. Ask an administrator."
        }
        "switched_off" => "Your account here is switched off. Ask an administrator.",
        "email_taken" => {
            "The provider tells no e-mail address, or one that another account here has. Ask an administrator."
        }
        "too_many_attempts" => "Too many attempts from your network failed. Try again later.",
        _ => {
            "What the provider sent does not prove who you are. Try again; if it stays, tell an administrator."
        }
    }
}

/// The button of a provider.
#[must_use]
pub fn sign_in_with(provider: &str) -> String {
    format!("Sign in with {provider}")
}

/// Who is signed in. Begins with the initials that can be seen: whoever steers by voice says those (WCAG 2.5.3).
#[must_use]
pub fn signed_in_as(initials: &str, name: &str) -> String {
    format!("{initials}, signed in as {name}")
}

/// "Firefox on Linux".
#[must_use]
pub fn browser_on(name: &str, system: &str) -> String {
    format!("{name} on {system}")
}

/// Through what something was done.
#[must_use]
pub fn through(via: &str) -> String {
    match via.strip_prefix("token ") {
        Some(name) => format!("with token “{name}”"),
        None if via == "browser" => "in the browser".into(),
        None if via == "command line" => "on the command line".into(),
        None => format!("through {via}"),
    }
}

/// Whose token it is.
#[must_use]
pub fn of_person(name: &str) -> String {
    format!("of {name}")
}

fn counted(n: usize, one: &str, many: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {many}") }
}

/// How many projects.
#[must_use]
pub fn projects(n: usize) -> String {
    counted(n, "project", "projects")
}

/// How many members.
#[must_use]
pub fn members(n: usize) -> String {
    counted(n, "member", "members")
}

/// What somebody reaches who does not reach all.
#[must_use]
pub fn reach(projects_granted: usize, groups: usize) -> String {
    match (projects_granted, groups) {
        (0, 0) => "No projects".into(),
        (n, 0) => projects(n),
        (0, m) => counted(m, "group", "groups"),
        (n, m) => format!("{}, {}", projects(n), counted(m, "group", "groups")),
    }
}

/// A question.
#[must_use]
pub fn revoke_token(name: &str) -> String {
    format!("Revoke “{name}”?")
}

/// A question.
#[must_use]
pub fn end_sessions(name: &str) -> String {
    format!("End all sessions of {name}?")
}

/// A question.
#[must_use]
pub fn remove_group(name: &str) -> String {
    format!("Remove the group “{name}”?")
}

/// All kinds of a group.
#[must_use]
pub fn all_of(group: &str) -> String {
    format!("All of: {group}")
}

/// The number of an entry.
#[must_use]
pub fn number(id: i64) -> String {
    format!("#{id}")
}

/// What a screen reader hears after the record was loaded.
#[must_use]
pub fn entries_said(n: usize, more: bool) -> String {
    let shown = counted(n, "entry", "entries");
    if more { format!("{shown} shown, more can be loaded") } else { shown }
}

/// The chain holds.
#[must_use]
pub fn chain_intact(entries: i64) -> String {
    format!("Intact: each of the {entries} entries fits the one before it.")
}

/// The chain is broken.
#[must_use]
pub fn chain_broken(at: Option<i64>, reason: Option<&str>) -> String {
    let place = at.map(|at| format!(" at entry {at}")).unwrap_or_default();
    let reason = reason.map(super::because).unwrap_or_default();
    format!("Broken{place}{reason}.")
}
