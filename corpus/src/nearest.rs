//! Guesses what somebody meant to write.

use strsim::osa_distance;

/// The candidate that is closest to `word`, where one is close enough to be worth a hint.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    // A third of the letters may be wrong, swapped, too many or too few, but never all of them.
    let length = word.chars().count();
    let limit = length.div_ceil(3).min(length.saturating_sub(1));
    candidates
        .into_iter()
        .map(|candidate| (osa_distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_guessed_and_another_word_is_not() {
        let known = ["platform", "format", "served"];
        assert_eq!(nearest("plaform", known), Some("platform"));
        assert_eq!(nearest("platfrom", known), Some("platform"));
        assert_eq!(nearest("sevred", known), Some("served"));
        assert_eq!(nearest("digest", known), None);
        assert_eq!(
            nearest("x", ["y"]),
            None,
            "one letter is no hint of another"
        );
    }
}
