//! What the messages of tools mean: tables beside the adapters, kept as data with real messages as examples.

use ocipick_adapters::{COMMON_MESSAGES, Tool, adapter};
use ocipick_records::{HttpRequest, RefusalReason};
use regex::Regex;
use serde::Deserialize;
use std::{collections::BTreeMap, ops::Range};

/// What a message means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// The tool refuses, for this reason.
    Refusal(RefusalReason),
    /// The tool refuses because the registry answered with an error, and does not say which.
    Answered,
    /// The tool itself died.
    Crash,
    /// The machine or the harness failed, which says nothing about the tool.
    Trouble,
}

/// The tables of messages.
#[derive(Debug)]
pub struct MessagePatterns {
    phrases: Vec<MessagePattern>,
    /// For each tool, the phrases that it uses, by their place, in the order in which they are asked.
    order: BTreeMap<Tool, Vec<usize>>,
    /// The phrases of a tool that has no table, which is a client of the user's own.
    common: Vec<usize>,
}

#[derive(Debug)]
struct MessagePattern {
    /// Whether it stands before what is said of paths of the machine.
    early: bool,
    meaning: Meaning,
    pattern: Regex,
    #[cfg(test)]
    examples: Vec<Example>,
    #[cfg(test)]
    unpublished: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Example {
    by: String,
    says: String,
}

/// What every tool says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CommonTable {
    /// Of the machine or the harness. It stands before all else.
    machine: Vec<Row>,
    /// Of paths of the machine. It stands before what tools say for themselves, unless that is early.
    path: Vec<Row>,
    /// It stands after all else.
    general: Vec<Row>,
}

/// What some tools say.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ToolTable {
    phrase: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    /// Whether it stands before what is said of paths of the machine.
    #[serde(default)]
    early: bool,
    means: String,
    pattern: String,
    examples: Vec<Example>,
    /// Why no message in the published results is one of these, where none is.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "a test holds it against the results")
    )]
    unpublished: Option<String>,
}

/// Why the table cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the table of messages: {0}")]
pub struct MessagePatternsError(String);

impl MessagePatterns {
    /// The tables that ocipick carries.
    ///
    /// # Errors
    /// When one is broken, which a test rules out.
    pub fn built_in() -> Result<Self, MessagePatternsError> {
        let tables = Tool::ALL
            .iter()
            .map(|tool| (*tool, adapter(*tool).messages()));
        Self::parse(COMMON_MESSAGES, tables)
    }

    fn parse<'a>(
        common: &str,
        tables: impl Iterator<Item = (Tool, &'a [&'a str])>,
    ) -> Result<Self, MessagePatternsError> {
        let broken = |error: toml::de::Error| MessagePatternsError(error.to_string());
        let mut phrases = Vec::new();
        let mut add = |rows: Vec<Row>| -> Result<Range<usize>, MessagePatternsError> {
            let begin = phrases.len();
            for row in rows {
                phrases.push(MessagePattern::read(row)?);
            }
            Ok(begin..phrases.len())
        };
        let common: CommonTable = toml::from_str(common).map_err(broken)?;
        let machine = add(common.machine)?;
        let path = add(common.path)?;
        let general = add(common.general)?;
        // Several tools share a table.
        let mut known: BTreeMap<&str, Range<usize>> = BTreeMap::new();
        let mut own: BTreeMap<Tool, Vec<usize>> = BTreeMap::new();
        for (tool, texts) in tables {
            for text in texts {
                let places = match known.get(text) {
                    Some(places) => places.clone(),
                    None => {
                        let table: ToolTable = toml::from_str(text).map_err(broken)?;
                        known.entry(text).or_insert(add(table.phrase)?).clone()
                    }
                };
                own.entry(tool).or_default().extend(places);
            }
        }
        let order = own
            .into_iter()
            .map(|(tool, own)| {
                let is_early = |place: &usize| phrases.get(*place).is_some_and(|it| it.early);
                let (early, late): (Vec<usize>, Vec<usize>) = own.into_iter().partition(is_early);
                let order = machine.clone().chain(early).chain(path.clone());
                (tool, order.chain(late).chain(general.clone()).collect())
            })
            .collect();
        let common = machine.chain(path).chain(general).collect();
        Ok(Self {
            phrases,
            order,
            common,
        })
    }

    /// The phrases that a tool uses, in the order in which they are asked.
    fn of(&self, tool: Tool) -> impl Iterator<Item = &MessagePattern> {
        let places = self.order.get(&tool).unwrap_or(&self.common).iter();
        places.filter_map(|place| self.phrases.get(*place))
    }

    /// What the words of `tool` mean, by the first phrase that fits; `None` where none does.
    #[must_use]
    pub fn look_up(&self, tool: Tool, words: &str) -> Option<Meaning> {
        self.of(tool)
            .find(|phrase| phrase.pattern.is_match(words))
            .map(|phrase| phrase.meaning)
    }

    /// What a failure means: the message decides; what stands around it may speak of other things
    /// that happened on the way, and is asked only where the message says nothing known. Where a
    /// tool only says that the registry answered with an error, the last such answer tells which.
    #[must_use]
    pub fn meaning(
        &self,
        tool: Tool,
        message: &str,
        stderr: &str,
        requests: &[HttpRequest],
    ) -> Option<Meaning> {
        let meaning = self
            .look_up(tool, message)
            .or_else(|| self.look_up(tool, stderr))?;
        Some(match meaning {
            Meaning::Answered => Meaning::Refusal(answered(requests)),
            Meaning::Refusal(_) | Meaning::Crash | Meaning::Trouble => meaning,
        })
    }

    /// Whether these words tell of a failure of the machine or the harness.
    #[must_use]
    pub fn is_trouble(&self, tool: Tool, words: &str) -> bool {
        self.look_up(tool, words) == Some(Meaning::Trouble)
    }
}

/// What the last error that the registry answered with amounts to.
fn answered(requests: &[HttpRequest]) -> RefusalReason {
    let mut statuses = requests.iter().rev().map(|request| request.status);
    match statuses.find(|status| *status >= 400) {
        Some(401 | 403) => RefusalReason::Denied,
        Some(404) => RefusalReason::MissingContent,
        Some(429) => RefusalReason::RateLimited,
        Some(500..) => RefusalReason::ServerError,
        Some(_) | None => RefusalReason::Other,
    }
}

impl MessagePattern {
    fn read(row: Row) -> Result<Self, MessagePatternsError> {
        let broken = |what: String| MessagePatternsError(format!("`{}`: {what}", row.pattern));
        let meaning = match row.means.as_str() {
            "answered" => Meaning::Answered,
            "crash" => Meaning::Crash,
            "trouble" => Meaning::Trouble,
            reason => Meaning::Refusal(reason.parse().map_err(|error| {
                broken(format!(
                    "{error}; nor is it `answered`, `crash` or `trouble`"
                ))
            })?),
        };
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
            early: row.early,
            meaning,
            pattern,
            #[cfg(test)]
            examples: row.examples,
            #[cfg(test)]
            unpublished: row.unpublished,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ocipick_records::{Outcome, Results};
    use std::{collections::BTreeSet, path::Path};

    #[test]
    fn every_example_means_what_its_phrase_says() {
        let book = MessagePatterns::built_in().unwrap();
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
                    book.of(tool).any(|it| std::ptr::eq(it, phrase)),
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

    /// Reads what tools said in the published results with the table of today.
    #[test]
    fn few_published_refusals_are_other_and_every_phrase_is_used() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../reports/published/results.jsonl.gz"
        );
        let results = Results::read(Path::new(path)).unwrap();
        let book = MessagePatterns::built_in().unwrap();
        let mut used = BTreeSet::new();
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        let mut changed: BTreeMap<String, usize> = BTreeMap::new();
        for trial in &results.trials {
            let once = std::slice::from_ref(&trial.outcome);
            let outcomes: Vec<&Outcome> = match &trial.outcome {
                Outcome::Unstable { observed } => {
                    observed.iter().map(|seen| &*seen.outcome).collect()
                }
                _ => once.iter().collect(),
            };
            for outcome in outcomes {
                let Outcome::Refused { reason, message } = outcome else {
                    continue;
                };
                let tool: Tool = trial.tool.parse().unwrap();
                let evidence = &trial.evidence;
                let words = [message.as_str(), &evidence.stderr_tail];
                let fits = words.iter().find_map(|words| {
                    let mut places = book.order[&tool].iter().copied();
                    places.find(|place| book.phrases[*place].pattern.is_match(words))
                });
                used.extend(fits);
                let [message, stderr] = words;
                let now = match book.meaning(tool, message, stderr, &evidence.requests) {
                    Some(Meaning::Refusal(reason)) => reason,
                    None => RefusalReason::Other,
                    Some(meaning) => panic!("{meaning:?} was published: {message}"),
                };
                *counts.entry(now.as_str()).or_default() += 1;
                if now != *reason {
                    let change = format!("{reason} -> {now}: {} {message}", trial.case);
                    *changed.entry(change).or_default() += 1;
                }
            }
        }
        let all: usize = counts.values().sum();
        let other = counts.get("other").copied().unwrap_or_default();
        assert!(
            all > 1000 && other * 20 < all,
            "{other} of {all}: {counts:?}"
        );
        for (place, phrase) in book.phrases.iter().enumerate() {
            assert_eq!(
                used.contains(&place),
                phrase.unpublished.is_none(),
                "`{}`: used, or says why it is not: {:?}",
                phrase.pattern,
                phrase.unpublished
            );
        }
        // For whoever changes the table: --nocapture shows what becomes of recorded reasons.
        println!("{counts:#?}\n{changed:#?}");
    }

    #[test]
    fn the_last_answer_tells_what_the_words_do_not() {
        let book = MessagePatterns::built_in().unwrap();
        let request = |status| HttpRequest {
            method: "GET".into(),
            path: "/manifests/latest".into(),
            status,
            bytes: 0,
            at_ms: 0,
            user_agent: None,
            accept: None,
            range: None,
        };
        let of = |statuses: &[u16]| {
            let requests: Vec<HttpRequest> = statuses.iter().copied().map(request).collect();
            book.meaning(
                "docker".parse().unwrap(),
                "error from registry: no",
                "",
                &requests,
            )
        };
        let refusal = |reason| Some(Meaning::Refusal(reason));
        assert_eq!(of(&[401, 200, 503]), refusal(RefusalReason::ServerError));
        assert_eq!(of(&[500, 429, 200]), refusal(RefusalReason::RateLimited));
        assert_eq!(of(&[200, 403]), refusal(RefusalReason::Denied));
        assert_eq!(of(&[404]), refusal(RefusalReason::MissingContent));
        assert_eq!(of(&[200, 416]), refusal(RefusalReason::Other));
        assert_eq!(of(&[200]), refusal(RefusalReason::Other));
    }

    #[test]
    fn a_message_nobody_knows_means_nothing() {
        let book = MessagePatterns::built_in().unwrap();
        assert_eq!(
            book.look_up("docker".parse().unwrap(), "the moon is full"),
            None
        );
    }

    #[test]
    fn mistakes_in_the_table_are_named() {
        let docker: Tool = "docker".parse().unwrap();
        let broken = |text: &str| {
            let tables = [text];
            let tables = std::iter::once((docker, &tables[..]));
            let parsed = MessagePatterns::parse(COMMON_MESSAGES, tables);
            parsed.unwrap_err().to_string()
        };
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
