//! The browser application: files from the binary, precompressed; the index for every page.

use std::borrow::Cow;

use actix_web::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap, IF_NONE_MATCH, VARY,
};
use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rust_embed_for_web::{EmbedableFile as _, RustEmbed};
use sha2::{Digest as _, Sha256};
use shared::ProblemCode;

use super::problem::ApiError;

#[derive(RustEmbed)]
#[folder = "${EMBEDDED_SPA}"]
struct Files;

/// A file as the build has packed it.
#[derive(Clone, Copy, Default)]
struct Packed {
    br: Option<&'static [u8]>,
    gzip: Option<&'static [u8]>,
}

impl Packed {
    fn of(file: &<Files as RustEmbed>::File) -> Self {
        Self { br: file.data_br(), gzip: file.data_gzip() }
    }

    /// What the client takes and likes best, with the encoding's name.
    fn best(self, headers: &HeaderMap) -> Option<(&'static str, &'static [u8])> {
        let offered = [("br", self.br), ("gzip", self.gzip)];
        let likes = |name: &str| quality(headers, name).unwrap_or(0.0);
        // What is not packed is always there; it is asked for only by name.
        let plain = quality(headers, "identity").unwrap_or(0.0);
        let packed = offered.into_iter().filter_map(|(name, bytes)| Some((name, bytes?)));
        packed
            .filter(|(name, _)| likes(name) > 0.0 && likes(name) >= plain)
            // Of equals the last: the smaller one.
            .rev()
            .max_by(|(one, _), (other, _)| likes(one).total_cmp(&likes(other)))
    }
}

/// The index and the policy that lets only its own script run.
pub struct Index {
    body: web::Bytes,
    /// The same packed, where the base path is the one it was built for.
    packed: Packed,
    etag: String,
    /// The `Content-Security-Policy` of all pages.
    pub policy: String,
}

impl Index {
    /// Reads the index from the binary and adapts it to the base path.
    #[must_use]
    pub fn load(base_path: &str) -> Self {
        let file = Files::get("index.html");
        let built = file.as_ref().map(|file| String::from_utf8_lossy(file.data())).unwrap_or_default();
        let html = based_on(&built, base_path);
        let packed = file.as_ref().filter(|_| html == built).map(Packed::of).unwrap_or_default();
        let hashes: String = inline_scripts(&html)
            .iter()
            .map(|script| format!(" 'sha256-{}'", STANDARD.encode(Sha256::digest(script))))
            .collect();
        let policy = format!(
            "default-src 'none'; script-src 'self'{hashes} 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; \
             font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'self'; frame-ancestors 'none'"
        );
        let etag = hex::encode(&Sha256::digest(html.as_bytes())[..12]);
        Self { body: web::Bytes::from(html.into_owned()), packed, etag, policy }
    }

    fn respond(&self, request: &HttpRequest) -> HttpResponse {
        let packed = self.packed.best(request.headers());
        let plain = || self.body.clone();
        answer(request, &self.etag, "no-cache", "text/html; charset=utf-8", packed, plain)
    }
}

/// The index with `<base>` saying where the application lives, whatever it said.
fn based_on<'a>(html: &'a str, base_path: &str) -> Cow<'a, str> {
    let place = html.find("<base ").and_then(|start| Some((start, start + html[start..].find('>')? + 1)));
    match place {
        // As the minified index has it, where that is possible without quotes.
        Some((start, end)) if html[start..end] == format!("<base href={base_path}/>") => Cow::Borrowed(html),
        Some((start, end)) => {
            Cow::Owned(format!("{}<base href=\"{base_path}/\">{}", &html[..start], &html[end..]))
        }
        None => Cow::Borrowed(html),
    }
}

/// The bodies of inline scripts: what stands between `<script …>` without `src` and `</script>`.
fn inline_scripts(html: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find("<script") {
        let Some(open) = rest[start..].find('>') else { break };
        let tag = &rest[start..start + open];
        let body_at = start + open + 1;
        let Some(end) = rest[body_at..].find("</script>") else { break };
        if !tag.contains(" src=") {
            found.push(&rest[body_at..body_at + end]);
        }
        rest = &rest[body_at + end..];
    }
    found
}

/// Serves a file of the application; every other path under the base is one of its pages.
pub async fn serve_file(
    request: HttpRequest,
    path: web::Path<String>,
    index: web::Data<Index>,
) -> Result<HttpResponse, ApiError> {
    let path = path.trim_start_matches('/');
    if path.starts_with("api/") || path == "api" {
        return Err(ApiError::new(ProblemCode::NotFound, "There is no such operation; see api/docs."));
    }
    if path.is_empty() || path == "index.html" {
        return Ok(index.respond(&request));
    }
    match Files::get(path) {
        Some(file) => Ok(respond(&request, path, &file)),
        // A page of the application has no dot in its last part; a missing file has.
        None if path.rsplit('/').next().is_some_and(|name| name.contains('.')) => {
            Err(ApiError::new(ProblemCode::NotFound, "There is no such file."))
        }
        None => Ok(index.respond(&request)),
    }
}

fn respond(request: &HttpRequest, path: &str, file: &<Files as RustEmbed>::File) -> HttpResponse {
    let etag = hex::encode(&Sha256::digest(file.etag().as_bytes())[..12]);
    let caching = if is_hashed(path) { "public, max-age=31536000, immutable" } else { "no-cache" };
    let mime = match path.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    };
    let packed = Packed::of(file).best(request.headers());
    answer(request, &etag, caching, mime, packed, || web::Bytes::from_static(file.data()))
}

/// Answers with a file as the client takes it, or says that it has that already. A file packed and not packed are two, with
/// an `ETag` each (RFC 9110, section 8.8.3).
fn answer(
    request: &HttpRequest,
    etag: &str,
    caching: &'static str,
    mime: &'static str,
    packed: Option<(&'static str, &'static [u8])>,
    plain: impl FnOnce() -> web::Bytes,
) -> HttpResponse {
    let etag = packed.map_or_else(|| format!("\"{etag}\""), |(encoding, _)| format!("\"{etag}-{encoding}\""));
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CACHE_CONTROL, caching))
        .insert_header((VARY, "accept-encoding"))
        .insert_header((ETAG, etag.as_str()));
    if unchanged(request.headers(), &etag) {
        return response.status(actix_web::http::StatusCode::NOT_MODIFIED).finish();
    }
    response.insert_header((CONTENT_TYPE, mime));
    match packed {
        Some((encoding, bytes)) => {
            response.insert_header((CONTENT_ENCODING, encoding)).body(web::Bytes::from_static(bytes))
        }
        None => response.body(plain()),
    }
}

/// Whether the name holds a content hash, as trunk writes it: `app-0123456789abcdef.js`. Trunk writes
/// a 64-bit number without leading zeros, so that a few digits may be missing.
fn is_hashed(path: &str) -> bool {
    path.split(['-', '.', '_', '/'])
        .any(|part| (12..=16).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn unchanged(headers: &HeaderMap, etag: &str) -> bool {
    headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok()).is_some_and(|sent| {
        sent.split(',').map(str::trim).any(|one| one.trim_start_matches("W/") == etag || one == "*")
    })
}

/// How much a client wants an encoding, from 0 (not at all) to 1; `None` if it does not say.
/// Source: RFC 9110, section 12.5.3.
fn quality(headers: &HeaderMap, encoding: &str) -> Option<f32> {
    let said = headers.get_all(ACCEPT_ENCODING).filter_map(|value| value.to_str().ok());
    let mut of_any = None;
    for one in said.flat_map(|value| value.split(',')) {
        let (name, weight) = one.split_once(';').unwrap_or((one, "q=1"));
        let weight = weight.replace(' ', "").to_ascii_lowercase();
        let weight = weight.strip_prefix("q=").and_then(|q| q.parse::<f32>().ok()).unwrap_or(0.0);
        match name.trim() {
            name if name.eq_ignore_ascii_case(encoding) => return Some(weight),
            "*" if encoding != "identity" => of_any = Some(weight),
            _ => {}
        }
    }
    of_any
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    #[test]
    fn only_inline_scripts_are_hashed() {
        let html = "<script src=\"a.js\"></script><script type=\"module\">go()</script><p>";
        assert_eq!(inline_scripts(html), ["go()"]);
    }

    #[test]
    fn only_hashed_names_are_immutable() {
        assert!(is_hashed("frontend-0123456789abcdef_bg.wasm"));
        assert!(is_hashed("snippets/x-0123456789abcdef/inline0.js"));
        assert!(is_hashed("check-3698ebe99ff9d48.css"));
        assert!(!is_hashed("theme.js"));
    }

    #[test]
    fn the_base_path_is_written_into_the_index() {
        for written in ["<base href=/approval-apps/>", "<base href=\"/approval-apps/\" />"] {
            let html = format!("<meta a>{written}<title>");
            assert_eq!(based_on(&html, "/here"), "<meta a><base href=\"/here/\"><title>");
        }
        assert_eq!(based_on("<title>", "/here"), "<title>");
        let built = "<meta a><base href=/here/><title>";
        assert!(matches!(based_on(built, "/here"), Cow::Borrowed(same) if same == built));
    }

    #[test]
    fn the_client_says_which_encoding_it_likes() {
        let packed = Packed { br: Some(b"br"), gzip: Some(b"gzip") };
        for (said, best) in [
            ("gzip, deflate, br, zstd", Some("br")),
            ("gzip", Some("gzip")),
            ("GZIP;q=1, br;q=0.5", Some("gzip")),
            ("gzip;q=0, br;q=0.5", Some("br")),
            ("*", Some("br")),
            ("br;q=0, *", Some("gzip")),
            ("br;q=abc", None),
            ("identity, br;q=0.2", None),
            ("br;q=0.000", None),
            ("", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(said));
            assert_eq!(packed.best(&headers).map(|(name, _)| name), best, "{said}");
        }
        assert!(packed.best(&HeaderMap::new()).is_none());
        assert!(Packed::default().best(&HeaderMap::new()).is_none());
    }
}
