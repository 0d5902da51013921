//! Markdown as HTML that can do nothing: GitLab's flavour as far as tables, strikethrough and task lists, cleaned by a
//! list of what is allowed. No images, no styles, no scripts; links lead to the connection's own host only.

use std::borrow::Cow;
use std::collections::HashSet;

use ammonia::{Builder, UrlRelative};
use pulldown_cmark::{Event, HeadingLevel, LinkType, Options, Parser, Tag, TagEnd, html};

use crate::domain::change::patch::visible;

/// The elements that may stay.
const TAGS: [&str; 37] = [
    "a",
    "b",
    "blockquote",
    "br",
    "code",
    "del",
    "details",
    "div",
    "em",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "ins",
    "kbd",
    "li",
    "mark",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "samp",
    "span",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "ul",
];

/// What one connection's texts are drawn with.
pub struct Drawer {
    host: Option<String>,
}

impl Drawer {
    /// For texts of the GitLab at `base_url`.
    #[must_use]
    pub fn new(base_url: &str) -> Self {
        Self { host: authority(base_url).map(str::to_ascii_lowercase) }
    }

    /// The HTML of a text.
    #[must_use]
    pub fn draw(&self, text: &str) -> String {
        let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
        // Of each open link what is written behind it; `None` if it stays a link.
        let mut links: Vec<Option<String>> = Vec::new();
        let text = visible(text);
        let events = Parser::new_ext(&text, options).filter_map(|event| match event {
            // The text of an image stays: it says what was to be seen.
            Event::Start(Tag::Image { .. }) => Some(Event::Text("[image: ".into())),
            Event::End(TagEnd::Image) => Some(Event::Text("]".into())),
            Event::Start(Tag::Link { link_type, ref dest_url, .. }) => {
                if self.leads_home(dest_url) {
                    links.push(None);
                    return Some(event);
                }
                // Where it would have led can be read. An address in angle brackets says so itself.
                let said = matches!(link_type, LinkType::Autolink | LinkType::Email);
                let shown = authority(dest_url).is_some() && !said;
                links.push(Some(if shown { format!(" ({dest_url})") } else { String::new() }));
                None
            }
            Event::End(TagEnd::Link) => match links.pop() {
                Some(None) => Some(event),
                Some(Some(address)) if !address.is_empty() => Some(Event::Text(address.into())),
                Some(Some(_)) | None => None,
            },
            Event::Start(Tag::Heading { level, .. }) => Some(Event::Start(Tag::Heading {
                level: below(level),
                id: None,
                classes: vec![],
                attrs: vec![],
            })),
            Event::End(TagEnd::Heading(level)) => Some(Event::End(TagEnd::Heading(below(level)))),
            Event::TaskListMarker(done) => Some(Event::Text(if done { "☑ " } else { "☐ " }.into())),
            other => Some(other),
        });
        let mut unsafe_html = String::with_capacity(text.len() * 2);
        html::push_html(&mut unsafe_html, events);
        self.clean(&unsafe_html)
    }

    fn clean(&self, html: &str) -> String {
        let host = self.host.clone();
        let mut builder = Builder::empty();
        builder
            .tags(HashSet::from(TAGS))
            .clean_content_tags(HashSet::from([
                "script", "style", "iframe", "object", "svg", "math", "template",
            ]))
            .tag_attributes(
                [("a", HashSet::from(["href"])), ("ol", HashSet::from(["start"]))].into_iter().collect(),
            )
            .generic_attributes(HashSet::new())
            .url_schemes(HashSet::from(["http", "https"]))
            .url_relative(UrlRelative::Deny)
            .link_rel(Some("noopener noreferrer nofollow"))
            .set_tag_attribute_value("a", "target", "_blank")
            .strip_comments(true)
            .attribute_filter(move |tag, name, value| match (tag, name) {
                ("a", "href") => leads_to(host.as_deref(), value).then_some(Cow::Borrowed(value)),
                _ => Some(Cow::Borrowed(value)),
            });
        builder.clean(html).to_string()
    }

    fn leads_home(&self, url: &str) -> bool {
        leads_to(self.host.as_deref(), url)
    }
}

/// The level of a heading in a text that stands below a heading of the second level.
fn below(level: HeadingLevel) -> HeadingLevel {
    match level {
        HeadingLevel::H1 => HeadingLevel::H3,
        HeadingLevel::H2 => HeadingLevel::H4,
        HeadingLevel::H3 => HeadingLevel::H5,
        HeadingLevel::H4 | HeadingLevel::H5 | HeadingLevel::H6 => HeadingLevel::H6,
    }
}

fn leads_to(host: Option<&str>, url: &str) -> bool {
    host.is_some_and(|host| authority(url).is_some_and(|theirs| theirs.eq_ignore_ascii_case(host)))
}

/// Host and port of an http(s) URL. What browsers read otherwise than they look (backslashes, control characters, a user
/// before the host) has none.
fn authority(url: &str) -> Option<&str> {
    let odd = |letter: char| letter.is_control() || letter.is_whitespace() || matches!(letter, '\\' | '@');
    let (scheme, rest) = url.split_once("://")?;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return None;
    }
    let host = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    (!host.is_empty()
        && !host.contains(odd)
        && !url.contains(|letter: char| letter.is_control() || letter == '\\'))
    .then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(text: &str) -> String {
        Drawer::new("https://gitlab.example.com/").draw(text)
    }

    #[test]
    fn what_people_write_is_drawn() {
        let html = draw(
            "# A\n\n- [x] done\n- ~~no~~ `code`\n\n|a|b|\n|---|--:|\n|1|2|\n\n```rust\nlet x = 1 < 2;\n```",
        );
        for part in
            ["<h3>A</h3>", "☑ done", "<del>no</del>", "<code>code</code>", "<td>2</td>", "let x = 1 &lt; 2;"]
        {
            assert!(html.contains(part), "{part} in {html}");
        }
        assert!(
            draw("<details><summary>More</summary>\n\ntext\n\n</details>")
                .contains("<summary>More</summary>")
        );
    }

    #[test]
    fn links_lead_to_the_own_host_only() {
        let own = draw("[here](https://GitLab.example.com/a/b?c#d)");
        assert!(own.contains("href=\"https://GitLab.example.com/a/b?c#d\""), "{own}");
        assert!(
            own.contains("rel=\"noopener noreferrer nofollow\"") && own.contains("target=\"_blank\""),
            "{own}"
        );
        for url in [
            "https://evil.example/",
            "https://gitlab.example.com.evil.example/",
            "https://gitlab.example.com@evil.example/",
            "https://gitlab.example.com:8443/",
            "https://gitlab.example.com\\@evil.example/",
            "https:///gitlab.example.com/",
            "//gitlab.example.com/",
            "/relative",
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "ftp://gitlab.example.com/",
        ] {
            let drawn = draw(&format!("[text](<{url}>)"));
            assert!(!drawn.contains("href") && !drawn.contains("<a"), "{url}: {drawn}");
            assert!(drawn.contains("text"), "{url}: {drawn}");
            let raw = draw(&format!("<a href=\"{url}\">text</a>"));
            assert!(!raw.contains("href"), "{url}: {raw}");
        }
    }

    #[test]
    fn what_is_not_drawn_can_be_read() {
        assert_eq!(
            draw(
                "![How it looks](x.png) See [how dates are shown](https://docs.example/dates?a=1&b=2) and <https://docs.example>."
            ),
            "<p>[image: How it looks] See how dates are shown (https://docs.example/dates?a=1&amp;b=2) and https://docs.example.</p>\n"
        );
        assert_eq!(
            draw("[![build](https://ci.example/badge.svg)](https://ci.example/)"),
            "<p>[image: build] (https://ci.example/)</p>\n"
        );
        assert_eq!(draw("[here](javascript:alert(1))"), "<p>here</p>\n");
    }

    #[test]
    fn nothing_that_acts_gets_through() {
        for text in [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "![alt](https://gitlab.example.com/x.png)",
            "<svg onload=alert(1)><script>1</script></svg>",
            "<p onclick=alert(1) style=\"position:fixed\" class=x id=y>text</p>",
            "<iframe src=https://gitlab.example.com></iframe>",
            "<form action=/x><input name=a><button>go</button></form>",
            "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mtext></math>",
            "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
            "<a href=\"https://gitlab.example.com/\" onmouseover=alert(1)>x</a>",
            "<base href=https://evil.example/><meta http-equiv=refresh content=0><link rel=stylesheet href=x>",
            "[x]: javascript:alert(1)\n\n[x]",
            "<<script>script>alert(1)<</script>/script>",
            "```\n</code></pre><script>alert(1)</script>\n```",
            "`</code><script>alert(1)</script>`",
            "<style>@import 'x'</style>",
            "<video src=x onerror=alert(1)><audio src=x>",
            "<!--><img src=x onerror=alert(1)>-->",
        ] {
            let html = draw(text);
            // What is left of such a text is text: no element of these, no attribute but those of links.
            for bad in [
                "<script", "<img", "<svg", "<iframe", "<form", "<input", "<button", "<style", "<math",
                "<base", "<meta", "<link", "<video", "<audio", "<!--",
            ] {
                assert!(!html.to_lowercase().contains(bad), "{bad} in {html} from {text}");
            }
            let tags: Vec<&str> = html.split('<').skip(1).filter_map(|part| part.split('>').next()).collect();
            for tag in tags {
                for bad in [
                    "onerror",
                    "onload",
                    "onclick",
                    "onmouseover",
                    "style=",
                    "class=",
                    "id=",
                    "javascript:",
                    "src=",
                ] {
                    assert!(!tag.to_lowercase().contains(bad), "{bad} in {tag} from {text}");
                }
            }
        }
        assert!(draw("![what is seen](x.png)").contains("what is seen"));
    }

    #[test]
    fn deep_and_long_texts_end() {
        for text in [
            ">".repeat(20_000),
            "[".repeat(20_000),
            "<div>".repeat(3_000),
            "*a_".repeat(6_000),
            "|".repeat(20_000),
        ] {
            assert!(draw(&text).len() < 2_000_000);
        }
    }
}
