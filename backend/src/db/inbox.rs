//! The inbox's listings: one index range a state (or one for all), merged, so that a page costs the same however many
//! checks there are; and counts that stay cheap.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::reach::{few, within};
use super::schema::{
    change_summary as change, delivery, merge_request, project, rule, status_check as check,
};
use super::search::{self, Term};
use super::{Conn, DbError};
use crate::domain::access::{Reach, Written};
use crate::domain::{CheckState, Verdict};

/// Who reaches at most so many projects has each of them read by its own index range; with more, the
/// range of all checks is read and those of other projects are left out.
const FEW: i64 = 16;

/// A check in a listing.
#[derive(Clone, Debug, Queryable)]
pub struct ListedCheck {
    /// Our id.
    pub id: String,
    /// Its state.
    pub state: String,
    /// The commit.
    pub sha: String,
    /// When it arrived.
    pub received_at: String,
    /// When it last changed.
    pub updated_at: String,
    /// Branch to be merged.
    pub source_branch: String,
    /// Branch to merge into.
    pub target_branch: String,
    /// GitLab's project id, path and page.
    pub project: (i64, String, String),
    /// Number, title, author, page and state of the merge request.
    pub merge_request: (i64, String, String, String, String),
    /// GitLab's rule id and name.
    pub rule: (i64, String),
    /// Who decided, when, and what.
    pub decided: (Option<String>, Option<String>, Option<String>),
    /// State, attempts, last error and time of the newest delivery.
    pub delivery: Option<(String, i64, Option<String>, Option<String>)>,
    /// Pipeline, approvals given and required, added and removed lines, files, as last read.
    pub change: Option<ListedChange>,
}

/// Pipeline, approvals given and required, added and removed lines, files; all `None` until the change was read.
pub type ListedChange = (Option<String>, Option<i64>, Option<i64>, Option<i64>, Option<i64>, Option<i64>);

/// Something about a check that needs a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// GitLab could not be told.
    FailedDelivery,
    /// GitLab lets it pass though nobody here approved.
    UndecidedPass,
}

impl Alarm {
    /// The checks that it is about, which are few: found by the indexes of their own and not along a listing's order.
    const fn condition(self) -> &'static str {
        match self {
            Alarm::FailedDelivery => {
                "status_check.id IN (SELECT delivery.check_id FROM delivery WHERE delivery.state = 'failed')"
            }
            Alarm::UndecidedPass => {
                "status_check.id IN (SELECT passed.id FROM status_check AS passed WHERE passed.undecided_pass)"
            }
        }
    }
}

/// In which order a listing stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// What arrived first comes first.
    #[default]
    Oldest,
    /// What arrived last comes first.
    Newest,
    /// What was decided last comes first, and what was not decided is left out.
    Decided,
}

impl Order {
    /// Where a check stands in this order: a time, and the id where two have the same.
    #[must_use]
    pub fn place(self, row: &ListedCheck) -> (&str, &str) {
        let at = match self {
            Order::Oldest | Order::Newest => &row.received_at,
            Order::Decided => row.decided.1.as_ref().unwrap_or(&row.received_at),
        };
        (at, &row.id)
    }
}

/// What a listing is asked for.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// These states (all of them if empty).
    pub states: Vec<CheckState>,
    /// Only this project: GitLab's id or the path.
    pub project: Option<String>,
    /// Only this rule: GitLab's id or the name.
    pub rule: Option<String>,
    /// Only what has all that this search asks for.
    pub text: Option<String>,
    /// Only what this alarm is about.
    pub alarm: Option<Alarm>,
    /// Only where this was decided.
    pub verdict: Option<Verdict>,
    /// Only what comes after this place: time and id.
    pub after: Option<(String, String)>,
    /// Only merge requests that these people wrote; everybody's if not given.
    pub written: Option<Written>,
    /// Which come first.
    pub order: Order,
    /// At most this many.
    pub limit: i64,
}

macro_rules! listed {
    ($query:expr) => {
        $query
            .inner_join(project::table.on(project::id.eq(check::project_id)))
            .inner_join(merge_request::table.on(merge_request::id.eq(check::merge_request_id)))
            .inner_join(rule::table.on(rule::id.eq(check::rule_id)))
            .left_join(delivery::table.on(check::delivery_id.eq(delivery::id.nullable())))
            .left_join(
                change::table
                    .on(change::merge_request_id.eq(check::merge_request_id).and(change::sha.eq(check::sha))),
            )
            .select((
                check::id,
                check::state,
                check::sha,
                check::received_at,
                check::updated_at,
                check::source_branch,
                check::target_branch,
                (project::gitlab_id, check::project_path, project::web_url),
                (
                    check::merge_request_iid,
                    check::title,
                    check::author,
                    merge_request::url,
                    merge_request::state,
                ),
                (rule::gitlab_id, check::rule_name),
                (check::decided_by, check::decided_at, check::verdict),
                (delivery::state, delivery::attempts, delivery::last_error, delivery::delivered_at)
                    .nullable(),
                (
                    change::pipeline,
                    change::approvals_given,
                    change::approvals_required,
                    change::additions,
                    change::deletions,
                    change::files,
                )
                    .nullable(),
            ))
    };
}

/// A query in the order of a time, from the place behind `after` on. The first condition alone bounds the index range; the second
/// settles ties.
macro_rules! ascending {
    ($query:expr, $time:expr, $after:expr) => {{
        let mut query = $query;
        if let Some((at, id)) = $after {
            query =
                query.filter($time.ge(at.clone())).filter($time.gt(at.clone()).or(check::id.gt(id.clone())));
        }
        query.order(($time.asc(), check::id.asc()))
    }};
}

/// The same the other way round.
macro_rules! descending {
    ($query:expr, $time:expr, $after:expr) => {{
        let mut query = $query;
        if let Some((at, id)) = $after {
            query =
                query.filter($time.le(at.clone())).filter($time.lt(at.clone()).or(check::id.lt(id.clone())));
        }
        query.order(($time.desc(), check::id.desc()))
    }};
}

/// A check as a listing shows it, if it is within the reach.
///
/// # Errors
/// The database's.
pub fn listed(conn: &mut Conn, id: &str, reach: &Reach) -> Result<Option<ListedCheck>, DbError> {
    Ok(listed!(check::table)
        .filter(check::id.eq(id))
        .filter(within(reach, "status_check.project_id"))
        .first(conn)
        .optional()?)
}

/// Checks as a listing shows them, those that are within the reach, in no order. The ids are those of
/// a page, so that they fit into one statement.
///
/// # Errors
/// The database's.
pub fn listed_all(conn: &mut Conn, ids: &[&str], reach: &Reach) -> Result<Vec<ListedCheck>, DbError> {
    Ok(listed!(check::table)
        .filter(check::id.eq_any(ids))
        .filter(within(reach, "status_check.project_id"))
        .load(conn)?)
}

/// A page of checks within the reach. Every state, and of few projects every project, is read by its
/// own index range and the results are merged, so that a page costs the same however many checks
/// there are.
///
/// # Errors
/// The database's.
pub fn page(conn: &mut Conn, listing: &Listing, reach: &Reach) -> Result<Vec<ListedCheck>, DbError> {
    let project_ids = match &listing.project {
        Some(wanted) => Some(matching_projects(conn, wanted)?),
        None => None,
    };
    let rule_ids = match &listing.rule {
        Some(wanted) => Some(matching_rules(conn, wanted)?),
        None => None,
    };
    let written = listing.written.unwrap_or(Written::ByAnybody);
    let Some(ranges) = ranges(conn, written, reach, project_ids.as_deref())? else { return Ok(Vec::new()) };
    // Everything has an index of its own; of one project or rule everything is found state by state.
    let everything = project_ids.is_none() && rule_ids.is_none() && ranges.iter().all(Option::is_none);
    let states = states(listing, everything);
    let mut found: Vec<ListedCheck> = Vec::new();
    for (state, range) in states.iter().flat_map(|state| ranges.iter().map(move |range| (state, range))) {
        let mut query = listed!(check::table).into_boxed();
        query = match (state, listing.alarm) {
            (None, _) => query,
            (Some(state), None) => query.filter(check::state.eq(state.as_str())),
            // Joined to nothing, the state keeps the planner off its index, so that it starts from the few alarms.
            (Some(state), Some(_)) => query.filter(check::state.concat("").eq(state.as_str())),
        };
        query = match range {
            Some(id) => query.filter(check::project_id.eq(id.clone())),
            None => query.filter(within(reach, "status_check.project_id")),
        };
        if let Some(ids) = &project_ids {
            query = query.filter(check::project_id.eq_any(ids.clone()));
        }
        if let Some(ids) = &rule_ids {
            query = query.filter(check::rule_id.eq_any(ids.clone()));
        }
        query = match written {
            Written::ByAnybody | Written::ByNobody => query,
            Written::By(author) => query.filter(check::author_gitlab_id.eq(author)),
            Written::NotBy(author) => {
                query.filter(check::author_gitlab_id.is_null().or(check::author_gitlab_id.ne(author)))
            }
        };
        for term in listing.text.iter().flat_map(|text| search::terms(text)) {
            query = match term {
                Term::Text(pattern) => query.filter(check::search_text.like(pattern).escape('\\')),
                Term::Reference { iid, path: None } => query.filter(merge_request::iid.eq(iid)),
                Term::Reference { iid, path: Some([end, whole]) } => {
                    let end = check::search_text.like(end).escape('\\');
                    let path = end.or(check::search_text.like(whole).escape('\\'));
                    query.filter(merge_request::iid.eq(iid)).filter(path)
                }
                Term::Address { url, reference } => query
                    .filter(merge_request::url.eq(url).or(check::search_text.like(reference).escape('\\'))),
            };
        }
        if let Some(verdict) = listing.verdict {
            query = query.filter(check::verdict.eq(verdict.as_str()));
        }
        if let Some(alarm) = listing.alarm {
            query = query.filter(sql::<Bool>(alarm.condition()));
        }
        query = match listing.order {
            Order::Oldest => ascending!(query, check::received_at, &listing.after),
            Order::Newest => descending!(query, check::received_at, &listing.after),
            // Repeats the partial indexes' condition; without it they are not used.
            Order::Decided => descending!(
                query.filter(check::decided_at.is_not_null()),
                check::decided_at.assume_not_null(),
                &listing.after
            ),
        };
        found.extend(query.limit(listing.limit).load::<ListedCheck>(conn)?);
    }
    found.sort_by(|a, b| listing.order.place(a).cmp(&listing.order.place(b)));
    if listing.order != Order::Oldest {
        found.reverse();
    }
    found.truncate(usize::try_from(listing.limit).unwrap_or(usize::MAX));
    Ok(found)
}

/// The projects that a page is put together from, each by a range of its own in the indexes; `None` among them: all at once.
/// Nothing if nobody can have written what is wanted.
fn ranges(
    conn: &mut Conn,
    written: Written,
    reach: &Reach,
    wanted: Option<&[String]>,
) -> Result<Option<Vec<Option<String>>>, DbError> {
    Ok(match written {
        Written::ByNobody => None,
        // One author's checks have an index range of their own.
        Written::By(_) => Some(vec![None]),
        Written::ByAnybody | Written::NotBy(_) => Some(match few(conn, reach, FEW)? {
            None => vec![None],
            Some(ids) => {
                let wanted = |id: &String| wanted.is_none_or(|wanted| wanted.contains(id));
                ids.into_iter().filter(wanted).map(Some).collect()
            }
        }),
    })
}

/// The states that a page is put together from; `None` among them: all at once.
fn states(listing: &Listing, everything: bool) -> Vec<Option<CheckState>> {
    if !listing.states.is_empty() {
        listing.states.iter().copied().map(Some).collect()
    } else if everything {
        vec![None]
    } else {
        CheckState::ALL.map(Some).into()
    }
}

/// Paths of the projects within the reach and names of their rules, each sorted and once.
///
/// # Errors
/// The database's.
pub fn filters(conn: &mut Conn, reach: &Reach) -> Result<(Vec<String>, Vec<String>), DbError> {
    let mut projects: Vec<String> =
        project::table.filter(within(reach, "project.id")).select(project::path).load(conn)?;
    let mut rules: Vec<String> =
        rule::table.filter(within(reach, "rule.project_id")).select(rule::name).distinct().load(conn)?;
    // In the same order whatever the database's language.
    projects.sort_unstable();
    rules.sort_unstable();
    Ok((projects, rules))
}

fn matching_projects(conn: &mut Conn, wanted: &str) -> Result<Vec<String>, DbError> {
    let mut query = project::table.select(project::id).into_boxed();
    query = match wanted.parse::<i64>() {
        Ok(id) => query.filter(project::gitlab_id.eq(id).or(project::path.eq(wanted))),
        Err(_) => query.filter(project::path.eq(wanted).or(project::id.eq(wanted))),
    };
    Ok(query.load(conn)?)
}

fn matching_rules(conn: &mut Conn, wanted: &str) -> Result<Vec<String>, DbError> {
    let mut query = rule::table.select(rule::id).into_boxed();
    query = match wanted.parse::<i64>() {
        Ok(id) => query.filter(rule::gitlab_id.eq(id).or(rule::name.eq(wanted))),
        Err(_) => query.filter(rule::name.eq(wanted).or(rule::id.eq(wanted))),
    };
    Ok(query.load(conn)?)
}
