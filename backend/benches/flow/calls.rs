//! Signed calls as GitLab sends them, written down before the clock runs.

use gitlab_sandbox::payload::{CommitData, LabelData, MergeRequestCall, MergeRequestData, ProjectData};
use gitlab_sandbox::sign;
use jiff::Timestamp;

use crate::Result;

/// The secret they are signed with.
pub const SECRET: &str = "a-shared-secret-of-the-benchmark";
/// How many different calls there are.
pub const DISTINCT: usize = 8192;
/// Bytes of a body: what a call with a description and some labels has.
pub const BYTES: usize = 5120;
/// Projects they come from.
const PROJECTS: usize = 16;
/// What descriptions are made of: no two are alike, so that they cannot be packed better than prose.
const WORDS: [&str; 32] = [
    "basket",
    "customer",
    "delivery",
    "date",
    "shows",
    "the",
    "earliest",
    "day",
    "on",
    "which",
    "a",
    "parcel",
    "can",
    "arrive",
    "ticket",
    "fixes",
    "regression",
    "tested",
    "with",
    "Firefox",
    "migration",
    "adds",
    "column",
    "nullable",
    "rollout",
    "behind",
    "flag",
    "before",
    "release",
    "see",
    "discussion",
    "and",
];
/// Calls per merge request: opened, edited, labelled, approved.
const ACTIONS: [&str; 4] = ["open", "update", "update", "approved"];

/// Header lines and bodies, without the request line.
///
/// # Errors
/// If the bodies are not as large as promised, or not distinct.
pub fn write_down() -> Result<Vec<Vec<u8>>> {
    let mut written = Vec::with_capacity(DISTINCT);
    for number in 0..DISTINCT {
        let body = body(number)?;
        if body.len() != BYTES {
            return Err(format!("call {number} has {} bytes instead of {BYTES}", body.len()).into());
        }
        let head = format!(
            "Host: approvals.example.com\r\nUser-Agent: GitLab/18.6.0-ee\r\nContent-Type: application/json\r\n\
             Accept: */*\r\nX-Gitlab-Signature: {}\r\nContent-Length: {}\r\n\r\n",
            sign(SECRET, &body),
            body.len()
        );
        let mut request = head.into_bytes();
        request.extend_from_slice(&body);
        written.push(request);
    }
    let mut sorted: Vec<&Vec<u8>> = written.iter().collect();
    sorted.sort_unstable();
    sorted.dedup();
    if sorted.len() != DISTINCT {
        return Err("the calls are not distinct".into());
    }
    Ok(written)
}

/// Words in an order that depends on `seed` alone, `length` bytes of them.
fn prose(seed: usize, length: usize) -> String {
    let mut state = seed as u64;
    let mut text = String::new();
    while text.len() < length {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        text.push_str(WORDS.get((state >> 59) as usize).copied().unwrap_or_default());
        text.push(' ');
    }
    text.truncate(length);
    text
}

fn body(number: usize) -> Result<Vec<u8>> {
    let request = number / ACTIONS.len();
    let action = number % ACTIONS.len();
    let project = request % PROJECTS;
    let iid = i64::try_from(request / PROJECTS + 1)?;
    let id = i64::try_from(project + 1)?;
    let path = format!("shop/service-{project:02}");
    let web_url = format!("http://gitlab.example.test/{path}");
    let second = i64::try_from(number)?;
    let at = Timestamp::from_second(1_772_443_800 + second)?;
    let sha = gitlab_sandbox::sign("commit", format!("{project} {iid}").as_bytes())[..40].to_owned();
    let project = ProjectData {
        id,
        name: format!("service-{id:02}"),
        web_url: web_url.clone(),
        path_with_namespace: path,
        ..ProjectData::default()
    };
    let labels = ["backend", "needs-review"].iter().zip(1..).map(|(title, number)| LabelData {
        id: number,
        title: (*title).into(),
        project_id: id,
        created_at: at,
    });
    let call = MergeRequestCall {
        source: Some(project.clone()),
        project,
        merge_request: MergeRequestData {
            id: id * 10_000 + iid,
            iid,
            title: format!("Show the delivery date in basket {iid}"),
            description: Some(String::new()),
            source_project_id: id,
            updated_at: at,
            ..MergeRequestData::default()
        },
        last_commit: Some(CommitData {
            url: format!("{web_url}/-/commit/{sha}"),
            id: sha,
            ..CommitData::default()
        }),
        labels: labels.collect(),
        ..MergeRequestCall::default()
    };
    let action = ACTIONS.get(action).copied().unwrap_or("update");
    let url = "http://127.0.0.1:8080/approval-apps/status_check";
    let mut call = call.action(action).rule(100 + id, "Change approval", url);
    let missing = BYTES.saturating_sub(call.bytes().len());
    call.merge_request.description = Some(prose(number, missing));
    Ok(call.bytes())
}
