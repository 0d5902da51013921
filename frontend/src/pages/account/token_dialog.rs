//! The dialog that makes an API token and shows its secret once.

use crate::ui::prelude::*;
use shared::{MadeToken, Permission};
use wasm_bindgen::JsCast;
use web_sys::{HtmlDialogElement, HtmlElement, HtmlSelectElement};

use super::tokens::Tokens;
use crate::components::button;
use crate::components::form::{Form, select, tick, ticks, value};
use crate::components::modal::{foot, modal, secret};
use crate::model::people::new_token;
use crate::texts;
use crate::ui::{El, el, words};

/// The dialog.
#[must_use]
pub fn token_dialog(tokens: Tokens) -> El {
    let made = RwSignal::new(None::<String>);
    let title = texts::NEW_TOKEN;
    modal(
        title,
        "token-dialog",
        move || tokens.close(),
        |dialog| {
            let body = move || {
                let dialog = dialog.clone();
                Some(match made.get() {
                    None => untrack(|| form(tokens, dialog, made)),
                    Some(secret) => untrack(|| shown(tokens, dialog, &secret)),
                })
            };
            vec![el("div").child_fn(body)]
        },
    )
}

fn form(tokens: Tokens, dialog: HtmlDialogElement, made: RwSignal<Option<String>>) -> El {
    let app = tokens.app;
    let form = Form::new("token");
    let scopes = RwSignal::new(Vec::<Permission>::new());
    let limits = RwSignal::new(Vec::<String>::new());
    let name = form.input("name", "text", "off").attr("autofocus", "");
    let days = select(
        el("select").attr("id", "token-days").test("token-days"),
        &[("30", texts::DAYS_30), ("90", texts::DAYS_90), ("365", texts::DAYS_365), ("", texts::NEVER)],
    );
    let (typed, chosen) = (name.as_kind(), days.as_kind::<HtmlElement>());
    chosen.unchecked_ref::<HtmlSelectElement>().set_value("90");
    let mine = app
        .who
        .with_untracked(|who| who.session().map(|session| session.permissions.clone()).unwrap_or_default());
    let boxes = mine.into_iter().map(|scope| {
        tick(
            scope.as_str(),
            texts::permission(scope),
            &format!("scope-{}", scope.as_str()),
            false,
            move |on| {
                scopes.update(|scopes| {
                    scopes.retain(|known| *known != scope);
                    if on {
                        scopes.push(scope);
                    }
                });
            },
        )
    });
    let boxes = form.group("scopes", texts::SCOPES, "", boxes.collect());
    let projects = move || {
        tokens.projects.with(|all| {
            let all: Vec<_> = all.iter().map(|one| (one.id.clone(), one.path.clone())).collect();
            (!all.is_empty())
                .then(|| form.group("projects", texts::PROJECTS, texts::TOKEN_PROJECTS, ticks(&all, limits)))
        })
    };
    let send = move || {
        let asked =
            new_token(&value(&typed), scopes.get_untracked(), limits.get_untracked(), &value(&chosen));
        let Some(token) = form.checked(asked) else { return };
        form.busy.set(true);
        app.api.make_token(&token).then(move |answer| {
            form.busy.set(false);
            match answer {
                Ok(MadeToken { secret, .. }) => {
                    made.set(Some(secret));
                    tokens.load();
                }
                Err(fault) => form.refused(fault),
            }
        });
    };
    form.element(send)
        .child(form.field("name", texts::TOKEN_NAME, texts::TOKEN_NAME_HINT, name))
        .child(boxes)
        .child_fn(projects)
        .child(form.field("days", texts::TOKEN_ENDS, "", days))
        .child(form.outcome(texts::ERR_ACTION))
        .child(foot(dialog, form.send_button(texts::MAKE_TOKEN)))
}

/// The secret, this once.
fn shown(tokens: Tokens, dialog: HtmlDialogElement, token: &str) -> El {
    let say = Callback::new(move |words| tokens.app.say(words));
    el("div")
        .class("form")
        .child(words("p", texts::TOKEN_ONCE))
        .child(secret(texts::TOKEN_SECRET, token, "token-secret", say))
        .child(words("p", texts::TOKEN_USE).class("fine"))
        .child(
            el("div")
                .class("dialog-foot")
                .child(el("span").class("grow"))
                .child(button(texts::DONE, "btn", "token-done").on_click(move || dialog.close())),
        )
}
