//! Mistakes in the files that people write: recipes, clauses and families.

use crate::PlatformRequest;
use std::ops::Range;

/// A mistake in a recipe, clause or family file, with the place to look at.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}:{line}:{column}: {kind}")]
pub struct Diagnostic {
    /// The file, as it was named to the reader.
    pub path: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The column in characters, counted from 1.
    pub column: usize,
    /// What is wrong there.
    pub kind: DiagnosticKind,
}

/// What is wrong with a recipe, clause or family file. Every message ends with a hint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DiagnosticKind {
    /// The file is not TOML.
    #[error("this is not TOML: {0} (hint: texts need quotes, and a table starts with [name])")]
    Syntax(String),
    /// A key that means nothing.
    #[error("{place} has no key `{key}` ({})", did_you_mean(nearest.as_ref(), known))]
    UnknownKey {
        /// The key as written.
        key: String,
        /// The table it stands in.
        place: String,
        /// The key that was probably meant.
        nearest: Option<String>,
        /// Every key that the table may have.
        known: Vec<String>,
    },
    /// A key that cannot be left out.
    #[error("{place} needs the key `{key}` (hint: {hint})")]
    MissingKey {
        /// The key.
        key: String,
        /// The table it should stand in.
        place: String,
        /// What to write there.
        hint: String,
    },
    /// A value of the wrong type.
    #[error("`{key}` is {found}, and should be {expected} (hint: docs/recipes.md has an example)")]
    WrongType {
        /// The key the value belongs to.
        key: String,
        /// What is there.
        found: &'static str,
        /// What should be there.
        expected: &'static str,
    },
    /// A word that is none of those to choose from.
    #[error("`{found}` is no {key} ({})", did_you_mean(nearest.as_ref(), known))]
    BadChoice {
        /// The key the word belongs to.
        key: String,
        /// The word as written.
        found: String,
        /// The word that was probably meant.
        nearest: Option<String>,
        /// Every word that may stand there.
        known: Vec<String>,
    },
    /// Two keys that exclude each other.
    #[error("`{key}` means nothing beside `{beside}` in {place} (hint: {hint})")]
    MeansNothing {
        /// The key without a meaning.
        key: String,
        /// The key that takes its meaning away.
        beside: String,
        /// The table they stand in.
        place: String,
        /// What to do about it.
        hint: String,
    },
    /// A key that means nothing alone.
    #[error("`{key}` means nothing without `{needed}` in {place} (hint: {hint})")]
    NeedsKey {
        /// The key without a meaning.
        key: String,
        /// The key that would give it one.
        needed: String,
        /// The table it stands in.
        place: String,
        /// What to do about it.
        hint: String,
    },
    /// A number that is too small or too large.
    #[error("`{key}` is {number} (hint: write a number from {least} to {most})")]
    OutOfBounds {
        /// The key it belongs to.
        key: String,
        /// The number as written.
        number: i128,
        /// The least that may stand there.
        least: i128,
        /// The most that may stand there.
        most: i128,
    },
    /// A list with nothing in it, where that would mean nothing.
    #[error("`{key}` lists nothing (hint: {hint})")]
    EmptyList {
        /// The key.
        key: String,
        /// What to do about it.
        hint: String,
    },
    /// Methods that are none.
    #[error(
        "these are not methods (hint: write [\"GET\"] or [\"HEAD\"], or leave it out for both)"
    )]
    BadMethods,
    /// A fault in which nothing happens.
    #[error(
        "nothing happens here (hint: write status, cut, delay-ms, bytes-of, content-type, digest-header or content-length)"
    )]
    FaultNothing,
    /// A fault of something that the registry does not have.
    #[error(
        "the registry does not have `{name}`, so that nothing can happen to it (hint: leave `served = false` out)"
    )]
    FaultUnserved {
        /// The child or nested index.
        name: String,
    },
    /// A fault that serves what would be served anyway.
    #[error("`{name}` would have its own bytes (hint: name another child or nested index)")]
    FaultOwnBytes {
        /// The child or nested index.
        name: String,
    },
    /// A fault that an earlier one leaves no request.
    #[error(
        "an earlier fault happens to every request that this one is meant for (hint: give that one `times`, or put this one first)"
    )]
    FaultShadowed,
    /// A part that something does not have.
    #[error("`{name}` has no {part} (hint: only children have; an index is a manifest alone)")]
    NoSuchPart {
        /// The index.
        name: String,
        /// The part.
        part: &'static str,
    },
    /// A cut behind the end.
    #[error(
        "a cut after {cut} bytes cuts nothing off, because there are {length} (hint: write a smaller number)"
    )]
    LateCut {
        /// Where it should be cut.
        cut: u64,
        /// How many bytes there are.
        length: usize,
    },
    /// A header that no answer can have.
    #[error("the header `{name}` cannot be written here (hint: {hint})")]
    BadHeader {
        /// Its name.
        name: String,
        /// What to do about it.
        hint: String,
    },
    /// A platform that no tool could be asked for.
    #[error(
        "`{0}` is not a platform (hint: write os/architecture or os/architecture/variant, such as linux/arm/v7; odd ones can be written as a table)"
    )]
    BadPlatform(String),
    /// Something that no tool could be asked for.
    #[error(
        "`{0}` is nothing to ask a tool for (hint: write os/architecture or os/architecture/variant, such as linux/arm/v7, or default for the tool's own)"
    )]
    BadAsk(String),
    /// Two trials that would be one.
    #[error("`{0}` is asked for twice (hint: list each platform once)")]
    AskTwice(PlatformRequest),
    /// A list of platforms without any.
    #[error("nothing is asked for (hint: write platforms = [\"linux/amd64\", \"default\"])")]
    AskNothing,
    /// An expectation about something that is not asked for.
    #[error("`{ask}` is not asked for here ({})", did_you_mean(nearest.as_ref(), known))]
    NotAsked {
        /// The key as written.
        ask: String,
        /// What was probably meant.
        nearest: Option<String>,
        /// Everything that is asked for.
        known: Vec<String>,
    },
    /// An origin that cannot be looked up.
    #[error(
        "`{0}` is not an origin (hint: write owner/repository#number, or the id of a CVE or GHSA)"
    )]
    BadOrigin(String),
    /// A size that is neither a number nor a difference.
    #[error(
        "`{0}` is not a size (hint: write a number, \"+N\" or \"-N\" to be off by that much, or false)"
    )]
    BadSize(String),
    /// A number that is too large to be written.
    #[error("`{0}` is too large a number (hint: write the index as raw text)")]
    BadNumber(String),
    /// A name that placeholders could not hold.
    #[error("`{0}` is not a name (hint: use letters, digits, hyphens and underscores)")]
    BadName(String),
    /// One name for two things.
    #[error(
        "`{name}` is the name of {first} already (hint: axes, children and indexes share one space of names)"
    )]
    NameTaken {
        /// The name.
        name: String,
        /// What has it already.
        first: &'static str,
    },
    /// An entry list names something that is not there.
    #[error("`{name}` is no child, nested index or entry ({})", did_you_mean(nearest.as_ref(), known))]
    EntryUndefined {
        /// The name as written.
        name: String,
        /// The name that was probably meant.
        nearest: Option<String>,
        /// Every name that is defined.
        known: Vec<String>,
    },
    /// Something points at a child that is not there.
    #[error("`{name}` is no child or nested index ({})", did_you_mean(nearest.as_ref(), known))]
    TargetUndefined {
        /// The name as written.
        name: String,
        /// The name that was probably meant.
        nearest: Option<String>,
        /// Every name that is defined.
        known: Vec<String>,
    },
    /// `picks` names a child that is not there.
    #[error("`picks {name}` names no child ({})", did_you_mean(nearest.as_ref(), known))]
    PicksUndefined {
        /// The name as written.
        name: String,
        /// The name that was probably meant.
        nearest: Option<String>,
        /// Every child that is defined.
        known: Vec<String>,
    },
    /// `picks` names a child that no entry points at.
    #[error(
        "`picks {name}` can never happen in {case}, because no entry of it leads to that child (hint: let `satisfied-by` depend on the axis that takes it away)"
    )]
    PicksUnreachable {
        /// The child.
        name: String,
        /// The case.
        case: String,
    },
    /// `satisfied-by` with something that is no outcome.
    #[error(
        "`{0}` is no expectation (hint: write \"picks CHILD\", \"refuses\", or \"refuses REASON\" with a reason of docs/matrix.md other than `other`)"
    )]
    BadExpectation(String),
    /// `breached-where` with something that no evidence shows.
    #[error(
        "`{0}` is no sign (hint: write \"unpacks by the config of CHILD\", \"reports the labels of CHILD\", or \"asks by neither digest nor tag\")"
    )]
    BadSign(String),
    /// Something that no case of the recipe uses.
    #[error(
        "no index leads to {what} `{name}` (hint: name it in `entries` or a placeholder, or remove it)"
    )]
    Unused {
        /// What it is.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// Indexes and manifests that name each other.
    #[error(
        "these need each other: {} (hint: a digest cannot be known before its content is)",
        .0.join(" → ")
    )]
    Cycle(Vec<String>),
    /// A placeholder or variable that becomes nothing.
    #[error("`{text}` {fault}")]
    Placeholder {
        /// The placeholder as written.
        text: String,
        /// Why it becomes nothing.
        fault: PlaceholderFault,
    },
    /// A clause that is not in `corpus/clauses`.
    #[error(
        "there is no clause `{id}` (hint: {})",
        nearest.as_ref().map_or_else(
            || "the ids are in corpus/clauses".to_owned(),
            |nearest| format!("did you mean `{nearest}`?"),
        )
    )]
    ClauseUnknown {
        /// The id as written.
        id: String,
        /// The id that was probably meant.
        nearest: Option<String>,
    },
    /// A report that is not in `corpus/origins.toml`.
    #[error(
        "there is no report `{id}` (hint: {})",
        nearest.as_ref().map_or_else(
            || "add it to corpus/origins.toml".to_owned(),
            |nearest| format!("did you mean `{nearest}`, or should corpus/origins.toml have it?"),
        )
    )]
    OriginUnknown {
        /// The id as written.
        id: String,
        /// The id that was probably meant.
        nearest: Option<String>,
    },
    /// A clause of a specification that is not listed.
    #[error("`{name}` is no specification ({})", did_you_mean(nearest.as_ref(), known))]
    SpecificationUnknown {
        /// The first part of the id of the clause.
        name: String,
        /// The specification that was probably meant.
        nearest: Option<String>,
        /// Every specification that is listed.
        known: Vec<String>,
    },
    /// A release that a specification does not have.
    #[error("{specification} has no release `{name}` ({})", did_you_mean(nearest.as_ref(), known))]
    ReleaseUnknown {
        /// The release as written.
        name: String,
        /// The specification.
        specification: String,
        /// The release that was probably meant.
        nearest: Option<String>,
        /// Every release it has.
        known: Vec<String>,
    },
    /// A wording that ends before it begins, or goes on after the next has begun.
    #[error(
        "the wording since {since} does not end between its own release and that of the next wording (hint: earlier wordings stand in order, the oldest first, below the newest)"
    )]
    WordingOutOfOrder {
        /// The release it begins with.
        since: String,
    },
    /// An id that two files or two tables claim.
    #[error("the id `{id}` is taken by {other} (hint: ids are for ever; rename the newer one)")]
    IdTaken {
        /// The id.
        id: String,
        /// Who has it already.
        other: String,
    },
    /// An id that is not written as ids are.
    #[error(
        "`{0}` is not a case id (hint: family/name, in lower-case letters, digits and hyphens)"
    )]
    BadId(String),
    /// An axis that expands into nothing.
    #[error("the axis `{0}` has no values (hint: write values = [\"one\", \"other\"])")]
    AxisEmpty(String),
    /// An axis that changes nothing.
    #[error("the axis `{axis}` changes nothing (hint: use ${{{axis}}} somewhere besides `name`)")]
    AxisUnused {
        /// The axis.
        axis: String,
    },
    /// Two combinations with one id.
    #[error(
        "two combinations of the axes become the case `{0}` (hint: name every axis in `name`, or leave `name` out)"
    )]
    DuplicateExpansion(String),
    /// An exception that excepts nothing, or everything.
    #[error("this leaves {} (hint: `except` names combinations of axis values)", if *.all { "no case at all" } else { "out nothing that is not left out already" })]
    ExceptUseless {
        /// Whether it leaves no case at all.
        all: bool,
    },
    /// A recipe that does not lie in the folder of a family.
    #[error("a recipe lies in the folder of its family (hint: move it to recipes/FAMILY/)")]
    Misplaced,
    /// A family that `families.toml` does not list.
    #[error(
        "families.toml does not list the family `{family}` ({})",
        did_you_mean(nearest.as_ref(), known)
    )]
    FamilyUnknown {
        /// The family.
        family: String,
        /// The family that was probably meant.
        nearest: Option<String>,
        /// Every family that is listed.
        known: Vec<String>,
    },
    /// Two children that share content, so that evidence could not tell them apart.
    #[error(
        "child `{child}` of {case} shares {digest} with {other} (hint: every child needs content of its own)"
    )]
    SharedContent {
        /// The child.
        child: String,
        /// Its case.
        case: String,
        /// The digest that is shared.
        digest: String,
        /// Case and child that have it already.
        other: String,
    },
}

/// Why a placeholder becomes nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlaceholderFault {
    /// No closing brace.
    #[error("has no end (hint: write ${{NAME.digest}}; a dollar before a brace is ${{byte:24}})")]
    Unclosed,
    /// Nothing has that name.
    #[error("names nothing that is defined ({})", did_you_mean(nearest.as_ref(), known))]
    Undefined {
        /// The name that was probably meant.
        nearest: Option<String>,
        /// Every name that may stand there.
        known: Vec<String>,
    },
    /// A child has no such property.
    #[error(
        "asks for something that is not there (hint: digest, size, media-type or base64; a child also has config.digest, config.size, layer.digest and layer.size)"
    )]
    Property,
    /// A document that names itself.
    #[error(
        "cannot be known before the manifest is written (hint: self has config.digest, config.size, layer.digest and layer.size)"
    )]
    OwnDocument,
    /// No number of spaces, or too many.
    #[error("is no padding (hint: write ${{pad:N}} for N spaces, {0} at most)")]
    Padding(usize),
    /// No number of times with a text, or too much of it.
    #[error(
        "cannot be repeated (hint: write ${{repeat:N:TEXT}} for N times the text, {0} bytes at most; # becomes the number of the repetition)"
    )]
    Repetition(usize),
    /// Not two hexadecimal digits.
    #[error("is not a byte (hint: write ${{byte:ff}}, in two hexadecimal digits)")]
    Byte,
    /// A byte where only text can stand.
    #[error("stands where only text can stand (hint: write the index as raw text)")]
    ByteInText,
    /// A placeholder of a child where nothing is known of children.
    #[error(
        "cannot stand here (hint: only axes are known here; children are known in [index], [indexes], [entries] and [[faults]], and in the `text` and `extra` of a child)"
    )]
    NotHere,
    /// An axis value without that key.
    #[error("is not a key of the value `{value}` of that axis ({})", did_you_mean(nearest.as_ref(), known))]
    AxisKey {
        /// The value in this combination.
        value: String,
        /// The key that was probably meant.
        nearest: Option<String>,
        /// Every key of the value.
        known: Vec<String>,
    },
    /// A list or table in the middle of a text.
    #[error("is {0}, which cannot stand inside a longer text (hint: only texts and numbers can)")]
    NotText(&'static str),
}

fn did_you_mean(nearest: Option<&String>, known: &[String]) -> String {
    match nearest {
        Some(nearest) => format!("hint: did you mean `{nearest}`?"),
        None if known.is_empty() => "hint: none is defined".to_owned(),
        None => match known {
            [one] => format!("hint: there is only `{one}`"),
            several => format!("hint: there are {}", several.join(", ")),
        },
    }
}

/// Collects the mistakes of one file, each of them once.
pub(crate) struct DiagnosticReport<'a> {
    path: &'a str,
    text: &'a str,
    mistakes: Vec<Diagnostic>,
}

impl<'a> DiagnosticReport<'a> {
    pub(crate) const fn new(path: &'a str, text: &'a str) -> Self {
        Self {
            path,
            text,
            mistakes: Vec::new(),
        }
    }

    /// Notes a mistake at a place in the file.
    pub(crate) fn add(&mut self, span: &Range<usize>, kind: DiagnosticKind) {
        let (line, column) = position(self.text, span.start);
        let mistake = Diagnostic {
            path: self.path.to_owned(),
            line,
            column,
            kind,
        };
        // The cases of one recipe share its lines, and with them its mistakes.
        if !self.mistakes.contains(&mistake) {
            self.mistakes.push(mistake);
        }
    }

    /// Notes a mistake at the first place where `fragment` is written within a value, or at
    /// its start where the fragment came from elsewhere.
    pub(crate) fn add_within(&mut self, span: &Range<usize>, fragment: &str, kind: DiagnosticKind) {
        let offset = self
            .text
            .get(span.clone())
            .and_then(|source| source.find(fragment))
            .unwrap_or(0);
        self.add(&(span.start + offset..span.end), kind);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.mistakes.is_empty()
    }

    /// The file, as people are shown it.
    pub(crate) const fn path(&self) -> &'a str {
        self.path
    }

    /// The mistakes in the order of the file.
    pub(crate) fn into_mistakes(mut self) -> Vec<Diagnostic> {
        self.mistakes
            .sort_by_key(|mistake| (mistake.line, mistake.column));
        self.mistakes
    }
}

/// Line and column of a byte, both counted from 1, the column in characters.
fn position(text: &str, at: usize) -> (usize, usize) {
    // Spans begin at characters; anything else would be an error without a place.
    let before = text.get(..at).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .map_or(0, |tail| tail.chars().count())
        + 1;
    (line, column)
}
