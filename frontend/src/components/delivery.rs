//! What GitLab was told and shows, in sentences, and each attempt to tell it.

use shared::{Delivery, DeliveryAttempt, NoteStage, NoteState};

use super::icon::{icon, of_tone, tone_class};
use super::time::{As, moment};
use crate::model::truth::{Line, Part, Tone};
use crate::texts;
use crate::ui::{El, el, words};

/// The sentences.
#[must_use]
pub fn truth(lines: Vec<Line>) -> El {
    let lines = lines.into_iter().map(|line| {
        let says = line.parts.iter().fold(el("span"), |says, part| match part {
            Part::Text(words) => says.text(words),
            Part::Status(status) => says.child(words("em", status.as_str()).class("word")),
            Part::At(at) => says.child(moment(at, As::Clock)),
            Part::Until(at) => says.child(moment(at, As::Until)),
        });
        sentence(line.tone, says)
    });
    el("div").test("delivery-truth").children(lines.collect())
}

/// A sentence with the sign of its tone.
#[must_use]
pub fn sentence(tone: Tone, says: El) -> El {
    el("p").class(&format!("truth {}", tone_class(tone))).child(icon(of_tone(tone))).child(says)
}

/// The state of the note on the merge request in one line.
#[must_use]
pub fn note(note: &NoteState) -> El {
    let why = note.last_error.as_deref().map(texts::because).unwrap_or_default();
    let (tone, says) = match (note.state, &note.written_at) {
        (NoteStage::Written, Some(at)) => {
            (Tone::Good, words("span", texts::NOTE_WRITTEN).child(moment(at, As::Clock)).text("."))
        }
        (NoteStage::Written | NoteStage::Pending, _) => {
            (Tone::Waiting, words("span", &format!("{}{why}.", texts::NOTE_PENDING)))
        }
        (NoteStage::Failed, _) => {
            (Tone::Bad, words("span", &format!("{}{why}.{}", texts::NOTE_FAILED, texts::NOTE_AGAIN)))
        }
    };
    sentence(tone, says).test("note")
}

/// Every attempt of every delivery, folded away, the newest first.
#[must_use]
pub fn attempts(deliveries: &[Delivery]) -> Option<El> {
    let rows: Vec<El> = deliveries
        .iter()
        .rev()
        .flat_map(|delivery| delivery.log.iter().rev().map(|tried| attempt(delivery, tried)))
        .collect();
    (!rows.is_empty()).then(|| {
        el("details")
            .class("attempts")
            .test("attempts")
            .child(words("summary", &format!("{} ({})", texts::ATTEMPTS, rows.len())))
            .child(el("ol").children(rows))
    })
}

fn attempt(delivery: &Delivery, tried: &DeliveryAttempt) -> El {
    el("li")
        .class("words")
        .child(moment(&tried.at, As::Clock))
        .child(words("em", delivery.status.as_str()).class("word"))
        .child(words("span", &texts::attempt_result(tried.http_status, tried.error.as_deref())))
        .child(words("span", &texts::milliseconds(tried.duration_ms)).class("fine"))
}
