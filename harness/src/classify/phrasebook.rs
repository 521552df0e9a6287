//! What the messages of tools mean: a table, kept as data with real messages as examples.

use ocipick_adapters::Tool;
use ocipick_reports::results::RefusalReason;
use regex::Regex;
use serde::Deserialize;

/// What a message means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// The tool refuses, for this reason.
    Refusal(RefusalReason),
    /// The tool itself died.
    Crash,
    /// The machine or the harness failed, which says nothing about the tool.
    Trouble,
}

/// The table of messages.
#[derive(Debug)]
pub struct Phrasebook {
    phrases: Vec<Phrase>,
}

#[derive(Debug)]
struct Phrase {
    tools: Vec<Tool>,
    meaning: Meaning,
    pattern: Regex,
    #[cfg(test)]
    examples: Vec<Example>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Example {
    by: String,
    says: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    phrase: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    /// Tools that say it; every tool where empty.
    #[serde(default)]
    tools: Vec<String>,
    means: String,
    pattern: String,
    examples: Vec<Example>,
}

/// Why the table cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the table of messages: {0}")]
pub struct PhrasebookError(String);

impl Phrasebook {
    /// The table that ocipick carries.
    ///
    /// # Errors
    /// When it is broken, which a test rules out.
    pub fn built_in() -> Result<Self, PhrasebookError> {
        Self::parse(include_str!("phrases.toml"))
    }

    fn parse(text: &str) -> Result<Self, PhrasebookError> {
        let file: File =
            toml::from_str(text).map_err(|error| PhrasebookError(error.to_string()))?;
        let phrases = file
            .phrase
            .into_iter()
            .map(Phrase::read)
            .collect::<Result<_, _>>()?;
        Ok(Self { phrases })
    }

    /// What the words of `tool` mean, by the first phrase that fits; `None` where none does.
    #[must_use]
    pub fn look_up(&self, tool: Tool, words: &str) -> Option<Meaning> {
        self.phrases
            .iter()
            .find(|phrase| phrase.is_of(tool) && phrase.pattern.is_match(words))
            .map(|phrase| phrase.meaning)
    }

    /// Whether these words tell of a failure of the machine or the harness.
    #[must_use]
    pub fn is_trouble(&self, tool: Tool, words: &str) -> bool {
        self.look_up(tool, words) == Some(Meaning::Trouble)
    }
}

impl Phrase {
    fn read(row: Row) -> Result<Self, PhrasebookError> {
        let broken = |what: String| PhrasebookError(format!("`{}`: {what}", row.pattern));
        let meaning = match row.means.as_str() {
            "crash" => Meaning::Crash,
            "trouble" => Meaning::Trouble,
            reason => Meaning::Refusal(
                reason
                    .parse()
                    .map_err(|error| broken(format!("{error}; nor is it `crash` or `trouble`")))?,
            ),
        };
        let tools = row
            .tools
            .iter()
            .map(|tool| {
                tool.parse::<Tool>()
                    .map_err(|error| broken(error.to_string()))
            })
            .collect::<Result<_, _>>()?;
        let pattern = Regex::new(&row.pattern).map_err(|error| broken(error.to_string()))?;
        if row.examples.is_empty() {
            return Err(broken("no example of a real message".to_owned()));
        }
        if let Some(example) = row
            .examples
            .iter()
            .find(|example| !pattern.is_match(&example.says))
        {
            return Err(broken(format!(
                "it does not fit what {} says: {}",
                example.by, example.says
            )));
        }
        Ok(Self {
            tools,
            meaning,
            pattern,
            #[cfg(test)]
            examples: row.examples,
        })
    }

    fn is_of(&self, tool: Tool) -> bool {
        self.tools.is_empty() || self.tools.contains(&tool)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_means_what_its_phrase_says() {
        let book = Phrasebook::built_in().unwrap();
        assert!(book.phrases.len() > 10);
        for phrase in &book.phrases {
            for example in &phrase.examples {
                let (tool, version) = example.by.split_once('@').unwrap();
                assert!(
                    version.starts_with(|c: char| c.is_ascii_digit()),
                    "{}",
                    example.by
                );
                let tool: Tool = tool.parse().unwrap();
                assert!(
                    phrase.is_of(tool),
                    "{tool} does not use `{}`",
                    phrase.pattern
                );
                assert_eq!(
                    book.look_up(tool, &example.says),
                    Some(phrase.meaning),
                    "{}: {}",
                    example.by,
                    example.says
                );
            }
        }
    }

    #[test]
    fn a_message_nobody_knows_means_nothing() {
        let book = Phrasebook::built_in().unwrap();
        assert_eq!(book.look_up(Tool::Docker, "the moon is full"), None);
    }

    #[test]
    fn mistakes_in_the_table_are_named() {
        let broken = |text: &str| Phrasebook::parse(text).unwrap_err().to_string();
        let row = |means: &str, pattern: &str| {
            format!(
                "[[phrase]]\nmeans = \"{means}\"\npattern = '{pattern}'\n\
                 examples = [{{ by = \"docker@1.0\", says = \"x\" }}]\n"
            )
        };
        assert!(broken(&row("dunno", "x")).contains("`dunno` is not one of"));
        assert!(broken(&row("no-match", "(")).contains("unclosed group"));
        assert!(broken(&row("no-match", "y")).contains("does not fit what docker@1.0 says: x"));
    }
}
