//! Sample checks and people for the tests of this room.

use shared::{
    CheckDetail, CheckItem, CheckState, Delivery, DeliveryState, GitLabStatus, MergeRequestRef, Permission,
    Person, ProjectRef, Role, RuleRef, Session,
};

pub(crate) fn session(roles: &[Role]) -> Session {
    let mut permissions: Vec<Permission> =
        roles.iter().flat_map(|role| role.permissions()).copied().collect();
    permissions.sort();
    permissions.dedup();
    Session {
        account_id: "a1".into(),
        name: "Rita".into(),
        email: "rita@example.com".into(),
        roles: roles.to_vec(),
        permissions,
        all_projects: true,
        has_password: true,
        expires_at: None,
        provider: None,
    }
}

pub(crate) fn person(id: &str, name: &str) -> Person {
    Person {
        version: "1".into(),
        id: id.into(),
        name: name.into(),
        email: format!("{}@example.com", name.to_ascii_lowercase()),
        roles: vec![Role::Reviewer],
        all_projects: true,
        projects: Vec::new(),
        groups: Vec::new(),
        gitlab_user_id: Some(7),
        active: true,
        accepted: true,
        created_at: "2026-01-31T09:30:00.000000Z".into(),
        last_sign_in_at: None,
        locked_until: None,
    }
}

pub(crate) fn item(id: &str, state: CheckState) -> CheckItem {
    CheckItem {
        id: id.into(),
        state,
        sha: "9f8e7d6c5b4a39281706f5e4d3c2b1a09f8e7d6c".into(),
        received_at: "2026-01-31T09:30:00.000000Z".into(),
        updated_at: "2026-01-31T09:30:00.000000Z".into(),
        source_branch: "feature/login".into(),
        target_branch: "main".into(),
        project: ProjectRef {
            id: 1,
            path: "acme/shop".into(),
            web_url: "https://gitlab.example/acme/shop".into(),
        },
        merge_request: MergeRequestRef {
            iid: 7,
            title: "Make the login faster".into(),
            author: "Mona".into(),
            url: "https://gitlab.example/acme/shop/-/merge_requests/7".into(),
            state: "opened".into(),
        },
        rule: RuleRef { id: 3, name: "Change approval".into() },
        decided_by: None,
        decided_at: None,
        verdict: None,
        delivery: None,
        reason: None,
        change: None,
    }
}

pub(crate) fn detail(id: &str, state: CheckState) -> CheckDetail {
    let item = item(id, state);
    CheckDetail {
        head_sha: item.sha.clone(),
        item,
        description: String::new(),
        successor_id: None,
        notice: None,
        gitlab_status: None,
        undecided_pass: false,
        gitlab_status_at: None,
        barred: None,
        note: None,
        others: Vec::new(),
        decisions: Vec::new(),
        deliveries: Vec::new(),
        timeline: Vec::new(),
    }
}

pub(crate) fn delivery(state: DeliveryState, status: GitLabStatus) -> Delivery {
    Delivery {
        id: "d1".into(),
        check_id: "1".into(),
        status,
        sha: "9f8e7d6c".into(),
        state,
        attempts: 0,
        due_at: None,
        last_error: None,
        created_at: "2026-01-31T10:42:00.000000Z".into(),
        delivered_at: None,
        log: Vec::new(),
    }
}
