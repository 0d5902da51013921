//! Discussions: threads on a merge request or on a line of it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Missing, World};

/// A thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discussion {
    /// The thread's id: 40 hexadecimal digits.
    pub id: String,
    /// Its comments, oldest first.
    pub notes: Vec<DiscussionNote>,
    /// Whether it is resolved; `None` if it cannot be.
    pub resolved: Option<bool>,
    /// The file and its line after the change, if it is about one.
    pub position: Option<(String, i64)>,
}

/// A comment of a thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscussionNote {
    /// The note's id.
    pub id: i64,
    /// Markdown.
    pub body: String,
    /// Who wrote it.
    pub author: i64,
    /// Whether GitLab wrote it.
    pub system: bool,
    /// When.
    pub created_at: Timestamp,
}

/// What a new thread starts with.
#[derive(Debug, Clone, Default)]
pub struct NewDiscussion {
    /// Usernames and what they say, oldest first.
    pub notes: Vec<(String, String)>,
    /// Whether it is resolved; `None` if it cannot be.
    pub resolved: Option<bool>,
    /// The file and its line after the change, if it is about one.
    pub position: Option<(String, i64)>,
    /// Whether GitLab wrote it.
    pub system: bool,
}

impl World {
    /// A thread, ready to be put into a merge request.
    pub(super) fn discussion(&mut self, new: NewDiscussion, now: Timestamp) -> Discussion {
        let notes: Vec<_> = new
            .notes
            .into_iter()
            .map(|(author, body)| DiscussionNote {
                id: self.ids.note(),
                body,
                author: self.user_named(&author),
                system: new.system,
                created_at: now,
            })
            .collect();
        let id = crate::signature::commit_id(&format!("discussion {}", self.ids.note()));
        Discussion { id, notes, resolved: new.resolved, position: new.position }
    }

    /// Begins a thread.
    pub fn discuss(
        &mut self,
        project: i64,
        iid: i64,
        new: NewDiscussion,
        now: Timestamp,
    ) -> Result<(), Missing> {
        let discussion = self.discussion(new, now);
        let one = self.merge_request_mut(project, iid)?;
        one.discussions.push(discussion);
        one.updated_at = now;
        Ok(())
    }
}
