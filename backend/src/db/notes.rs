//! Notes on merge requests: the table `merge_request_note`, one row for each merge request and rule
//! that was ever decided on. A row says *that* something is to be written; what, is read when it is.

use diesel::prelude::*;

use super::schema::{
    connection, decision, delivery, merge_request, merge_request_note as note, project, rule, status_check,
};
use super::{Conn, DbError, word};
use crate::domain::ids::ConnectionId;
use crate::domain::note::{NoteState, Said};
use crate::domain::{CheckState, DeliveryState, Time, Verdict};

/// A note that this process may write until its lease ends, and what it has to say.
#[derive(Clone, Debug)]
pub struct ClaimedNote {
    /// The merge request: our id.
    pub merge_request_id: String,
    /// The rule: our id.
    pub rule_id: String,
    /// GitLab's project id and the merge request's number.
    pub place: (i64, i64),
    /// The rule's name.
    pub rule: String,
    /// GitLab's id of the note, if it was written before.
    pub gitlab_note_id: Option<i64>,
    /// The hash of what it says.
    pub written_hash: Option<String>,
    /// Whether it was deleted in GitLab and written anew.
    pub recreated: bool,
    /// Failures in a row so far.
    pub attempts: i64,
    /// How far the row had come when it was read.
    pub wanted: i64,
    /// What it is about.
    pub present: Present,
}

/// What a note is about, as it is now.
#[derive(Clone, Debug)]
pub struct Present {
    /// The check at HEAD, or the newest one.
    pub check_id: String,
    /// Its state.
    pub state: CheckState,
    /// Its commit; HEAD, if the check is behind.
    pub sha: String,
    /// Its target branch.
    pub target_branch: String,
    /// The decision that counts for it.
    pub standing: Option<Said>,
    /// The newest decision besides.
    pub earlier: Option<Said>,
}

/// What an attempt came to.
#[derive(Debug)]
pub struct Outcome<'a> {
    /// The state from now on, if nothing new is to be said meanwhile.
    pub state: NoteState,
    /// When to try again, if it is still pending.
    pub due_at: Time,
    /// Failures in a row from now on.
    pub attempts: i64,
    /// GitLab's id of the note, if there is one.
    pub gitlab_note_id: Option<i64>,
    /// The hash of what it says, if that is known.
    pub written_hash: Option<&'a str>,
    /// Whether it was deleted in GitLab and written anew.
    pub recreated: bool,
    /// Whether a text may still be on its way to GitLab: then the lease stays until it has arrived.
    pub on_its_way: bool,
    /// What went wrong.
    pub error: Option<&'a str>,
}

/// Says that a note has something new to tell, also to whoever is writing it. With `create` there is one
/// from now on, if the rule has notes. The caller holds the merge request's lock.
///
/// # Errors
/// The database's.
pub fn want(
    conn: &mut Conn,
    merge_request_id: &str,
    rule_id: &str,
    connection_id: &str,
    create: bool,
    now: Time,
) -> Result<(), DbError> {
    let at = now.to_string();
    let known = diesel::update(note::table.find((merge_request_id, rule_id)))
        .set((
            note::state.eq(NoteState::Pending.as_str()),
            note::wanted.eq(note::wanted + 1),
            note::attempts.eq(0),
            note::due_at.eq(&at),
            note::updated_at.eq(&at),
        ))
        .execute(conn)?;
    if known > 0 || !create || !rule::table.find(rule_id).select(rule::note_enabled).first(conn)? {
        return Ok(());
    }
    diesel::insert_into(note::table)
        .values((
            note::merge_request_id.eq(merge_request_id),
            note::rule_id.eq(rule_id),
            note::connection_id.eq(connection_id),
            note::state.eq(NoteState::Pending.as_str()),
            note::wanted.eq(1),
            note::recreated.eq(false),
            note::attempts.eq(0),
            note::due_at.eq(&at),
            note::created_at.eq(&at),
            note::updated_at.eq(&at),
        ))
        .execute(conn)?;
    Ok(())
}

/// The notes that were written on a merge request: GitLab's ids.
///
/// # Errors
/// The database's.
pub fn written(conn: &mut Conn, merge_request_id: &str) -> Result<Vec<i64>, DbError> {
    Ok(note::table
        .filter(note::merge_request_id.eq(merge_request_id))
        .filter(note::gitlab_note_id.is_not_null())
        .select(note::gitlab_note_id.assume_not_null())
        .load(conn)?)
}

/// Takes a due note of a connection for this process until `until`: none while a delivery
/// is due that can be sent, for GitLab is told the outcome first. Leaves out those of rules that are
/// broken or have no notes. What was taken and not finished is given back by nobody: its text may be on its way.
///
/// # Errors
/// The database's.
pub fn claim(
    conn: &mut Conn,
    owner: &str,
    connection_id: &str,
    now: Time,
    until: Time,
) -> Result<Option<ClaimedNote>, DbError> {
    let at = now.to_string();
    let delivering: bool = diesel::select(diesel::dsl::exists(
        delivery::table
            .inner_join(rule::table.on(rule::id.eq(delivery::rule_id)))
            .filter(delivery::state.eq(DeliveryState::Pending.as_str()))
            .filter(delivery::connection_id.eq(connection_id))
            .filter(delivery::due_at.le(&at))
            .filter(rule::broken_reason.is_null()),
    ))
    .get_result(conn)?;
    if delivering {
        return Ok(None);
    }
    let due: Option<(String, String)> = note::table
        .inner_join(rule::table.on(rule::id.eq(note::rule_id)))
        .filter(note::state.eq(NoteState::Pending.as_str()))
        .filter(note::connection_id.eq(connection_id))
        .filter(note::due_at.le(&at))
        .filter(note::lease_until.is_null().or(note::lease_until.lt(&at)))
        .filter(rule::note_enabled.and(rule::broken_reason.is_null()))
        .order(note::due_at.asc())
        .select((note::merge_request_id, note::rule_id))
        .first(conn)
        .optional()?;
    let Some((merge_request_id, rule_id)) = due else { return Ok(None) };
    let ours = diesel::update(
        note::table
            .find((&merge_request_id, &rule_id))
            .filter(note::state.eq(NoteState::Pending.as_str()))
            .filter(note::lease_until.is_null().or(note::lease_until.lt(&at))),
    )
    .set((note::lease_owner.eq(Some(owner)), note::lease_until.eq(Some(until.to_string()))))
    .execute(conn)?;
    if ours == 0 {
        // Somebody else was faster; the next round finds another one.
        return Ok(None);
    }
    let claimed = load_claimed(conn, merge_request_id, rule_id)?;
    // If this process dies with the text on its way, nobody knows what the note says.
    diesel::update(note::table.find((&claimed.merge_request_id, &claimed.rule_id)))
        .set(note::written_hash.eq(None::<String>))
        .execute(conn)?;
    Ok(Some(claimed))
}

fn load_claimed(conn: &mut Conn, merge_request_id: String, rule_id: String) -> Result<ClaimedNote, DbError> {
    type Row = ((i64, i64, String, String), String, (Option<i64>, Option<String>, bool, i64, i64));
    let row: Row = note::table
        .inner_join(merge_request::table.on(merge_request::id.eq(note::merge_request_id)))
        .inner_join(project::table.on(project::id.eq(merge_request::project_id)))
        .inner_join(rule::table.on(rule::id.eq(note::rule_id)))
        .filter(note::merge_request_id.eq(&merge_request_id))
        .filter(note::rule_id.eq(&rule_id))
        .select((
            (project::gitlab_id, merge_request::iid, merge_request::head_sha, merge_request::target_branch),
            rule::name,
            (note::gitlab_note_id, note::written_hash, note::recreated, note::attempts, note::wanted),
        ))
        .first(conn)?;
    let ((project, iid, head, branch), rule, progress) = row;
    let (gitlab_note_id, written_hash, recreated, attempts, wanted) = progress;
    let present = present(conn, (&merge_request_id, &rule_id), (head, branch))?;
    Ok(ClaimedNote {
        merge_request_id,
        rule_id,
        place: (project, iid),
        rule,
        gitlab_note_id,
        written_hash,
        recreated,
        attempts,
        wanted,
        present,
    })
}

/// The check that a note is about, and the decisions it names.
fn present(
    conn: &mut Conn,
    these_ids @ (merge_request_id, rule_id): (&str, &str),
    (head, branch): (String, String),
) -> Result<Present, DbError> {
    let columns = (status_check::id, status_check::state, status_check::sha, status_check::target_branch);
    type Row = (String, String, String, String);
    let these = || {
        status_check::table
            .filter(status_check::merge_request_id.eq(merge_request_id))
            .filter(status_check::rule_id.eq(rule_id))
            .select(columns)
    };
    let at_head: Option<Row> = these().filter(status_check::sha.eq(&head)).first(conn).optional()?;
    let (check_id, state, sha, target_branch) = match at_head {
        Some(row) => row,
        None => {
            these().order((status_check::received_at.desc(), status_check::id.desc())).first::<Row>(conn)?
        }
    };
    let state = word(&state, CheckState::parse)?;
    // HEAD is a commit whose check has not arrived yet.
    let behind = state == CheckState::Superseded && !head.is_empty();
    let (sha, target_branch) = if behind { (head, branch) } else { (sha, target_branch) };
    let standing = if behind { None } else { newest(conn, these_ids, Some(&check_id), None)? };
    let but = standing.as_ref().map(|(id, _)| id.as_str());
    let earlier = newest(conn, these_ids, None, but)?;
    Ok(Present {
        check_id,
        state,
        sha,
        target_branch,
        standing: standing.map(|(_, said)| said),
        earlier: earlier.map(|(_, said)| said),
    })
}

/// The newest decision on a merge request for a rule: the one that counts for one check, or any but one.
fn newest(
    conn: &mut Conn,
    (merge_request_id, rule_id): (&str, &str),
    counting_for: Option<&str>,
    but: Option<&str>,
) -> Result<Option<(String, Said)>, DbError> {
    type Row = (String, String, String, String, String, String, String);
    let mut query = decision::table
        .inner_join(status_check::table.on(status_check::id.eq(decision::check_id)))
        .filter(status_check::merge_request_id.eq(merge_request_id))
        .filter(status_check::rule_id.eq(rule_id))
        .into_boxed();
    if let Some(check) = counting_for {
        query = query.filter(decision::check_id.eq(check)).filter(decision::reversed.eq(false));
    }
    if let Some(id) = but {
        query = query.filter(decision::id.ne(id));
    }
    let row: Option<Row> = query
        .order((decision::decided_at.desc(), decision::id.desc()))
        .select((
            decision::id,
            decision::verdict,
            decision::reviewer,
            decision::comment,
            decision::sha,
            decision::target_branch,
            decision::decided_at,
        ))
        .first(conn)
        .optional()?;
    row.map(|(id, verdict, reviewer, comment, sha, target_branch, at)| {
        let verdict = word(&verdict, Verdict::parse)?;
        Ok((id, Said { verdict, reviewer, comment, sha, target_branch, at }))
    })
    .transpose()
}

/// Stores what an attempt came to, if the lease is still ours; `false` if it is not. If there is
/// something new to say, the note stays due.
///
/// # Errors
/// The database's.
pub fn finish(
    conn: &mut Conn,
    owner: &str,
    claimed: &ClaimedNote,
    outcome: &Outcome<'_>,
    now: Time,
) -> Result<bool, DbError> {
    let at = now.to_string();
    let row = || note::table.find((&claimed.merge_request_id, &claimed.rule_id));
    let ours = diesel::update(row().filter(note::lease_owner.eq(owner)))
        .set((
            note::gitlab_note_id.eq(outcome.gitlab_note_id),
            note::written_hash.eq(outcome.written_hash),
            note::recreated.eq(outcome.recreated),
            note::last_error.eq(outcome.error),
            note::updated_at.eq(&at),
        ))
        .execute(conn)?;
    if ours == 0 {
        return Ok(false);
    }
    if !outcome.on_its_way {
        let free = (note::lease_owner.eq(None::<String>), note::lease_until.eq(None::<String>));
        diesel::update(row()).set(free).execute(conn)?;
    }
    if outcome.state == NoteState::Written {
        diesel::update(row()).set(note::written_at.eq(&at)).execute(conn)?;
    }
    diesel::update(row().filter(note::wanted.eq(claimed.wanted)))
        .set((
            note::state.eq(outcome.state.as_str()),
            note::due_at.eq(outcome.due_at.to_string()),
            note::attempts.eq(outcome.attempts),
        ))
        .execute(conn)?;
    Ok(true)
}

/// When the next note of a connection is due that no lease keeps back, unless that or its rule is broken.
///
/// # Errors
/// The database's.
pub fn next_due(conn: &mut Conn, connection_id: &ConnectionId) -> Result<Option<String>, DbError> {
    let writable = || {
        note::table
            .inner_join(rule::table.on(rule::id.eq(note::rule_id)))
            .inner_join(connection::table.on(connection::id.eq(note::connection_id)))
            .filter(rule::note_enabled.and(rule::broken_reason.is_null()))
            .filter(connection::id.eq(connection_id.as_str()).and(connection::broken_reason.is_null()))
            .filter(note::state.eq(NoteState::Pending.as_str()))
    };
    let free: Option<String> = writable()
        .filter(note::lease_until.is_null())
        .order(note::due_at.asc())
        .select(note::due_at)
        .first(conn)
        .optional()?;
    // Few: those that are being written, or may be on their way.
    let taken: Vec<(String, Option<String>)> = writable()
        .filter(note::lease_until.is_not_null())
        .select((note::due_at, note::lease_until))
        .load(conn)?;
    let taken = taken.into_iter().map(|(due, lease)| lease.map_or(due.clone(), |lease| due.max(lease)));
    Ok(taken.chain(free).min())
}

/// Where a note stands, for people.
#[derive(Clone, Debug, Queryable)]
pub struct NoteRow {
    /// Its state.
    pub state: String,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// When GitLab's note was last brought up to date.
    pub written_at: Option<String>,
}

/// The note of a merge request and rule; `None` if there is none, or the rule has none.
///
/// # Errors
/// The database's.
pub fn of(conn: &mut Conn, merge_request_id: &str, rule_id: &str) -> Result<Option<NoteRow>, DbError> {
    Ok(note::table
        .inner_join(rule::table.on(rule::id.eq(note::rule_id)))
        .filter(note::merge_request_id.eq(merge_request_id))
        .filter(note::rule_id.eq(rule_id))
        .filter(rule::note_enabled)
        .select((note::state, note::last_error, note::written_at))
        .first(conn)
        .optional()?)
}
