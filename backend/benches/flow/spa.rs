//! What a browser has to fetch before the page works.

use crate::Result;
use crate::client::{Connection, header};
use crate::place::Scratch;
use crate::process::Served;
use crate::report::{Goal, Report};

/// Where the page lives.
const HOME: &str = "/approval-apps/";
/// What browsers can read.
const BROTLI: &str = "Accept-Encoding: gzip, br\r\n";

/// Adds up the bodies of the page and of all styles, scripts and modules that it names.
///
/// # Errors
/// If the browser application was not built in.
pub async fn measure(folder: &Scratch, report: &mut Report) -> Result<()> {
    report.progress("the browser application's size")?;
    let app = Served::app(&folder.join("spa.db"), None)?;
    app.ready().await?;
    let mut connection = Connection::open(app.address).await?;
    let plain = connection.get(HOME).await?.expect(200)?;
    let page = String::from_utf8(plain.body)?;
    let mut paths = vec![String::new()];
    paths.extend(named(&page));
    if !paths.iter().any(|path| path.ends_with(".wasm")) {
        return Err("the browser application is not built in; `make bench` builds it first".into());
    }
    let mut total = 0;
    for path in &paths {
        let answer = connection.get_with(&format!("{HOME}{path}"), BROTLI).await?.expect(200)?;
        let coding = header(&answer.head, "content-encoding").unwrap_or("none").to_owned();
        report.progress(&format!("  {:>8} bytes, {coding}: {HOME}{path}", answer.body.len()))?;
        total += answer.body.len();
    }
    let kib = total as f64 / 1024.0;
    report.figure(
        format!("browser application: {} files, brotli", paths.len()),
        kib,
        "KiB",
        Goal::AtMost(180.0),
    );
    app.stop().await
}

/// The styles, scripts and modules that a page names in quotes, each once.
fn named(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    for word in page.split(['"', '\'']) {
        let path = word.trim_start_matches("./");
        let wanted = [".css", ".js", ".wasm"].iter().any(|end| path.ends_with(end));
        if wanted && !path.contains([' ', '\n']) && !found.iter().any(|known| known == path) {
            found.push(path.to_owned());
        }
    }
    found
}
