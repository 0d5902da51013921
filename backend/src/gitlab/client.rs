//! GitLab's REST API, as far as it is used: telling an outcome and reading merge requests.
//!
//! The token is sent to the connection's base URL and nowhere else: redirects are not followed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{RequestBuilder, Response};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::answer::{ANSWER_MAX, describe, has_next_page, read_json, retry_after, transport};
use crate::causes;
use crate::domain::delivery::{Answer, Meaning, meaning};
use crate::domain::facts::{Facts, MergeRequestFacts, ProjectFacts, RuleFacts, Source};
use crate::domain::{GitLabStatus, Time};
use crate::metrics::{Metrics, Operation};
use crate::request_id;
use crate::traces::Traces;

/// Connecting may take this long.
const CONNECT: Duration = Duration::from_secs(5);
/// A whole request may take this long.
const TOTAL: Duration = Duration::from_secs(15);
/// Pages that are read at most when listing.
const PAGES_MAX: u32 = 100;

/// Who else may have answered.
const BETWEEN: &str = "something between here and GitLab, such as a proxy";

/// Why something could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// GitLab has no such thing, or the token cannot see it.
    #[error("GitLab answered 404 to {0}: there is no such thing, or the token cannot see it")]
    NotFound(String),
    /// The token is not accepted, or may not read this.
    #[error("GitLab answered {status} to {path}: the token is not accepted or may not read this")]
    Refused {
        /// 401 or 403.
        status: u16,
        /// What was asked for.
        path: String,
    },
    /// Any other answer, or none; worth another try.
    #[error("{message}")]
    Unavailable {
        /// What happened.
        message: String,
        /// How long GitLab asks to wait.
        retry_after: Option<Duration>,
    },
    /// An answer that is too large or not what it should be. GitLab itself is well.
    #[error("{0}")]
    Unreadable(String),
}

/// A client for one GitLab instance; cheap to clone.
#[derive(Clone)]
pub struct Client {
    pub(super) http: reqwest::Client,
    pub(super) base_url: Arc<str>,
    metrics: Option<Arc<Metrics>>,
    traces: Traces,
}

#[derive(Deserialize)]
struct ProjectEntity {
    id: i64,
    path_with_namespace: String,
    web_url: String,
}

#[derive(Deserialize)]
struct MergeRequestEntity {
    iid: i64,
    title: Option<String>,
    description: Option<String>,
    state: String,
    web_url: Option<String>,
    source_branch: String,
    target_branch: String,
    sha: Option<String>,
    author: Option<UserEntity>,
    updated_at: Option<String>,
}

#[derive(Deserialize)]
struct UserEntity {
    id: i64,
    name: String,
}

#[derive(Deserialize)]
struct StatusCheckEntity {
    id: i64,
    name: String,
    external_url: Option<String>,
    status: Option<String>,
}

/// A client could not be built.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The token cannot be sent in a header.
    #[error("the GitLab token has characters that no header may have")]
    BadToken,
    /// The HTTP client refused its settings (the CA file, for instance).
    #[error("the HTTP client could not be set up: {0}")]
    Setup(String),
}

/// The same request, with the id under which it is sent.
pub(super) fn named(request: RequestBuilder) -> RequestBuilder {
    request.header(request_id::HEADER, request_id::current().unwrap_or_else(request_id::fresh))
}

impl Client {
    /// A client for the instance at `base_url` (no trailing slash), trusting `ca_pem` as well if
    /// given.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub fn new(base_url: &str, token: &SecretString, ca_pem: Option<&[u8]>) -> Result<Self, ClientError> {
        let mut token = HeaderValue::from_str(token.expose_secret()).map_err(|_| ClientError::BadToken)?;
        token.set_sensitive(true);
        let mut headers = HeaderMap::new();
        headers.insert("private-token", token);
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("approval-app/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers)
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT)
            .timeout(TOTAL)
            .pool_idle_timeout(Duration::from_secs(30));
        if let Some(pem) = ca_pem {
            let all = reqwest::Certificate::from_pem_bundle(pem)
                .map_err(|error| ClientError::Setup(causes::told(&error)))?;
            for certificate in all {
                builder = builder.add_root_certificate(certificate);
            }
        }
        let http = builder.build().map_err(|error| ClientError::Setup(causes::told(&error)))?;
        Ok(Self {
            http,
            base_url: base_url.trim_end_matches('/').into(),
            metrics: None,
            traces: Traces::default(),
        })
    }

    /// The same, and its requests are counted.
    #[must_use]
    pub fn counted(self, metrics: Arc<Metrics>) -> Self {
        Self { metrics: Some(metrics), ..self }
    }

    /// The same, and its requests are spans.
    #[must_use]
    pub fn traced(self, traces: Traces) -> Self {
        Self { traces, ..self }
    }

    /// Sends a request, and counts how long it took until the head of the answer was there.
    pub(super) async fn dispatch(
        &self,
        operation: Operation,
        request: RequestBuilder,
    ) -> reqwest::Result<Response> {
        let mut request = named(request).build()?;
        let span = self.traces.question(&request);
        span.carry(request.headers_mut());
        let begun = Instant::now();
        let sent = self.http.execute(request).await;
        match &sent {
            Ok(response) => span.answered(response.status().as_u16(), 400),
            Err(error) => span.failed(if error.is_timeout() { "timeout" } else { "connection" }),
        }
        if let Some(metrics) = &self.metrics {
            let status = sent.as_ref().ok().map(|response| response.status().as_u16());
            metrics.asked(operation, status, begun.elapsed());
            if let Ok(response) = &sent {
                let said = |name| response.headers().get(name)?.to_str().ok()?.trim().parse().ok();
                metrics.rate_limit(said("ratelimit-remaining"), said("ratelimit-limit"));
            }
        }
        sent
    }

    /// Tells GitLab the outcome of a check for one commit. Never fails: what goes wrong is part of
    /// the answer.
    ///
    /// Source: <https://docs.gitlab.com/api/status_checks/#set-status-of-an-external-status-check>.
    pub async fn tell(&self, project: i64, iid: i64, rule: i64, sha: &str, status: GitLabStatus) -> Answer {
        let url = format!(
            "{}/api/v4/projects/{project}/merge_requests/{iid}/status_check_responses",
            self.base_url
        );
        let body =
            serde_json::json!({"external_status_check_id": rule, "sha": sha, "status": status.as_str()});
        match self.dispatch(Operation::Tell, self.http.post(url).json(&body)).await {
            Ok(response) => {
                let http_status = response.status();
                let asked = retry_after(&response);
                let means = meaning(http_status.as_u16(), asked);
                if means == Meaning::Accepted {
                    return Answer { http_status: Some(http_status.as_u16()), meaning: means, error: None };
                }
                let said = describe(http_status, response).await;
                // GitLab answers in JSON; only what it says of a stale commit is believed in any form, and its rate limit
                // answers in plain text.
                let foreign = http_status.is_client_error()
                    && !said.by_gitlab
                    && means != Meaning::Superseded
                    && http_status.as_u16() != 429;
                let (means, error) = match foreign {
                    true => {
                        (Meaning::Later(asked), format!("{}, and not as GitLab does: {BETWEEN}", said.text))
                    }
                    false => (means, said.text),
                };
                Answer { http_status: Some(http_status.as_u16()), meaning: means, error: Some(error) }
            }
            Err(error) => {
                Answer { http_status: None, meaning: Meaning::Later(None), error: Some(transport(&error)) }
            }
        }
    }

    /// Reads a merge request, its project, and the checks that apply to it with what GitLab shows.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn read(&self, project: i64, iid: i64, now: Time) -> Result<Facts, ReadError> {
        let of_project = format!("projects/{project}");
        let of_request = format!("projects/{project}/merge_requests/{iid}");
        let of_checks = format!("projects/{project}/merge_requests/{iid}/status_checks");
        let (project, request, checks) = tokio::join!(
            self.get::<ProjectEntity>(&of_project),
            self.get::<MergeRequestEntity>(&of_request),
            self.list::<StatusCheckEntity>(&of_checks),
        );
        let (project, request) = (project?, request?);
        let checks = match checks {
            // Without a licence nobody is told which checks there are; of what is merged or closed it does not matter.
            Err(ReadError::Refused { .. }) if request.state != "opened" => Vec::new(),
            checks => checks?,
        };
        Ok(Facts {
            source: Source::ReadBack,
            known_at: now,
            project: ProjectFacts {
                gitlab_id: project.id,
                path: project.path_with_namespace,
                web_url: project.web_url,
            },
            merge_request: request_facts(request),
            rules: checks
                .into_iter()
                .map(|check| RuleFacts {
                    gitlab_id: check.id,
                    name: check.name,
                    shows: check.status.as_deref().and_then(GitLabStatus::parse),
                    external_url: check.external_url.filter(|url| !url.is_empty()),
                })
                .collect(),
        })
    }

    /// What the merge request's widget shows for one check at HEAD; `None` if it does not apply.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn shown(&self, project: i64, iid: i64, rule: i64) -> Result<Option<GitLabStatus>, ReadError> {
        let checks: Vec<StatusCheckEntity> =
            self.list(&format!("projects/{project}/merge_requests/{iid}/status_checks")).await?;
        Ok(checks
            .into_iter()
            .find(|check| check.id == rule)
            .and_then(|check| check.status.as_deref().and_then(GitLabStatus::parse)))
    }

    /// Whether GitLab has the project and not the merge request: it was deleted.
    pub async fn is_deleted(&self, project: i64, iid: i64) -> bool {
        let request = self.send(&format!("projects/{project}/merge_requests/{iid}")).await;
        matches!(request, Err(ReadError::NotFound(_)))
            && self.send(&format!("projects/{project}")).await.is_ok()
    }

    /// The numbers of all open merge requests of a project.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn open_merge_requests(&self, project: i64) -> Result<Vec<i64>, ReadError> {
        #[derive(Deserialize)]
        struct Numbered {
            iid: i64,
        }
        let all: Vec<Numbered> =
            self.list(&format!("projects/{project}/merge_requests?state=opened&order_by=updated_at")).await?;
        Ok(all.into_iter().map(|one| one.iid).collect())
    }

    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ReadError> {
        self.get_within(path, ANSWER_MAX).await
    }

    /// The same with another bound for the answer, in bytes.
    pub(super) async fn get_within<T: DeserializeOwned>(
        &self,
        path: &str,
        most: usize,
    ) -> Result<T, ReadError> {
        let response = self.send(path).await?;
        read_json(path, response, most).await
    }

    pub(super) async fn list<T: DeserializeOwned>(&self, path: &str) -> Result<Vec<T>, ReadError> {
        self.list_pages(path, PAGES_MAX).await
    }

    /// The same with another bound for the number of pages.
    pub(super) async fn list_pages<T: DeserializeOwned>(
        &self,
        path: &str,
        pages: u32,
    ) -> Result<Vec<T>, ReadError> {
        let mut all = Vec::new();
        let joint = if path.contains('?') { '&' } else { '?' };
        for page in 1..=pages {
            let response = self.send(&format!("{path}{joint}per_page=100&page={page}")).await?;
            let more = has_next_page(&response);
            let mut items: Vec<T> = read_json(path, response, ANSWER_MAX).await?;
            let full = items.len() >= 100;
            all.append(&mut items);
            if !more && !full {
                break;
            }
        }
        Ok(all)
    }

    /// Where a path of the API is.
    pub(super) fn url(&self, path: &str) -> String {
        format!("{}/api/v4/{path}", self.base_url)
    }

    pub(super) async fn send(&self, path: &str) -> Result<Response, ReadError> {
        let response = self
            .dispatch(operation(path), self.http.get(self.url(path)))
            .await
            .map_err(|error| ReadError::Unavailable { message: transport(&error), retry_after: None })?;
        let status = response.status();
        // For people; how a page is asked for is of no interest to them.
        let place = || path.split('?').next().unwrap_or(path).to_owned();
        match status.as_u16() {
            200..=299 => Ok(response),
            401 | 403 | 404 => {
                let retry_after = retry_after(&response);
                let said = describe(status, response).await;
                if said.by_gitlab {
                    return Err(match status.as_u16() {
                        404 => ReadError::NotFound(place()),
                        status => ReadError::Refused { status, path: place() },
                    });
                }
                let message = format!("{}, and not as GitLab does: {BETWEEN}", said.text);
                Err(ReadError::Unavailable { message, retry_after })
            }
            _ => {
                let retry_after = retry_after(&response);
                Err(ReadError::Unavailable { message: describe(status, response).await.text, retry_after })
            }
        }
    }
}

/// What a reading is for, by its path: the parts of a change, notes, or merge requests and their checks.
fn operation(path: &str) -> Operation {
    let path = path.split('?').next().unwrap_or_default();
    let of_a_change =
        ["versions", "diffs", "commits", "compare", "pipelines", "jobs", "approvals", "discussions"];
    let mut words = path.split('/');
    if words.clone().any(|word| word == "notes") {
        return Operation::Note;
    }
    if words.any(|word| of_a_change.contains(&word)) { Operation::Change } else { Operation::Read }
}

fn request_facts(request: MergeRequestEntity) -> MergeRequestFacts {
    MergeRequestFacts {
        iid: request.iid,
        title: request.title.unwrap_or_default(),
        description: request.description.unwrap_or_default(),
        author_gitlab_id: request.author.as_ref().map(|author| author.id),
        author: request.author.map(|author| author.name),
        url: request.web_url.unwrap_or_default(),
        source_branch: request.source_branch,
        target_branch: request.target_branch,
        state: request.state,
        head_sha: request.sha.filter(|sha| crate::domain::ids::is_sha(sha)),
        updated_at: request.updated_at.as_deref().and_then(Time::parse),
    }
}
