//! Baselines as text.

use super::{AnswerError, Baseline, BaselineBuild, BaselineCorpus, BaselineKey, BaselineLine};
use std::{collections::BTreeMap, fmt};

/// The version of the format.
const FORMAT: &str = "1";

const COMMENT: &str = "\
# What a runtime did with each case, as somebody accepted it. Written by `ocipick bless`; read and
# committed by people. docs/baselines.md says how to read it.
";

/// Why a file is no baseline.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}:{line}: {fault}")]
pub struct BaselineError {
    /// The file, as it was named to the reader.
    pub path: String,
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong there.
    pub fault: BaselineFault,
}

/// What is wrong with a line of a baseline.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BaselineFault {
    /// A header that does not say what it has to.
    #[error("the header needs `{0}` here (hint: `ocipick bless` writes it)")]
    Header(&'static str),
    /// Another version of the format.
    #[error(
        "this is format {0} of baselines, and only {FORMAT} is known (hint: use the version of ocipick that wrote it)"
    )]
    Format(String),
    /// A line with too little in it.
    #[error("`{0}` is no line of a baseline (hint: CASE OPERATION PLATFORM DIGEST OUTCOME)")]
    Line(String),
    /// Something that is no outcome.
    #[error(transparent)]
    Answer(#[from] AnswerError),
    /// Two lines about one thing.
    #[error("{key} stands in line {first} already (hint: keep the one that is right)")]
    Twice {
        /// What both are about.
        key: BaselineKey,
        /// Where the first one stands.
        first: usize,
    },
    /// A comment that the next writing would lose.
    #[error(
        "a comment here would be lost when the file is written anew (hint: reasons belong into harness/known-findings.toml)"
    )]
    Comment,
}

impl fmt::Display for Baseline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let build = &self.build;
        f.write_str(COMMENT)?;
        writeln!(f, "baseline {FORMAT}")?;
        writeln!(f, "tool {}", escape(&build.tool))?;
        writeln!(f, "version {}", escape(&build.version))?;
        if let Some(flavour) = &build.flavour {
            writeln!(f, "flavour {}", escape(flavour))?;
        }
        writeln!(f, "channel {}", escape(&build.channel))?;
        if let Some(cpu) = &self.cpu {
            writeln!(f, "cpu {}", escape(cpu))?;
        }
        let source = if self.corpus.built_in {
            "built-in"
        } else {
            "foreign"
        };
        let BaselineCorpus { cases, digest, .. } = &self.corpus;
        writeln!(f, "corpus {source} {cases} {}", escape(digest))?;
        writeln!(f, "ocipick {}", escape(&self.ocipick))?;
        writeln!(f)?;
        self.lines.iter().try_for_each(|(key, line)| {
            let [case, operation, platform] =
                [&key.case, &key.operation, &key.platform].map(|text| escape(text));
            let content = escape(&line.content);
            writeln!(f, "{case} {operation} {platform} {content} {}", line.answer)
        })
    }
}

impl Baseline {
    /// Reads the text of a baseline; `path` is named in errors.
    ///
    /// # Errors
    ///
    /// Where it has a mistake: the first one.
    pub fn parse(path: &str, text: &str) -> Result<Self, BaselineError> {
        let fail = |line: usize, fault: BaselineFault| BaselineError {
            path: path.to_owned(),
            line,
            fault,
        };
        let mut lines = (1..).zip(text.lines()).peekable();
        while lines.next_if(|(_, line)| line.starts_with('#')).is_some() {}
        let mut head = Head {
            end: text.lines().count().max(1),
            lines,
        };
        let (at, format) = head
            .field("baseline")
            .map_err(|(at, fault)| fail(at, fault))?;
        if format != FORMAT {
            return Err(fail(at, BaselineFault::Format(format.to_owned())));
        }
        let mut field = |name| {
            let found = head.field(name);
            found.map(|(at, value)| (at, unescape(value)))
        };
        let mut read = || -> Result<Self, (usize, BaselineFault)> {
            let (_, tool) = field("tool")?;
            let (_, version) = field("version")?;
            let flavour = field("flavour").ok().map(|(_, flavour)| flavour);
            let (_, channel) = field("channel")?;
            let cpu = field("cpu").ok().map(|(_, cpu)| cpu);
            let (at, corpus) = field("corpus")?;
            let corpus = read_corpus(&corpus)
                .ok_or((at, BaselineFault::Header("corpus SOURCE CASES DIGEST")))?;
            let (_, ocipick) = field("ocipick")?;
            Ok(Self {
                build: BaselineBuild {
                    tool,
                    version,
                    flavour,
                    channel,
                },
                cpu,
                corpus,
                ocipick,
                lines: BTreeMap::new(),
            })
        };
        let mut baseline = read().map_err(|(at, fault)| fail(at, fault))?;
        let mut places: BTreeMap<BaselineKey, usize> = BTreeMap::new();
        for (at, text) in head.lines {
            if text.trim().is_empty() {
                continue;
            }
            if text.starts_with('#') {
                return Err(fail(at, BaselineFault::Comment));
            }
            let (key, line) = read_line(text).map_err(|fault| fail(at, fault))?;
            if let Some(first) = places.insert(key.clone(), at) {
                return Err(fail(at, BaselineFault::Twice { key, first }));
            }
            baseline.lines.insert(key, line);
        }
        Ok(baseline)
    }
}

/// The lines that are still to be read, and how many there are.
struct Head<'t, I: Iterator<Item = (usize, &'t str)>> {
    lines: std::iter::Peekable<I>,
    end: usize,
}

impl<'t, I: Iterator<Item = (usize, &'t str)>> Head<'t, I> {
    /// The value of a field of the header, where it comes next.
    fn field(&mut self, name: &'static str) -> Result<(usize, &'t str), (usize, BaselineFault)> {
        let value = |line: &'t str| -> Option<&'t str> {
            let value = line.strip_prefix(name)?.strip_prefix(' ')?;
            (!value.is_empty()).then_some(value)
        };
        let end = self.end;
        match self.lines.peek().copied() {
            Some((at, line)) => match value(line) {
                Some(value) => {
                    self.lines.next();
                    Ok((at, value))
                }
                None => Err((at, BaselineFault::Header(name))),
            },
            None => Err((end, BaselineFault::Header(name))),
        }
    }
}

fn read_corpus(text: &str) -> Option<BaselineCorpus> {
    let mut parts = text.splitn(3, ' ');
    let built_in = match parts.next()? {
        "built-in" => true,
        "foreign" => false,
        _ => return None,
    };
    Some(BaselineCorpus {
        built_in,
        cases: parts.next()?.parse().ok()?,
        digest: parts.next()?.to_owned(),
    })
}

fn read_line(text: &str) -> Result<(BaselineKey, BaselineLine), BaselineFault> {
    let mut parts = text.splitn(5, ' ');
    let mut next = || {
        let part = parts.next().filter(|part| !part.is_empty());
        part.ok_or_else(|| BaselineFault::Line(text.to_owned()))
    };
    let key = BaselineKey {
        case: unescape(next()?),
        operation: unescape(next()?),
        platform: unescape(next()?),
    };
    let content = unescape(next()?);
    let answer = next()?.parse()?;
    Ok((key, BaselineLine { content, answer }))
}

/// Writes what would end a word or a line, and what stands for such, as `%` and two digits per
/// byte. Ids and names of the built-in corpus stay as they are.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut buffer = [0; 4];
    for c in text.chars() {
        if c.is_whitespace() || c.is_control() || matches!(c, '%' | '|' | '#') {
            for byte in c.encode_utf8(&mut buffer).bytes() {
                out.push('%');
                for digit in [byte >> 4, byte & 15] {
                    let digit = char::from_digit(u32::from(digit), 16).unwrap_or('0');
                    out.push(digit.to_ascii_uppercase());
                }
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// Undoes [`escape`]. What is no escape stays as it is.
pub(super) fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|digits| {
            let digits = std::str::from_utf8(digits).ok()?;
            u8::from_str_radix(digits, 16).ok()
        });
        match (first, digits) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests;
