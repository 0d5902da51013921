//! Where a one-time link leads: the first administrator, an invitation, a new password.

use crate::ui::prelude::*;
use shared::{LinkInfo, LinkKind, ProblemCode};

use crate::api::Fault;
use crate::components::form::{Form, value};
use crate::components::message::{empty, fault_box, skeleton};
use crate::components::time::{As, moment};
use crate::model::people::acceptance;
use crate::state::{App, nav};
use crate::texts;
use crate::ui::{El, el, watch, words};

/// The page behind a one-time link.
#[must_use]
pub fn welcome_page() -> El {
    let app = App::get();
    let info = RwSignal::new(None::<LinkInfo>);
    let fault = RwSignal::new(None::<Fault>);
    let load = move || {
        let secret = app.secret.get_untracked();
        if secret.is_empty() {
            return;
        }
        app.api.inspect_link(&secret).then(move |answer| match answer {
            Ok(found) => {
                fault.set(None);
                info.set(Some(found));
            }
            Err(why) => {
                fault.set(Some(why));
            }
        });
    };
    // Another link may be opened on the same page.
    watch(move || {
        app.secret.track();
        info.set(None);
        untrack(load);
    });
    let title = move || {
        info.with(|info| info.as_ref().map_or(texts::WELCOME, |info| texts::link_title(info.kind)).to_owned())
    };
    super::name_page(app, title);
    super::focus_heading(app);
    let body = move || {
        let spent = fault.with(|fault| fault.as_ref().is_some_and(|fault| fault.is(ProblemCode::LinkSpent)));
        if spent || app.secret.with(String::is_empty) {
            let way_on = Some((nav::HOME.to_owned(), texts::SIGN_IN));
            return empty("link-spent", words("h2", texts::LINK_SPENT_TITLE), texts::LINK_SPENT, way_on);
        }
        if let Some(fault) = fault.get() {
            let retry = Callback::new(move |()| load());
            return fault_box(texts::ERR_LINK, &fault, false, Some(retry));
        }
        info.with(|info| info.as_ref().map_or_else(|| skeleton(2), |info| form(app, info)))
    };
    super::narrow(vec![el("h1").attr("tabindex", "-1").text_fn(title), el("div").child_fn(body)])
}

fn form(app: App, info: &LinkInfo) -> El {
    let form = Form::new("welcome");
    let kind = info.kind;
    let name = form.input("name", "text", "name");
    let email = form.input("email", "email", "username").attr("autocapitalize", "none");
    let (password, secret) =
        form.password("password", texts::NEW_PASSWORD, texts::PASSWORD_RULES, "new-password");
    let (typed_name, typed_email) = (name.as_kind(), email.as_kind());
    let (name, email) = match kind {
        LinkKind::Setup => (Some(name), email),
        LinkKind::Invitation => (Some(name.attr("value", &info.name)), fixed(email, &info.email)),
        // A password manager needs the address beside the password, and it is good to see whose it is.
        LinkKind::Reset => (None, fixed(email, &info.email)),
    };
    let send = move || {
        let token = app.secret.get_untracked();
        let accept = acceptance(kind, &token, &value(&typed_name), &value(&typed_email), &secret.value());
        let Some(accept) = form.checked(accept) else { return };
        form.busy.set(true);
        app.api.accept_link(&accept).then(move |answer| match answer {
            Ok(_) => nav::load(nav::HOME),
            Err(fault) => {
                form.busy.set(false);
                form.refused(fault);
            }
        });
    };
    let ends = info.expires_at.as_deref().map(|at| {
        words("p", texts::LINK_ENDS).class("fine").text(" ").child(moment(at, As::Clock)).text(".")
    });
    form.element(send)
        .class("card form")
        .child(words("p", texts::link_hint(kind)))
        .child(name.map(|name| form.field("name", texts::NAME, texts::NAME_HINT, name)))
        .child(form.field("email", texts::EMAIL, "", email))
        .child(password)
        .child(form.outcome(texts::ERR_LINK))
        .child(form.send_button(texts::link_verb(kind)).class("btn solid main wide"))
        .child(ends)
}

fn fixed(field: El, value: &str) -> El {
    field.attr("value", value).attr("readonly", "")
}
