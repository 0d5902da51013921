//! Where one signs in: with a password, through a provider, or as one of the sandbox's people.

use crate::ui::prelude::*;
use shared::{Credentials, ProblemCode, SamplePerson, SignInOptions, SignInProvider};

use crate::api::{Fault, sign_in_address};
use crate::components::form::{Form, value};
use crate::components::message::{fault_box, notice};
use crate::components::{button, named_section};
use crate::model::access::{Who, role_names};
use crate::model::place;
use crate::state::{App, dom, drafts, nav, time};
use crate::texts;
use crate::ui::{El, el, watch, words};

/// What the page knows and does. Copies are handles to the same signals.
#[derive(Clone, Copy)]
struct SignIn {
    app: App,
    form: Form,
    options: RwSignal<Option<SignInOptions>>,
    options_fault: RwSignal<Option<Fault>>,
    /// Why the last attempt failed.
    refusal: RwSignal<Option<Fault>>,
}

/// The sign-in page.
#[must_use]
pub fn sign_in_page() -> El {
    let app = App::get();
    let page = SignIn {
        app,
        form: Form::new("sign-in"),
        options: RwSignal::new(None),
        options_fault: RwSignal::new(None),
        refusal: RwSignal::new(None),
    };
    super::name_page(app, || texts::SIGN_IN.to_owned());
    app.moved.set_value(true);
    dom::focus_soon("#sign-in-email".into());
    page.load();
    // Whoever is signed in already, here or since a moment ago in another window, goes on.
    watch(move || {
        if app.who.with(|who| matches!(who, Who::Person(_))) {
            nav::load(&untrack(|| page.way_back()));
        }
    });
    let retry = Callback::new(move |()| page.load());
    let fault = move || {
        page.options_fault.get().map(|fault| fault_box(texts::ERR_SIGN_IN, &fault, false, Some(retry)))
    };
    let more = move || {
        page.options.with(|options| {
            let options = options.as_ref()?;
            Some(
                el("div")
                    .class("sign-in-more")
                    .child(providers(page, &options.providers))
                    .child(samples(page, &options.samples)),
            )
        })
    };
    let setup = move || {
        let needed = page.options.with(|options| options.as_ref().is_some_and(|now| now.setup_needed));
        needed.then(|| {
            let says = el("div")
                .child(el("p").child(words("strong", texts::SETUP_NEEDED)))
                .child(words("p", texts::SETUP_HINT));
            notice("waiting", "setup-needed", says)
        })
    };
    super::narrow(vec![
        super::heading(texts::SIGN_IN),
        el("div").child_fn(setup),
        el("div").child_fn(move || page.came_back()),
        el("div").child_fn(fault),
        password(page),
        el("div").child_fn(more),
    ])
}

impl SignIn {
    fn load(self) {
        self.app.api.read_sign_in().then(move |answer| match answer {
            Ok(options) => {
                self.options_fault.set(None);
                self.options.set(Some(options));
            }
            Err(fault) => {
                self.options_fault.set(Some(fault));
            }
        });
    }

    /// Where to go afterwards, relative to the base path.
    fn way_back(self) -> String {
        let asked = self.app.place.with_untracked(|place| place.param("return_to")).unwrap_or_default();
        place::return_to(&asked, &nav::base_path())
    }

    /// Why a provider did not let somebody in: the service says it in the address that it leads back to. Gone
    /// with the next attempt.
    fn came_back(self) -> Option<El> {
        if self.form.busy.get() || self.refusal.with(Option::is_some) {
            return None;
        }
        let word = self.app.place.with(|place| place.param("error"))?;
        let says = words("p", texts::provider_fault(&word));
        Some(notice("bad", "sign-in-fault", says).attr("role", "alert"))
    }

    fn send(self, credentials: &Credentials) {
        self.refusal.set(None);
        self.form.busy.set(true);
        self.app.api.sign_in(credentials).then(move |answer| match answer {
            // A new document: nothing of who was here before is left in it.
            Ok(_) => {
                drafts::note_entry();
                nav::load(&self.way_back());
            }
            Err(fault) => {
                self.form.busy.set(false);
                let wrong = fault.is(ProblemCode::BadCredentials);
                self.refusal.set(Some(fault));
                if wrong {
                    dom::focus("#sign-in-password");
                }
            }
        });
    }
}

fn password(page: SignIn) -> El {
    let form = page.form;
    let email = form.input("email", "email", "username").attr("autocapitalize", "none").attr("required", "");
    let (field, secret) = form.password("password", texts::PASSWORD, "", "current-password");
    let typed = email.as_kind();
    let send = move || {
        page.send(&Credentials { email: value(&typed).trim().to_owned(), password: secret.value() });
    };
    form.element(send)
        .class("card form")
        .child(form.field("email", texts::EMAIL, "", email))
        .child(field)
        .child(
            el("div")
                .class("outcome")
                .attr("aria-live", "polite")
                .child_fn(move || page.refusal.get().map(|fault| refusal(&fault))),
        )
        .child(form.send_button(texts::SIGN_IN).class("btn solid main wide"))
}

/// What went wrong, and what to do about it.
fn refusal(fault: &Fault) -> El {
    let says = match fault {
        Fault::TooOften(until) => texts::locked_until(&time::clock(*until, js_sys::Date::now())),
        fault if fault.is(ProblemCode::BadCredentials) => texts::BAD_CREDENTIALS.into(),
        fault => return fault_box(texts::ERR_SIGN_IN, fault, false, None).test("sign-in-fault"),
    };
    notice("bad", "sign-in-fault", words("p", &says)).attr("role", "alert")
}

fn providers(page: SignIn, all: &[SignInProvider]) -> Option<El> {
    let base = nav::base_path();
    let back = page.way_back();
    let back = format!("{base}{}", back.trim_start_matches("./"));
    let link = |provider: &SignInProvider| {
        words("a", &texts::sign_in_with(&provider.name))
            .class("btn wide")
            .test("provider")
            .attr("href", &sign_in_address(&provider.id, &back))
    };
    (!all.is_empty())
        .then(|| named_section("providers", texts::OR_WITH).children(all.iter().map(link).collect()))
}

/// The sandbox's people, each one click away.
fn samples(page: SignIn, all: &[SamplePerson]) -> Option<El> {
    let one = |person: &SamplePerson| {
        let who = Credentials { email: person.email.clone(), password: person.password.clone() };
        let row = button("", "sample", "sample-person")
            .attr("data-email", &person.email)
            .off_fn(move || page.form.busy.get())
            .child(words("strong", &person.name))
            .child(words("span", &role_names(&person.roles)).class("fine"))
            .on_click(move || page.send(&who));
        el("li").child(row)
    };
    (!all.is_empty()).then(|| {
        named_section("samples", texts::SAMPLES)
            .class("card samples")
            .test("samples")
            .child(words("p", texts::SAMPLES_HINT).class("fine"))
            .child(el("ul").children(all.iter().map(one).collect()))
    })
}
