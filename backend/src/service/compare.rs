//! Compares what GitLab shows for a merge request with what was decided here, and acts on Retry.

use std::time::Duration;

use serde_json::json;

use super::observe::Scene;
use super::steps;
use crate::db::checks::{self, CheckRow};
use crate::db::deliveries::{self, Newest};
use crate::db::{Conn, DbError, events, merge_requests, shown};
use crate::domain::backoff::READ_BACK;
use crate::domain::check::CheckEvent;
use crate::domain::record::{Actor, EventKind, NewEvent};
use crate::domain::{CheckState, DeliveryState, GitLabStatus, Time, Verdict};

/// A request that got no answer is done by GitLab so long after it was sent, or not at all: GitLab gives up after a minute.
pub const ARRIVES_WITHIN: Duration = Duration::from_secs(90);

/// GitLab's own pending rows of a new merge request are there so long after its call; see GitLab's
/// `PendingStatusCheckWorker`.
pub const SETTLED_AFTER: Duration = Duration::from_secs(180);

/// Whether a delivery had ended when the reading began that these facts come from.
fn is_before(newest: &Newest, known_at: Time, now: Time) -> bool {
    newest.updated_at != known_at && !known_at.is_overtaken_by(newest.updated_at, now)
}

impl Scene<'_> {
    /// Acts on Retry, and on what GitLab shows where that was read.
    pub(super) fn compare_with_gitlab(&self, conn: &mut Conn) -> Result<(), DbError> {
        for rule in &self.rules {
            let shows = self.told(rule).and_then(|facts| facts.shows);
            let pressed = self.seen.retry && self.seen.named_rule == Some(rule.gitlab_id);
            if shows.is_none() && !pressed {
                continue;
            }
            let Some(id) = checks::at_sha(conn, self.request_id.as_str(), rule.id.as_str(), self.head())?
            else {
                continue;
            };
            let Some(mut row) = checks::find(conn, &id)? else { continue };
            let newest = deliveries::newest_of(conn, &id)?;
            if let Some(shows) = shows {
                self.note_shown(conn, &row, shows, newest.as_ref())?;
                self.look_for_late_answers(conn, &row, newest.as_ref())?;
            }
            // An unsigned Retry is only a hint: where GitLab shows the decision nothing is sent, and where nothing is
            // decided nothing is recorded.
            let expected = steps::expected(row.check.state);
            let needed =
                shows.is_none_or(|shows| expected != Some(shows)) && (self.seen.signed || expected.is_some());
            if pressed && needed {
                self.step(conn, &mut row, CheckEvent::Retried, None)?;
            } else if let (Some(shows), Some(newest)) = (shows, newest) {
                self.compare_told(conn, &mut row, shows, newest)?;
            }
        }
        Ok(())
    }

    /// Sends the decision again where GitLab took it and shows another one all the same, or did not take it because HEAD was
    /// another commit for a while. What was read before that answer says nothing about it.
    fn compare_told(
        &self,
        conn: &mut Conn,
        row: &mut CheckRow,
        shows: GitLabStatus,
        newest: Newest,
    ) -> Result<(), DbError> {
        let known_at = self.seen.facts.known_at;
        // A decision that no longer counts was to be taken back.
        let taken_back = row.check.state == CheckState::Pending
            && newest.status == GitLabStatus::Pending
            && shows == GitLabStatus::Passed;
        let expected = steps::expected(row.check.state).or(taken_back.then_some(GitLabStatus::Pending));
        let Some(expected) = expected else { return Ok(()) };
        let told_before = is_before(&newest, known_at, self.seen.now);
        match newest.state {
            DeliveryState::Pending | DeliveryState::Failed => Ok(()),
            DeliveryState::Delivered if !told_before => Ok(()),
            DeliveryState::Delivered if expected == shows => {
                // A merge request is made with a pending row for each check, by a job that may come after the answer.
                let settled_at =
                    merge_requests::first_seen(conn, self.request_id.as_str())?.after(SETTLED_AFTER);
                if known_at < settled_at {
                    merge_requests::want_refresh_at(
                        conn,
                        self.request_id.as_str(),
                        settled_at,
                        self.seen.now,
                    )?;
                }
                Ok(())
            }
            DeliveryState::Delivered | DeliveryState::Obsolete => {
                // GitLab may answer 409 once more, or somebody else may answer the same check each time: not at full speed.
                let again_at = newest.updated_at.after(READ_BACK.wait(newest.number, 1.0));
                let is_past = newest.updated_at <= self.seen.now;
                if is_past && known_at < again_at {
                    let request = self.request_id.as_str();
                    return merge_requests::want_refresh_at(conn, request, again_at, self.seen.now);
                }
                self.step(conn, row, CheckEvent::Drifted, None)
            }
        }
    }

    /// Stores what GitLab shows; raises an alarm for a `passed` that nobody here decided and nobody acknowledged. A decision counts though the merge
    /// request was merged or closed since.
    fn note_shown(
        &self,
        conn: &mut Conn,
        row: &CheckRow,
        shows: GitLabStatus,
        newest: Option<&Newest>,
    ) -> Result<(), DbError> {
        let on_its_way = newest.is_some_and(|newest| {
            newest.state == DeliveryState::Pending
                || !is_before(newest, self.seen.facts.known_at, self.seen.now)
        });
        let undecided =
            shows == GitLabStatus::Passed && row.check.standing != Some(Verdict::Approve) && !on_its_way;
        let undecided = undecided && !self.is_our_own(conn, row, newest)?;
        let known = shown::undecided_pass(conn, row.id.as_str())?;
        let mut alarm = undecided && !known.acknowledged;
        if alarm && !known.alarm && self.moved {
            // What GitLab shows was read beside the merge request, and may be that of the commit before.
            alarm = false;
            merge_requests::want_refresh(conn, self.request_id.as_str(), self.seen.now)?;
        }
        shown::save(conn, row.id.as_str(), shows, alarm, self.seen.facts.known_at)?;
        if alarm && !known.alarm {
            let commit = steps::commit(conn, row.id.as_str(), &row.sha)?;
            let summary = if row.check.state == CheckState::Withdrawn
                && deliveries::may_have_passed(conn, row.id.as_str())?
            {
                format!("GitLab shows passed for {commit}: the approval that was given here no longer counts")
            } else {
                format!("GitLab shows passed for {commit}, but nobody here approved it")
            };
            let event = NewEvent::new(
                EventKind::AlarmUndecidedPass,
                Actor::gitlab(),
                summary,
                json!({"sha": row.sha, "state": row.check.state.as_str()}),
            )
            .of_check(row.id.as_str(), &row.project_id);
            events::append(conn, &event, self.seen.now)?;
        }
        Ok(())
    }

    /// Whether the `passed` is an earlier decision of ours that GitLab will be told about: it could not be told yet that it no longer counts, or
    /// heard of it late.
    fn is_our_own(&self, conn: &mut Conn, row: &CheckRow, newest: Option<&Newest>) -> Result<bool, DbError> {
        let Some(newest) = newest else { return Ok(false) };
        if row.check.state == CheckState::Withdrawn {
            // Nothing is told any more: it was let pass for good.
            return Ok(false);
        }
        let late = deliveries::unanswered_before(conn, row.id.as_str(), newest)?
            .is_some_and(|at| self.seen.facts.known_at < at.after(ARRIVES_WITHIN * 2));
        Ok((newest.state != DeliveryState::Delivered || late)
            && deliveries::may_have_passed(conn, row.id.as_str())?)
    }

    /// Has the merge request read once more where an earlier answer may still arrive and replace the newer one.
    fn look_for_late_answers(
        &self,
        conn: &mut Conn,
        row: &CheckRow,
        newest: Option<&Newest>,
    ) -> Result<(), DbError> {
        let Some(newest) = newest else { return Ok(()) };
        let Some(at) = deliveries::unanswered_before(conn, row.id.as_str(), newest)? else { return Ok(()) };
        let over = at.after(ARRIVES_WITHIN);
        if self.seen.facts.known_at < over {
            merge_requests::want_refresh_at(conn, self.request_id.as_str(), over, self.seen.now)?;
        }
        Ok(())
    }
}
