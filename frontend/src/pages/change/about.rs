//! Commits, pipeline, approvals and discussions, each folded into a line.

use shared::{Approvals, Change, ChangeCommit, Discussion, Job, Pipeline};

use crate::components::html;
use crate::components::icon::{WARN, icon, of_tone, tone_class};
use crate::components::row::sha;
use crate::components::time::{As, moment};
use crate::model::change::pipeline_tone;
use crate::state::change::{Seen, Told};
use crate::texts;
use crate::ui::{El, el, words};

/// What GitLab tells of the change; what it does not tell is left out.
pub(super) fn about(seen: Seen) -> El {
    let with = |part: Told, draw: fn(&Change) -> Option<El>| {
        move || part.with(|change| change.as_ref().and_then(|change| draw(change)))
    };
    el("section")
        .class("card folds")
        .attr("aria-label", texts::ABOUT_CHANGE)
        .child_fn(with(seen.pushed, |change| Some(commits(&change.commits, change.commit_count))))
        .child_fn(with(seen.checked, |change| change.pipeline.as_ref().map(pipeline)))
        .child_fn(with(seen.checked, |change| change.approvals.as_ref().map(approvals)))
        .child_fn(with(seen.talked, |change| {
            let talked =
                change.open_discussions + change.resolved_discussions > 0 || !change.discussions.is_empty();
            talked.then(|| discussions(change))
        }))
}

/// A line with a heading that unfolds.
fn fold(title: &str, testid: &str, says: El, open: bool, body: El) -> El {
    let fold = el("details").class("fold").test(testid);
    let fold = if open { fold.attr("open", "") } else { fold };
    fold.child(el("summary").child(words("h2", title)).child(says)).child(body)
}

pub(super) fn commits(all: &[ChangeCommit], count: i64) -> El {
    let list = el("ol").class("entries").children(all.iter().map(commit).collect());
    fold(
        texts::COMMITS,
        "commits",
        words("span", &texts::shown_of(all.len(), count)).class("count"),
        false,
        list,
    )
}

fn commit(commit: &ChangeCommit) -> El {
    let message = commit.message.trim();
    let title = words("strong", &commit.title);
    let title = if message.is_empty() {
        title
    } else {
        el("details").child(el("summary").child(title)).child(words("p", message).class("comment"))
    };
    let line = el("p")
        .class("words fine")
        .child(words("span", &commit.author))
        .child(commit.at.as_deref().map(|at| moment(at, As::Ago)))
        .child(sha(&commit.sha));
    el("li").test("commit").child(title).child(line)
}

/// GitLab's word with an icon that says the same.
fn status(word: &str, may_fail: bool) -> El {
    let tone = pipeline_tone(word, may_fail);
    // What may fail and did waits for nothing.
    let shape = if word == "failed" { WARN } else { of_tone(tone) };
    el("span").class(&format!("told {}", tone_class(tone))).child(icon(shape)).text(&texts::pipeline(word))
}

fn pipeline(pipeline: &Pipeline) -> El {
    let job = |job: &Job| {
        el("li")
            .class("words")
            .child(status(&job.status, job.allow_failure))
            .child(words("span", &job.name))
            .child(words("span", &job.stage).class("fine"))
            .child(job.allow_failure.then(|| words("small", texts::MAY_FAIL).class("tag")))
    };
    let says = status(&pipeline.status, false);
    if pipeline.jobs.is_empty() {
        return line(texts::PIPELINE, "pipeline", says);
    }
    let jobs = el("ul").class("entries").children(pipeline.jobs.iter().map(job).collect());
    fold(texts::PIPELINE, "pipeline", says, false, jobs)
}

/// A line with a heading and no more.
fn line(title: &str, testid: &str, says: El) -> El {
    el("div").class("fold").test(testid).child(words("h2", title)).child(says)
}

fn approvals(approvals: &Approvals) -> El {
    let given = approvals.by.len();
    let number = match (approvals.required, given) {
        (0, 0) => texts::NO_APPROVALS.into(),
        (0, _) => given.to_string(),
        (required, _) => texts::n_of(given, required),
    };
    let says = words("span", &number)
        .child((given > 0).then(|| words("span", &format!(" · {}", approvals.by.join(", "))).class("fine")));
    line(texts::GITLAB_APPROVALS, "approvals", says)
}

fn discussions(change: &Change) -> El {
    let says = words("span", &texts::discussions(change.open_discussions, change.resolved_discussions));
    let list = el("ol").class("entries").children(change.discussions.iter().map(discussion).collect());
    fold(texts::DISCUSSIONS, "discussions", says.class("fine"), change.open_discussions > 0, list)
}

fn discussion(about: &Discussion) -> El {
    let word = about.resolved.map(|resolved| {
        let (word, tone) = if resolved { (texts::RESOLVED, "good") } else { (texts::OPEN, "waiting") };
        words("small", word).class(&format!("tag {tone}"))
    });
    let place = texts::discussed(about);
    let place = (!place.is_empty()).then(|| words("code", &place));
    let head = el("p").class("words").child(place).child(word);
    let notes = about.notes.iter().map(|note| {
        let by = el("p")
            .class("words fine")
            .child(words("strong", &note.author))
            .child(note.at.as_deref().map(|at| moment(at, As::Ago)));
        el("div").class("comment").child(by).child(html::cleaned(&note.html))
    });
    el("li").test("discussion").child(head).children(notes.collect())
}
