//! Notes on merge requests. Source: <https://docs.gitlab.com/api/notes/#merge-requests>.

use std::time::Duration;

use reqwest::{Response, StatusCode};
use serde::Deserialize;
use serde_json::json;

use super::answer::{ANSWER_MAX, describe, has_next_page, read_json, retry_after, transport};
use super::client::{Client, ReadError};
use crate::domain::note::{NoteAnswer, note_answer};
use crate::metrics::Operation;

/// So many pages of 100 are looked through for a note.
const PAGES_MAX: u32 = 100;

/// Why a note was not found or not written.
#[derive(Debug, thiserror::Error)]
pub enum NoteError {
    /// There is no such note, or no such merge request for this token.
    #[error("{0}")]
    Missing(String),
    /// The token is not accepted.
    #[error("{0}")]
    NotSignedIn(String),
    /// GitLab does not take it like this, or not with this token.
    #[error("{0}")]
    Refused(String),
    /// Worth another try.
    #[error("{message}")]
    Later {
        /// What happened.
        message: String,
        /// How long GitLab asks to wait.
        retry_after: Option<Duration>,
        /// Whether GitLab may still do what it was asked: it was sent, and no word came of it.
        may_arrive: bool,
    },
}

impl From<ReadError> for NoteError {
    fn from(error: ReadError) -> Self {
        let message = error.to_string();
        match error {
            ReadError::NotFound(_) => Self::Missing(message),
            ReadError::Refused { status: 401, .. } => Self::NotSignedIn(message),
            ReadError::Refused { .. } => Self::Refused(message),
            ReadError::Unreadable(_) => Self::Later { message, retry_after: None, may_arrive: false },
            ReadError::Unavailable { retry_after, .. } => {
                Self::Later { message, retry_after, may_arrive: false }
            }
        }
    }
}

#[derive(Deserialize)]
struct Own {
    id: i64,
}

#[derive(Deserialize)]
struct NoteEntity {
    id: i64,
    body: Option<String>,
    author: Option<Own>,
}

impl Client {
    /// GitLab's id of the user whose token this is.
    ///
    /// # Errors
    /// See [`NoteError`].
    pub async fn own_user(&self) -> Result<i64, NoteError> {
        Ok(self.get::<Own>("user").await?.id)
    }

    /// The oldest note of this author whose text is the one looked for.
    ///
    /// # Errors
    /// See [`NoteError`].
    pub async fn find_note(
        &self,
        (project, iid): (i64, i64),
        author: i64,
        is_it: impl Fn(&str) -> bool,
    ) -> Result<Option<i64>, NoteError> {
        for page in 1..=PAGES_MAX {
            let path = format!(
                "projects/{project}/merge_requests/{iid}/notes?sort=asc&order_by=created_at&per_page=100&page={page}"
            );
            let response = self.send(&path).await?;
            let more = has_next_page(&response);
            let notes: Vec<NoteEntity> = read_json(&path, response, ANSWER_MAX).await?;
            let own = |note: &&NoteEntity| note.author.as_ref().is_some_and(|one| one.id == author);
            let marked = |note: &&NoteEntity| note.body.as_deref().is_some_and(&is_it);
            if let Some(found) = notes.iter().filter(own).find(marked) {
                return Ok(Some(found.id));
            }
            if !more && notes.len() < 100 {
                break;
            }
        }
        Ok(None)
    }

    /// Writes a new note and returns its id.
    ///
    /// # Errors
    /// See [`NoteError`].
    pub async fn create_note(&self, (project, iid): (i64, i64), body: &str) -> Result<i64, NoteError> {
        let path = format!("projects/{project}/merge_requests/{iid}/notes");
        let request = self.http.post(self.url(&path)).json(&json!({"body": body}));
        let response = answered(self.dispatch(Operation::Note, request).await).await?;
        Ok(read_json::<Own>(&path, response, ANSWER_MAX).await?.id)
    }

    /// Replaces the text of a note.
    ///
    /// # Errors
    /// See [`NoteError`].
    pub async fn update_note(
        &self,
        (project, iid): (i64, i64),
        id: i64,
        body: &str,
    ) -> Result<(), NoteError> {
        let path = format!("projects/{project}/merge_requests/{iid}/notes/{id}");
        let request = self.http.put(self.url(&path)).json(&json!({"body": body}));
        answered(self.dispatch(Operation::Note, request).await).await.map(|_| ())
    }
}

async fn answered(sent: reqwest::Result<Response>) -> Result<Response, NoteError> {
    let response = sent.map_err(|error| NoteError::Later {
        message: transport(&error),
        retry_after: None,
        may_arrive: !error.is_connect(),
    })?;
    let status: StatusCode = response.status();
    let retry_after = retry_after(&response);
    let means = note_answer(status.as_u16());
    if means == NoteAnswer::Done {
        return Ok(response);
    }
    let said = describe(status, response).await;
    // GitLab redirects nobody and answers in JSON: what comes otherwise is not its word.
    let foreign = (status.is_redirection() || status.is_client_error()) && !said.by_gitlab;
    Err(match means {
        NoteAnswer::Missing if !foreign => NoteError::Missing(said.text),
        NoteAnswer::NotSignedIn if !foreign => NoteError::NotSignedIn(said.text),
        NoteAnswer::Refused if !foreign => NoteError::Refused(said.text),
        _ => NoteError::Later {
            message: said.text,
            retry_after,
            may_arrive: may_have_passed_on(status, retry_after.is_some()),
        },
    })
}

/// Whether this may be said by what stands in front of GitLab and has passed the request on. GitLab's own words are 500,
/// and 503 with a time to come again.
fn may_have_passed_on(status: StatusCode, told_when: bool) -> bool {
    match status {
        StatusCode::INTERNAL_SERVER_ERROR => false,
        StatusCode::SERVICE_UNAVAILABLE => !told_when,
        _ => status.is_server_error(),
    }
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;

    use super::may_have_passed_on;

    #[test]
    fn only_a_proxy_may_have_passed_on_what_it_answers() {
        for (status, told_when, may) in [
            (429, true, false),
            (500, false, false),
            (502, false, true),
            (502, true, true),
            (503, false, true),
            (503, true, false),
            (504, true, true),
        ] {
            let status = StatusCode::from_u16(status).expect("is one");
            assert_eq!(may_have_passed_on(status, told_when), may, "{status} {told_when}");
        }
    }
}
