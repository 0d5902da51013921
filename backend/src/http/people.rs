//! People and groups, for administrators.

use actix_web::{HttpResponse, web};
use shared::account::{validate_email, validate_name};
use shared::{
    Group, GroupChange, GroupList, Invited, NewPerson, OneTimeLink, Person, PersonChange, PersonList,
    SessionList,
};

use super::body::Body;
use super::dto_people as dto;
use super::problem::ApiError;
use crate::app::App;
use crate::domain::access::Caller;
use crate::domain::ids::{AccountId, GroupId};
use crate::service::links::Made;
use crate::service::people::Invitation;
use crate::service::person::{self, Change};
use crate::service::{ServiceError, account, groups, people};

/// List people
#[utoipa::path(
    get,
    path = "/people",
    operation_id = "list_people",
    tag = "people",
    responses((status = 200, description = "Everybody, by name", body = PersonList))
)]
pub async fn list_people(app: web::Data<App>) -> Result<web::Json<PersonList>, ApiError> {
    let items = people::list(&app).await?.into_iter().map(dto::person).collect();
    Ok(web::Json(PersonList { items }))
}

/// Invite a person
///
/// The answer holds a link for them, which is shown this once.
#[utoipa::path(
    post,
    path = "/people",
    operation_id = "invite_person",
    tag = "people",
    request_body = NewPerson,
    responses(
        (status = 201, description = "Invited", body = Invited),
        (status = 409, description = "Somebody has that e-mail address", body = shared::Problem, content_type = "application/problem+json"),
        (status = 422, description = "A field is missing or not valid", body = shared::Problem, content_type = "application/problem+json"),
    )
)]
pub async fn invite_person(
    app: web::Data<App>,
    caller: web::ReqData<Caller>,
    request: actix_web::HttpRequest,
    body: Body<NewPerson>,
) -> Result<HttpResponse, ApiError> {
    let new = body.0;
    validate_name(&new.name).map_err(|fault| dto::fault(fault, "name"))?;
    validate_email(&new.email).map_err(|fault| dto::fault(fault, "email"))?;
    let invitation = Invitation {
        name: new.name,
        email: new.email,
        roles: dto::roles(&new.roles)?,
        all_projects: new.all_projects,
        projects: new.projects,
        groups: new.groups,
        gitlab_user_id: dto::gitlab_user_id(new.gitlab_user_id)?,
    };
    let (person, made) = people::invite(&app, &caller, invitation).await?;
    let link = one_time_link(&app, &request, &made);
    Ok(HttpResponse::Created().json(Invited { person: dto::person(person), link }))
}

/// Where this app is, as the caller reached it if no public URL is set.
fn one_time_link(app: &App, request: &actix_web::HttpRequest, made: &Made) -> OneTimeLink {
    let host = request.headers().get("host").and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let root = app.config.public_url.clone().unwrap_or_else(|| format!("http://{host}"));
    dto::one_time_link(&format!("{root}{}", app.config.base_path), made)
}

/// Read one person
#[utoipa::path(
    get,
    path = "/people/{id}",
    operation_id = "read_person",
    tag = "people",
    params(("id" = String, Path, description = "The account's id")),
    responses(
        (status = 200, description = "The person", body = Person),
        (status = 404, description = "No such person", body = shared::Problem, content_type = "application/problem+json"),
    )
)]
pub async fn read_person(app: web::Data<App>, id: web::Path<String>) -> Result<web::Json<Person>, ApiError> {
    Ok(web::Json(dto::person(people::read(&app, account_id(&id)?).await?)))
}

/// Change a person
///
/// Switching an account off ends its sessions and revokes its tokens.
#[utoipa::path(
    put,
    path = "/people/{id}",
    operation_id = "change_person",
    tag = "people",
    params(("id" = String, Path, description = "The account's id")),
    request_body = PersonChange,
    responses(
        (status = 200, description = "The person as they are now", body = Person),
        (status = 404, description = "No such person", body = shared::Problem, content_type = "application/problem+json"),
        (status = 409, description = "There would be no administrator left, or the person was changed meanwhile", body = shared::Problem, content_type = "application/problem+json"),
        (status = 422, description = "A field is missing or not valid", body = shared::Problem, content_type = "application/problem+json"),
    )
)]
pub async fn change_person(
    app: web::Data<App>,
    caller: web::ReqData<Caller>,
    id: web::Path<String>,
    body: Body<PersonChange>,
) -> Result<web::Json<Person>, ApiError> {
    let id = account_id(&id)?;
    let new = body.0;
    validate_name(&new.name).map_err(|fault| dto::fault(fault, "name"))?;
    let change = Change {
        name: new.name,
        roles: dto::roles(&new.roles)?,
        all_projects: new.all_projects,
        projects: new.projects,
        groups: new.groups,
        gitlab_user_id: dto::gitlab_user_id(new.gitlab_user_id)?,
        active: new.active,
        expected: new.expected_version,
    };
    Ok(web::Json(dto::person(person::change(&app, &caller, id, change).await?)))
}

/// Make a link for a person
///
/// An invitation again, or, for somebody who has joined, a link to set a new password. Links made
/// before do not work any more.
#[utoipa::path(
    post,
    path = "/people/{id}/link",
    operation_id = "make_person_link",
    tag = "people",
    params(("id" = String, Path, description = "The account's id")),
    responses(
        (status = 201, description = "The link, shown this once", body = OneTimeLink),
        (status = 404, description = "No such person", body = shared::Problem, content_type = "application/problem+json"),
        (status = 422, description = "The account is switched off", body = shared::Problem, content_type = "application/problem+json"),
    )
)]
pub async fn make_person_link(
    app: web::Data<App>,
    caller: web::ReqData<Caller>,
    request: actix_web::HttpRequest,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let made = people::make_link(&app, &caller, account_id(&id)?).await?;
    Ok(HttpResponse::Created().json(one_time_link(&app, &request, &made)))
}

/// List a person's sessions
#[utoipa::path(
    get,
    path = "/people/{id}/sessions",
    operation_id = "list_person_sessions",
    tag = "people",
    params(("id" = String, Path, description = "The account's id")),
    responses(
        (status = 200, description = "The sessions that have not ended, newest first", body = SessionList),
        (status = 404, description = "No such person", body = shared::Problem, content_type = "application/problem+json"),
    )
)]
pub async fn list_person_sessions(
    app: web::Data<App>,
    caller: web::ReqData<Caller>,
    id: web::Path<String>,
) -> Result<web::Json<SessionList>, ApiError> {
    let rows = account::sessions(&app, account_id(&id)?).await?;
    Ok(web::Json(dto::sessions(rows, account::own_session(&caller).ok().as_ref())))
}

/// End all of a person's sessions
#[utoipa::path(
    delete,
    path = "/people/{id}/sessions",
    operation_id = "end_person_sessions",
    tag = "people",
    params(("id" = String, Path, description = "The account's id")),
    responses(
        (status = 204, description = "They have ended"),
        (status = 404, description = "No such person", body = shared::Problem, content_type = "application/problem+json"),
    )
)]
pub async fn end_person_sessions(
    app: web::Data<App>,
    caller: web::ReqData<Caller>,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    people::end_sessions(&app, &caller, account_id(&id)?).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// List groups
#[utoipa::path(
    get,
    path = "/groups",
    operation_id = "list_groups",
    tag = "people",
    responses((status = 200, description = "All groups, by name", body = GroupList))
)]
pub async fn list_groups(app: web::Data<App>) -> Result<web::Json<GroupList>, ApiError> {
    let items = groups::list(&app).await?.into_iter().map(dto::group).collect();
    Ok(web::Json(GroupList { items }))
}

/// Make a group
#[utoipa::path(
    post,
    path = "/groups",
    operation_id = "make_group",
    tag = "people",
    request_body = GroupChange,
    responses(
        (status = 201, description = "Made", body = Group),
        (status = 409, description = "Another group has this name", body = shared::Problem, content_type = "application/problem+json"),
        (status = 422, description = "A field is missing or not valid", body = shared::Problem, content_type = "application/problem+json"),
    )
)]
pub async fn make_group(
    app: web::Data<App>,
    caller: web::ReqData<Caller>,
    body: Body<GroupChange>,
) -> Result<HttpResponse, ApiError> {
    let contents = dto::group_contents(body.0)?;
    let group = groups::save(&app, &caller, None, contents, None).await?;
    Ok(HttpResponse::Created().json(dto::group(group)))
}

/// Change a group
#[utoipa::path(
    put,
    path = "/groups/{id}",
    operation_id = "change_group",
    tag = "people",
    params(("id" = String, Path, description = "The group's id")),
    request_body = GroupChange,
    responses(
        (status = 200, description = "The group as it is now", body = Group),
        (status = 404, description = "No such group", body = shared::Problem, content_type = "application/problem+json"),
        (status = 409, description = "Another group has this name, or the group was changed meanwhile", body = shared::Problem, content_type = "application/problem+json"),
        (status = 422, description = "A field is missing or not valid", body = shared::Problem, content_type = "application/problem+json"),
    )
)]
pub async fn change_group(
    app: web::Data<App>,
    caller: web::ReqData<Caller>,
    id: web::Path<String>,
    body: Body<GroupChange>,
) -> Result<web::Json<Group>, ApiError> {
    let id = group_id(&id)?;
    let mut change = body.0;
    let expected = change.expected_version.take();
    let contents = dto::group_contents(change)?;
    Ok(web::Json(dto::group(groups::save(&app, &caller, Some(id), contents, expected).await?)))
}

/// Remove a group
#[utoipa::path(
    delete,
    path = "/groups/{id}",
    operation_id = "remove_group",
    tag = "people",
    params(("id" = String, Path, description = "The group's id")),
    responses(
        (status = 204, description = "Removed"),
        (status = 404, description = "No such group", body = shared::Problem, content_type = "application/problem+json"),
    )
)]
pub async fn remove_group(
    app: web::Data<App>,
    caller: web::ReqData<Caller>,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    groups::remove(&app, &caller, group_id(&id)?).await?;
    Ok(HttpResponse::NoContent().finish())
}

fn account_id(text: &str) -> Result<AccountId, ApiError> {
    AccountId::parse(text).ok_or_else(|| ServiceError::NotFound("person").into())
}

fn group_id(text: &str) -> Result<GroupId, ApiError> {
    GroupId::parse(text).ok_or_else(|| ServiceError::NotFound("group").into())
}
