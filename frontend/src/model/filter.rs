//! What the inbox lists, and its place in the URL.

use shared::{Alarm, CheckItem, CheckState, Verdict};

use super::decision::shown_state;
use super::text::encode;

/// How many rows one page asks for.
pub const PAGE_SIZE: usize = 50;

/// What of the checks a listing shows: a tab of the inbox, or one state of a tab.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tab {
    /// Pending checks that the person may decide on.
    Mine,
    /// Pending checks that others have to decide on.
    Others,
    /// What somebody approved or rejected.
    Decided,
    /// Checks in every state.
    All,
    /// Checks in one state: a choice on [`Tab::Decided`] or [`Tab::All`].
    One(CheckState),
}

impl Tab {
    /// The tabs in the order shown.
    pub const SHOWN: [Tab; 4] = [Tab::Mine, Tab::Others, Tab::Decided, Tab::All];

    /// The tab under which the listing is shown.
    #[must_use]
    pub const fn shown(self) -> Self {
        match self {
            Tab::One(CheckState::Approved | CheckState::Rejected) => Tab::Decided,
            Tab::One(CheckState::Pending | CheckState::Superseded | CheckState::Withdrawn) => Tab::All,
            Tab::Mine | Tab::Others | Tab::Decided | Tab::All => self,
        }
    }

    /// The states that can be chosen on this tab; none where it holds only one.
    #[must_use]
    pub const fn states(self) -> &'static [CheckState] {
        match self.shown() {
            Tab::Decided => &[CheckState::Approved, CheckState::Rejected],
            Tab::All => &[CheckState::Pending, CheckState::Superseded, CheckState::Withdrawn],
            Tab::Mine | Tab::Others | Tab::One(_) => &[],
        }
    }

    /// What the API is told about the state.
    #[must_use]
    pub const fn state(self) -> &'static str {
        match self {
            Tab::Mine | Tab::Others => CheckState::Pending.as_str(),
            Tab::Decided => "approved,rejected",
            Tab::All => "all",
            Tab::One(state) => state.as_str(),
        }
    }

    /// What the API is told about whose turn it is; empty if that does not matter.
    #[must_use]
    pub const fn turn(self) -> &'static str {
        match self {
            Tab::Mine => "mine",
            Tab::Others => OTHERS,
            Tab::Decided | Tab::All | Tab::One(_) => "",
        }
    }

    /// A word for tests and style sheets.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Tab::Mine => "mine",
            Tab::Others => OTHERS,
            Tab::Decided => "decided",
            Tab::All => "all",
            Tab::One(state) => state.as_str(),
        }
    }

    /// Whether a check may be here that perhaps waits, or perhaps does not.
    #[must_use]
    pub const fn may_hold(self, waits: bool, closed: bool) -> bool {
        let pending = self.is_pending();
        waits && (pending || matches!(self, Tab::All)) || closed && !pending
    }

    /// Whether every check here waits.
    #[must_use]
    pub const fn is_pending(self) -> bool {
        matches!(self, Tab::Mine | Tab::Others | Tab::One(CheckState::Pending))
    }
}

const OTHERS: &str = "others";

/// In which order a listing stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// What has waited longest comes first.
    Oldest,
    /// What arrived last comes first.
    Newest,
    /// What was decided last comes first.
    Decided,
}

impl Sort {
    /// All of them.
    pub const ALL: [Sort; 3] = [Sort::Decided, Sort::Oldest, Sort::Newest];

    /// Those that a tab offers.
    #[must_use]
    pub fn offered(tab: Tab) -> &'static [Sort] {
        if tab.shown() == Tab::Decided { &Self::ALL } else { &[Sort::Oldest, Sort::Newest] }
    }

    /// The word in the URL and in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Sort::Oldest => "oldest",
            Sort::Newest => "newest",
            Sort::Decided => "decided",
        }
    }

    /// The order of a tab unless another one is chosen.
    #[must_use]
    pub fn of(tab: Tab) -> Self {
        match tab.shown() {
            Tab::Decided => Sort::Decided,
            _ if tab.is_pending() => Sort::Oldest,
            _ => Sort::Newest,
        }
    }
}

/// What the inbox lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// The tab.
    pub tab: Tab,
    /// The order.
    pub sort: Sort,
    /// Full path of the project, or empty.
    pub project: String,
    /// Name of the rule, or empty.
    pub rule: String,
    /// Search words, or empty.
    pub q: String,
    /// Only what this alarm is about.
    pub alarm: Option<Alarm>,
}

impl Default for Filter {
    fn default() -> Self {
        let (tab, empty) = (Tab::Mine, String::new);
        Self { tab, sort: Sort::of(tab), project: empty(), rule: empty(), q: empty(), alarm: None }
    }
}

impl Filter {
    /// Reads the filter from a URL's parameters. What is not understood reads as what needs the person.
    pub fn from_params(get: impl Fn(&str) -> Option<String>) -> Self {
        let text = |key| get(key).map(|value| value.trim().to_owned()).unwrap_or_default();
        let (state, turn) = (text("state"), text("turn"));
        let others = turn == OTHERS && (state.is_empty() || state == CheckState::Pending.as_str());
        let tab = match CheckState::parse(&state) {
            _ if others => Tab::Others,
            Some(CheckState::Pending) if turn == Tab::Mine.turn() => Tab::Mine,
            Some(state) => Tab::One(state),
            None if state == Tab::All.state() => Tab::All,
            None if [Tab::Decided.state(), Tab::Decided.as_str()].contains(&state.as_str()) => Tab::Decided,
            None => Tab::Mine,
        };
        let sort = Sort::offered(tab).iter().find(|sort| sort.as_str() == text("sort"));
        let sort = sort.copied().unwrap_or(Sort::of(tab));
        Self {
            tab,
            sort,
            project: text("project"),
            rule: text("rule"),
            q: text("q"),
            alarm: Alarm::parse(&text("alarm")),
        }
    }

    /// The address of this listing, relative to the base path.
    #[must_use]
    pub fn href(&self) -> String {
        href(&self.query())
    }

    /// What stands behind the question mark of its address.
    #[must_use]
    pub fn query(&self) -> String {
        let (state, turn) = match self.tab {
            Tab::Mine => ("", ""),
            Tab::Others => ("", OTHERS),
            Tab::Decided | Tab::All | Tab::One(_) => (self.tab.state(), ""),
        };
        self.pairs(state, turn, self.sort == Sort::of(self.tab), &[])
    }

    /// The query of the API call for one page.
    #[must_use]
    pub fn api_query(&self, cursor: Option<&str>, limit: usize) -> String {
        let limit = limit.to_string();
        let (state, verdict) = self.states();
        self.pairs(
            state,
            self.tab.turn(),
            // The API has another order unless it is told.
            self.sort == Sort::of(self.tab) && self.sort != Sort::Decided,
            &[("verdict", verdict), ("cursor", cursor.unwrap_or_default()), ("limit", &limit)],
        )
    }

    /// What the API is told about the state, and about the decision. In the order of decisions it leaves out what was never decided,
    /// and so can give what was merged or closed since.
    fn states(&self) -> (&'static str, &'static str) {
        match (self.sort, self.tab) {
            (Sort::Decided, Tab::Decided) => ("approved,rejected,withdrawn", ""),
            (Sort::Decided, Tab::One(CheckState::Approved)) => {
                ("approved,withdrawn", Verdict::Approve.as_str())
            }
            (Sort::Decided, Tab::One(CheckState::Rejected)) => {
                ("rejected,withdrawn", Verdict::Reject.as_str())
            }
            (_, tab) => (tab.state(), ""),
        }
    }

    fn pairs(&self, state: &str, turn: &str, usual: bool, more: &[(&str, &str)]) -> String {
        let sort = if usual { "" } else { self.sort.as_str() };
        let pairs = [
            ("state", state),
            ("turn", turn),
            ("project", &self.project),
            ("rule", &self.rule),
            ("q", &self.q),
            ("alarm", self.alarm.map_or("", Alarm::as_str)),
            ("sort", sort),
        ];
        query(&[&pairs, more].concat())
    }

    /// Whether the oldest comes first.
    #[must_use]
    pub fn oldest_first(&self) -> bool {
        self.sort == Sort::Oldest
    }

    /// Whether anything but the tab narrows the listing.
    #[must_use]
    pub fn is_narrowed(&self) -> bool {
        !(self.project.is_empty() && self.rule.is_empty() && self.q.is_empty() && self.alarm.is_none())
    }

    /// What an alarm is about.
    #[must_use]
    pub fn of_alarm(alarm: Alarm) -> Self {
        Self { alarm: Some(alarm), ..Self::default() }.on(Tab::All)
    }

    /// The same tab without project, rule, search and alarm.
    #[must_use]
    pub fn reset(&self) -> Self {
        Self { tab: self.tab, sort: self.sort, ..Self::default() }
    }

    /// The same narrowing on another tab, in that tab's order.
    #[must_use]
    pub fn on(&self, tab: Tab) -> Self {
        Self { tab, sort: Sort::of(tab), ..self.clone() }
    }

    /// Whether a check belongs into this listing, as far as the browser can tell; `mine` says whether the person may
    /// decide on it. Used only to decide whether an arriving check is announced; the server's listing is the truth.
    #[must_use]
    pub fn takes(&self, item: &CheckItem, mine: bool) -> bool {
        // As it is shown: what was merged or closed stands under its decision.
        let state = if self.sort == Sort::Decided { shown_state(item) } else { item.state };
        let tab = match self.tab {
            Tab::Mine => item.state == CheckState::Pending && mine,
            Tab::Others => item.state == CheckState::Pending && !mine,
            Tab::Decided => matches!(state, CheckState::Approved | CheckState::Rejected),
            Tab::One(one) => state == one,
            Tab::All => true,
        };
        let project = self.project.is_empty() || self.project == item.project.path;
        let rule = self.rule.is_empty() || self.rule == item.rule.name;
        // No item says what an alarm is about.
        self.alarm.is_none()
            && tab
            && project
            && rule
            && self.q.split_whitespace().all(|word| has_word(item, word))
    }
}

/// The address of a listing by what stands behind its question mark.
#[must_use]
pub fn href(query: &str) -> String {
    if query.is_empty() { "./".into() } else { format!("./?{query}") }
}

fn has_word(item: &CheckItem, word: &str) -> bool {
    // ASCII only: the tables for all of Unicode weigh more than a missed announcement.
    let word = word.to_ascii_lowercase();
    let reference = format!("{}!{}", item.project.path, item.merge_request.iid);
    [
        &item.merge_request.title,
        &item.merge_request.author,
        &reference,
        &item.rule.name,
        &item.source_branch,
        &item.target_branch,
        &item.sha,
    ]
    .into_iter()
    .any(|text| text.to_ascii_lowercase().contains(&word))
        // A pasted address of the merge request's page, or of a part of it.
        || word.contains("://") && word.starts_with(&item.merge_request.url.to_ascii_lowercase())
}

/// A query of the pairs that have a value.
pub(super) fn query(pairs: &[(&str, &str)]) -> String {
    let mut out = String::new();
    for (key, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
        if !out.is_empty() {
            out.push('&');
        }
        out.push_str(key);
        out.push('=');
        out.push_str(&encode(value));
    }
    out
}

#[cfg(test)]
#[path = "filter_tests.rs"]
mod tests;
