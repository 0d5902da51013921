//! The change of a check: read through GitLab's API once, kept by commit, shown also when GitLab is not there.
//!
//! Commits and files of a commit never age. What stands around them (pipeline, approvals, discussions, labels,
//! description) is asked for again after 15 seconds, if somebody looks; many who look at once cause one reading
//! (`hub`). `ahead` reads what is to be decided before anybody looks.

pub mod ahead;
mod fetch;
mod hub;
mod lines;
mod since;

use std::time::Duration;

pub use hub::Hub;
pub use lines::{DrawnFile, DrawnRow, file};
pub use since::{SinceView, since};

use super::ServiceError;
use crate::app::App;
use crate::db::changes::{self, Decided, Target};
use crate::db::{Conn, DbError};
use crate::domain::Time;
use crate::domain::access::Caller;
use crate::domain::change::{Around, Content, Note};
use crate::render::markdown::Drawer;
use fetch::FetchError;

/// What stands around a change is served without asking GitLab for so long.
const YOUNG: Duration = Duration::from_secs(15);
/// The names of the parts.
const CONTENT: &str = "content";
const AROUND: &str = "around";
/// So many characters of comments are drawn at most; the rest of a long conversation is to be read in GitLab.
const DRAWN_MAX: usize = 512 * 1024;

/// The change as the page shows it.
#[derive(Debug)]
pub struct View {
    /// The commit.
    pub sha: String,
    /// When GitLab was read.
    pub read_at: Time,
    /// Why it could not be read just now.
    pub stale: Option<String>,
    /// Commits and files.
    pub content: Content,
    /// What stands around them; its texts are Markdown.
    pub around: Around,
    /// The description as harmless HTML.
    pub description: String,
    /// The comments as harmless HTML, by discussion.
    pub notes: Vec<Vec<String>>,
    /// What the caller decided on before.
    pub since: Option<Decided>,
}

/// What is kept of one commit.
struct Known {
    content: Content,
    around: Around,
    read_at: Time,
}

/// The change of a check. With `fresh` GitLab is asked even if what is kept is young.
///
/// # Errors
/// [`ServiceError::NotFound`], [`ServiceError::GitLab`] if nothing is kept and GitLab does not tell, or the database's.
pub async fn read(app: &App, caller: &Caller, id: &str, fresh: bool) -> Result<View, ServiceError> {
    let (target, since) = target(app, caller, id).await?;
    let (known, stale) = known(app, &target, fresh).await?;
    let drawer = Drawer::new(app.config.gitlab.as_ref().map_or("", |gitlab| &gitlab.url));
    let Known { content, around, read_at } = known;
    let drawn = tokio::task::spawn_blocking(move || {
        let mut left = DRAWN_MAX;
        let notes = around.discussions.iter().map(|one| draw(&drawer, &one.notes, &mut left)).collect();
        (drawer.draw(&around.description), notes, around)
    });
    let (description, notes, around) = drawn.await.map_err(|_| DbError::Abandoned)?;
    Ok(View { sha: target.key.sha, read_at, stale, content, around, description, notes, since })
}

fn draw(drawer: &Drawer, notes: &[Note], left: &mut usize) -> Vec<String> {
    let one = |note: &Note| {
        if note.body.len() > *left {
            return drawer.draw("(not shown: this conversation is too long; GitLab shows all of it)");
        }
        *left -= note.body.len();
        drawer.draw(&note.body)
    };
    notes.iter().map(one).collect()
}

/// Where the change of a check is read, and what the caller decided on before.
async fn target(app: &App, caller: &Caller, id: &str) -> Result<(Target, Option<Decided>), ServiceError> {
    let (reach, account, id) = (caller.reach.clone(), caller.account_id.clone(), id.to_owned());
    app.db
        .read(move |conn| {
            let target = changes::target(conn, &id, &reach)?.ok_or(ServiceError::NotFound("check"))?;
            Ok((target, changes::decided(conn, &id, account.as_str())?))
        })
        .await
}

/// What is known of a commit, and why it is not newer.
async fn known(app: &App, target: &Target, fresh: bool) -> Result<(Known, Option<String>), ServiceError> {
    app.changes.used(&target.key, app.clock.now());
    let kept = load(app, target).await?;
    let now = app.clock.now();
    if let Some(kept) = kept {
        if !fresh && now.since(kept.read_at) < YOUNG {
            return Ok((kept, None));
        }
        // Nobody waits for a GitLab that failed a moment ago, unless they ask for that.
        if let Some(why) = app.changes.trouble(now).filter(|_| !fresh) {
            return Ok((kept, Some(why)));
        }
        return match fetch::fetch(app, target, fresh).await {
            Ok(()) => Ok((load(app, target).await?.unwrap_or(kept), None)),
            Err(error) => Ok((kept, Some(error.for_people()?))),
        };
    }
    fetch::fetch(app, target, false).await?;
    let kept = load(app, target).await?;
    kept.map(|kept| (kept, None)).ok_or_else(|| ServiceError::GitLab("the change could not be kept".into()))
}

/// The commits and files of a commit, from the store or from GitLab.
async fn content(app: &App, target: &Target) -> Result<Content, ServiceError> {
    app.changes.used(&target.key, app.clock.now());
    let kept = target.clone();
    let load = move |conn: &mut Conn| load_content(conn, &kept);
    if let Some(content) = app.db.read(load.clone()).await? {
        return Ok(content);
    }
    fetch::fetch(app, target, false).await?;
    let content: Option<Content> = app.db.read(load).await?;
    content.ok_or_else(|| ServiceError::GitLab("the change could not be kept".into()))
}

async fn load(app: &App, target: &Target) -> Result<Option<Known>, DbError> {
    let target = target.clone();
    app.db
        .read(move |conn| {
            let Some(content) = load_content(conn, &target)? else { return Ok(None) };
            let around = changes::part(conn, &target.key, AROUND)?;
            Ok(around.and_then(|(bytes, read_at)| {
                serde_json::from_slice(&bytes).ok().map(|around| Known { content, around, read_at })
            }))
        })
        .await
}

/// The commits and files that are kept, if they were read for the same target branch. What an older version of this
/// program kept in another form counts as not kept: it is read again.
fn load_content(conn: &mut Conn, target: &Target) -> Result<Option<Content>, DbError> {
    let kept = changes::part(conn, &target.key, CONTENT)?;
    let content: Option<Content> = kept.and_then(|(bytes, _)| serde_json::from_slice(&bytes).ok());
    Ok(content.filter(|content| content.target_branch == target.target_branch))
}

impl From<FetchError> for ServiceError {
    fn from(error: FetchError) -> Self {
        match error.for_people() {
            Ok(text) => Self::GitLab(text),
            Err(error) => error,
        }
    }
}
