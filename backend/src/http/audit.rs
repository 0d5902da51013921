//! The record for auditors: pages, export, verification.

use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::{HttpResponse, web};
use bytes::Bytes;
use serde::Deserialize;
use shared::{AuditPage, AuditVerification};

use super::problem::ApiError;
use super::query::{self, Query, searchable, short_enough};
use super::{csv, dto};
use crate::app::App;
use crate::db::audit::Filter;
use crate::domain::Time;
use crate::domain::access::Caller;
use crate::domain::audit::Line;
use crate::domain::ids::CheckId;
use crate::domain::record::EventKind;
use crate::service::audit::{self, Export, Form, Wanted};

/// What the record may be asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct AuditQuery {
    /// Only these kinds of events, separated by commas.
    kind: Option<String>,
    /// Only who has this text in the name, or this id of the account.
    actor: Option<String>,
    /// Only this check, by id.
    check: Option<String>,
    /// Only this project: its id, GitLab's numeric id or the full path.
    project: Option<String>,
    /// Only from then on: RFC 3339, or a date for its beginning in UTC.
    from: Option<String>,
    /// Only before then: RFC 3339, or a date for its end in UTC.
    to: Option<String>,
    /// Only entries whose summary, actor or data contains every word of this text, at most 32 words and 1,000 characters; words in double quotes stay together.
    q: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// How many at most, 1 to 200. Default: 50.
    limit: Option<i64>,
}

/// What is to be exported.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ExportQuery {
    /// `csv` for a spreadsheet, `jsonl` for `approval-app audit verify`. Default: `jsonl`.
    format: Option<String>,
    /// Only these kinds of events, separated by commas.
    kind: Option<String>,
    /// Only who has this text in the name, or this id of the account.
    actor: Option<String>,
    /// Only this check, by id.
    check: Option<String>,
    /// Only this project: its id, GitLab's numeric id or the full path.
    project: Option<String>,
    /// Only from then on: RFC 3339, or a date for its beginning in UTC.
    from: Option<String>,
    /// Only before then: RFC 3339, or a date for its end in UTC.
    to: Option<String>,
    /// Only entries whose summary, actor or data contains every word of this text, at most 32 words and 1,000 characters; words in double quotes stay together.
    q: Option<String>,
}

/// List the record
#[utoipa::path(
    get,
    path = "/audit",
    operation_id = "list_audit_entries",
    tag = "audit",
    params(AuditQuery),
    responses(
        (status = 200, description = "The entries, newest first", body = AuditPage),
        (status = 400, description = "A parameter is not valid", body = shared::Problem, content_type = "application/problem+json"),
    )
)]
pub async fn list_audit_entries(
    app: web::Data<App>,
    caller: web::ReqData<Caller>,
    query: Query<AuditQuery>,
) -> Result<web::Json<AuditPage>, ApiError> {
    let AuditQuery { kind, actor, check, project, from, to, q, cursor, limit } = query.0;
    let (filter, _) = Given { kind, actor, check, project, from, to, q }.read()?;
    let before = query::after(cursor.as_deref(), |cursor| cursor.parse().ok())?;
    let limit = usize::from(query::limit(limit)?);
    let (entries, more) = audit::page(&app, &caller, filter, before, limit).await?;
    let next_cursor = entries.last().filter(|_| more).map(|last| last.id.to_string());
    let items = entries.into_iter().map(dto::audit_entry).collect::<Result<_, _>>()?;
    Ok(web::Json(AuditPage { items, next_cursor }))
}

/// Export the record
///
/// A file, oldest entry first, up to the entry that records this export. CSV is for reading: values
/// that a spreadsheet would take for a formula begin with an apostrophe. JSON lines hold everything
/// that `approval-app audit verify` needs: a header, the entries, and a last line that says that
/// nothing is cut off.
#[utoipa::path(
    get,
    path = "/audit/export",
    operation_id = "export_audit_entries",
    tag = "audit",
    params(ExportQuery),
    responses(
        (status = 200, description = "The file", content(
            (String = "application/jsonl"),
            (String = "text/csv"),
        )),
        (status = 400, description = "A parameter is not valid", body = shared::Problem, content_type = "application/problem+json"),
    )
)]
pub async fn export_audit_entries(
    app: web::Data<App>,
    caller: web::ReqData<Caller>,
    query: Query<ExportQuery>,
) -> Result<HttpResponse, ApiError> {
    let ExportQuery { format, kind, actor, check, project, from, to, q } = query.0;
    let form = match format.as_deref().map(str::trim) {
        None | Some("") => Form::JsonLines,
        Some(word) => Form::parse(word).ok_or_else(|| {
            ApiError::parameter("format", format!("{word:?} is no format; use csv or jsonl."))
        })?,
    };
    let (filter, given) = Given { kind, actor, check, project, from, to, q }.read()?;
    let export = audit::export(&app, &caller, Wanted { form, filter, given }).await?;
    let kind = match form {
        Form::Csv => "text/csv; charset=utf-8",
        Form::JsonLines => "application/jsonl",
    };
    // Colons are no part of a file's name everywhere.
    let stamp: String = export.header.exported_at.chars().take(19).filter(|one| *one != ':').collect();
    let name = format!("approval-app-record-{stamp}Z.{}", form.as_str());
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, kind))
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .streaming(stream(export, form)))
}

/// Writes an export batch by batch. If the database fails in between, the connection is broken off,
/// so that nobody takes half a file for a whole one.
fn stream(
    mut export: Export,
    form: Form,
) -> impl futures_util::Stream<Item = Result<Bytes, actix_web::Error>> {
    async_stream::stream! {
        yield Ok(Bytes::from(match form {
            Form::Csv => csv::head(),
            Form::JsonLines => export.first_line(),
        }));
        loop {
            let entries = match export.next().await {
                Ok(entries) => entries,
                Err(error) => {
                    yield Err(ApiError::from(error).into());
                    return;
                }
            };
            if entries.is_empty() {
                break;
            }
            yield Ok(Bytes::from(match form {
                Form::Csv => csv::rows(&entries),
                Form::JsonLines => entries.into_iter().map(|entry| Line::Entry(entry).to_text()).collect(),
            }));
        }
        if form == Form::JsonLines {
            yield Ok(Bytes::from(export.last_line()));
        }
    }
}

/// Verify the record
///
/// Follows the chain of hashes through the whole record. That it holds proves nothing against
/// somebody who rewrote all of it: compare `head` with one that was kept elsewhere.
#[utoipa::path(
    get,
    path = "/audit/verification",
    operation_id = "verify_audit_entries",
    tag = "audit",
    responses((status = 200, description = "Whether the chain holds", body = AuditVerification))
)]
pub async fn verify_audit_entries(app: web::Data<App>) -> Result<web::Json<AuditVerification>, ApiError> {
    let found = audit::verify(&app.db).await?;
    Ok(web::Json(AuditVerification {
        intact: found.broken.is_none(),
        entries: found.entries,
        head: found.head,
        broken_at: found.broken.as_ref().map(|broken| broken.id),
        reason: found.broken.map(|broken| broken.to_string()),
    }))
}

/// The filters as they were written, from either query.
struct Given {
    kind: Option<String>,
    actor: Option<String>,
    check: Option<String>,
    project: Option<String>,
    from: Option<String>,
    to: Option<String>,
    q: Option<String>,
}

impl Given {
    /// The filter, and what was given, by name.
    fn read(self) -> Result<(Filter, BTreeMap<String, String>), ApiError> {
        let mut words = BTreeMap::new();
        let mut given = |name: &str, text: Option<String>| {
            let text = text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())?;
            words.insert(name.to_owned(), text.clone());
            Some(text)
        };
        let filter = Filter {
            kinds: given("kind", self.kind).map_or(Ok(Vec::new()), |text| read_kinds(&text))?,
            actor: short_enough("actor", given("actor", self.actor))?,
            check: given("check", self.check).map(|text| read_check(&text)).transpose()?,
            project: given("project", self.project),
            from: given("from", self.from).map(|text| read_time("from", &text)).transpose()?,
            to: given("to", self.to).map(|text| read_time("to", &text)).transpose()?,
            text: searchable(given("q", self.q))?,
        };
        if filter.from.zip(filter.to).is_some_and(|(from, to)| from >= to) {
            let why = "The end is before the beginning: to must be later than from.";
            return Err(ApiError::parameter("to", why));
        }
        Ok((filter, words))
    }
}

fn read_kinds(text: &str) -> Result<Vec<EventKind>, ApiError> {
    text.split(',')
        .map(str::trim)
        .map(|word| {
            EventKind::parse(word)
                .ok_or_else(|| ApiError::parameter("kind", format!("{word:?} is no kind of event.")))
        })
        .collect()
}

fn read_check(text: &str) -> Result<String, ApiError> {
    CheckId::parse(text)
        .map(|id| id.as_str().to_owned())
        .ok_or_else(|| ApiError::parameter("check", format!("{text:?} is no id of a check.")))
}

/// A moment; of a date `from` takes the beginning and `to` the end, both in UTC.
fn read_time(name: &str, text: &str) -> Result<Time, ApiError> {
    let day = || {
        let begin = Time::parse(&format!("{text}T00:00:00Z"))?;
        Some(if name == "to" { begin.after(Duration::from_secs(86_400)) } else { begin })
    };
    Time::parse(text).or_else(day).ok_or_else(|| {
        ApiError::parameter(
            name,
            format!("{text:?} is neither a date as 2026-01-31 nor a time as 2026-01-31T10:42:00Z."),
        )
    })
}
