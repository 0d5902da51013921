//! People of a world, and the ways they ask: with a browser's session, with an API token, or not let in.

use approval_app::app::App;
use approval_app::db::Lane;
use approval_app::domain::access::{Permission, Role};
use approval_app::domain::ids::AccountId;
use approval_app::domain::record::Actor;
use approval_app::service::ServiceError;
use approval_app::service::people::{self, Invitation};
use approval_app::service::tokens::{self, Wanted};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use super::{World, logs};

/// Everybody's password.
pub const PASSWORD: &str = "correct horse battery";

/// A person who has an account.
#[derive(Clone, Debug)]
pub struct Someone {
    pub id: String,
    pub email: String,
}

/// Somebody at the door, with whatever lets them in.
#[derive(Clone)]
pub struct Asker {
    pub http: reqwest::Client,
    pub base: String,
    /// The cookie of a browser, `name=secret`.
    pub cookie: Option<String>,
}

/// A client that sends one more header with every request.
pub fn client_with(name: &'static str, value: &str) -> reqwest::Client {
    let mut headers = HeaderMap::new();
    headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
    reqwest::Client::builder().no_proxy().default_headers(headers).build().unwrap()
}

/// Makes an account with these roles; without projects it reaches all.
pub async fn make(app: &App, name: &str, roles: &[Role], projects: &[String]) -> Someone {
    let hash = app.passwords.hash(SecretString::from(PASSWORD)).await.unwrap();
    let email =
        format!("{}-{}@example.com", name.to_lowercase().replace(' ', "-"), uuid::Uuid::now_v7().simple());
    let new = Invitation {
        name: name.into(),
        email: email.clone(),
        roles: roles.to_vec(),
        all_projects: projects.is_empty(),
        projects: projects.to_vec(),
        groups: Vec::new(),
        gitlab_user_id: None,
    };
    let now = app.clock.now();
    let id = app
        .db
        .write(Lane::Front, move |conn| people::create(conn, &Actor::app(), &new, Some(&hash), now))
        .await
        .unwrap();
    Someone { id: id.as_str().to_owned(), email }
}

/// Makes a token; without projects it is not limited. Its name is `everything` if it may do everything.
pub async fn token(app: &App, person: &Someone, scopes: &[Permission], projects: &[String]) -> String {
    let all = scopes.len() == Permission::ALL.len();
    let wanted = Wanted {
        name: if all { "everything".into() } else { "some".into() },
        scopes: scopes.to_vec(),
        projects: projects.to_vec(),
        life: None,
    };
    let (account, now) = (AccountId::stored(person.id.clone()), app.clock.now());
    let secret = approval_app::crypto::secret::token();
    app.db
        .write(Lane::Front, move |conn| {
            let made = tokens::create(conn, &Actor::app(), &account, &wanted, secret, now)?;
            Ok::<_, ServiceError>(made.0.expose_secret().to_owned())
        })
        .await
        .unwrap()
}

impl World {
    /// A person with these roles who reaches these projects (all, if none is named).
    pub async fn person(&self, name: &str, roles: &[Role], projects: &[String]) -> Someone {
        make(&self.app, name, roles, projects).await
    }

    /// A program that acts for somebody with these scopes.
    pub async fn program(&self, person: &Someone, scopes: &[Permission], projects: &[String]) -> Asker {
        let token = token(&self.app, person, scopes, projects).await;
        self.bearer(&token)
    }

    /// A program with this token.
    pub fn bearer(&self, token: &str) -> Asker {
        logs::secret(token);
        let http = client_with("authorization", &format!("Bearer {token}"));
        Asker { http, base: self.base.clone(), cookie: None }
    }

    /// Somebody who was not let in.
    pub fn stranger(&self) -> Asker {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Asker { http, base: self.base.clone(), cookie: None }
    }

    /// Rita's own program, which may do everything.
    pub fn program_of_rita(&self) -> Asker {
        Asker { http: self.http.clone(), base: self.base.clone(), cookie: None }
    }

    /// A browser in which somebody signs in with this password.
    pub async fn sign_in(&self, email: &str, password: &str) -> Result<Asker, (StatusCode, Value)> {
        let sent = self
            .stranger()
            .http
            .post(format!("{}/api/v1/session", self.base))
            .json(&json!({"email": email, "password": password}))
            .send()
            .await
            .unwrap();
        Asker::begun(&self.base, sent).await
    }

    /// A browser in which somebody is signed in.
    pub async fn browser(&self, person: &Someone) -> Asker {
        self.sign_in(&person.email, PASSWORD).await.expect("signed in")
    }

    /// Our id of a project, by GitLab's.
    pub async fn project_id(&self, gitlab_id: i64) -> String {
        let (status, list) = self.get("projects").await;
        assert_eq!(status, 200, "{list}");
        let all = list["items"].as_array().unwrap();
        let found = all.iter().find(|one| one["gitlab_id"] == gitlab_id).expect("the project is known");
        found["id"].as_str().unwrap().to_owned()
    }
}

impl Asker {
    /// The browser that got this answer, if a session began with it.
    pub async fn begun(base: &str, answer: reqwest::Response) -> Result<Self, (StatusCode, Value)> {
        let status = answer.status();
        let set = answer.headers().get("set-cookie").map(|value| value.to_str().unwrap().to_owned());
        let body = answer.json().await.unwrap_or(Value::Null);
        let Some(set) = set.filter(|_| status == 201) else { return Err((status, body)) };
        let cookie = set.split(';').next().unwrap();
        logs::secret(cookie.split_once('=').unwrap().1);
        Ok(Self::with_cookie(base, cookie))
    }

    /// A browser that shows this cookie from a page of the app's own.
    pub fn with_cookie(base: &str, cookie: &str) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert("cookie", HeaderValue::from_str(cookie).unwrap());
        headers.insert("sec-fetch-site", HeaderValue::from_static("same-origin"));
        let http = reqwest::Client::builder().no_proxy().default_headers(headers).build().unwrap();
        Self { http, base: base.to_owned(), cookie: Some(cookie.to_owned()) }
    }

    /// Asks for an operation; `null` as a body is none.
    pub async fn ask(&self, method: &str, path: &str, body: &Value) -> (StatusCode, Value) {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let mut request =
            self.http.request(method, format!("{}/api/v1/{}", self.base, path.trim_start_matches('/')));
        if !body.is_null() {
            request = request.json(body);
        }
        let sent = request.send().await.unwrap();
        let status = sent.status();
        let answer = sent.json().await.unwrap_or(Value::Null);
        logs::secrets_of(body);
        logs::secrets_of(&answer);
        (status, answer)
    }

    pub async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.ask("GET", path, &Value::Null).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        self.ask("POST", path, body).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        self.ask("PUT", path, body).await
    }

    pub async fn delete(&self, path: &str) -> (StatusCode, Value) {
        self.ask("DELETE", path, &Value::Null).await
    }

    /// The answer's status and the problem's code.
    pub async fn code(&self, method: &str, path: &str, body: &Value) -> (u16, String) {
        let (status, problem) = self.ask(method, path, body).await;
        (status.as_u16(), problem["code"].as_str().unwrap_or_default().to_owned())
    }
}
