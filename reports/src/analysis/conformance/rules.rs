//! The rules of every case, as chosen revisions word them.

use super::{
    Because, ConflictingClause, ConformanceRule, ReasonedVerdict, Revisions, Verdict,
    evaluate_trial,
};
use ocipick_corpus::{
    Case, Clause, ClauseUse, Corpus, Expectation, Level, PlatformRequest, digest_of_content,
    lint::Violation,
};
use ocipick_records::{Header, Operation, Outcome, Trial};
use std::{
    cell::LazyCell,
    collections::{BTreeMap, BTreeSet},
};

/// The clauses that cases exercise, as chosen revisions word them.
#[derive(Clone, Debug)]
pub struct ConformanceRules<'c> {
    revisions: Revisions,
    clauses: BTreeMap<&'c str, &'c Clause>,
    cases: BTreeMap<&'c str, Rules<'c>>,
}

/// What is known of one case.
#[derive(Clone, Debug)]
struct Rules<'c> {
    case: &'c Case,
    /// By what is asked for, as results write it.
    asks: BTreeMap<String, Vec<ConformanceRule>>,
    /// See [`digest_of_content`].
    content: String,
}

impl<'c> ConformanceRules<'c> {
    /// Takes down the rules of a corpus. That of foreign layouts has none.
    #[must_use]
    pub fn new(corpus: &'c Corpus, revisions: Revisions) -> Self {
        let clauses: BTreeMap<&str, &Clause> = corpus
            .clauses()
            .iter()
            .map(|clause| (clause.id.as_str(), clause))
            .collect();
        let cases = corpus.cases().iter().map(|case| {
            // Against whichever revision: nobody is blamed for a care that came later to the text.
            // Looked for where it matters only, because every byte of the case has to be read.
            let may_be_refused = LazyCell::new(|| {
                let breaches = case.breaches();
                breaches.iter().any(Violation::excuses_refusal)
            });
            let asks = case.asks.iter().map(|ask| {
                let rules = rules(case, ask, &clauses, &revisions, &|| *may_be_refused);
                (ask.to_string(), rules)
            });
            let rules = Rules {
                asks: asks.collect(),
                content: digest_of_content(case),
                case,
            };
            (case.id.as_str(), rules)
        });
        Self {
            cases: cases.collect(),
            clauses,
            revisions,
        }
    }

    /// The revisions that outcomes are held against.
    #[must_use]
    pub fn revisions(&self) -> &Revisions {
        &self.revisions
    }

    /// A clause by its id.
    #[must_use]
    pub fn clause(&self, id: &str) -> Option<&'c Clause> {
        self.clauses.get(id).copied()
    }

    /// The rules of a case where this is asked for; none where nobody knows such a case or ask.
    #[must_use]
    pub fn rules(&self, case: &str, ask: &str) -> &[ConformanceRule] {
        let rules = self.cases.get(case);
        rules
            .and_then(|rules| rules.asks.get(ask))
            .map_or(&[], Vec::as_slice)
    }

    /// How many requirements (MUST) a pull of some case can show to be followed or broken.
    #[must_use]
    pub fn requirements(&self) -> usize {
        let rules = self.cases.values().flat_map(|rules| rules.asks.values());
        let shown = rules
            .flatten()
            .filter(|rule| rule.level == Some(Level::Must) && rule.can_show());
        let clauses: BTreeSet<&str> = shown.map(|rule| rule.clause.as_str()).collect();
        clauses.len()
    }

    /// Holds a trial against every clause that its case exercises.
    #[must_use]
    pub fn evaluate(
        &self,
        trial: &Trial,
        bytes: &Bytes<'_>,
    ) -> Vec<(&ConformanceRule, ReasonedVerdict)> {
        let rules = self.rules(&trial.case, &trial.platform);
        rules
            .iter()
            .map(|rule| (rule, self.reasoned(trial, rule, bytes)))
            .collect()
    }

    fn reasoned(
        &self,
        trial: &Trial,
        rule: &ConformanceRule,
        bytes: &Bytes<'_>,
    ) -> ReasonedVerdict {
        let because = if !trial.outcome.is_measured() {
            Because::Unmeasured
        } else if bytes.are_others(trial) || self.names_others(trial, &trial.outcome) {
            Because::OtherBytes
        } else if is_of_pulls(&trial.operation) {
            return evaluate_trial(&trial.outcome, &trial.evidence, rule);
        } else {
            return ReasonedVerdict::new(Verdict::Silent, Because::OtherOperation);
        };
        ReasonedVerdict::new(Verdict::NotJudged, because)
    }

    /// Whether an outcome names a child of which this corpus has other bytes.
    fn names_others(&self, trial: &Trial, outcome: &Outcome) -> bool {
        match outcome {
            Outcome::Picked { child, digest } => {
                let rules = self.cases.get(trial.case.as_str());
                let child = rules.and_then(|rules| rules.case.child(child));
                child.is_none_or(|child| child.manifest.as_str() != digest)
            }
            Outcome::Unstable { observed } => observed
                .iter()
                .any(|seen| self.names_others(trial, &seen.outcome)),
            Outcome::Refused { .. }
            | Outcome::Nothing
            | Outcome::Mixed { .. }
            | Outcome::Crashed { .. }
            | Outcome::TimedOut { .. }
            | Outcome::Unmeasured { .. } => false,
        }
    }

    /// Finds out which cases some of these results measured on other bytes than this corpus has.
    #[must_use]
    pub fn compare<'h>(&self, headers: impl IntoIterator<Item = &'h Header>) -> Bytes<'h> {
        let mut bytes = Bytes::default();
        for header in headers {
            let foreign = !header.corpus.is_built_in();
            // Results of old versions do not say which bytes they measured.
            bytes.nothing_is_known |= foreign && header.corpus.content.is_empty();
            for (case, content) in &header.corpus.content {
                let ours = self.cases.get(case.as_str());
                if foreign || ours.is_some_and(|rules| rules.content != *content) {
                    bytes.others.insert(case);
                }
            }
        }
        bytes
    }
}

/// Which cases were measured on other bytes than the rules are about.
#[derive(Clone, Debug, Default)]
pub struct Bytes<'h> {
    others: BTreeSet<&'h str>,
    nothing_is_known: bool,
}

impl Bytes<'_> {
    fn are_others(&self, trial: &Trial) -> bool {
        self.nothing_is_known || self.others.contains(trial.case.as_str())
    }
}

/// Whether cases say what satisfies a clause in this operation. They speak of who fetches an image
/// in order to use it: who only looks, or sends it on, need not check what it does not read.
fn is_of_pulls(operation: &str) -> bool {
    match operation.parse() {
        Ok(Operation::Pull | Operation::Run) => true,
        Ok(
            Operation::Inspect
            | Operation::Scan
            | Operation::Copy
            | Operation::Import
            | Operation::Push,
        )
        | Err(_) => false,
    }
}

fn rules(
    case: &Case,
    ask: &PlatformRequest,
    clauses: &BTreeMap<&str, &Clause>,
    revisions: &Revisions,
    may_be_refused: &dyn Fn() -> bool,
) -> Vec<ConformanceRule> {
    let mut rules: Vec<ConformanceRule> = case
        .clauses
        .iter()
        .filter_map(|used| {
            let clause = clauses.get(used.id.as_str())?;
            Some(rule(used, clause, ask, revisions, may_be_refused))
        })
        .collect();
    let binding: Vec<(Level, ConflictingClause)> = rules
        .iter()
        .filter_map(|rule| {
            let rival = ConflictingClause {
                clause: rule.clause.clone(),
                satisfied_by: rule.satisfied_by.clone(),
            };
            match rule.level? {
                level @ (Level::Must | Level::Should) if !rival.satisfied_by.is_empty() => {
                    Some((level, rival))
                }
                Level::Must | Level::Should | Level::May | Level::Statement | Level::Silent => None,
            }
        })
        .collect();
    for rule in &mut rules {
        let Some(own) = rule.level else { continue };
        let rivals = binding.iter().filter(|(level, rival)| {
            *level <= own && rival.clause != rule.clause && exclude(rule, rival)
        });
        rule.rivals = rivals.map(|(_, rival)| rival.clone()).collect();
    }
    rules
}

fn rule(
    used: &ClauseUse,
    clause: &Clause,
    ask: &PlatformRequest,
    revisions: &Revisions,
    may_be_refused: &dyn Fn() -> bool,
) -> ConformanceRule {
    let wording = revisions.wording(clause);
    let satisfied_by = wording.map_or(&[][..], |wording| used.satisfied_as(wording, ask));
    // A case that names reasons itself knows what it is about.
    let (breached_by, excused) = match &used.breached_by {
        Some(reasons) => (reasons.clone(), BTreeSet::new()),
        None if satisfied_by.is_empty() || clause.breached_by.is_empty() => {
            (clause.breached_by.clone(), BTreeSet::new())
        }
        None if may_be_refused() => (BTreeSet::new(), clause.breached_by.clone()),
        None => (clause.breached_by.clone(), BTreeSet::new()),
    };
    ConformanceRule {
        clause: used.id.clone(),
        level: wording.map(|wording| wording.level),
        satisfied_by: satisfied_by.to_vec(),
        breached_by,
        excused,
        rivals: Vec::new(),
        leaves_open: used.leaves_open.clone(),
        breached_where: used.breached_where.clone(),
        arguable: clause.arguable.is_some(),
        plain_where_said: used.plain_where_said.clone(),
    }
}

/// Whether no outcome satisfies both.
fn exclude(rule: &ConformanceRule, rival: &ConflictingClause) -> bool {
    let pairs = rule
        .satisfied_by
        .iter()
        .flat_map(|one| rival.satisfied_by.iter().map(move |other| (one, other)));
    !pairs.into_iter().any(|pair| match pair {
        (Expectation::Picks(one), Expectation::Picks(other)) => one == other,
        (Expectation::RefusesOver(one), Expectation::RefusesOver(other)) => one == other,
        (Expectation::Refuses, Expectation::Refuses | Expectation::RefusesOver(_))
        | (Expectation::RefusesOver(_), Expectation::Refuses) => true,
        (Expectation::Picks(_), Expectation::Refuses | Expectation::RefusesOver(_))
        | (Expectation::Refuses | Expectation::RefusesOver(_), Expectation::Picks(_)) => false,
    })
}

#[cfg(test)]
mod tests;
