//! One's own account: who one is, the password, the sessions, the API tokens.

mod sessions;
mod token_dialog;
mod tokens;

use crate::ui::prelude::*;
use shared::Session;

use crate::components::form::Form;
use crate::components::{card, term};
use crate::model::access::role_names;
use crate::model::people::password_change;
use crate::state::App;
use crate::texts;
use crate::ui::{El, el, words};

/// The account page.
#[must_use]
pub fn account_page() -> El {
    let app = App::get();
    super::name_page(app, || texts::NAV_ACCOUNT.to_owned());
    super::focus_heading(app);
    let sessions = sessions::Sessions::new(app);
    // What is being typed stays when something else about the person changes.
    let has_password = Memo::new(move |_| app.who.with(|who| Some(who.session()?.has_password)));
    let password = move || {
        let has_password = has_password.get()?;
        Some(untrack(|| if has_password { password(app, sessions) } else { passwordless() }))
    };
    super::page(vec![
        super::heading(texts::NAV_ACCOUNT),
        el("div").child(
            el("div")
                .class("system")
                .child_fn(move || app.who.with(|who| who.session().map(me)))
                .child_fn(password),
        ),
        sessions.card(),
        tokens::tokens(app),
    ])
}

fn me(session: &Session) -> El {
    let reach = if session.all_projects { texts::REACH_ALL } else { texts::REACH_GRANTED };
    let list = el("dl")
        .class("facts")
        .child(term(texts::NAME, words("dd", &session.name)))
        .child(term(texts::EMAIL, words("dd", &session.email)))
        .child(term(texts::ROLES, words("dd", &role_names(&session.roles)).test("account-roles")))
        .child(term(texts::PROJECTS, words("dd", reach)));
    card("me-title", texts::ME).child(list).child(words("p", texts::ME_HINT).class("fine"))
}

fn passwordless() -> El {
    card("password-title", texts::PASSWORD).child(words("p", texts::NO_PASSWORD).class("fine"))
}

fn password(app: App, sessions: sessions::Sessions) -> El {
    let form = Form::new("password");
    let (current, old) = form.password("current", texts::CURRENT_PASSWORD, "", "current-password");
    let (new, fresh) = form.password("new", texts::NEW_PASSWORD, texts::PASSWORD_RULES, "new-password");
    let done = RwSignal::new(false);
    let send = move || {
        done.set(false);
        let Some(change) = form.checked(password_change(&old.value(), &fresh.value())) else { return };
        let fields = [old.clone(), fresh.clone()];
        form.busy.set(true);
        app.api.change_password(&change).then(move |answer| {
            form.busy.set(false);
            match answer {
                Ok(()) => {
                    fields.iter().for_each(|field| field.set_value(""));
                    done.set(true);
                    sessions.load();
                }
                Err(fault) => form.refused(fault),
            }
        });
    };
    let changed = el("div").attr("role", "status").child_fn(move || {
        done.get().then(|| words("p", texts::PASSWORD_CHANGED).class("good").test("password-changed"))
    });
    let fields = form
        .element(send)
        .child(current)
        .child(new)
        .child(form.outcome(texts::ERR_ACTION))
        .child(changed)
        .child(el("div").child(form.send_button(texts::CHANGE_PASSWORD)));
    card("password-title", texts::PASSWORD).child(fields)
}
