//! The record as auditors read it: filtered, by number, within what they may see; and its chain.

use diesel::prelude::*;

use super::events::{self, Head};
use super::reach::within;
use super::schema::{event, event_counter, project};
use super::{Conn, DbError, decisions, search};
use crate::domain::Time;
use crate::domain::access::{Caller, Reach};
use crate::domain::audit::{Broken, Chain, Entry, Fault, ToldDecision, genesis};
use crate::domain::record::EventKind;

diesel::define_sql_function! {
    /// ASCII in lower case; other letters stay, on both databases.
    fn lower(text: diesel::sql_types::Text) -> diesel::sql_types::Text;
}

/// What is looked for; an empty filter lets everything through.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// These kinds (all of them if empty).
    pub kinds: Vec<EventKind>,
    /// Only who has this text in the name, whatever the case of ASCII letters, or has this account.
    pub actor: Option<String>,
    /// Only this check: our id.
    pub check: Option<String>,
    /// Only this project: our id, GitLab's id or the path.
    pub project: Option<String>,
    /// Only from this moment on …
    pub from: Option<Time>,
    /// … and before that one.
    pub to: Option<Time>,
    /// Only what has every word of this text in its summary, actor or data, whatever the case of ASCII letters.
    pub text: Option<String>,
}

/// How much of the record somebody may read.
#[derive(Clone, Debug)]
pub struct Scope {
    /// Of these projects.
    pub reach: Reach,
    /// Whether also what is about no project: sign-ins, people, tokens.
    pub general: bool,
}

impl Scope {
    /// The whole record.
    #[must_use]
    pub const fn all() -> Self {
        Self { reach: Reach::All, general: true }
    }

    /// What this caller may read.
    #[must_use]
    pub fn of(caller: &Caller) -> Self {
        Self { reach: caller.reach.clone(), general: caller.sees_everything_else() }
    }

    /// Whether this is the whole record.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.reach == Reach::All && self.general
    }
}

type Query<'a> = event::BoxedQuery<'a, <Conn as Connection>::Backend>;

type Row = (
    (i64, String, String, Option<String>, Option<String>, String),
    (Option<String>, String, String, String, String, String),
);

macro_rules! columns {
    () => {
        (
            (event::id, event::at, event::kind, event::check_id, event::project_id, event::actor),
            (event::account_id, event::via, event::summary, event::data, event::previous_hash, event::hash),
        )
    };
}

fn entry(row: Row) -> Entry {
    let ((id, at, kind, check_id, project_id, actor), (account_id, via, summary, data, previous_hash, hash)) =
        row;
    Entry { id, at, kind, check_id, project_id, actor, account_id, via, summary, data, previous_hash, hash }
}

/// Entries before number `before` (the newest if `None`), newest first.
///
/// # Errors
/// The database's.
pub fn page(
    conn: &mut Conn,
    filter: &Filter,
    scope: &Scope,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Entry>, DbError> {
    let mut query = matching(conn, filter, scope)?.order(event::id.desc()).limit(limit);
    if let Some(before) = before {
        query = query.filter(event::id.lt(before));
    }
    let rows: Vec<Row> = query.select(columns!()).load(conn)?;
    Ok(rows.into_iter().map(entry).collect())
}

/// Entries after number `after` up to number `last`, oldest first.
///
/// # Errors
/// The database's.
pub fn batch(
    conn: &mut Conn,
    filter: &Filter,
    scope: &Scope,
    (after, last): (i64, i64),
    limit: i64,
) -> Result<Vec<Entry>, DbError> {
    let rows: Vec<Row> = matching(conn, filter, scope)?
        .filter(event::id.gt(after))
        .filter(event::id.le(last))
        .order(event::id.asc())
        .limit(limit)
        .select(columns!())
        .load(conn)?;
    Ok(rows.into_iter().map(entry).collect())
}

fn matching<'a>(conn: &mut Conn, filter: &'a Filter, scope: &'a Scope) -> Result<Query<'a>, DbError> {
    let theirs = event::project_id.is_not_null().and(within(&scope.reach, "event.project_id"));
    let mut query = event::table.into_boxed();
    query = if scope.general {
        query.filter(theirs.or(event::project_id.is_null()))
    } else {
        query.filter(theirs)
    };
    if !filter.kinds.is_empty() {
        query = query.filter(event::kind.eq_any(filter.kinds.iter().map(|kind| kind.as_str())));
    }
    if let Some(actor) = &filter.actor {
        query = query.filter(
            lower(event::actor)
                .like(search::pattern(&actor.to_ascii_lowercase()))
                .escape('\\')
                .or(event::account_id.eq(actor)),
        );
    }
    if let Some(check) = &filter.check {
        query = query.filter(event::check_id.eq(check));
    }
    if let Some(wanted) = &filter.project {
        query = query.filter(event::project_id.eq_any(projects(conn, wanted)?));
    }
    if let Some(from) = filter.from {
        query = query.filter(event::at.ge(from.to_string()));
    }
    if let Some(to) = filter.to {
        query = query.filter(event::at.lt(to.to_string()));
    }
    for pattern in filter.text.iter().flat_map(|text| search::patterns(text)) {
        query = query.filter(
            lower(event::summary)
                .like(pattern.clone())
                .escape('\\')
                .or(lower(event::actor).like(pattern.clone()).escape('\\'))
                .or(lower(event::data).like(pattern).escape('\\')),
        );
    }
    Ok(query)
}

/// Our ids of the projects that somebody means.
fn projects(conn: &mut Conn, wanted: &str) -> Result<Vec<String>, DbError> {
    let mut query = project::table
        .filter(project::id.eq(wanted).or(project::path.eq(wanted)))
        .select(project::id)
        .into_boxed();
    if let Ok(id) = wanted.parse::<i64>() {
        query = query.or_filter(project::gitlab_id.eq(id));
    }
    Ok(query.load(conn)?)
}

/// The record's end as the counter knows it, and the instance it belongs to.
///
/// # Errors
/// The database's.
pub fn head(conn: &mut Conn) -> Result<(String, Head), DbError> {
    let instance = events::instance_id(conn)?;
    let (id, hash): (i64, String) =
        event_counter::table.find(1).select((event_counter::last, event_counter::head)).first(conn)?;
    let hash = if hash.is_empty() { genesis(&instance) } else { hash };
    Ok((instance, Head { id, hash }))
}

/// Whether there are entries that the counter, which is at `last`, does not know; the first of them.
///
/// # Errors
/// The database's.
pub fn unknown(conn: &mut Conn, last: i64) -> Result<Option<Broken>, DbError> {
    let first: Option<i64> = event::table
        .filter(event::id.gt(last).or(event::id.lt(1)))
        .select(diesel::dsl::min(event::id))
        .first(conn)?;
    Ok(first.map(|id| Broken { id, fault: Fault::Unknown }))
}

/// Whether there are entries and the chain has not begun.
///
/// # Errors
/// The database's.
pub fn is_unchained(conn: &mut Conn) -> Result<bool, DbError> {
    let (last, head): (i64, String) =
        event_counter::table.find(1).select((event_counter::last, event_counter::head)).first(conn)?;
    Ok(last > 0 && head.is_empty())
}

/// Chains the entries from before the record was chained, none of which has a hash yet. Belongs into one
/// transaction: until the last one is chained, none is.
///
/// # Errors
/// The database's.
pub fn chain_older(conn: &mut Conn) -> Result<(), DbError> {
    const AT_ONCE: i64 = 1_000;
    let (mut last, mut previous) = (0, genesis(&events::instance_id(conn)?));
    loop {
        let entries = batch(conn, &Filter::default(), &Scope::all(), (last, i64::MAX), AT_ONCE)?;
        if entries.is_empty() {
            break;
        }
        for entry in entries {
            let hash = entry.content().hash(&previous);
            diesel::update(event::table.find(entry.id))
                .set((event::previous_hash.eq(&previous), event::hash.eq(&hash)))
                .execute(conn)?;
            (last, previous) = (entry.id, hash);
        }
    }
    diesel::update(event_counter::table.find(1)).set(event_counter::head.eq(previous)).execute(conn)?;
    Ok(())
}

/// Follows the chain through up to `limit` entries, no further than number `last`, and compares the decisions that they tell of
/// with those that are kept; returns how many entries there were.
///
/// # Errors
/// The database's; what does not fit is the inner error.
pub fn follow(
    conn: &mut Conn,
    chain: &mut Chain,
    last: i64,
    limit: i64,
) -> Result<Result<usize, Broken>, DbError> {
    let entries = batch(conn, &Filter::default(), &Scope::all(), (chain.last(), last), limit)?;
    let told: Vec<Option<ToldDecision>> = entries.iter().map(Entry::decision).collect();
    let ids: Vec<&str> = told.iter().flatten().map(|told| told.id.as_str()).collect();
    let kept = decisions::kept(conn, &ids)?;
    for (entry, told) in entries.iter().zip(&told) {
        if let Err(broken) = chain.follow(entry) {
            return Ok(Err(broken));
        }
        if let Some(told) = told
            && kept.get(&told.id) != Some(told)
        {
            return Ok(Err(Broken { id: entry.id, fault: Fault::OtherDecision }));
        }
    }
    Ok(Ok(entries.len()))
}
