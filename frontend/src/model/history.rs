//! What the History page lists, and its place in the URL.

use shared::EventKind;

use super::filter::query;

/// How many entries one page asks for.
const PAGE_SIZE: &str = "50";

/// The kinds of events in groups, as the filter offers them; `texts::KIND_GROUPS` names them.
pub const GROUPS: [&[EventKind]; 6] = [
    &[EventKind::CheckDecided, EventKind::CheckVoided, EventKind::DecisionRefused],
    &[
        EventKind::CheckCreated,
        EventKind::CheckUpdated,
        EventKind::CheckRetargeted,
        EventKind::CheckSuperseded,
        EventKind::CheckWithdrawn,
        EventKind::CheckReopened,
        EventKind::CheckRetried,
    ],
    &[
        EventKind::DeliveryDelivered,
        EventKind::DeliveryFailed,
        EventKind::DeliveryRetried,
        EventKind::AlarmUndecidedPass,
        EventKind::AlarmAcknowledged,
        EventKind::ConnectionBroken,
        EventKind::ConnectionRestored,
        EventKind::CallSetAside,
        EventKind::CallReplayed,
        EventKind::RuleEnrolled,
        EventKind::RuleChanged,
    ],
    &[EventKind::SignedIn, EventKind::SignInFailed, EventKind::SignedOut],
    &[
        EventKind::SetUp,
        EventKind::PersonInvited,
        EventKind::PersonChanged,
        EventKind::PersonJoined,
        EventKind::PasswordChanged,
        EventKind::LinkMade,
        EventKind::GroupChanged,
    ],
    &[EventKind::TokenMade, EventKind::TokenRevoked, EventKind::SecretsRotated, EventKind::AuditExported],
];

/// The words of several kinds, as address and API have them.
#[must_use]
pub fn joined(kinds: &[EventKind]) -> String {
    let words: Vec<_> = kinds.iter().map(|kind| kind.as_str()).collect();
    words.join(",")
}

/// What is listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// Kinds of events, their words joined by commas; empty for all.
    pub kind: String,
    /// Part of the name of who did it, or empty.
    pub actor: String,
    /// Search words, or empty.
    pub q: String,
    /// The first day, `2026-01-31` in the reader's zone, or empty.
    pub from: String,
    /// The last day, likewise.
    pub to: String,
}

impl History {
    /// Reads the filter from a URL's parameters. What is no kind and no day is left out.
    pub fn from_params(get: impl Fn(&str) -> Option<String>) -> Self {
        let text = |key| get(key).map(|value| value.trim().to_owned()).unwrap_or_default();
        let day = |key| Some(text(key)).filter(|day| is_day(day)).unwrap_or_default();
        let kinds: Vec<_> = text("kind").split(',').filter_map(EventKind::parse).collect();
        Self { kind: joined(&kinds), actor: text("actor"), q: text("q"), from: day("from"), to: day("to") }
    }

    /// The address of this listing, relative to the base path.
    #[must_use]
    pub fn href(&self) -> String {
        let query = query(&[
            ("kind", &self.kind),
            ("actor", &self.actor),
            ("q", &self.q),
            ("from", &self.from),
            ("to", &self.to),
        ]);
        if query.is_empty() { "audit".into() } else { format!("audit?{query}") }
    }

    /// The filter as the API reads it. `moment` gives the beginning of a day, or of the day behind it, as
    /// RFC 3339 in UTC.
    fn filters(&self, more: &[(&str, &str)], moment: impl Fn(&str, bool) -> String) -> String {
        let at = |day: &str, next| if day.is_empty() { String::new() } else { moment(day, next) };
        let (from, to) = (at(&self.from, false), at(&self.to, true));
        let mut pairs = vec![
            ("kind", self.kind.as_str()),
            ("actor", &self.actor),
            ("q", &self.q),
            ("from", &from),
            ("to", &to),
        ];
        pairs.extend(more);
        query(&pairs)
    }

    /// The query of the API call for one page.
    #[must_use]
    pub fn api_query(&self, cursor: Option<&str>, moment: impl Fn(&str, bool) -> String) -> String {
        self.filters(&[("cursor", cursor.unwrap_or("")), ("limit", PAGE_SIZE)], moment)
    }

    /// Where the same entries are to be had as a file: `csv` or `jsonl`.
    #[must_use]
    pub fn export_href(&self, format: &str, moment: impl Fn(&str, bool) -> String) -> String {
        format!("api/v1/audit/export?{}", self.filters(&[("format", format)], moment))
    }

    /// Whether anything narrows the listing.
    #[must_use]
    pub fn is_narrowed(&self) -> bool {
        *self != Self::default()
    }
}

/// Whether it has the form of a day, as a date field writes it.
fn is_day(text: &str) -> bool {
    text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

/// The commit an entry is about, from its facts for machines.
#[must_use]
pub fn commit(data: &str) -> Option<&str> {
    let (_, rest) = data.split_once("\"sha\":\"")?;
    let (sha, _) = rest.split_once('"')?;
    (sha.len() >= 7 && sha.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(sha)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> History {
        History::from_params(|key| {
            pairs.iter().find(|(name, _)| *name == key).map(|(_, value)| (*value).to_owned())
        })
    }

    fn moment(day: &str, next: bool) -> String {
        format!("{day}{}", if next { "+" } else { "" })
    }

    #[test]
    fn every_kind_is_in_one_group() {
        let all: Vec<_> = GROUPS.iter().flat_map(|kinds| kinds.iter().copied()).collect();
        assert_eq!(all.len(), EventKind::ALL.len());
        assert!(EventKind::ALL.into_iter().all(|kind| all.contains(&kind)));
    }

    #[test]
    fn every_filter_comes_back_from_its_address() {
        let pairs = [
            ("kind", "session.started,session.refused"),
            ("actor", "Rita Ü"),
            ("q", "a&b"),
            ("from", "2026-01-01"),
            ("to", "2026-01-31"),
        ];
        let history = read(&pairs);
        assert_eq!(
            history.href(),
            "audit?kind=session.started%2Csession.refused&actor=Rita%20%C3%9C&q=a%26b&from=2026-01-01&to=2026-01-31"
        );
        assert!(history.is_narrowed());
        assert_eq!(read(&[]).href(), "audit");
        assert!(!read(&[]).is_narrowed());
        assert_eq!(read(&[("kind", "nonsense,x"), ("from", "yesterday"), ("to", "20-01-2026")]), read(&[]));
    }

    #[test]
    fn the_api_is_asked_for_moments() {
        let history = read(&[("from", "2026-01-01"), ("to", "2026-01-31")]);
        assert_eq!(
            history.api_query(Some("c1"), moment),
            "from=2026-01-01&to=2026-01-31%2B&cursor=c1&limit=50"
        );
        assert_eq!(read(&[("q", "x")]).export_href("csv", moment), "api/v1/audit/export?q=x&format=csv");
    }

    #[test]
    fn the_commit_is_found_among_the_facts() {
        assert_eq!(commit(r#"{"sha":"9f8e7d6c5b","verdict":"approve"}"#), Some("9f8e7d6c5b"));
        assert_eq!(commit(r#"{"sha":"<script>"}"#), None);
        assert_eq!(commit("{}"), None);
    }
}
