//! From the execution of an adapter and the trace of the registry to an outcome
//! with its evidence. It never chooses between pieces of evidence that disagree.

use super::{Meaning, MessagePatterns, last_error, plain};
use crate::operations::{EvidenceKind, OperationSpec};
use ocipick_adapters::{
    Execution, HarnessError, RawFingerprint, RawObservation, Tool,
    process::{flood_words, panic_in},
};
use ocipick_corpus::{Case, Child, Digest};
use ocipick_records::{
    self, Command, Evidence, Exit, HttpRequest, Identity, Observation, Outcome, RefusalReason,
    Sighting, UnmeasuredWhy,
};
use std::{collections::BTreeSet, time::Duration};

/// Everything that was seen in one trial.
pub struct TrialObservations<'a> {
    /// Which tool.
    pub tool: Tool,
    /// What it was asked to do.
    pub operation: &'static OperationSpec,
    /// The case that it was given.
    pub case: &'a Case,
    /// What the adapter saw.
    pub execution: &'a Execution,
    /// What reached the registry, until the tool had done what was asked; nothing where it was not
    /// to go there.
    pub requests: &'a [HttpRequest],
    /// How many requests reached the registry after that.
    pub later_requests: usize,
    /// The deadline of each invocation.
    pub deadline: Duration,
    /// Digests that the same store fetched in earlier trials. In built-in cases this cannot
    /// matter, since no two share content; foreign ones may.
    pub fetched_before: &'a BTreeSet<String>,
}

/// Judges one trial.
#[must_use]
pub fn classify(
    observed: &TrialObservations<'_>,
    patterns: &MessagePatterns,
) -> (Outcome, Evidence) {
    let mut classifier = Classifier {
        observed,
        patterns,
        notes: observed.execution.notes.clone(),
    };
    let outcome = classifier.outcome();
    let outcome = not_ours(observed, outcome);
    let evidence = classifier.evidence();
    (outcome, evidence)
}

struct Classifier<'a> {
    observed: &'a TrialObservations<'a>,
    patterns: &'a MessagePatterns,
    notes: Vec<String>,
}

/// What a tool did not do because the registry withheld something that the case has is no outcome of
/// the tool. It must not happen; where it does, nothing is said of the tool.
fn not_ours(observed: &TrialObservations<'_>, outcome: Outcome) -> Outcome {
    let Some(digest) = withheld(observed.case, observed.requests) else {
        return outcome;
    };
    match outcome {
        Outcome::Refused { .. } | Outcome::Nothing => unmeasured(
            UnmeasuredWhy::EvidenceMissing,
            format!("the registry answered 404 for {digest}, which the case has"),
        ),
        other => other,
    }
}

/// The digest of something that the case has and the registry answered 404 for, where no fault of the
/// case asks for that.
fn withheld<'r>(case: &Case, requests: &'r [HttpRequest]) -> Option<&'r str> {
    let missing = requests.iter().filter(|request| request.status == 404);
    let mut digests = missing.filter_map(|request| {
        let manifest = request.path.strip_prefix("/manifests/");
        let digest = manifest.or_else(|| request.path.strip_prefix("/blobs/"))?;
        let is_there = match manifest {
            Some(_) => case.serves_manifest(digest),
            None => case.content(digest).is_some(),
        };
        is_there.then_some(digest)
    });
    digests.find(|digest| {
        let mut faults = case.faults.iter();
        !faults.any(|fault| {
            let answer = fault.effects.answer.as_ref();
            fault.target.as_str() == *digest && answer.is_some_and(|it| it.status == 404)
        })
    })
}

fn unmeasured(why: UnmeasuredWhy, detail: impl Into<String>) -> Outcome {
    Outcome::Unmeasured {
        why,
        detail: detail.into(),
    }
}

impl Classifier<'_> {
    fn outcome(&mut self) -> Outcome {
        let attempt = self.observed.execution;
        // With a full disk anything may go wrong, and nobody can say what.
        let disk_full = attempt.trouble == Some(HarnessError::DiskFull);
        // A daemon that crashed explains everything else that went wrong.
        let crash = attempt.daemon_crash.as_ref();
        if let Some(crash) = crash.filter(|_| !disk_full) {
            return Outcome::Crashed {
                what: plain(&crash.words),
                survived: crash.survived,
            };
        }
        if let Some(trouble) = &attempt.trouble {
            let why = match trouble {
                HarnessError::Interrupted => UnmeasuredWhy::Interrupted,
                HarnessError::CannotBeAsked(_) => UnmeasuredWhy::Unsupported,
                HarnessError::NotStarted(_) => UnmeasuredWhy::NotStarted,
                HarnessError::Flooded(_) => UnmeasuredWhy::EvidenceMissing,
                HarnessError::Outside(_) | HarnessError::Harness(_) | HarnessError::DiskFull => {
                    UnmeasuredWhy::HarnessTrouble
                }
            };
            return unmeasured(why, plain(trouble.words()));
        }
        let Some(decisive) = attempt.decisive_command() else {
            return unmeasured(UnmeasuredWhy::EvidenceMissing, "no command was run");
        };
        match decisive.exit {
            Exit::Deadline => Outcome::TimedOut {
                after_ms: u64::try_from(self.observed.deadline.as_millis()).unwrap_or(u64::MAX),
            },
            Exit::Signal(signal) => Outcome::Crashed {
                what: format!("the tool died of signal {signal}"),
                survived: false,
            },
            // It might have gone on to do anything.
            Exit::OutputLimit => unmeasured(
                UnmeasuredWhy::EvidenceMissing,
                format!("the tool {}", flood_words()),
            ),
            Exit::Code(0) => self.success(),
            Exit::Code(code) => self.failure(code, &decisive.stderr(), &decisive.stdout()),
        }
    }

    fn failure(&self, code: i32, stderr: &str, stdout: &str) -> Outcome {
        let message = last_error(stderr, stdout);
        let stderr = plain(stderr);
        if let Some(panic) = panic_in(&stderr) {
            return Outcome::Crashed {
                what: panic,
                survived: false,
            };
        }
        let tool = self.observed.tool;
        let requests = self.observed.requests;
        let meaning = self.patterns.meaning(tool, &message, &stderr, requests);
        let message = if message.is_empty() {
            format!("exit code {code}, without a word")
        } else {
            message
        };
        let refused = |reason| Outcome::Refused {
            reason,
            message: message.clone(),
        };
        match meaning {
            Some(Meaning::Crash) => Outcome::Crashed {
                what: message,
                survived: false,
            },
            Some(Meaning::Trouble) => unmeasured(UnmeasuredWhy::HarnessTrouble, message),
            // What never reached the registry was no answer to the index.
            _ if self.never_asked() => unmeasured(
                UnmeasuredWhy::EvidenceMissing,
                format!("the tool failed before it asked the registry: {message}"),
            ),
            // What is imported is in the store as a whole, so what is not there was not in the layout.
            Some(Meaning::Refusal(RefusalReason::NotFetched)) if !self.fetches() => {
                refused(RefusalReason::MissingContent)
            }
            Some(Meaning::Refusal(reason)) => refused(reason),
            Some(Meaning::Answered) | None => refused(RefusalReason::Other),
        }
    }

    /// Whether the tool was to go to the registry, and never did.
    fn never_asked(&self) -> bool {
        self.fetches() && self.observed.requests.is_empty()
    }

    fn success(&mut self) -> Outcome {
        let Execution {
            reported,
            materialised,
            ..
        } = self.observed.execution;
        let contents = match materialised {
            RawObservation::Seen(signs) => Contents::Signs(signs),
            RawObservation::Empty(_) => Contents::Empty,
            RawObservation::Unmarked(words) => Contents::Unmarked(words),
            RawObservation::NotShown(words) => Contents::NotShown(words),
            RawObservation::Absent(words) => {
                return match self.look_cut_short() {
                    Some(why) => unmeasured(UnmeasuredWhy::EvidenceMissing, why),
                    None => match self.without_content() {
                        Some(child) => self.picked(&child),
                        None => self.nothing(words),
                    },
                };
            }
            RawObservation::Failed(words) => {
                return unmeasured(UnmeasuredWhy::EvidenceMissing, plain(words));
            }
            RawObservation::Not => {
                return unmeasured(
                    UnmeasuredWhy::EvidenceMissing,
                    "nobody looked into the image",
                );
            }
        };
        let reported = match reported {
            RawObservation::Seen(signs) => signs,
            RawObservation::Absent(words)
            | RawObservation::Failed(words)
            | RawObservation::Empty(words)
            | RawObservation::Unmarked(words)
            | RawObservation::NotShown(words) => {
                return unmeasured(
                    UnmeasuredWhy::EvidenceMissing,
                    format!("the tool does not report what it has: {}", plain(words)),
                );
            }
            RawObservation::Not => {
                return unmeasured(
                    UnmeasuredWhy::EvidenceMissing,
                    "the tool was not asked what it has",
                );
            }
        };
        let signs: Vec<&RawFingerprint> = reported.iter().chain(contents.signs()).collect();
        let strangers: Vec<String> = signs
            .iter()
            .filter_map(|sign| self.stranger(&sign.identity))
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        let all: BTreeSet<String> = signs
            .iter()
            .flat_map(|sign| children_of(self.observed.case, &sign.identity))
            .collect();
        if !strangers.is_empty() {
            self.notes
                .push(format!("not of this case: {}", strangers.join(", ")));
            return self.mixed(&all);
        }
        let reports = self.named_by(reported);
        let contains = match contents {
            Contents::Signs(signs) => self.named_by(signs),
            Contents::Empty => Some(self.empty_children()),
            Contents::Unmarked(words) => {
                return self.unmarked(&reports.unwrap_or_default(), words);
            }
            Contents::NotShown(words) if !self.fetches() => {
                return unmeasured(
                    UnmeasuredWhy::EvidenceMissing,
                    format!(
                        "what the tool reports is all the evidence: {}",
                        plain(words)
                    ),
                );
            }
            Contents::NotShown(words) => {
                self.notes.push(format!(
                    "by what the tool reports and what it fetched: {}",
                    plain(words)
                ));
                reports.clone()
            }
        };
        let (Some(reports), Some(contents)) = (reports, contains) else {
            return unmeasured(
                UnmeasuredWhy::EvidenceMissing,
                "what was seen names none of the children",
            );
        };
        let candidates: BTreeSet<String> = reports.intersection(&contents).cloned().collect();
        if matches!(materialised, RawObservation::Empty(_)) {
            self.note_emptiness(&reports, &candidates);
        }
        match candidates.len() {
            0 => self.mixed(&all),
            1 => self.picked(&candidates),
            _ => self.told_apart_by_trace(&candidates),
        }
    }

    /// The children in whose root file system there is nothing.
    fn empty_children(&self) -> BTreeSet<String> {
        self.observed.case.children_where(Child::unpacks_to_nothing)
    }

    /// That nothing is in an image is as it should be, or is not.
    fn note_emptiness(&mut self, reports: &BTreeSet<String>, candidates: &BTreeSet<String>) {
        let of = if candidates.is_empty() {
            reports
        } else {
            candidates
        };
        for name in of {
            let Some(child) = self.observed.case.child(name) else {
                continue;
            };
            let why = match (child.layers.is_empty(), candidates.is_empty()) {
                (true, _) => "has no layers, so that there is nothing to see in it",
                (false, false) => {
                    "has no layers to unpack, as its config says, so that there is nothing to see in it"
                }
                (false, true) => "has layers, and nothing is in what the tool has of it",
            };
            self.notes.push(format!("`{name}` {why}"));
        }
    }

    /// What was said of an image that has no marker, and nothing else to know it by.
    fn unmarked(&mut self, reports: &BTreeSet<String>, words: &str) -> Outcome {
        let has_marker = |name: &String| {
            let child = self.observed.case.child(name);
            child.is_some_and(|child| child.marker.is_some() && !child.unpacks_to_nothing())
        };
        // Only of an image that should have one it says something that there is none.
        if reports.is_empty() || !reports.iter().all(has_marker) {
            return unmeasured(UnmeasuredWhy::EvidenceMissing, plain(words));
        }
        for name in reports {
            self.notes
                .push(format!("`{name}` has a marker, and what is there has none"));
        }
        self.mixed(reports)
    }

    /// The children that all signs which name any agree on; `None` where none names any.
    fn named_by(&self, signs: &[RawFingerprint]) -> Option<BTreeSet<String>> {
        let mut sets = signs
            .iter()
            .map(|sign| children_of(self.observed.case, &sign.identity))
            .filter(|children| !children.is_empty());
        let first = sets.next()?;
        Some(sets.fold(first, |all, set| all.intersection(&set).cloned().collect()))
    }

    /// The child that the tool reports to have, where that child has no layers. Nothing can be
    /// seen in such an image, and that nothing is seen is as it should be.
    fn without_content(&mut self) -> Option<BTreeSet<String>> {
        let RawObservation::Seen(reported) = &self.observed.execution.reported else {
            return None;
        };
        let children = self.named_by(reported)?;
        let child = self.observed.case.child(children.first()?)?;
        if children.len() > 1 || !child.layers.is_empty() {
            return None;
        }
        self.notes.push(format!(
            "`{}` has no layers, so that there is nothing to see in it",
            child.name
        ));
        Some(children)
    }

    /// Why a command that looked was ended before it could say what there is. That nothing was
    /// seen then says nothing.
    fn look_cut_short(&self) -> Option<String> {
        let attempt = self.observed.execution;
        attempt.commands.iter().find_map(|ran| match ran.exit {
            Exit::Deadline => Some(format!(
                "nobody could look, because this hung: {}",
                ran.line
            )),
            Exit::OutputLimit => Some(format!(
                "nobody could look, because this {}: {}",
                flood_words(),
                ran.line
            )),
            Exit::Signal(signal) => Some(format!(
                "nobody could look, because this died of signal {signal}: {}",
                ran.line
            )),
            Exit::Code(_) => None,
        })
    }

    fn nothing(&self, words: &str) -> Outcome {
        if self.patterns.is_trouble(self.observed.tool, words) {
            unmeasured(UnmeasuredWhy::HarnessTrouble, plain(words))
        } else {
            Outcome::Nothing
        }
    }

    /// The one child that everything names, if it was fetched.
    fn picked(&mut self, candidates: &BTreeSet<String>) -> Outcome {
        let Some(child) = candidates
            .first()
            .and_then(|name| self.observed.case.child(name))
        else {
            return self.mixed(candidates);
        };
        if !self.fetches() {
            // A layout is read unseen: two kinds of evidence are all there is.
        } else if self.was_fetched(child) {
            self.note_other_fetches(child);
        } else if self.was_in_store(child) {
            self.notes.push(
                "fetched in an earlier trial of this run, which shares this content".to_owned(),
            );
        } else {
            self.notes
                .push(format!("`{}` was never fetched in this trial", child.name));
            return self.mixed(candidates);
        }
        Outcome::Picked {
            child: child.name.clone(),
            digest: child.manifest.to_string(),
        }
    }

    /// Children of foreign layouts can be alike in everything that a store shows. Then only
    /// the requests can tell which one it was.
    fn told_apart_by_trace(&mut self, candidates: &BTreeSet<String>) -> Outcome {
        let fetched: BTreeSet<String> = candidates
            .iter()
            .filter(|name| {
                self.observed
                    .case
                    .child(name)
                    .is_some_and(|child| self.requested(child.manifest.as_str()))
            })
            .cloned()
            .collect();
        if fetched.len() == 1 {
            self.notes.push(format!(
                "{} are alike in what the store shows; the requests tell which it was",
                candidates.iter().cloned().collect::<Vec<_>>().join(" and ")
            ));
            return self.picked(&fetched);
        }
        unmeasured(
            UnmeasuredWhy::EvidenceMissing,
            format!(
                "{} cannot be told apart",
                candidates.iter().cloned().collect::<Vec<_>>().join(" and ")
            ),
        )
    }

    fn mixed(&self, names: &BTreeSet<String>) -> Outcome {
        let children: Vec<&Child> = names
            .iter()
            .filter_map(|name| self.observed.case.child(name))
            .collect();
        Outcome::Mixed {
            children: children.iter().map(|child| child.name.clone()).collect(),
            digests: children
                .iter()
                .map(|child| child.manifest.to_string())
                .collect(),
        }
    }

    /// A marker or label that is of no child of this case: a stale store, or another image.
    fn stranger(&self, identity: &Identity) -> Option<String> {
        match identity {
            Identity::Marker(text) | Identity::Label(text) => {
                children_of(self.observed.case, identity)
                    .is_empty()
                    .then(|| format!("`{text}`"))
            }
            // Digests that name no child are those of the index, or of what a tool rewrote.
            Identity::ManifestDigest(_)
            | Identity::ConfigDigest(_)
            | Identity::LayerDigests(_)
            | Identity::DiffIds(_)
            | Identity::ChainId(_)
            | Identity::Stored(_) => None,
        }
    }

    /// Whether the tool was to fetch the image, so that the requests are evidence.
    fn fetches(&self) -> bool {
        self.observed.operation.requires(EvidenceKind::Requests)
    }

    fn requested(&self, digest: &str) -> bool {
        self.observed.requests.iter().any(|request| {
            request.method == "GET"
                && (200..300).contains(&request.status)
                && request.path.rsplit('/').next() == Some(digest)
        })
    }

    fn was_fetched(&self, child: &Child) -> bool {
        digests_of(child).any(|digest| self.requested(digest.as_str()))
    }

    fn was_in_store(&self, child: &Child) -> bool {
        digests_of(child).any(|digest| self.observed.fetched_before.contains(digest.as_str()))
    }

    /// Some tools fetch every match and then use one. That is no contradiction, but a reader
    /// should know.
    fn note_other_fetches(&mut self, picked: &Child) {
        let others: Vec<String> = self
            .observed
            .case
            .children
            .iter()
            .filter(|child| child.manifest != picked.manifest)
            .filter(|child| self.requested(child.manifest.as_str()))
            .map(|child| child.name.clone())
            .collect();
        if !others.is_empty() {
            self.notes.push(format!(
                "also fetched the manifest of {}",
                others.join(", ")
            ));
        }
    }

    fn evidence(mut self) -> Evidence {
        let attempt = self.observed.execution;
        if self.observed.later_requests > 0 {
            self.notes.push(format!(
                "{} request(s) reached the registry after the pull, while looking at the result",
                self.observed.later_requests
            ));
        }
        let decisive = attempt.decisive_command();
        Evidence {
            reported: self.observation(&attempt.reported),
            materialised: self.observation(&attempt.materialised),
            requests: self.observed.requests.to_vec(),
            exit: decisive.map(|ran| ran.exit),
            stderr_tail: decisive.map_or_else(String::new, |ran| stderr_tail(&ran.stderr())),
            commands: attempt
                .commands
                .iter()
                .map(|ran| Command {
                    line: ran.line.clone(),
                    exit: ran.exit,
                    duration_ms: u64::try_from(ran.duration.as_millis()).unwrap_or(u64::MAX),
                })
                .collect(),
            notes: self.notes,
        }
    }

    fn observation(&self, looked: &RawObservation) -> Observation {
        match looked {
            RawObservation::Not => Observation::NotLooked,
            RawObservation::Absent(words) | RawObservation::Empty(words) => Observation::Absent {
                words: plain(words),
            },
            RawObservation::Failed(words)
            | RawObservation::Unmarked(words)
            | RawObservation::NotShown(words) => Observation::Failed {
                trouble: plain(words),
            },
            RawObservation::Seen(signs) => Observation::Seen {
                sightings: signs
                    .iter()
                    .map(|sign| Sighting {
                        source: sign.source.to_owned(),
                        identity: sign.identity.clone(),
                        children: children_of(self.observed.case, &sign.identity)
                            .into_iter()
                            .collect(),
                    })
                    .collect(),
            },
        }
    }
}

/// The children that an identity names; several only where foreign children share content.
fn children_of(case: &Case, identity: &Identity) -> BTreeSet<String> {
    let layers = |child: &Child, digests: &[String], of: fn(&ocipick_corpus::Layer) -> &Digest| {
        !digests.is_empty()
            && child.layers.len() == digests.len()
            && child
                .layers
                .iter()
                .zip(digests)
                .all(|(layer, seen)| of(layer).as_str() == seen)
    };
    case.children_where(|child| match identity {
        Identity::ManifestDigest(digest) => child.has_digest(digest),
        Identity::ConfigDigest(digest) => child
            .config
            .as_ref()
            .is_some_and(|config| config.as_str() == digest),
        Identity::LayerDigests(digests) => layers(child, digests, |layer| &layer.digest),
        Identity::DiffIds(digests) => layers(child, digests, |layer| &layer.diff_id),
        Identity::ChainId(chain) => chain_id(child).is_some_and(|own| own.as_str() == chain),
        Identity::Marker(text) => child.marker.as_ref() == Some(text),
        Identity::Label(text) => child.label.as_ref() == Some(text),
        Identity::Stored(digests) => {
            let config = child.config.as_ref().map(Digest::as_str);
            digests.iter().any(|digest| child.has_digest(digest))
                && config.is_none_or(|config| digests.iter().any(|digest| digest == config))
        }
    })
}

/// What was seen in an image.
enum Contents<'a> {
    /// What it can be recognised by.
    Signs(&'a [RawFingerprint]),
    /// Nothing is in it.
    Empty,
    /// Something is in it, and nothing to recognise it by; in these words.
    Unmarked(&'a str),
    /// Nobody can look into it; in these words.
    NotShown(&'a str),
}

impl<'a> Contents<'a> {
    fn signs(&self) -> &'a [RawFingerprint] {
        match self {
            Self::Signs(signs) => signs,
            Self::Empty | Self::Unmarked(_) | Self::NotShown(_) => &[],
        }
    }
}

/// The chain id over the layers of a child, as the image specification defines it.
fn chain_id(child: &Child) -> Option<Digest> {
    let mut layers = child.layers.iter();
    let first = layers.next()?.diff_id.clone();
    Some(layers.fold(first, |chain, layer| {
        Digest::sha256(format!("{chain} {}", layer.diff_id).as_bytes())
    }))
}

fn digests_of(child: &Child) -> impl Iterator<Item = &Digest> {
    std::iter::once(&child.manifest)
        .chain(&child.config)
        .chain(child.layers.iter().map(|layer| &layer.digest))
}

/// How much of standard error the evidence keeps.
const TAIL_LINES: usize = 12;
const TAIL_CHARS: usize = 4000;

fn stderr_tail(stderr: &str) -> String {
    let text = plain(stderr);
    let lines: Vec<&str> = text.lines().collect();
    let tail = lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n");
    let skip = tail.chars().count().saturating_sub(TAIL_CHARS);
    tail.chars().skip(skip).collect()
}

#[cfg(test)]
mod tests;
