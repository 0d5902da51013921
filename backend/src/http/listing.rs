//! What a listing of checks may be asked for.

use serde::Deserialize;

use super::dto;
use super::problem::ApiError;
use super::query::{self, searchable};
use crate::db::inbox::{Alarm, Listing, Order};
use crate::domain::access::{Caller, Turn};
use crate::domain::ids::CheckId;
use crate::domain::{CheckState, Time, Verdict};

/// What a listing may be asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ChecksQuery {
    /// One state, several separated by commas, or `all`. Default: `pending`; with `alarm`, `all`.
    state: Option<String>,
    /// Only this project: its id in `/projects`, GitLab's numeric id or the full path.
    project: Option<String>,
    /// Only this rule: its id in `/rules`, GitLab's numeric id of the external status check, or its name.
    rule: Option<String>,
    /// Only checks whose title, project, number, author, rule, branches and SHA contain every word of this text, in any order;
    /// at most 32 words and 1,000 characters; words in double quotes stay together. `group/project!7`, `!7` and a merge request's address find that merge request.
    q: Option<String>,
    /// Only checks that need a person: `failed_delivery` are those that GitLab could not be told about, `undecided_pass` those that
    /// GitLab shows as passed though nobody here approved them. Without `state`, those of all states.
    alarm: Option<String>,
    /// Only checks about which this was decided, `approve` or `reject`; also those that were merged, closed or superseded since.
    verdict: Option<String>,
    /// Only with pending checks: `mine` are those that the caller may decide on, `others` the rest.
    turn: Option<String>,
    /// `oldest` or `newest`: what arrived first or last comes first; `decided`, only with a `state` that leaves
    /// out `pending`: what was decided last comes first, and what was never decided is left out. Default: only pending checks oldest first, otherwise newest first.
    sort: Option<String>,
    /// `next_cursor` of the page before, asked for with the same parameters.
    cursor: Option<String>,
    /// How many at most, 1 to 200. Default: 50.
    limit: Option<i64>,
}

impl ChecksQuery {
    /// The listing that is asked for, if all of it can be.
    ///
    /// # Errors
    /// 400 that says which parameter is wrong, and what it may be.
    pub fn listing(self, caller: &Caller) -> Result<Listing, ApiError> {
        let alarm = self.alarm()?;
        let turn = self.turn()?;
        let states = self.states(if alarm.is_some() && turn.is_none() { "all" } else { "pending" })?;
        let pending = states == [CheckState::Pending];
        if turn.is_some() && !pending {
            let why = "Only pending checks are somebody's turn; leave out turn, or ask for state=pending.";
            return Err(ApiError::parameter("turn", why));
        }
        Ok(Listing {
            written: turn.map(|turn| turn.of(caller)),
            order: self.order(&states)?,
            after: self.after()?,
            verdict: self.verdict()?,
            project: given(self.project.as_deref()).map(str::to_owned),
            rule: given(self.rule.as_deref()).map(str::to_owned),
            text: searchable(given(self.q.as_deref()).map(str::to_owned))?,
            states,
            alarm,
            limit: query::limit(self.limit)?.into(),
        })
    }

    fn alarm(&self) -> Result<Option<Alarm>, ApiError> {
        let Some(word) = given(self.alarm.as_deref()) else { return Ok(None) };
        shared::Alarm::parse(word).map(|alarm| Some(dto::alarm(alarm))).ok_or_else(|| {
            let why = format!("{word:?} is no alarm; use failed_delivery or undecided_pass.");
            ApiError::parameter("alarm", why)
        })
    }

    /// None stands for all.
    fn states(&self, default: &str) -> Result<Vec<CheckState>, ApiError> {
        let text = given(self.state.as_deref()).unwrap_or(default);
        let mut states = Vec::new();
        for word in text.split(',').map(str::trim).filter(|_| text != "all") {
            let state = CheckState::parse(word).ok_or_else(|| {
                let all: Vec<&str> = CheckState::ALL.iter().map(|state| state.as_str()).collect();
                let why = format!("{word:?} is no state; use all, or some of {}.", all.join(", "));
                ApiError::parameter("state", why)
            })?;
            if !states.contains(&state) {
                states.push(state);
            }
        }
        Ok(states)
    }

    fn after(&self) -> Result<Option<(String, String)>, ApiError> {
        query::after(self.cursor.as_deref(), |cursor| {
            cursor
                .split_once('~')
                .filter(|(at, id)| Time::parse(at).is_some() && CheckId::parse(id).is_some())
                .map(|(at, id)| (at.to_owned(), id.to_owned()))
        })
    }

    fn order(&self, states: &[CheckState]) -> Result<Order, ApiError> {
        match given(self.sort.as_deref()) {
            None if states == [CheckState::Pending] => Ok(Order::Oldest),
            Some("oldest") => Ok(Order::Oldest),
            None | Some("newest") => Ok(Order::Newest),
            Some("decided") if !states.is_empty() && !states.contains(&CheckState::Pending) => {
                Ok(Order::Decided)
            }
            Some("decided") => {
                let why = "What waits is in no order of decisions; ask for state=approved,rejected,withdrawn or some of them.";
                Err(ApiError::parameter("sort", why))
            }
            Some(word) => {
                let why = format!("{word:?} is no order; use oldest, newest or decided.");
                Err(ApiError::parameter("sort", why))
            }
        }
    }

    fn turn(&self) -> Result<Option<Turn>, ApiError> {
        match given(self.turn.as_deref()) {
            None => Ok(None),
            Some("mine") => Ok(Some(Turn::Mine)),
            Some("others") => Ok(Some(Turn::Others)),
            Some(word) => {
                let why = format!("{word:?} is nobody's turn; use mine or others.");
                Err(ApiError::parameter("turn", why))
            }
        }
    }

    fn verdict(&self) -> Result<Option<Verdict>, ApiError> {
        let Some(word) = given(self.verdict.as_deref()) else { return Ok(None) };
        Verdict::parse(word).map(Some).ok_or_else(|| {
            let why = format!("{word:?} is no verdict; use approve or reject.");
            ApiError::parameter("verdict", why)
        })
    }
}

/// A parameter that says something.
fn given(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}
