//! What the inbox lists, and its place in the URL.

use shared::{CheckItem, CheckState};

use super::text::encode;

/// How many rows one page asks for.
pub const PAGE_SIZE: usize = 50;

/// A tab of the inbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tab {
    /// Checks in one state.
    One(CheckState),
    /// Checks in every state.
    All,
}

impl Tab {
    /// All tabs in the order shown.
    pub const ALL: [Tab; 6] = [
        Tab::One(CheckState::Pending),
        Tab::One(CheckState::Approved),
        Tab::One(CheckState::Rejected),
        Tab::One(CheckState::Superseded),
        Tab::One(CheckState::Withdrawn),
        Tab::All,
    ];

    /// The tab of the checks that wait.
    pub const PENDING: Tab = Tab::One(CheckState::Pending);

    /// The word in the URL and in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Tab::One(state) => state.as_str(),
            Tab::All => "all",
        }
    }

    /// Whether the listing is oldest first; all others are newest first.
    #[must_use]
    pub fn oldest_first(self) -> bool {
        self == Tab::PENDING
    }
}

/// What the inbox lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// The tab.
    pub tab: Tab,
    /// Full path of the project, or empty.
    pub project: String,
    /// Name of the rule, or empty.
    pub rule: String,
    /// Search words, or empty.
    pub q: String,
}

impl Default for Filter {
    fn default() -> Self {
        Self { tab: Tab::PENDING, project: String::new(), rule: String::new(), q: String::new() }
    }
}

impl Filter {
    /// Reads the filter from a URL's parameters. An unknown state reads as pending.
    pub fn from_params(get: impl Fn(&str) -> Option<String>) -> Self {
        let word = get("state").unwrap_or_default();
        let tab = Tab::ALL.into_iter().find(|tab| tab.as_str() == word).unwrap_or(Tab::PENDING);
        let text = |key| get(key).map(|value| value.trim().to_owned()).unwrap_or_default();
        Self { tab, project: text("project"), rule: text("rule"), q: text("q") }
    }

    /// The address of this listing, relative to the base path.
    #[must_use]
    pub fn href(&self) -> String {
        let state = if self.tab == Tab::PENDING { "" } else { self.tab.as_str() };
        let query =
            query(&[("state", state), ("project", &self.project), ("rule", &self.rule), ("q", &self.q)]);
        if query.is_empty() { "./".into() } else { format!("./?{query}") }
    }

    /// The query of the API call for one page.
    #[must_use]
    pub fn api_query(&self, cursor: Option<&str>, limit: usize) -> String {
        query(&[
            ("state", self.tab.as_str()),
            ("project", &self.project),
            ("rule", &self.rule),
            ("q", &self.q),
            ("cursor", cursor.unwrap_or("")),
            ("limit", &limit.to_string()),
        ])
    }

    /// Whether anything but the tab narrows the listing.
    #[must_use]
    pub fn is_narrowed(&self) -> bool {
        !(self.project.is_empty() && self.rule.is_empty() && self.q.is_empty())
    }

    /// The same tab without project, rule and search.
    #[must_use]
    pub fn reset(&self) -> Self {
        Self { tab: self.tab, ..Self::default() }
    }

    /// The same narrowing on another tab.
    #[must_use]
    pub fn on(&self, tab: Tab) -> Self {
        Self { tab, ..self.clone() }
    }

    /// Whether a check belongs into this listing, as far as the browser can tell. Used only to decide
    /// whether an arriving check is announced; the server's listing is the truth.
    #[must_use]
    pub fn takes(&self, item: &CheckItem) -> bool {
        let tab = match self.tab {
            Tab::One(state) => item.state == state,
            Tab::All => true,
        };
        let project = self.project.is_empty() || self.project == item.project.path;
        let rule = self.rule.is_empty() || self.rule == item.rule.name;
        tab && project && rule && self.q.split_whitespace().all(|word| has_word(item, word))
    }
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
mod tests {
    use super::*;
    use crate::model::samples::item;

    fn read(pairs: &[(&str, &str)]) -> Filter {
        Filter::from_params(|key| {
            pairs.iter().find(|(name, _)| *name == key).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn pending_is_the_default_and_has_the_shortest_address() {
        assert_eq!(read(&[]), Filter::default());
        assert_eq!(read(&[("state", "nonsense")]), Filter::default());
        assert_eq!(Filter::default().href(), "./");
        assert_eq!(Filter::default().on(Tab::All).href(), "./?state=all");
    }

    #[test]
    fn every_filter_comes_back_from_its_address() {
        for tab in Tab::ALL {
            let filter = Filter { tab, project: "a/b c".into(), rule: "Ü & Co".into(), q: "x=1".into() };
            let href = filter.href();
            let found =
                read(&[("state", tab.as_str()), ("project", "a/b c"), ("rule", "Ü & Co"), ("q", " x=1 ")]);
            assert_eq!(found, filter);
            assert!(href.contains("project=a/b%20c&rule=%C3%9C%20%26%20Co&q=x%3D1"), "{href}");
        }
    }

    #[test]
    fn the_api_is_always_told_the_state() {
        assert_eq!(Filter::default().api_query(None, 50), "state=pending&limit=50");
        assert_eq!(Filter::default().api_query(Some("c+1"), 2), "state=pending&cursor=c%2B1&limit=2");
    }

    #[test]
    fn an_arriving_check_is_matched_like_a_listing() {
        let item = item("1", CheckState::Pending);
        assert!(Filter::default().takes(&item));
        assert!(!Filter::default().on(Tab::One(CheckState::Approved)).takes(&item));
        assert!(Filter { q: "LOGIN  shop!7".into(), ..Filter::default() }.takes(&item));
        assert!(!Filter { q: "elsewhere".into(), ..Filter::default() }.takes(&item));
        assert!(!Filter { project: "acme".into(), ..Filter::default() }.takes(&item));
        assert!(Filter { rule: "Change approval".into(), ..Filter::default() }.takes(&item));
    }
}
