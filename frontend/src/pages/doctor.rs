//! The card of the system page that asks what stands between the service and GitLab.

use crate::ui::prelude::*;
use shared::{DoctorFinding, DoctorReport, DoctorVerdict};

use crate::api::Fault;
use crate::components::button;
use crate::components::delivery::sentence;
use crate::components::message::fault_box;
use crate::components::time::{As, moment};
use crate::model::truth::Tone;
use crate::state::App;
use crate::texts;
use crate::ui::{El, el, words};

/// The card.
#[must_use]
pub fn doctor(app: App) -> El {
    let busy = RwSignal::new(false);
    let answer = RwSignal::new(None::<Result<DoctorReport, Fault>>);
    let examine = button(texts::EXAMINE, "btn", "doctor").off_fn(move || busy.get()).on_click(move || {
        busy.set(true);
        app.api.examine().then(move |told| {
            busy.set(false);
            answer.set(Some(told));
        });
    });
    let result = el("div").attr("role", "status").child_fn(move || {
        answer.with(|answer| {
            Some(match answer.as_ref()? {
                Ok(report) => findings(report),
                Err(fault) => fault_box(texts::ERR_ACTION, fault, false, None),
            })
        })
    });
    el("section")
        .class("card line")
        .attr("aria-label", texts::DOCTOR)
        .child(words("p", texts::DOCTOR_HINT))
        .child(examine)
        .child(result)
}

fn findings(report: &DoctorReport) -> El {
    let rows = report.findings.iter().map(finding).collect();
    el("div").child(el("ul").class("policy").test("doctor-findings").children(rows)).child(
        words("p", texts::DOCTOR_AT).class("fine").text(" ").child(moment(&report.examined_at, As::Clock)),
    )
}

fn finding(found: &DoctorFinding) -> El {
    let tone = match found.verdict {
        DoctorVerdict::Ok => Tone::Good,
        DoctorVerdict::Warning => Tone::Waiting,
        DoctorVerdict::Failed => Tone::Bad,
        DoctorVerdict::Unknown => Tone::Plain,
    };
    let says = el("div")
        .child(words("strong", &found.topic))
        .text(": ")
        .text(&found.says)
        .child(found.mend.as_deref().map(|mend| words("p", mend).class("fine")));
    el("li").test("doctor-finding").child(sentence(tone, says))
}
