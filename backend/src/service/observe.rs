//! Takes in what is known of a merge request and brings its checks in line with it.
//!
//! All ways of knowing end here: signed calls, calls read back from GitLab, the answer to a 409,
//! reconciliation. The order in which they arrive does not matter: older knowledge never replaces
//! newer, and where the order cannot be told the caller is sent to read GitLab again.

use std::time::Duration;

use serde_json::json;

use super::enrol::{newcomer, take_rules};
use super::freshness::{Freshness, freshness, texts_in_doubt};
use super::steps::{self, Cause};
use crate::db::changes_due;
use crate::db::checks::{self, CheckRow};
use crate::db::described::{self, NewCheck};
use crate::db::merge_requests::{self, MergeRequestRow};
use crate::db::projects::{self, ProjectRow, RuleRow};
use crate::db::{Conn, DbError, deliveries, events, lock_merge_request, shown};
use crate::domain::check::{CheckEvent, Position};
use crate::domain::facts::{Facts, RuleFacts, Source};
use crate::domain::ids::{ConnectionId, MergeRequestId, short_sha};
use crate::domain::record::{Actor, EventKind, NewEvent};
use crate::domain::{CheckState, Time, Verdict};

/// What a call leaves open is asked for so long after it: the calls of the other rules come at about the same time.
const ASK_AFTER: Duration = Duration::from_secs(5);

/// What an observation is about.
pub struct Observation<'a> {
    /// The connection it came through.
    pub connection_id: &'a ConnectionId,
    /// What is known.
    pub facts: &'a Facts,
    /// The rule that a call named, by GitLab's id; only it may be enrolled.
    pub named_rule: Option<i64>,
    /// Whether somebody pressed Retry in GitLab.
    pub retry: bool,
    /// Whether the call was signed. Who pressed what, GitLab's answer cannot confirm.
    pub signed: bool,
    /// Whether projects and rules not seen before are taken in.
    pub enrol: bool,
    /// Whether GitLab's answer is believed though it looks older than what is known.
    pub insist: bool,
    /// When the call arrived, RFC 3339; new checks carry it.
    pub received_at: &'a str,
    /// The present moment.
    pub now: Time,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observed {
    /// Taken in.
    Applied,
    /// Perhaps older than what is known: read GitLab (again).
    Stale,
    /// GitLab lists no such check for this merge request, or it is not ours to take in.
    NotOurs,
}

/// Takes an observation in.
///
/// # Errors
/// The database's.
pub fn observe(conn: &mut Conn, seen: &Observation<'_>) -> Result<Observed, DbError> {
    let facts = seen.facts;
    let request = &facts.merge_request;
    lock_merge_request(conn, seen.connection_id, facts.project.gitlab_id, request.iid)?;
    let known_project = projects::find_project(conn, seen.connection_id, facts.project.gitlab_id)?;
    let known_rules = match &known_project {
        Some(project) => projects::rules(conn, &project.id)?,
        None => Vec::new(),
    };
    let newcomer = newcomer(seen, &known_rules);
    let named_is_known = seen
        .named_rule
        .is_none_or(|named| known_rules.iter().any(|rule| rule.gitlab_id == named) || newcomer.is_some());
    if (known_rules.is_empty() && newcomer.is_none()) || !named_is_known {
        return Ok(Observed::NotOurs);
    }
    let known = match &known_project {
        Some(project) => merge_requests::find(conn, &project.id, request.iid)?,
        None => None,
    };
    let freshness =
        known.as_ref().map_or(Freshness::Newer, |known| freshness(known, facts, seen.insist, seen.now));
    match (freshness, &known_project, &known) {
        (Freshness::Unclear, _, _) => return Ok(Observed::Stale),
        (Freshness::SameButOlder, Some(project), Some(known)) => {
            return overtaken(conn, seen, project, known, known_rules);
        }
        (Freshness::SameButOlder | Freshness::Newer, _, _) => {}
    }
    // A call that was long on its way may carry a name of before; what GitLab answers is the name of now.
    let hearsay = facts.source == Source::SignedCall;
    let renamed = hearsay && has_other_names(facts, known_project.as_ref(), &known_rules);
    let project = match known_project {
        Some(known) if hearsay => known,
        Some(_) | None => projects::upsert_project(conn, seen.connection_id, &facts.project, seen.now)?,
    };
    let rules = take_rules(conn, seen, &project, known_rules, newcomer)?;
    let request_id =
        merge_requests::save(conn, &project.id, known.as_ref(), request, facts.known_at, seen.now)?;
    let author = author(facts, known.as_ref());
    let in_doubt = known.as_ref().is_some_and(|known| texts_in_doubt(known, facts));
    if facts.source == Source::SignedCall && request.is_open() && (author.is_empty() || in_doubt) {
        // A call names the author only by id, and of two calls of one second either may be the later: GitLab
        // knows the name and the texts.
        merge_requests::want_refresh(conn, request_id.as_str(), seen.now)?;
    }
    if renamed {
        merge_requests::want_refresh(conn, request_id.as_str(), seen.now)?;
    }
    let head = request.head_sha.as_deref().unwrap_or("");
    let moved = known.as_ref().is_none_or(|known| known.head_sha != head);
    let scene = Scene { seen, project, request_id, author, rules, moved };
    scene.move_checks(conn)?;
    scene.create_missing(conn)?;
    scene.want_change(conn, known.as_ref())?;
    scene.compare_with_gitlab(conn)?;
    scene.ask_what_let_it_pass(conn)?;
    Ok(Observed::Applied)
}

/// Whether a project or a rule is called otherwise than was known.
fn has_other_names(facts: &Facts, project: Option<&ProjectRow>, rules: &[RuleRow]) -> bool {
    let other = |told: &RuleFacts| {
        rules.iter().any(|rule| rule.gitlab_id == told.gitlab_id && rule.name != told.name)
    };
    project.is_some_and(|project| project.path != facts.project.path) || facts.rules.iter().any(other)
}

/// An older call that says nothing new: its texts are not taken in, only a Retry counts. If it is
/// the first word of its rule, GitLab is asked for the texts of today.
fn overtaken(
    conn: &mut Conn,
    seen: &Observation<'_>,
    project: &ProjectRow,
    known: &MergeRequestRow,
    rules: Vec<RuleRow>,
) -> Result<Observed, DbError> {
    let named = rules.iter().find(|rule| Some(rule.gitlab_id) == seen.named_rule);
    let has_check = match named {
        Some(rule) => checks::at_sha(conn, known.id.as_str(), rule.id.as_str(), &known.head_sha)?.is_some(),
        None => false,
    };
    if !has_check && seen.facts.merge_request.is_open() {
        return Ok(Observed::Stale);
    }
    let scene = Scene {
        seen,
        project: project.clone(),
        request_id: known.id.clone(),
        author: known.author.clone(),
        rules,
        moved: false,
    };
    scene.compare_with_gitlab(conn)?;
    Ok(Observed::Applied)
}

/// GitLab has no such merge request any more, or the token cannot see it: nothing can be decided.
/// If it is seen again, its checks come back.
///
/// # Errors
/// The database's.
pub fn vanished(
    conn: &mut Conn,
    connection_id: &ConnectionId,
    project: i64,
    iid: i64,
    now: Time,
) -> Result<(), DbError> {
    lock_merge_request(conn, connection_id, project, iid)?;
    let Some(project) = projects::find_project(conn, connection_id, project)? else { return Ok(()) };
    let Some(known) = merge_requests::find(conn, &project.id, iid)? else { return Ok(()) };
    for mut row in checks::of_merge_request(conn, &known.id, &known.head_sha)? {
        let event = CheckEvent::Observed { position: Position::Gone, retargeted: false };
        let Ok(step) = row.check.apply(event) else { continue };
        let notice =
            Some("GitLab no longer shows this merge request: it was deleted, or the token cannot see it.");
        let cause = Cause { actor: None, decided_by: None, notice, data: json!({}) };
        steps::take(conn, connection_id, &mut row, &step, &cause, now)?;
    }
    Ok(())
}

fn author(facts: &Facts, known: Option<&MergeRequestRow>) -> String {
    let request = &facts.merge_request;
    request.author.clone().or_else(|| known.map(|known| known.author.clone())).unwrap_or_default()
}

/// One merge request whose facts are in the store, and whose checks are about to follow.
pub(super) struct Scene<'a> {
    pub(super) seen: &'a Observation<'a>,
    project: ProjectRow,
    pub(super) request_id: MergeRequestId,
    author: String,
    pub(super) rules: Vec<RuleRow>,
    /// Whether HEAD is another commit than was known.
    pub(super) moved: bool,
}

impl Scene<'_> {
    pub(super) fn head(&self) -> &str {
        self.seen.facts.merge_request.head_sha.as_deref().unwrap_or("")
    }

    /// What this observation says about a rule.
    pub(super) fn told(&self, rule: &RuleRow) -> Option<&RuleFacts> {
        self.seen.facts.rules.iter().find(|facts| facts.gitlab_id == rule.gitlab_id)
    }

    /// Whether a rule applies to this merge request; `None` if this observation does not know.
    fn applies(&self, rule: &RuleRow) -> Option<bool> {
        match (self.seen.facts.source, self.told(rule)) {
            (_, Some(_)) => Some(true),
            (Source::ReadBack, None) => Some(false),
            (Source::SignedCall, None) => None,
        }
    }

    fn describe<'c>(&'c self, rule: &'c RuleRow, sha: &'c str) -> NewCheck<'c> {
        let request = &self.seen.facts.merge_request;
        NewCheck {
            project_id: self.project.id.as_str(),
            project_path: &self.project.path,
            merge_request_id: self.request_id.as_str(),
            iid: request.iid,
            rule_id: rule.id.as_str(),
            rule_name: &rule.name,
            policy: &rule.policy,
            sha,
            title: &request.title,
            author: &self.author,
            source_branch: &request.source_branch,
            target_branch: &request.target_branch,
        }
    }

    fn position(&self, row: &CheckRow, rule: Option<&RuleRow>) -> (Position, Option<&'static str>) {
        match self.seen.facts.merge_request.state.as_str() {
            "opened" => {}
            "merged" => return (Position::Gone, Some("The merge request was merged.")),
            "locked" => return (Position::Gone, Some("GitLab is merging the merge request.")),
            _ => return (Position::Gone, Some("The merge request was closed.")),
        }
        if rule.and_then(|rule| self.applies(rule)) == Some(false) {
            return (Position::Gone, Some("GitLab no longer lists this check for the merge request."));
        }
        if row.sha == self.head() { (Position::Head, None) } else { (Position::Behind, None) }
    }

    pub(super) fn step(
        &self,
        conn: &mut Conn,
        row: &mut CheckRow,
        event: CheckEvent,
        notice: Option<&str>,
    ) -> Result<(), DbError> {
        let Ok(step) = row.check.apply(event) else { return Ok(()) };
        let cause = Cause { actor: None, decided_by: None, notice, data: json!({}) };
        steps::take(conn, self.seen.connection_id, row, &step, &cause, self.seen.now)
    }

    /// Moves the checks that exist.
    fn move_checks(&self, conn: &mut Conn) -> Result<(), DbError> {
        let request = &self.seen.facts.merge_request;
        for mut row in checks::of_merge_request(conn, &self.request_id, self.head())? {
            let rule = self.rules.iter().find(|rule| rule.id.as_str() == row.rule_id);
            let (position, notice) = self.position(&row, rule);
            let retargeted = row.target_branch != request.target_branch;
            if retargeted {
                shown::expect_anew(conn, row.id.as_str())?;
                if self.seen.facts.source == Source::SignedCall {
                    // Only the checks that apply to the new branch hear of it: whether this one still does, no call says.
                    let ask_at = self.seen.now.after(ASK_AFTER);
                    merge_requests::want_refresh_at(conn, self.request_id.as_str(), ask_at, self.seen.now)?;
                }
            }
            let away = matches!(row.check.state, CheckState::Superseded | CheckState::Withdrawn);
            if position == Position::Head && away {
                let told = deliveries::newest_of(conn, row.id.as_str())?.is_some();
                let applies = rule.and_then(|rule| self.applies(rule)) == Some(true);
                if told && self.seen.facts.source == Source::SignedCall || !applies {
                    // Whether the rule still applies, and whether GitLab shows an answer that no longer counts, no call says.
                    merge_requests::want_refresh_at(
                        conn,
                        self.request_id.as_str(),
                        self.seen.now.after(ASK_AFTER),
                        self.seen.now,
                    )?;
                }
                if !applies {
                    continue;
                }
            }
            if position == Position::Head {
                row.target_branch.clone_from(&request.target_branch);
                if let Some(rule) = rule
                    && let Some(before) =
                        described::redescribe(conn, &row, &self.describe(rule, &row.sha), self.seen.now)?
                {
                    let reference = checks::reference(conn, row.id.as_str())?;
                    let (kind, summary) = if retargeted {
                        let to = &request.target_branch;
                        (EventKind::CheckRetargeted, format!("{reference} is to be merged into {to} now"))
                    } else {
                        let what = format!("The title, author or source branch of {reference} changed");
                        (EventKind::CheckUpdated, what)
                    };
                    let event = NewEvent::new(
                        kind,
                        Actor::gitlab(),
                        summary,
                        json!({
                            "title": request.title,
                            "author": self.author,
                            "source_branch": request.source_branch,
                            "target_branch": request.target_branch,
                            "title_before": before.title,
                            "author_before": before.author,
                            "source_branch_before": before.source_branch,
                            "target_branch_before": before.target_branch,
                        }),
                    )
                    .of_check(row.id.as_str(), &row.project_id);
                    events::append(conn, &event, self.seen.now)?;
                }
            }
            self.step(conn, &mut row, CheckEvent::Observed { position, retargeted }, notice)?;
        }
        Ok(())
    }

    /// GitLab merges only what passed, or what somebody let pass without asking here: no call says which.
    fn ask_what_let_it_pass(&self, conn: &mut Conn) -> Result<(), DbError> {
        let merged = matches!(self.seen.facts.merge_request.state.as_str(), "merged" | "locked");
        if !merged || self.seen.facts.source != Source::SignedCall {
            return Ok(());
        }
        let all = checks::of_merge_request(conn, &self.request_id, self.head())?;
        let is_open = |row: &CheckRow| row.sha == self.head() && row.check.standing != Some(Verdict::Approve);
        if all.iter().any(is_open) {
            let (id, now) = (self.request_id.as_str(), self.seen.now);
            merge_requests::want_refresh_at(conn, id, now.after(ASK_AFTER), now)?;
        }
        Ok(())
    }

    /// Makes the checks that HEAD lacks.
    fn create_missing(&self, conn: &mut Conn) -> Result<(), DbError> {
        let request = &self.seen.facts.merge_request;
        let head = self.head();
        if !request.is_open() || head.is_empty() {
            return Ok(());
        }
        for rule in self.rules.iter().filter(|rule| self.applies(rule) == Some(true)) {
            if checks::at_sha(conn, self.request_id.as_str(), rule.id.as_str(), head)?.is_some() {
                continue;
            }
            let id =
                described::insert(conn, &self.describe(rule, head), self.seen.received_at, self.seen.now)?;
            let event = NewEvent::new(
                EventKind::CheckCreated,
                Actor::gitlab(),
                format!(
                    "{}!{} waits for {:?} at {}",
                    self.project.path,
                    request.iid,
                    rule.name,
                    short_sha(head)
                ),
                json!({
                    "sha": head,
                    "rule": rule.gitlab_id,
                    "title": request.title,
                    "author": self.author,
                    "author_gitlab_id": request.author_gitlab_id,
                    "source_branch": request.source_branch,
                    "target_branch": request.target_branch,
                }),
            )
            .of_check(id.as_str(), self.project.id.as_str());
            events::append(conn, &event, self.seen.now)?;
        }
        Ok(())
    }

    /// Has the change of HEAD read, again if the merge request changed.
    fn want_change(&self, conn: &mut Conn, known: Option<&MergeRequestRow>) -> Result<(), DbError> {
        let request = &self.seen.facts.merge_request;
        if !request.is_open() || self.head().is_empty() {
            return Ok(());
        }
        let same = known.is_some_and(|known| {
            known.head_sha == self.head()
                && known.target_branch == request.target_branch
                // Times are of whole seconds.
                && known.gitlab_updated_at == request.updated_at
                && known.description == request.description
        });
        changes_due::want(conn, &self.request_id, self.head(), !same, self.seen.now)
    }
}
