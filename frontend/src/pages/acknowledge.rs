//! The alarm about a check that passed in GitLab though nobody here approved it: an administrator says what they found out.

use crate::ui::prelude::*;
use shared::alarm::ALARM_COMMENT_MAX;
use shared::decision::{DecisionFault, is_blank};
use shared::{NewAcknowledgement, Permission};

use crate::components::button;
use crate::components::form::{Form, value};
use crate::components::modal::{foot, modal};
use crate::model::people::Wrong;
use crate::state::App;
use crate::state::check::Shown;
use crate::texts;
use crate::ui::{El, el};

/// The button that ends the alarm, while there is one, and its dialog.
#[must_use]
pub fn acknowledge(app: App, shown: Shown, id: &str) -> El {
    let raised = shown.part(|now| now.undecided_pass);
    let may = app.may(Permission::Admin);
    let open = RwSignal::new(false);
    let id = id.to_owned();
    el("div")
        .child_fn(move || {
            (may.get() && raised.get() == Some(true))
                .then(|| button(texts::ACKNOWLEDGE, "btn", "acknowledge").on_click(move || open.set(true)))
        })
        .child_fn(move || open.get().then(|| untrack(|| dialog(app, shown, id.clone(), open))))
}

fn dialog(app: App, shown: Shown, id: String, open: RwSignal<bool>) -> El {
    let form = Form::new("acknowledge");
    modal(
        texts::ACKNOWLEDGE,
        "acknowledge-dialog",
        move || open.set(false),
        |dialog| {
            let field = form
                .input("comment", "text", "off")
                .attr("maxlength", &ALARM_COMMENT_MAX.to_string())
                .attr("autofocus", "");
            let (typed, after) = (field.as_kind(), dialog.clone());
            let send = move || {
                let comment = value(&typed).trim().to_owned();
                if is_blank(&comment) {
                    form.mend(Wrong {
                        field: "comment".into(),
                        says: texts::fault(DecisionFault::CommentRequired),
                    });
                    return;
                }
                form.busy.set(true);
                let (body, dialog) = (NewAcknowledgement { comment }, after.clone());
                app.api.acknowledge(&id, &body).then(move |answer| {
                    form.busy.set(false);
                    match answer {
                        Ok(()) => {
                            dialog.close();
                            app.count_soon();
                            shown.load(false);
                        }
                        Err(fault) => form.refused(fault),
                    }
                });
            };
            vec![
                form.element(send)
                    .child(form.field("comment", texts::FOUND_OUT, texts::FOUND_OUT_HINT, field))
                    .child(form.outcome(texts::ERR_ACTION))
                    .child(foot(dialog, form.send_button(texts::ACKNOWLEDGE))),
            ]
        },
    )
}
