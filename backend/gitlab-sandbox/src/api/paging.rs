//! Pages by number, with GitLab's headers (<https://docs.gitlab.com/api/rest/#offset-based-pagination>).

use serde_json::Value;

use super::Context;
use super::answer::{Answer, Reply};

const DEFAULT: usize = 20;
const LARGEST: usize = 100;
/// Above this many items GitLab leaves the totals out.
const COUNTED: usize = 10_000;

/// The page of `items` that the request asks for.
pub(super) fn page<T>(context: &Context<'_>, items: &[T], show: impl Fn(&T) -> Value) -> Reply {
    let asked = |name: &str| context.params.number(name).and_then(|number| usize::try_from(number).ok());
    let per_page = asked("per_page").filter(|size| *size > 0).unwrap_or(DEFAULT).min(LARGEST);
    let page = asked("page").filter(|page| *page > 0).unwrap_or(1);
    let pages = items.len().div_ceil(per_page).max(1);
    let shown: Vec<Value> =
        items.iter().skip((page - 1).saturating_mul(per_page)).take(per_page).map(show).collect();
    let next = (page < pages).then(|| page + 1);
    let previous = (page > 1).then(|| page - 1);
    let mut links = Vec::new();
    let mut link = |to: usize, relation: &str| {
        links.push(format!("<{}>; rel=\"{relation}\"", address(context, to, per_page)));
    };
    if let Some(previous) = previous {
        link(previous, "prev");
    }
    if let Some(next) = next {
        link(next, "next");
    }
    link(1, "first");
    let counted = items.len() <= COUNTED;
    if counted {
        link(pages, "last");
    }
    let number = |page: Option<usize>| page.map_or_else(String::new, |page| page.to_string());
    let mut answer = Answer::json(200, &Value::Array(shown))
        .header("x-page", &page)
        .header("x-per-page", &per_page)
        .header("x-next-page", &number(next))
        .header("x-prev-page", &number(previous))
        .header("link", &links.join(", "));
    if counted {
        answer = answer.header("x-total", &items.len()).header("x-total-pages", &pages);
    }
    Ok(answer)
}

/// The same request at another page.
fn address(context: &Context<'_>, page: usize, per_page: usize) -> String {
    let request = context.request;
    let other =
        |pair: &&str| !pair.is_empty() && !pair.starts_with("page=") && !pair.starts_with("per_page=");
    let kept: String = request.query.split('&').filter(other).map(|pair| format!("{pair}&")).collect();
    format!("{}{}?{kept}page={page}&per_page={per_page}", context.world.base_url, request.path)
}
