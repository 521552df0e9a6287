//! Sentences in which names are marked, so that each format can set them apart in its own way.

use std::fmt;

/// A part of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SentencePart {
    /// Words of ours.
    Words(String),
    /// The name of a runtime, case, child or reason.
    Name(String),
}

/// A sentence, or a part of one, without control characters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sentence(Vec<SentencePart>);

impl Sentence {
    /// Its parts, in order.
    #[must_use]
    pub fn pieces(&self) -> &[SentencePart] {
        &self.0
    }

    pub(super) fn of_name(text: &str) -> Self {
        Self::default().name(text)
    }

    pub(super) fn of_words(text: &str) -> Self {
        Self::default().words(text)
    }

    pub(super) fn words(mut self, text: &str) -> Self {
        match self.0.last_mut() {
            Some(SentencePart::Words(last)) => last.push_str(text),
            Some(SentencePart::Name(_)) | None => self.0.push(SentencePart::Words(text.to_owned())),
        }
        self
    }

    pub(super) fn name(mut self, text: &str) -> Self {
        self.0.push(SentencePart::Name(text.to_owned()));
        self
    }

    pub(super) fn then(self, other: Self) -> Self {
        other.0.into_iter().fold(self, |phrase, piece| match piece {
            SentencePart::Words(text) => phrase.words(&text),
            SentencePart::Name(text) => phrase.name(&text),
        })
    }

    /// `a`, `a and b`, `a, b and c`.
    pub(super) fn list(phrases: Vec<Self>) -> Self {
        Self::join(phrases, " and ")
    }

    /// `a`, `a or b`, `a, b or c`.
    pub(super) fn either(phrases: Vec<Self>) -> Self {
        Self::join(phrases, " or ")
    }

    /// The same for clauses, which have an `and` of their own: `a, and b`, `a, b, and c`.
    pub(super) fn clauses(phrases: Vec<Self>) -> Self {
        Self::join(phrases, ", and ")
    }

    fn join(phrases: Vec<Self>, before_last: &str) -> Self {
        let last = phrases.len().saturating_sub(1);
        let mut all = Self::default();
        for (place, phrase) in phrases.into_iter().enumerate() {
            if place > 0 {
                all = all.words(if place == last { before_last } else { ", " });
            }
            all = all.then(phrase);
        }
        all
    }
}

impl fmt::Display for Sentence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in &self.0 {
            match piece {
                SentencePart::Words(text) | SentencePart::Name(text) => f.write_str(text)?,
            }
        }
        Ok(())
    }
}
