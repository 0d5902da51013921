//! The live stream as server-sent events, with resume.
//!
//! Source: <https://html.spec.whatwg.org/multipage/server-sent-events.html>.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use serde::Deserialize;
use tokio::sync::broadcast::error::RecvError;

use super::dto;
use super::problem::ApiError;
use super::query::Query;
use crate::app::App;
use crate::db::{DbError, events, reach};
use crate::domain::access::{Caller, Permission};
use crate::domain::record::{Event, EventKind};
use crate::live::RESUME_MAX;
use crate::service::sign_in;

/// A comment is sent this often, so that nobody in between closes a quiet stream.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Where to resume.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EventsQuery {
    /// Resume after this event, as the header `Last-Event-ID` does.
    last_event_id: Option<i64>,
}

/// Follow events
///
/// Server-sent events named `event`: `id` is the event's number, `data` the event as JSON. Without
/// `Last-Event-ID` only new events are sent. `reset` means that too much was missed: read anew.
/// It is also sent when somebody's roles or projects have changed, since what they saw is no longer what they may see.
/// `bye` means that the service stops: connect again. An event with the number 0 is not in the record: a check looks
/// different by what GitLab says of it. Of what belongs to no project, such as signing in, administrators and
/// auditors hear all, and others, in a browser, what they did themselves.
#[utoipa::path(
    get,
    path = "/events",
    operation_id = "follow_events",
    tag = "events",
    params(
        EventsQuery,
        ("Last-Event-ID" = Option<i64>, Header, description = "The last event seen; what came after it is sent first"),
    ),
    responses((status = 200, description = "The stream. Without a last event its first one is `hello`, which has only an id", body = shared::Event, content_type = "text/event-stream"))
)]
pub async fn follow_events(
    app: web::Data<App>,
    caller: web::ReqData<Caller>,
    request: HttpRequest,
    query: Query<EventsQuery>,
) -> Result<HttpResponse, ApiError> {
    // A header that is no number, or a negative one, counts as a number of another database: the stream begins with `reset`.
    let number = |text: &str| text.trim().parse::<i64>().ok().filter(|number| *number >= 0);
    let header = request
        .headers()
        .get("last-event-id")
        .map(|value| value.to_str().ok().and_then(number).unwrap_or(i64::MAX));
    let resume = header.or(query.last_event_id);
    let app = app.get_ref().clone();
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/event-stream"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((HeaderName::from_static("x-accel-buffering"), "no"))
        .streaming(stream(app, caller.into_inner(), resume)))
}

/// What was missed, then what happens, until the service stops or the caller is let in no more.
fn stream(
    app: App,
    caller: Caller,
    resume: Option<i64>,
) -> impl futures_util::Stream<Item = Result<Bytes, actix_web::Error>> {
    async_stream::stream! {
        let _counted = app.metrics.listening();
        // Listen before reading what was missed, so that nothing falls between.
        let mut news = app.live.listen();
        let newest = app.live.newest();
        // Another replica may have told them more than this one has read by now.
        let mut seen = newest.max(resume.unwrap_or(0));
        // An id at once, so that whoever loses the line before the first event can resume.
        yield Ok(match resume {
            None => Bytes::from(format!("retry: 2000\nid: {newest}\nevent: hello\ndata: {{}}\n\n")),
            Some(_) => Bytes::from_static(b"retry: 2000\n: hello again\n\n"),
        });
        let mut view = match View::of(&app, &caller).await {
            Ok(Some(view)) => view,
            Ok(None) => return,
            Err(error) => {
                tracing::warn!(error = %error, "what a listener may see could not be read");
                return;
            }
        };
        match missed(&app, &view.caller, resume).await {
            Ok(Missed::Events(events)) => for event in events {
                seen = event.id;
                yield Ok(frame(&event));
            },
            Ok(Missed::TooMany(newest)) => {
                seen = newest;
                yield Ok(reset(newest));
            }
            Err(error) => {
                tracing::warn!(error = %error, "what a listener missed could not be read");
                return;
            }
        }
        // Beats whatever else happens: with it whoever is let in no more is found.
        let mut beat = tokio::time::interval_at(tokio::time::Instant::now() + HEARTBEAT, HEARTBEAT);
        loop {
            tokio::select! {
                () = app.stopping.cancelled() => {
                    yield Ok(Bytes::from_static(b"event: bye\ndata: {}\n\n"));
                    return;
                }
                _ = beat.tick() => {
                    match View::of(&app, &view.caller).await {
                        Ok(Some(now)) if now == view => yield Ok(Bytes::from_static(b": still here\n\n")),
                        // The event that tells of it may come a moment later, from another replica.
                        Ok(Some(now)) => {
                            view = now;
                            yield Ok(reset(seen));
                        }
                        Ok(None) | Err(_) => return,
                    }
                }
                event = news.recv() => match event {
                    // 0 is none of the record's: see `Live::mention`.
                    Ok(event) if event.id > seen || event.id == 0 => {
                        seen = seen.max(event.id);
                        if changes_access(event.kind) {
                            match View::of(&app, &view.caller).await {
                                Ok(Some(now)) if now == view => {}
                                Ok(Some(now)) => {
                                    view = now;
                                    yield Ok(reset(seen));
                                    continue;
                                }
                                Ok(None) | Err(_) => return,
                            }
                        }
                        if view.shows(&event) {
                            yield Ok(frame(&event));
                        }
                    }
                    Ok(_) => {}
                    Err(RecvError::Lagged(_)) => yield Ok(reset(seen)),
                    Err(RecvError::Closed) => return,
                },
            }
        }
    }
}

/// What one listener may see: read anew whenever somebody's access changes, so that whoever is
/// switched off hears nothing more.
#[derive(PartialEq)]
struct View {
    caller: Caller,
    /// `None`: all projects.
    projects: Option<HashSet<String>>,
}

impl View {
    /// As it is now; `None` if the caller is let in no more.
    async fn of(app: &App, caller: &Caller) -> Result<Option<Self>, DbError> {
        let Some(caller) = sign_in::still(app, caller).await? else { return Ok(None) };
        if !caller.may(Permission::ChecksRead) {
            return Ok(None);
        }
        let reach = caller.reach.clone();
        let projects = app.db.read(move |conn| reach::projects(conn, &reach)).await?;
        Ok(Some(Self { caller, projects }))
    }

    fn shows(&self, event: &Event) -> bool {
        match (&event.project_id, &self.projects) {
            // What they did themselves: signing in elsewhere, making a token.
            (None, _) => {
                let own = self.caller.own_account().filter(|own| event.account_id.as_deref() == Some(own));
                own.is_some() || self.caller.sees_everything_else()
            }
            (Some(_), None) => true,
            (Some(id), Some(projects)) => projects.contains(id),
        }
    }
}

/// Whether somebody may see more or less after this.
fn changes_access(kind: EventKind) -> bool {
    match kind {
        EventKind::SignedOut
        | EventKind::PersonChanged
        | EventKind::PasswordChanged
        | EventKind::GroupChanged
        | EventKind::TokenRevoked => true,
        EventKind::CheckCreated
        | EventKind::CheckUpdated
        | EventKind::CheckRetargeted
        | EventKind::CheckDecided
        | EventKind::CheckSuperseded
        | EventKind::CheckWithdrawn
        | EventKind::CheckReopened
        | EventKind::CheckVoided
        | EventKind::CheckRetried
        | EventKind::DeliveryDelivered
        | EventKind::DeliveryFailed
        | EventKind::DeliveryRetried
        | EventKind::AlarmUndecidedPass
        | EventKind::AlarmAcknowledged
        | EventKind::ConnectionBroken
        | EventKind::ConnectionRestored
        | EventKind::CallSetAside
        | EventKind::CallReplayed
        | EventKind::RuleEnrolled
        | EventKind::RuleChanged
        | EventKind::SignedIn
        | EventKind::SignInFailed
        | EventKind::SetUp
        | EventKind::PersonInvited
        | EventKind::PersonJoined
        | EventKind::LinkMade
        | EventKind::TokenMade
        | EventKind::SecretsRotated
        | EventKind::AuditExported
        | EventKind::DecisionRefused => false,
    }
}

enum Missed {
    Events(Vec<Arc<Event>>),
    TooMany(i64),
}

async fn missed(app: &App, caller: &Caller, resume: Option<i64>) -> Result<Missed, DbError> {
    let Some(after) = resume else { return Ok(Missed::Events(Vec::new())) };
    let caller = caller.clone();
    app.db
        .read(move |conn| {
            let newest = events::newest(conn)?;
            // More than we send one by one, or a number of another database.
            if newest.saturating_sub(after) > RESUME_MAX || after > newest {
                return Ok(Missed::TooMany(newest));
            }
            let theirs = events::after_within(conn, after, RESUME_MAX, &caller)?;
            Ok(Missed::Events(theirs.into_iter().map(Arc::new).collect()))
        })
        .await
}

fn frame(event: &Event) -> Bytes {
    let id = event.id;
    match serde_json::to_string(&dto::event(event.clone())) {
        Ok(data) if id == 0 => Bytes::from(format!("event: event\ndata: {data}\n\n")),
        Ok(data) => Bytes::from(format!("id: {id}\nevent: event\ndata: {data}\n\n")),
        Err(_) => reset(id),
    }
}

fn reset(id: i64) -> Bytes {
    Bytes::from(format!("id: {id}\nevent: reset\ndata: {{}}\n\n"))
}
