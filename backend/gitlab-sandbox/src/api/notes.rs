//! Comments on merge requests.

use serde_json::{Value, json};

use super::answer::{Answer, Reply};
use super::{Context, entity, paging};
use crate::clock::rfc3339;
use crate::world::{MergeRequest, Note, World};

/// `GET …/notes`, ordered by `order_by` (`created_at`, `updated_at`), newest first unless `sort=asc`.
pub(super) fn list(context: &mut Context<'_>, (project, iid): (i64, i64)) -> Reply {
    let one = context.world.merge_request(project, iid)?;
    let mut notes: Vec<_> = one.notes.iter().collect();
    match context.params.text("order_by").as_deref() {
        None | Some("created_at") => {}
        Some("updated_at") => notes.sort_by_key(|note| (note.updated_at, note.id)),
        Some(_) => return Err(Answer::error(400, "order_by does not have a valid value")),
    }
    match context.params.text("sort").as_deref() {
        Some("asc") => {}
        None | Some("desc") => notes.reverse(),
        Some(_) => return Err(Answer::error(400, "sort does not have a valid value")),
    }
    paging::page(context, &notes, |note| shown(context.world, one, note))
}

/// `POST …/notes`. A comment counts as a change of the merge request.
pub(super) fn create(context: &mut Context<'_>, (project, iid): (i64, i64)) -> Reply {
    let body = body(context)?;
    let (id, author, now) = (context.world.ids.note(), context.caller.user, context.now);
    let one = context.world.merge_request_mut(project, iid)?;
    one.notes.push(Note { id, body, author, created_at: now, updated_at: now });
    one.updated_at = now;
    answer(context, (project, iid), id, 201)
}

/// `GET …/notes/:note_id`.
pub(super) fn show(context: &mut Context<'_>, at: (i64, i64), note: &str) -> Reply {
    answer(context, at, note.parse().map_err(|_| Answer::error(400, "note_id is invalid"))?, 200)
}

/// `PUT …/notes/:note_id`, by its author only.
pub(super) fn update(context: &mut Context<'_>, at: (i64, i64), note: &str) -> Reply {
    let body = body(context)?;
    let now = context.now;
    let note = own(context, at, note)?;
    note.body = body;
    note.updated_at = now;
    let id = note.id;
    answer(context, at, id, 200)
}

/// `DELETE …/notes/:note_id`, by its author only.
pub(super) fn delete(context: &mut Context<'_>, (project, iid): (i64, i64), note: &str) -> Reply {
    let id = own(context, (project, iid), note)?.id;
    context.world.merge_request_mut(project, iid)?.notes.retain(|note| note.id != id);
    Ok(Answer::no_content())
}

fn body(context: &Context<'_>) -> Result<String, Answer> {
    let body = context.params.text("body").ok_or_else(|| Answer::error(400, "body is missing"))?;
    // A note without text is not valid.
    if body.trim().is_empty() {
        return Err(Answer::message(400, "400 Bad request - Note {:note=>[\"can't be blank\"]}"));
    }
    Ok(body)
}

fn own<'a>(
    context: &'a mut Context<'_>,
    (project, iid): (i64, i64),
    note: &str,
) -> Result<&'a mut Note, Answer> {
    let id: i64 = note.parse().map_err(|_| Answer::error(400, "note_id is invalid"))?;
    let user = context.caller.user;
    let note = context.world.merge_request_mut(project, iid)?.notes.iter_mut().find(|note| note.id == id);
    let note = note.ok_or_else(|| Answer::message(404, "404 Note Not Found"))?;
    if note.author == user { Ok(note) } else { Err(Answer::forbidden()) }
}

fn answer(context: &Context<'_>, (project, iid): (i64, i64), id: i64, status: u16) -> Reply {
    let one = context.world.merge_request(project, iid)?;
    let note = one.notes.iter().find(|note| note.id == id);
    let note = note.ok_or_else(|| Answer::message(404, "404 Note Not Found"))?;
    Ok(Answer::json(status, &shown(context.world, one, note)))
}

fn shown(world: &World, one: &MergeRequest, note: &Note) -> Value {
    json!({
        "id": note.id,
        "type": null,
        "body": note.body,
        "author": entity::user(world, note.author),
        "created_at": rfc3339(note.created_at),
        "updated_at": rfc3339(note.updated_at),
        "system": false,
        "noteable_id": one.id,
        "noteable_type": "MergeRequest",
        "project_id": one.project,
        "noteable_iid": one.iid,
        "resolvable": false,
        "confidential": false,
        "internal": false,
        "imported": false,
    })
}
