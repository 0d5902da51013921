//! Keeps one note on a merge request that says who decided, why and when: claims notes that have
//! something new to say, writes them, and stores what came of it.
//!
//! There is never a second one. A note carries a marker that shows nowhere; before one is made, the
//! merge request's notes are searched for it, under the lease, so that a note whose creation was not
//! heard of (a lost answer, a crash) is found and kept. Only the token's own notes count: anybody can
//! copy a marker.

use std::time::Duration;

use futures_util::future::join_all;

use super::deliver::Sent;
use crate::app::{App, Connected};
use crate::crypto::secret;
use crate::db::notes::{self, ClaimedNote, Outcome};
use crate::db::{DbError, Lane, trouble};
use crate::domain::Time;
use crate::domain::backoff::NOTE;
use crate::domain::note::{self, NoteState, Subject};
use crate::gitlab::NoteError;
use crate::metrics::NoteOutcome;
use crate::request_id;

/// A note is taken for this long …
const LEASE: Duration = Duration::from_secs(180);
/// … and its writing is given up after so long: whatever is still on its way to GitLab then has
/// arrived before the lease ends, and the next one who looks finds it.
const WRITING: Duration = Duration::from_secs(90);
/// So many are written at once.
const PARALLEL: usize = 4;
/// A token that is not accepted is tried again after so long.
const NOT_SIGNED_IN: Duration = Duration::from_secs(600);

/// Writes notes that are due, as many as the gate lets through.
///
/// # Errors
/// The database's.
pub async fn step(app: &App) -> Result<Sent, DbError> {
    let Some(connected) = app.connected() else { return Ok(Sent::default()) };
    let now = app.clock.now();
    // Looking costs no commit.
    let id = connected.id.clone();
    let due = app.db.read(move |conn| notes::next_due(conn, &id)).await?.as_deref().and_then(Time::parse);
    if due.is_none_or(|due| due > now) {
        return Ok(Sent::default());
    }
    let admitted = connected.gate().admit_notes(PARALLEL, now);
    if admitted == 0 {
        return Ok(Sent { count: 0, closed_until: Some(connected.gate().notes_at(now)) });
    }
    let claimed = claim(app, &connected, admitted, now).await;
    let count = claimed.as_ref().map_or(0, Vec::len);
    connected.gate().give_back_notes(admitted - count);
    join_all(claimed?.into_iter().map(|one| keep(app, &connected, one)))
        .await
        .into_iter()
        .collect::<Result<Vec<()>, _>>()?;
    Ok(Sent { count, closed_until: None })
}

/// Takes notes one by one: a transaction that held several rows could wait for one that holds them in
/// another order.
async fn claim(
    app: &App,
    connected: &Connected,
    limit: usize,
    now: Time,
) -> Result<Vec<ClaimedNote>, DbError> {
    let mut claimed = Vec::with_capacity(limit);
    while claimed.len() < limit {
        let (owner, id) = (app.owner.clone(), connected.id.clone());
        let next = app
            .db
            .write(Lane::Back, move |conn| {
                if trouble::connection_trouble(conn, id.as_str())?.is_some() {
                    return Ok::<_, DbError>(None);
                }
                notes::claim(conn, &owner, id.as_str(), now, now.after(LEASE))
            })
            .await;
        match next {
            Ok(Some(one)) => claimed.push(one),
            Ok(None) => break,
            // What was taken is written all the same.
            Err(error) if claimed.is_empty() => return Err(error),
            Err(_) => break,
        }
    }
    Ok(claimed)
}

/// Why a note says nothing new.
#[derive(Debug)]
enum Trouble {
    /// GitLab did not take it.
    GitLab(NoteError),
    /// Somebody deletes it again and again.
    DeletedTwice,
}

impl From<NoteError> for Trouble {
    fn from(error: NoteError) -> Self {
        Self::GitLab(error)
    }
}

/// What is known of GitLab's note behind an attempt.
struct Known {
    id: Option<i64>,
    /// The hash of what it says.
    hash: Option<String>,
    recreated: bool,
    /// Whether a text was sent off and may still arrive.
    on_its_way: bool,
}

impl Known {
    /// Sends a text, and knows whatever happens whether it may still arrive: nobody finds a note before that, and an older
    /// text would take the place of a newer one.
    async fn sent<T>(&mut self, sending: impl Future<Output = Result<T, NoteError>>) -> Result<T, NoteError> {
        self.on_its_way = true;
        let answer = sending.await;
        self.on_its_way = matches!(answer, Err(NoteError::Later { may_arrive: true, .. }));
        answer
    }
}

/// Brings one note up to date and stores what came of it.
async fn keep(app: &App, connected: &Connected, claimed: ClaimedNote) -> Result<(), DbError> {
    let marker = note::marker(&key(&claimed));
    let body = note::body(&subject(app, &claimed), &marker);
    let hash = secret::hash(&body);
    let mut known = Known {
        id: claimed.gitlab_note_id,
        hash: claimed.written_hash.clone(),
        recreated: claimed.recreated,
        on_its_way: false,
    };
    let result = if known.id.is_some() && known.hash.as_ref() == Some(&hash) {
        Ok(())
    } else {
        let id = request_id::fresh();
        let span = app.traces.work("write note", Some(&id), None);
        let writing = request_id::within(id, write(connected, &claimed, &mut known, &body, &marker));
        let writing = span.within(writing);
        let late = || NoteError::Later {
            message: "GitLab did not answer in time".into(),
            retry_after: None,
            may_arrive: true,
        };
        tokio::time::timeout(WRITING, writing).await.unwrap_or_else(|_| Err(late().into()))
    };
    let now = app.clock.now();
    let attempts = claimed.attempts + 1;
    let wait = NOTE.wait(u32::try_from(attempts).unwrap_or(u32::MAX), rand::random());
    let (state, due_at) = match &result {
        Ok(()) => {
            known.hash = Some(hash);
            (NoteState::Written, now)
        }
        Err(Trouble::GitLab(NoteError::Later { retry_after, .. })) => {
            connected.gate().note_failed(now, *retry_after);
            let wait = if known.on_its_way { wait.max(LEASE) } else { wait };
            (NoteState::Pending, now.after(wait.max(retry_after.unwrap_or_default())))
        }
        Err(Trouble::GitLab(NoteError::NotSignedIn(_))) => (NoteState::Pending, now.after(NOT_SIGNED_IN)),
        Err(Trouble::GitLab(NoteError::Missing(_) | NoteError::Refused(_)) | Trouble::DeletedTwice) => {
            (NoteState::Failed, now)
        }
    };
    app.metrics.noted(match state {
        NoteState::Pending => NoteOutcome::Later,
        NoteState::Failed => NoteOutcome::Refused,
        NoteState::Written if claimed.gitlab_note_id.is_some() => NoteOutcome::Updated,
        NoteState::Written => NoteOutcome::Written,
    });
    let error = result.as_ref().err().map(explain);
    tracing::info!(
        check = %claimed.present.check_id,
        note = known.id,
        state = state.as_str(),
        error = error.as_deref(),
        "kept the note on the merge request"
    );
    let owner = app.owner.clone();
    app.db
        .write(Lane::Back, move |conn| {
            let outcome = Outcome {
                state,
                due_at,
                attempts: if state == NoteState::Written { 0 } else { attempts },
                gitlab_note_id: known.id,
                written_hash: known.hash.as_deref(),
                recreated: known.recreated,
                on_its_way: known.on_its_way,
                error: error.as_deref(),
            };
            notes::finish(conn, &owner, &claimed, &outcome, now).map(|_| ())
        })
        .await
}

/// Updates the note, or makes it if there is none; `known` is true whatever happens.
async fn write(
    connected: &Connected,
    claimed: &ClaimedNote,
    known: &mut Known,
    body: &str,
    marker: &str,
) -> Result<(), Trouble> {
    let client = &connected.client;
    // Whatever comes of it, what the note said before is no longer known.
    known.hash = None;
    if let Some(id) = known.id {
        match known.sent(client.update_note(claimed.place, id, body)).await {
            Err(NoteError::Missing(_)) if known.recreated => return Err(Trouble::DeletedTwice),
            Err(NoteError::Missing(_)) => known.id = None,
            done => return Ok(done?),
        }
    }
    let own = connected.own_user().await?;
    if let Some(id) = client.find_note(claimed.place, own, |text| note::is_marked(text, marker)).await? {
        known.id = Some(id);
        return Ok(known.sent(client.update_note(claimed.place, id, body)).await?);
    }
    known.id = Some(known.sent(client.create_note(claimed.place, body)).await?);
    known.recreated |= claimed.gitlab_note_id.is_some();
    Ok(())
}

/// Tells this note from those of other rules and other instances of the app.
fn key(claimed: &ClaimedNote) -> String {
    let mut key = secret::hash(&format!("{} {}", claimed.merge_request_id, claimed.rule_id));
    key.truncate(32);
    key
}

fn subject(app: &App, claimed: &ClaimedNote) -> Subject {
    let present = &claimed.present;
    let link = app
        .config
        .public_url
        .as_ref()
        .map(|url| format!("{url}{}/checks/{}", app.config.base_path, present.check_id));
    Subject {
        rule: claimed.rule.clone(),
        state: present.state,
        sha: present.sha.clone(),
        target_branch: present.target_branch.clone(),
        standing: present.standing.clone(),
        earlier: present.earlier.clone(),
        link,
    }
}

/// What a person reads about it.
fn explain(trouble: &Trouble) -> String {
    let error = match trouble {
        Trouble::GitLab(error) => error,
        Trouble::DeletedTwice => {
            return "the note was deleted in GitLab a second time; no more is written there".into();
        }
    };
    match error {
        NoteError::Missing(why) => {
            format!("{why}: the token cannot see this merge request, so that no note is written")
        }
        NoteError::NotSignedIn(why) => format!("{why}: the token is not accepted"),
        NoteError::Refused(why) => format!(
            "{why}: to write notes, the token needs the scope api and the role Reporter or higher on the project"
        ),
        NoteError::Later { message, .. } => message.clone(),
    }
}
