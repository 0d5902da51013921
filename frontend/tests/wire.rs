//! What travels is read and written here as serde_json, on the other side, writes and reads it.
#![cfg(target_arch = "wasm32")]
#![expect(clippy::unwrap_used, reason = "these are tests, though not by #[test]")]

use frontend::api::json::plain::{self, Plain};
use frontend::api::json::{from_text, to_text};
use serde::Serialize;
use serde::de::DeserializeOwned;
use shared::{
    AcceptLink, AuditPage, AuditVerification, BulkDecision, BulkItem, BulkResult, CallPage, Change,
    ChangeSince, CheckDetail, CheckFilters, CheckPage, CheckState, Credentials, DoctorReport, Event,
    EventKind, FileDiff, GroupChange, GroupList, Invited, LinkInfo, LinkSecret, MadeToken,
    NewAcknowledgement, NewDecision, NewPassword, NewPerson, NewToken, NoteState, Permission, PersonChange,
    PersonList, Problem, ProblemCode, ProjectList, Reason, Role, RuleChange, RuleList, SavedFilter,
    SavedFilters, Session, SessionList, SignInOptions, SystemInfo, TokenList, Verdict,
};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// Both read the same from the text, and from what serde_json makes of it.
fn reads<T: Serialize + DeserializeOwned + PartialEq>(text: &str) {
    let serde: T = serde_json::from_str(text).unwrap();
    assert!(from_text::<T>(text).as_ref() == Some(&serde), "{text}");
    let sent = serde_json::to_string(&serde).unwrap();
    assert!(from_text::<T>(&sent).as_ref() == Some(&serde), "{sent}");
}

/// The same for what is read without a way to fail.
fn reads_plainly<T: Serialize + DeserializeOwned + PartialEq + Plain>(text: &str) {
    let serde: T = serde_json::from_str(text).unwrap();
    assert!(plain::from_text::<T>(text).as_ref() == Some(&serde), "{text}");
    assert!(plain::from_text::<T>("[").is_none() && plain::from_text::<T>("7").is_none());
    assert!(plain::from_text::<T>("{}").is_some(), "what is missing is empty");
}

/// serde_json reads what we write.
fn writes<T: Serialize + DeserializeOwned + PartialEq>(value: &T) {
    let text = to_text(value);
    assert!(serde_json::from_str::<T>(&text).unwrap() == *value, "{text}");
}

const ITEM: &str = r#""id":"1","state":"pending","sha":"9f8e7d6c","received_at":"a","updated_at":"b",
    "source_branch":"feature/ü","target_branch":"main",
    "project":{"id":1,"path":"acme/shop","web_url":"https://gitlab.example"},
    "merge_request":{"iid":7,"title":"<b>\"x\"</b>","author":"Mona","url":"u","state":"opened"},
    "rule":{"id":3,"name":"Change approval"}"#;

#[wasm_bindgen_test]
fn checks_and_what_belongs_to_them() {
    let full = format!(
        r#"{{{ITEM},"decided_by":"Ada","decided_at":"t","verdict":"approve",
        "delivery":{{"state":"failed","attempts":3,"last_error":"401","delivered_at":null}},
        "reason":{{"kind":"new_commits","sha":"o","verdict":"approve","reviewer":"Rita","own":true}},
        "change":{{"pipeline":"success","approvals_given":1,"approvals_required":2,"additions":3,"deletions":4,
            "files":5}}}}"#
    );
    let bare = format!(
        r#"{{{ITEM},"decided_by":null,"decided_at":null,"verdict":null,"delivery":null,"reason":null,"change":null}}"#
    );
    reads::<CheckPage>(&format!(r#"{{"items":[{full},{bare}],"next_cursor":"c"}}"#));
    reads::<CheckPage>(r#"{"items":[],"next_cursor":null}"#);
    reads::<CheckFilters>(r#"{"projects":["acme/shop"],"rules":[]}"#);
    let detail = format!(
        r#"{{{ITEM},"decided_by":"Ada","delivery":null,
        "reason":{{"kind":"reopened","sha":null,"verdict":null,"reviewer":null,"own":false}},
        "change":{{"pipeline":null,"approvals_given":0,"approvals_required":0,"additions":0,"deletions":0,"files":0}},
        "description":"d","head_sha":"h","successor_id":"2",
        "notice":"n","gitlab_status":"passed","gitlab_status_at":"t","undecided_pass":true,"barred":"own change",
        "note":{{"state":"failed","last_error":"403","written_at":"t"}},"others":[{full},{bare}],
        "decisions":[{{"id":"d","verdict":"reject","comment":"c","sha":"s","target_branch":"main",
            "reviewer":"Ada","account_id":"a1","reviewer_verified":true,"via":"browser","counts":true,
            "decided_at":"t"}}],
        "deliveries":[{{"id":"e","check_id":"1","status":"failed","sha":"s","state":"obsolete","attempts":2,
            "due_at":null,"last_error":"409","created_at":"t","delivered_at":null,
            "log":[{{"number":1,"at":"t","duration_ms":12,"http_status":409,"error":"Conflict"}}]}}],
        "timeline":[{{"id":9007199254740991,"at":"t","kind":"check.decided","check_id":"1","actor":"Ada",
            "summary":"s"}}]}}"#
    );
    reads::<CheckDetail>(&detail);
    reads::<BulkResult>(&format!(
        r#"{{"results":[{{"id":"1","decided":true,"code":null,"detail":null,"check":{full}}},
        {{"id":"2","decided":false,"code":"own_change","detail":"d","check":null}}]}}"#
    ));
    reads::<SavedFilters>(r#"{"filters":[{"name":"Mine \"ü\"","query":"state=all&q=a%20b"}]}"#);
    reads::<SavedFilters>(r#"{"filters":[]}"#);
    reads::<RuleList>(
        r#"{"items":[{"id":"r","gitlab_id":3,"name":"Change approval","project":{"id":"p","gitlab_id":1,
        "path":"acme/shop","web_url":"u"},"broken_reason":null,"note_enabled":true}]}"#,
    );
    for state in ["pending", "written", "failed"] {
        reads::<NoteState>(&format!(r#"{{"state":"{state}","last_error":null,"written_at":null}}"#));
    }
    for kind in ["new", "new_commits", "retargeted", "reopened"] {
        let reason =
            format!(r#"{{"kind":"{kind}","sha":null,"verdict":"reject","reviewer":"Rita","own":false}}"#);
        reads::<Reason>(&reason);
    }
    reads::<Problem>(&format!(
        r#"{{"type":"about:blank","title":"t","status":409,"code":"sha_moved","detail":"d",
        "field":"expected_sha","request_id":"r","check":{detail}}}"#
    ));
}

const FILE: &str = r#"{"path":"src/ü.rs","old_path":"a.rs","kind":"renamed","additions":1,"deletions":2,"rows":3,
    "fold":"too_large"}"#;

#[wasm_bindgen_test]
fn the_change_of_a_check() {
    let commit = r#"{"sha":"s","title":"t","message":"m","author":"Ada","at":null}"#;
    let since = r#"{"sha":"o","verdict":"approve","decided_at":"t"}"#;
    reads_plainly::<Change>(&format!(
        r#"{{"sha":"s","read_at":"t","stale":null,"description_html":"<p>ü</p>","labels":["a"],
        "commits":[{commit}],"commit_count":1,"files":[{FILE}],"file_count":1,
        "pipeline":{{"status":"success","jobs":[{{"name":"n","stage":"s","status":"failed","allow_failure":true}}]}},
        "approvals":{{"required":2,"by":["Ada"]}},
        "discussions":[{{"resolved":null,"path":"p","line":7,"notes":[{{"author":"a","at":"t","html":"h"}}]}}],
        "open_discussions":1,"resolved_discussions":0,"since":{since}}}"#
    ));
    reads_plainly::<ChangeSince>(&format!(
        r#"{{"since":{since},"rebased":true,"commits":[{commit}],"files":[{FILE}]}}"#
    ));
    reads_plainly::<FileDiff>(&format!(
        r#"{{"file":{FILE},"rows":[{{"kind":"removed","old":7,"new":null,"text":"x = 1;","marks":[1,9,3,0,1,20]}}]}}"#
    ));
}

#[wasm_bindgen_test]
fn every_word_about_a_file_is_read() {
    for (kind, fold) in
        [("added", "generated"), ("modified", "large"), ("renamed", "binary"), ("deleted", "too_large")]
    {
        let file = FILE.replace("renamed", kind).replace("too_large", fold);
        reads_plainly::<FileDiff>(&format!(r#"{{"file":{file},"rows":[]}}"#));
    }
    for kind in ["hunk", "same", "added", "removed", "remark"] {
        let row = format!(r#"{{"kind":"{kind}","old":null,"new":null,"text":"","marks":[]}}"#);
        reads_plainly::<FileDiff>(&format!(r#"{{"file":{FILE},"rows":[{row}]}}"#));
    }
    for verdict in ["approve", "reject"] {
        let since = format!(r#"{{"sha":"o","verdict":"{verdict}","decided_at":"t"}}"#);
        reads_plainly::<ChangeSince>(&format!(
            r#"{{"since":{since},"rebased":false,"commits":[],"files":[]}}"#
        ));
    }
}

#[wasm_bindgen_test]
fn the_service_and_its_calls() {
    reads::<DoctorReport>(
        r#"{"examined_at":"2026-03-02T09:30:00Z","verdict":"failed","findings":[{"topic":"token","verdict":"failed","says":"Refused.","mend":"Make one."},{"topic":"clock","verdict":"ok","says":"Right.","mend":null}]}"#,
    );
    reads::<SystemInfo>(
        r#"{"version":"0.1.0","database":"sqlite","gitlab_url":null,"sandbox":true,"gitlab_trouble":"x",
        "pending_checks":1,"needs_you":1,"waiting_on_others":0,"pending_deliveries":2,"failed_deliveries":3,"waiting_calls":4,
        "set_aside_calls":5,"undecided_passes":6}"#,
    );
    reads::<CallPage>(
        r#"{"items":[{"id":1,"received_at":"t","state":"set_aside","signed":false,"size":2,"note":null,
        "attempts":3}],"next_cursor":null}"#,
    );
}

#[wasm_bindgen_test]
fn people_and_how_they_sign_in() {
    reads::<Session>(
        r#"{"account_id":"a","name":"Rita","email":"r@x","roles":["reviewer","administrator"],
        "permissions":["checks:read","checks:decide","projects:read","projects:write","audit:read",
        "webhooks:manage","admin"],"all_projects":false,"has_password":true,"expires_at":"t"}"#,
    );
    reads::<SignInOptions>(
        r#"{"providers":[{"id":"corp","name":"Corp"}],"setup_needed":true,
        "samples":[{"name":"Rita","email":"r@x","password":"p","roles":["viewer","auditor"]}]}"#,
    );
    for kind in ["setup", "invitation", "reset"] {
        reads::<LinkInfo>(&format!(r#"{{"kind":"{kind}","name":"n","email":"e","expires_at":null}}"#));
    }
    reads::<SessionList>(
        r#"{"items":[{"id":"s","created_at":"t","last_seen_at":"u","expires_at":"v","user_agent":"w",
        "address":"x","current":true}]}"#,
    );
    let person = r#"{"id":"a","name":"Rita","email":"r@x","roles":["reviewer"],"all_projects":false,
        "projects":["p"],"groups":["g"],"gitlab_user_id":7,"active":true,"accepted":false,"created_at":"t",
        "last_sign_in_at":"u","locked_until":null,"version":"v"}"#;
    reads::<PersonList>(&format!(r#"{{"items":[{person}]}}"#));
    reads::<Invited>(&format!(r#"{{"person":{person},"link":{{"url":"u#s","expires_at":"t"}}}}"#));
    reads::<GroupList>(r#"{"items":[{"id":"g","name":"n","projects":["p"],"members":["a"],"version":"v"}]}"#);
    reads::<ProjectList>(r#"{"items":[{"id":"p","gitlab_id":1,"path":"acme/shop","web_url":"u"}]}"#);
}

#[wasm_bindgen_test]
fn tokens_and_the_record() {
    let token = r#"{"id":"t","name":"ci","hint":"aat_12","scopes":["checks:read"],"projects":[],
        "account_id":"a","account_name":"Rita","created_at":"t","expires_at":null,"last_used_at":"u"}"#;
    reads::<TokenList>(&format!(r#"{{"items":[{token}]}}"#));
    reads::<MadeToken>(&format!(r#"{{"secret":"aat_x","token":{token}}}"#));
    reads::<AuditPage>(
        r#"{"items":[{"id":1,"at":"t","kind":"session.refused","check_id":null,"project_id":"p","actor":"Rita",
        "account_id":"a","via":"browser","summary":"s","data":"{\"x\":1}","hash":"h"}],"next_cursor":"c"}"#,
    );
    reads::<AuditVerification>(
        r#"{"intact":false,"entries":3,"head":"h","broken_at":2,"reason":"its hash is another one"}"#,
    );
}

#[wasm_bindgen_test]
fn every_word_is_known() {
    for kind in EventKind::ALL {
        reads::<Event>(&format!(
            r#"{{"id":1,"at":"t","kind":"{}","check_id":null,"actor":"a","summary":"s"}}"#,
            kind.as_str()
        ));
    }
    for code in ProblemCode::ALL {
        let problem = serde_json::to_string(&Problem::new(*code, "d")).unwrap();
        reads::<Problem>(&problem);
    }
}

#[wasm_bindgen_test]
fn what_is_no_answer_is_none() {
    for text in
        ["", "<html>", "null", "1", "[]", "{}", r#"{"items":{}}"#, r#"{"items":[1]}"#, r#"{"items":"a"}"#]
    {
        assert!(from_text::<CheckPage>(text).is_none(), "{text}");
    }
    // A kind of a later version makes the event unreadable; a code does not make the problem so.
    let event = r#"{"id":1,"at":"t","kind":"new.kind","check_id":null,"actor":"a","summary":"s"}"#;
    assert!(from_text::<Event>(event).is_none());
    let problem = r#"{"type":"about:blank","title":"t","status":418,"code":"teapot","detail":"d"}"#;
    assert_eq!(from_text::<Problem>(problem).unwrap().code, ProblemCode::Unknown);
}

#[wasm_bindgen_test]
fn bodies_are_read_by_the_service() {
    let decision = NewDecision {
        verdict: Verdict::Reject,
        comment: "\"no\"\n\u{2028}ü".into(),
        expected_sha: "9f8e".into(),
        expected_target_branch: Some("main".into()),
        expected_state: Some(CheckState::Approved),
    };
    writes(&decision);
    writes(&NewDecision { expected_state: None, expected_target_branch: None, ..decision });
    writes(&NewAcknowledgement { comment: "by hand".into() });
    let item =
        BulkItem { id: "1".into(), expected_sha: "9f8e".into(), expected_target_branch: Some("main".into()) };
    writes(&BulkDecision { verdict: Verdict::Approve, comment: String::new(), items: vec![item] });
    let saved = SavedFilter { name: "ü".into(), query: "q=1".into() };
    writes(&SavedFilters { filters: vec![saved] });
    writes(&RuleChange { note_enabled: false });
    writes(&Credentials { email: "r@x".into(), password: "p\\\"".into() });
    writes(&LinkSecret { token: "t".into() });
    let accept =
        AcceptLink { token: "t".into(), name: None, email: Some("e@x".into()), password: "p".into() };
    writes(&accept);
    writes(&NewPassword { current: "a".into(), new: "b".into() });
    let person = NewPerson {
        name: "Rita".into(),
        email: "r@x".into(),
        roles: Role::ALL.into(),
        all_projects: true,
        projects: vec!["p".into()],
        groups: Vec::new(),
        gitlab_user_id: Some(1 << 40),
    };
    writes(&person);
    let change = PersonChange {
        name: "Rita".into(),
        roles: vec![Role::Viewer],
        all_projects: false,
        projects: Vec::new(),
        groups: vec!["g".into()],
        gitlab_user_id: None,
        active: false,
        expected_version: Some("v".into()),
    };
    writes(&change);
    writes(&GroupChange {
        name: "g".into(),
        projects: vec!["p".into()],
        members: vec!["a".into()],
        expected_version: Some("v".into()),
    });
    let token = NewToken {
        name: "ci".into(),
        scopes: Permission::ALL.into(),
        projects: Vec::new(),
        expires_in_days: Some(90),
    };
    writes(&token);
}
