//! The decision dialog and the fields of forms.

use frontend::components::dialog::decision_dialog;
use frontend::components::form::Form;
use frontend::model::access::Who;
use frontend::model::decision::Target;
use frontend::model::people::Wrong;
use frontend::state::App;
use frontend::ui::prelude::*;
use leptos::mount::mount_to;
use shared::{Permission, Session, Verdict};
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::HtmlInputElement;

use crate::support::{find, item, place, settle};

fn session(permissions: &[Permission]) -> Session {
    Session {
        account_id: "a1".into(),
        name: "Rita".into(),
        email: "rita@example.com".into(),
        roles: Vec::new(),
        permissions: permissions.to_vec(),
        all_projects: true,
        has_password: true,
        expires_at: None,
        provider: None,
    }
}

#[wasm_bindgen_test]
async fn a_rejection_without_a_comment_is_not_sent() {
    let place = place();
    let target = Target::new(item("1"), Verdict::Reject).unwrap();
    let parent = place.0.clone();
    let mounted = mount_to(parent.clone(), move || {
        let app = App::new();
        provide_context(app);
        app.who.set(Who::Person(Box::new(session(&[Permission::ChecksRead, Permission::ChecksDecide]))));
        let decided = Callback::new(|_| panic!("nothing may be decided"));
        decision_dialog(app, target.clone(), decided).mount(&parent);
    });
    settle().await;
    let dialog = find(&place, "[data-testid=decision-dialog]").unwrap();
    assert!(dialog.has_attribute("open"), "the dialog must be shown");
    let text = dialog.text_content().unwrap();
    assert!(text.contains("“Change approval” becomes failed in GitLab for 9f8e7d6c"), "{text}");
    let submit = find(&dialog, "[data-testid=decision-submit]").unwrap();
    assert_eq!(submit.text_content().unwrap(), "Reject 9f8e7d6c");

    submit.click();
    settle().await;
    let error = find(&dialog, "[data-testid=decision-error]").unwrap();
    assert!(error.text_content().unwrap().contains("a comment is required"));
    let comment = find(&dialog, "[data-testid=decision-comment]").unwrap();
    assert_eq!(comment.get_attribute("aria-invalid").as_deref(), Some("true"));
    assert_eq!(document().active_element().as_ref(), Some(comment.as_ref()));
    drop(mounted);
}

#[wasm_bindgen_test]
async fn who_may_not_decide_sees_the_button_and_the_reason() {
    let place = place();
    let target = Target::new(item("1"), Verdict::Approve).unwrap();
    let parent = place.0.clone();
    let signals = std::sync::Arc::new(std::sync::Mutex::new(None));
    let kept = signals.clone();
    let mounted = mount_to(parent.clone(), move || {
        let app = App::new();
        provide_context(app);
        app.who.set(Who::Person(Box::new(session(&[Permission::ChecksRead]))));
        *kept.lock().unwrap() = Some((app.who, app.barred));
        decision_dialog(app, target.clone(), Callback::new(|_| {})).mount(&parent);
    });
    let (who, barred) = signals.lock().unwrap().unwrap();
    settle().await;
    let submit = find(&place, "[data-testid=decision-submit]").unwrap();
    let reason = || find(&place, "[data-testid=decision-off]").map(|found| found.text_content().unwrap());
    assert!(submit.has_attribute("aria-disabled"));
    assert!(reason().unwrap().contains("takes the role Reviewer"), "{:?}", reason());

    let reviewer = session(&[Permission::ChecksRead, Permission::ChecksDecide]);
    who.set(Who::Person(Box::new(reviewer.clone())));
    settle().await;
    assert!(!submit.has_attribute("aria-disabled"));
    assert_eq!(reason(), None);

    barred.set(Some("You wrote this merge request.".into()));
    settle().await;
    assert!(submit.has_attribute("aria-disabled"));
    assert_eq!(reason().as_deref(), Some("You wrote this merge request."));

    barred.set(None);
    who.set(Who::Gone(Box::new(reviewer)));
    settle().await;
    assert!(submit.has_attribute("aria-disabled"));
    assert!(find(&place, "[data-testid=sign-in-again]").is_some(), "there is a way on");
    drop(mounted);
}

#[wasm_bindgen_test]
async fn a_field_says_what_is_wrong_with_it_and_takes_the_focus() {
    let place = place();
    let parent = place.0.clone();
    let mounted = mount_to(parent.clone(), move || {
        let form = Form::new("test");
        let (password, input) = form.password("password", "Password", "Long.", "new-password");
        let send = move || {
            let wrong = Wrong { field: "password".into(), says: format!("{} is short", input.value()) };
            form.mend(wrong);
        };
        form.element(send).child(password).child(form.send_button("Send")).mount(&parent);
    });
    settle().await;
    let input: HtmlInputElement = find(&place, "#test-password").unwrap().unchecked_into();
    let label = find(&place, "label[for=test-password]").unwrap();
    assert_eq!(label.text_content().as_deref(), Some("Password"));
    input.set_value("abc");
    find(&place, "[data-testid=test-send]").unwrap().click();
    settle().await;
    assert_eq!(input.get_attribute("aria-invalid").as_deref(), Some("true"));
    let described = input.get_attribute("aria-describedby").unwrap();
    assert!(described.contains("test-password-wrong"), "{described}");
    assert_eq!(find(&place, "#test-password-wrong").unwrap().text_content().as_deref(), Some("abc is short"));
    assert_eq!(document().active_element().as_ref(), Some(input.as_ref()));

    let show = find(&place, "[data-testid=show-password]").unwrap();
    show.click();
    settle().await;
    assert_eq!((input.type_(), show.get_attribute("aria-pressed").as_deref()), ("text".into(), Some("true")));
    drop(mounted);
}
