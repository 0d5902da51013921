//! Discussions on merge requests (<https://docs.gitlab.com/api/discussions/#merge-requests>).

use serde_json::{Value, json};

use super::answer::Reply;
use super::{Context, entity, paging};
use crate::clock::rfc3339;
use crate::world::{Discussion, DiscussionNote, MergeRequest, Note, World};

/// What the list holds: threads, and comments that stand alone.
enum Entry<'a> {
    Thread(&'a Discussion),
    Comment(&'a Note),
}

/// `GET …/discussions`, oldest first.
pub(super) fn list(context: &mut Context<'_>, (project, iid): (i64, i64)) -> Reply {
    let one = context.world.merge_request(project, iid)?;
    let threads = one.discussions.iter().map(Entry::Thread);
    let all: Vec<_> = threads.chain(one.notes.iter().map(Entry::Comment)).collect();
    paging::page(context, &all, |entry| match entry {
        Entry::Thread(thread) => json!({
            "id": thread.id,
            "individual_note": false,
            "notes": thread.notes.iter().map(|note| shown(context.world, one, thread, note)).collect::<Vec<_>>(),
        }),
        Entry::Comment(note) => {
            let alone = DiscussionNote {
                id: note.id,
                body: note.body.clone(),
                author: note.author,
                system: false,
                created_at: note.created_at,
            };
            let thread = Discussion { id: String::new(), notes: Vec::new(), resolved: None, position: None };
            json!({
                "id": crate::signature::commit_id(&format!("note {}", note.id)),
                "individual_note": true,
                "notes": [shown(context.world, one, &thread, &alone)],
            })
        }
    })
}

fn shown(world: &World, one: &MergeRequest, thread: &Discussion, note: &DiscussionNote) -> Value {
    let mut body = json!({
        "id": note.id,
        "type": if thread.position.is_some() { json!("DiffNote") } else { Value::Null },
        "body": note.body,
        "author": entity::user(world, note.author),
        "created_at": rfc3339(note.created_at),
        "updated_at": rfc3339(note.created_at),
        "system": note.system,
        "noteable_id": one.id,
        "noteable_type": "MergeRequest",
        "noteable_iid": one.iid,
        "resolvable": thread.resolved.is_some(),
    });
    if let Some(resolved) = thread.resolved {
        body["resolved"] = resolved.into();
    }
    if let Some((path, line)) = &thread.position {
        body["position"] = json!({
            "base_sha": one.base_of(&one.head),
            "head_sha": one.head,
            "start_sha": one.base_of(&one.head),
            "old_path": path,
            "new_path": path,
            "position_type": "text",
            "old_line": null,
            "new_line": line,
        });
    }
    body
}
