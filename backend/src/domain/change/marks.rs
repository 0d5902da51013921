//! How a row is coloured: lengths in UTF-16 code units and classes, as the browser counts text.

use std::ops::Range;

/// Added to a class where the line differs from its counterpart.
pub const DIFFERS: i64 = 16;

/// A length and a class, a length and a class, …; what is left is plain. `classes` are lengths in bytes with a class each,
/// from the beginning on, `differing` ranges of bytes in order.
#[must_use]
pub fn marks(text: &str, classes: &[(usize, u8)], differing: &[Range<usize>]) -> Vec<i64> {
    let mut marks: Vec<i64> = Vec::new();
    let mut pieces = classes.iter().copied();
    let mut ranges = differing.iter().cloned().peekable();
    let (mut class, mut class_ends) =
        pieces.next().map_or((0, usize::MAX), |(length, class)| (class, length));
    for (at, letter) in text.char_indices() {
        while at >= class_ends {
            (class, class_ends) =
                pieces.next().map_or((0, usize::MAX), |(length, class)| (class, class_ends + length));
        }
        while ranges.next_if(|range| range.end <= at).is_some() {}
        let differs = ranges.peek().is_some_and(|range| range.contains(&at));
        let mark = i64::from(class) + if differs { DIFFERS } else { 0 };
        let length = i64::try_from(letter.len_utf16()).unwrap_or(1);
        match marks.as_mut_slice() {
            [.., last, same] if *same == mark => *last += length,
            _ => marks.extend([length, mark]),
        }
    }
    if let [.., 0] = marks.as_slice() {
        marks.truncate(marks.len() - 2);
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::marks;

    #[test]
    fn lengths_are_those_of_the_browser() {
        assert_eq!(marks("let x", &[(3, 1)], &[]), [3, 1]);
        assert_eq!(
            marks("let x = 1;", &[(3, 1), (5, 0), (1, 4), (1, 10)], &[4..5, 8..9]),
            [3, 1, 1, 0, 1, 16, 3, 0, 1, 20, 1, 10]
        );
        assert_eq!(marks("é😀x", &["é😀".len()].map(|length| (length, 2)), &[]), [3, 2]);
        assert_eq!(marks("", &[(3, 1)], &[]), [0_i64; 0]);
        assert_eq!(marks("plain", &[], &[]), [0_i64; 0]);
        assert_eq!(marks("ab", &[(0, 1), (0, 2), (1, 3)], std::slice::from_ref(&(0..1))), [1, 19]);
    }
}
