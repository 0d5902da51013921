//! Listings kept under a name: what may be kept.

use shared::SavedFilter;
use shared::bulk::{SAVED_MAX, SAVED_NAME_MAX};

/// What is wrong with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameFault {
    /// There is none.
    Empty,
    /// It is longer than [`SAVED_NAME_MAX`].
    TooLong,
    /// Another listing has it.
    Taken,
    /// [`SAVED_MAX`] are kept already.
    TooMany,
}

/// The listings with a new one of this name and query, or with the one called `renamed` under this name.
///
/// # Errors
/// What is wrong with the name, by the rules of the service.
pub fn named(
    all: &[SavedFilter],
    renamed: Option<&str>,
    name: &str,
    query: &str,
) -> Result<Vec<SavedFilter>, NameFault> {
    let name = name.trim();
    if name.is_empty() {
        return Err(NameFault::Empty);
    }
    if name.chars().count() > SAVED_NAME_MAX {
        return Err(NameFault::TooLong);
    }
    if renamed != Some(name) && all.iter().any(|known| known.name == name) {
        return Err(NameFault::Taken);
    }
    let mut all = all.to_vec();
    let full = all.len() >= SAVED_MAX;
    match all.iter_mut().find(|known| renamed == Some(&known.name)) {
        Some(known) => known.name = name.to_owned(),
        None if full => return Err(NameFault::TooMany),
        None => all.push(SavedFilter { name: name.to_owned(), query: query.to_owned() }),
    }
    Ok(all)
}

/// The listings without the one of this name.
#[must_use]
pub fn without(all: &[SavedFilter], name: &str) -> Vec<SavedFilter> {
    all.iter().filter(|known| known.name != name).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(names: &[&str]) -> Vec<SavedFilter> {
        names.iter().map(|name| SavedFilter { name: (*name).into(), query: "q=x".into() }).collect()
    }

    #[test]
    fn a_listing_is_added_renamed_and_removed() {
        let two = named(&kept(&["a"]), None, " b ", "state=all").unwrap();
        assert_eq!((two[1].name.as_str(), two[1].query.as_str()), ("b", "state=all"));
        let renamed = named(&two, Some("a"), "c", "ignored").unwrap();
        assert_eq!((renamed[0].name.as_str(), renamed[0].query.as_str()), ("c", "q=x"));
        assert_eq!(named(&two, Some("a"), "a", "").unwrap(), two, "its own name is not taken");
        assert_eq!(without(&two, "a")[0].name, "b");
        assert_eq!(without(&two, "x"), two);
    }

    #[test]
    fn names_follow_the_rules_of_the_service() {
        assert_eq!(named(&[], None, "  ", ""), Err(NameFault::Empty));
        assert_eq!(named(&[], None, &"é".repeat(SAVED_NAME_MAX + 1), ""), Err(NameFault::TooLong));
        assert!(named(&[], None, &"é".repeat(SAVED_NAME_MAX), "").is_ok());
        assert_eq!(named(&kept(&["a"]), None, "a", ""), Err(NameFault::Taken));
        assert_eq!(named(&kept(&["a", "b"]), Some("a"), "b", ""), Err(NameFault::Taken));
        let full: Vec<String> = (0..SAVED_MAX).map(|n| n.to_string()).collect();
        let full = kept(&full.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(named(&full, None, "x", ""), Err(NameFault::TooMany));
        assert!(named(&full, Some("0"), "x", "").is_ok());
    }
}
