//! A browser's name, from what it says of itself.

use crate::texts;

/// "Firefox on Linux". What a browser says of itself proves nothing; it only helps to tell one's own apart.
#[must_use]
pub fn browser(agent: &str) -> String {
    // Each claims to be those behind it, so the order matters.
    let name = pick(
        agent,
        &[
            ("Edg/", "Edge"),
            ("OPR/", "Opera"),
            ("Firefox/", "Firefox"),
            ("FxiOS/", "Firefox"),
            ("CriOS/", "Chrome"),
            ("Chrome/", "Chrome"),
            ("Safari/", "Safari"),
        ],
    );
    let system = pick(
        agent,
        &[
            ("Android", "Android"),
            ("iPhone", "iPhone"),
            ("iPad", "iPad"),
            ("Windows", "Windows"),
            ("Mac OS", "macOS"),
            ("CrOS", "ChromeOS"),
            ("Linux", "Linux"),
        ],
    );
    match (name, system) {
        (Some(name), Some(system)) => texts::browser_on(name, system),
        (Some(name), None) => name.into(),
        (None, _) if agent.trim().is_empty() => texts::UNKNOWN_BROWSER.into(),
        (None, _) => agent.chars().take(60).collect(),
    }
}

fn pick(agent: &str, known: &[(&str, &'static str)]) -> Option<&'static str> {
    known.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::browser;

    #[test]
    fn common_browsers_are_named() {
        let chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36";
        assert_eq!(browser(chrome), "Chrome on Linux");
        assert_eq!(
            browser("Mozilla/5.0 (Windows NT 10.0; rv:127.0) Gecko/20100101 Firefox/127.0"),
            "Firefox on Windows"
        );
        let iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605 Version/17.5 Mobile Safari/604.1";
        assert_eq!(browser(iphone), "Safari on iPhone");
        assert_eq!(browser(&format!("{chrome} Edg/126.0")), "Edge on Linux");
    }

    #[test]
    fn others_are_shown_as_they_call_themselves() {
        assert_eq!(browser("curl/8.5"), "curl/8.5");
        assert_eq!(browser(" "), "unknown browser");
        assert_eq!(browser(&"x".repeat(100)).len(), 60);
    }
}
