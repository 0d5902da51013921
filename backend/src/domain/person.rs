//! What people are called and how they are reached, where it comes from elsewhere than a form: the same rules as in
//! `shared::account`, which a test in the API's room compares.

/// The longest name, in Unicode scalar values.
const NAME_MAX: usize = 100;
/// The longest e-mail address, in bytes (RFC 5321, section 4.5.3.1.3).
const EMAIL_MAX: usize = 254;

/// A display name made of what somebody else calls a person; `None` if nothing is left that can be seen.
#[must_use]
pub fn tidy_name(said: &str) -> Option<String> {
    let words: Vec<&str> = said
        .split(|letter: char| letter.is_whitespace() || letter.is_control() || turns(letter))
        .filter(|word| !word.is_empty())
        .collect();
    let name: String = words.join(" ").chars().take(NAME_MAX).collect();
    let seen = name.chars().any(|letter| !letter.is_whitespace() && !is_unseen(letter));
    seen.then(|| name.trim_end().to_owned())
}

/// What a name is compared by: without what cannot be seen, and whatever the case.
#[must_use]
pub fn name_key(name: &str) -> String {
    let seen: String = name.chars().filter(|letter| letter.is_whitespace() || !is_unseen(*letter)).collect();
    seen.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// Names under which the record tells of what nobody did in person.
const RESERVED: [&str; 4] = ["approval-app", "command line", "gitlab", "somebody"];

/// Whether somebody of this name could be taken for the service, its command line or GitLab.
#[must_use]
pub fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name_key(name).as_str())
}

/// An e-mail address, as far as its form tells; without blanks around it.
#[must_use]
pub fn address(said: &str) -> Option<&str> {
    let said = said.trim();
    let fine = said.len() <= EMAIL_MAX
        && said.chars().all(|letter| !letter.is_whitespace() && !letter.is_control())
        && said.rsplit_once('@').is_some_and(|(local, host)| !local.is_empty() && !host.is_empty());
    fine.then_some(said)
}

/// Whether what follows stands in another direction or order.
const fn turns(letter: char) -> bool {
    matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether a character is a control character or only shapes what is beside it.
#[must_use]
pub fn is_unseen(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::record::Actor;

    #[test]
    fn a_name_is_made_of_what_can_be_shown() {
        for (said, name) in [
            (" Rita  Review ", Some("Rita Review")),
            ("Evil\n\n/merge\u{202e} @all", Some("Evil /merge @all")),
            ("\u{1b}[31mRed", Some("[31mRed")),
            ("\u{200b}\0", None),
            ("", None),
        ] {
            assert_eq!(tidy_name(said).as_deref(), name);
        }
        assert_eq!(tidy_name(&"long ".repeat(9999)).map(|name| name.chars().count()), Some(99));
    }

    #[test]
    fn names_that_look_the_same_are_the_same() {
        for same in ["Ada\u{200b}", " aDA", "A\u{2060}da"] {
            assert_eq!(name_key(same), name_key("Ada"), "{same:?}");
        }
        assert_eq!(name_key("Ada\u{a0}  L"), name_key("ada l"));
        assert_ne!(name_key("Ada L"), name_key("AdaL"));
    }

    #[test]
    fn nobody_is_called_as_the_record_calls_what_is_nobody() {
        for actor in [Actor::app(), Actor::gitlab()] {
            assert!(is_reserved(&actor.name), "{}", actor.name);
        }
        assert!(is_reserved(" Command\u{200b} LINE "));
        assert!(!is_reserved("Gitta Lab"));
    }
}
