//! Forms about people send what is meant, and say which field is wrong.

use super::*;
use crate::model::samples::person;

fn entry() -> Entry {
    Entry {
        name: " Rita Reviewer ".into(),
        email: " rita@example.com".into(),
        roles: vec![Role::Reviewer],
        all_projects: false,
        projects: vec!["p1".into()],
        groups: vec!["g1".into()],
        gitlab: " 42 ".into(),
        active: true,
    }
}

#[test]
fn an_invitation_is_trimmed_and_complete() {
    let sent = entry().invitation().unwrap();
    assert_eq!((sent.name.as_str(), sent.email.as_str()), ("Rita Reviewer", "rita@example.com"));
    assert_eq!((sent.projects, sent.gitlab_user_id), (vec!["p1".to_owned()], Some(42)));
    let all = Entry { all_projects: true, ..entry() }.invitation().unwrap();
    assert!(all.projects.is_empty(), "who reaches all needs no list");
}

#[test]
fn the_wrong_field_is_named() {
    let field = |entry: Entry| entry.invitation().err().unwrap().field;
    assert_eq!(field(Entry { name: " ".into(), ..entry() }), "name");
    assert_eq!(field(Entry { email: "rita".into(), ..entry() }), "email");
    assert_eq!(field(Entry { roles: Vec::new(), ..entry() }), "roles");
    for bad in ["x", "-1", "0", "1.5"] {
        assert_eq!(field(Entry { gitlab: bad.into(), ..entry() }), "gitlab_user_id", "{bad}");
    }
    assert_eq!(entry().change().unwrap().gitlab_user_id, Some(42));
    assert_eq!(Entry { gitlab: String::new(), ..entry() }.change().unwrap().gitlab_user_id, None);
}

#[test]
fn a_form_shows_a_person_and_gives_back_the_same() {
    let rita = person("1", "Rita");
    let change = Entry::of(&rita).change().unwrap();
    assert_eq!((change.name, change.roles, change.active), (rita.name, rita.roles, rita.active));
}

#[test]
fn how_an_account_stands() {
    let mut rita = person("1", "Rita");
    assert_eq!(Standing::of(&rita), Standing::Active);
    rita.accepted = false;
    assert_eq!(Standing::of(&rita), Standing::Invited);
    rita.locked_until = Some("2026-01-31T10:42:00.000000Z".into());
    assert_eq!(Standing::of(&rita), Standing::Locked);
    rita.active = false;
    assert_eq!(Standing::of(&rita), Standing::Off);
}

#[test]
fn people_are_found_by_name_and_address() {
    let rita = person("1", "Rita");
    assert!(matches(&rita, "") && matches(&rita, " RITA") && matches(&rita, "example.com"));
    assert!(!matches(&rita, "vera"));
}

#[test]
fn each_link_asks_for_what_it_needs() {
    const PASSWORD: &str = "correct horse battery";
    let setup = acceptance(LinkKind::Setup, "t", " Ada ", "ada@example.com", PASSWORD).unwrap();
    assert_eq!((setup.name.as_deref(), setup.email.as_deref()), (Some("Ada"), Some("ada@example.com")));
    assert_eq!(acceptance(LinkKind::Setup, "t", "Ada", "", PASSWORD).err().unwrap().field, "email");
    let invited = acceptance(LinkKind::Invitation, "t", "Ada", "ignored", PASSWORD).unwrap();
    assert_eq!((invited.name.as_deref(), invited.email), (Some("Ada"), None));
    let reset = acceptance(LinkKind::Reset, "t", "", "", PASSWORD).unwrap();
    assert_eq!((reset.name, reset.email), (None, None));
    assert_eq!(acceptance(LinkKind::Reset, "t", "", "", "short").err().unwrap().field, "password");
}

#[test]
fn a_password_is_changed_with_the_old_one() {
    assert_eq!(password_change("", "correct horse battery").err().unwrap().field, "current");
    assert_eq!(password_change("old", "short").err().unwrap().field, "new");
    assert!(password_change("old", "correct horse battery").is_ok());
}

#[test]
fn a_token_needs_a_name_and_a_scope() {
    let scopes = vec![Permission::ChecksRead];
    assert_eq!(new_token(" ", scopes.clone(), Vec::new(), "").err().unwrap().field, "name");
    assert_eq!(new_token("ci", Vec::new(), Vec::new(), "").err().unwrap().field, "scopes");
    assert_eq!(new_token("ci", scopes.clone(), Vec::new(), "90").unwrap().expires_in_days, Some(90));
    assert_eq!(new_token("ci", scopes, Vec::new(), "").unwrap().expires_in_days, None);
}
