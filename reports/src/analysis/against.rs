//! A build of somebody's own, held against a released version: on which rows it does something else.

use super::changes::OutcomeChange;
use crate::baseline::{Baseline, BaselineBuild, BaselineKey};
use ocipick_records::{Header, Outcome, Results, Trial, compare_versions};
use std::{
    cmp::{Ordering, Reverse},
    collections::BTreeMap,
};

/// The source whose builds are the project's own, as it released them.
const UPSTREAM: &str = "go";

/// A released version that a build may be held against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Released {
    /// The build.
    pub build: BaselineBuild,
    /// Whether it is here, and can be measured beside the other; else its accepted outcomes are known.
    pub is_installed: bool,
}

/// The released version that is nearest to a build: of the same version, or else the newest before it, or else
/// the oldest after it; of what has no version the newest. Of one version the project's own build comes before
/// a distribution's, and what can be measured before what is only known.
#[must_use]
pub fn nearest<'r>(build: &BaselineBuild, released: &'r [Released]) -> Option<&'r Released> {
    let same_kind = released
        .iter()
        .filter(|it| it.build.tool == build.tool && it.build.flavour == build.flavour);
    same_kind.min_by(|one, other| {
        let distance = |it: &Released| compare_versions(&it.build.version, &build.version);
        let rank = |it: &Released| match distance(it) {
            Ordering::Equal => 0,
            Ordering::Less => 1,
            Ordering::Greater => 2,
        };
        let versions = compare_versions(&one.build.version, &other.build.version);
        let nearer = match distance(one) {
            Ordering::Greater => versions,
            Ordering::Equal | Ordering::Less => versions.reverse(),
        };
        let preference = |it: &Released| {
            (
                it.build.channel != UPSTREAM,
                Reverse(it.is_installed),
                it.build.channel.clone(),
            )
        };
        rank(one)
            .cmp(&rank(other))
            .then(nearer)
            .then_with(|| preference(one).cmp(&preference(other)))
    })
}

/// Where the outcomes of the released version are from.
#[derive(Clone, Copy, Debug)]
pub enum ReferenceOutcomes<'a> {
    /// It was measured in the same run: its id.
    Measured(&'a str),
    /// They are those that were accepted of it before.
    Accepted(&'a Baseline),
}

/// A build, held against a released version.
#[derive(Clone, Debug, PartialEq)]
pub struct BuildComparison {
    /// Id of the build.
    pub build: String,
    /// What it is held against, as ids are written.
    pub reference: String,
    /// Whether that was measured in the same run.
    pub is_measured: bool,
    /// How many rows were compared.
    pub compared: usize,
    /// The rows that differ, those that matter most first.
    pub differences: Vec<RowDifference>,
    /// Rows that cannot be told to differ: one of the two does not do the same each time, and both did one thing.
    pub wavering: Vec<RowDifference>,
    /// Rows that were not compared, and why not.
    pub left_out: BTreeMap<NotCompared, usize>,
}

/// A row on which a build does something else.
#[derive(Clone, Debug, PartialEq)]
pub struct RowDifference {
    /// Id of the case.
    pub case: String,
    /// What the tools were asked to do.
    pub operation: String,
    /// The platform asked for.
    pub platform: String,
    /// In which way.
    pub what: OutcomeChange,
    /// What the released version does.
    pub was: Outcome,
    /// What the build does.
    pub is: Outcome,
    /// Whether the build was tried once, so that it may as well be a race.
    pub rests_on_one_try: bool,
}

/// Why a row is not compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NotCompared {
    /// The build was not measured on it.
    BuildUnmeasured,
    /// Of the released version nothing is known of it.
    ReferenceUnknown,
    /// Of the released version it was other bytes.
    OtherBytes,
    /// The platform is left to the tool, and the released version was measured on a processor of another level.
    OtherLevel,
}

impl BuildComparison {
    /// Compares a runtime of `results`, by its id.
    #[must_use]
    pub fn of(results: &Results, build: &str, reference: ReferenceOutcomes<'_>) -> Self {
        let (name, is_measured) = match reference {
            ReferenceOutcomes::Measured(id) => (id.to_owned(), true),
            ReferenceOutcomes::Accepted(baseline) => (baseline.build.id(), false),
        };
        let mut comparison = Self {
            build: build.to_owned(),
            reference: name,
            is_measured,
            compared: 0,
            differences: Vec::new(),
            wavering: Vec::new(),
            left_out: BTreeMap::new(),
        };
        let known = Known::of(results, reference);
        for trial in results.trials.iter().filter(|it| it.runtime == build) {
            comparison.add(trial, &known);
        }
        comparison.differences.sort_by_key(|it| it.what);
        comparison
    }

    fn add(&mut self, trial: &Trial, known: &Known<'_>) {
        let mut leave_out = |why| *self.left_out.entry(why).or_default() += 1;
        if !trial.outcome.is_measured() {
            return leave_out(NotCompared::BuildUnmeasured);
        }
        let was = match known.outcome(trial) {
            Ok(was) => was,
            Err(why) => return leave_out(why),
        };
        self.compared += 1;
        let Some(what) = OutcomeChange::between(&was, &trial.outcome) else {
            return;
        };
        let row = RowDifference {
            case: trial.case.clone(),
            operation: trial.operation.clone(),
            platform: trial.platform.clone(),
            what,
            was,
            is: trial.outcome.clone(),
            rests_on_one_try: trial.tries < 2,
        };
        if what.is_change() {
            self.differences.push(row);
        } else {
            self.wavering.push(row);
        }
    }
}

/// What is known of the released version.
struct Known<'a> {
    results: &'a Results,
    source: ReferenceOutcomes<'a>,
    measured: BTreeMap<BaselineKey, &'a Outcome>,
}

impl<'a> Known<'a> {
    fn of(results: &'a Results, source: ReferenceOutcomes<'a>) -> Self {
        let trials = results.trials.iter();
        let measured = match source {
            ReferenceOutcomes::Measured(id) => trials
                .filter(|trial| trial.runtime == id)
                .map(|trial| (BaselineKey::of(trial), &trial.outcome))
                .collect(),
            ReferenceOutcomes::Accepted(_) => BTreeMap::new(),
        };
        Self {
            results,
            source,
            measured,
        }
    }

    fn outcome(&self, trial: &Trial) -> Result<Outcome, NotCompared> {
        let key = BaselineKey::of(trial);
        match self.source {
            ReferenceOutcomes::Measured(_) => self
                .measured
                .get(&key)
                .filter(|outcome| outcome.is_measured())
                .map(|outcome| (*outcome).clone())
                .ok_or(NotCompared::ReferenceUnknown),
            ReferenceOutcomes::Accepted(baseline) => {
                accepted_outcome(&self.results.header, baseline, &key)
            }
        }
    }
}

/// What was accepted of a row, where it holds for a run with this header: of the same bytes and, where the
/// platform is left to the tool, on a processor of the same level.
fn accepted_outcome(
    header: &Header,
    baseline: &Baseline,
    key: &BaselineKey,
) -> Result<Outcome, NotCompared> {
    let line = baseline.lines.get(key);
    let line = line.ok_or(NotCompared::ReferenceUnknown)?;
    if header.corpus.content.get(&key.case) != Some(&line.content) {
        return Err(NotCompared::OtherBytes);
    }
    let level = header.host.cpu_level.as_deref();
    if key.is_left_to_tool() && (level.is_none() || baseline.cpu.as_deref() != level) {
        return Err(NotCompared::OtherLevel);
    }
    Ok(line.answer.outcome())
}

/// All that was accepted of a released version and holds for a run with this header.
#[must_use]
pub fn accepted_outcomes(header: &Header, baseline: &Baseline) -> BTreeMap<BaselineKey, Outcome> {
    let keys = baseline.lines.keys();
    let outcomes = keys.filter_map(|key| {
        let outcome = accepted_outcome(header, baseline, key).ok()?;
        Some((key.clone(), outcome))
    });
    outcomes.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made;
    use ocipick_records::{RefusalReason, UnmeasuredWhy};

    fn build(version: &str, channel: &str) -> BaselineBuild {
        BaselineBuild {
            tool: "crane".into(),
            version: version.into(),
            flavour: None,
            channel: channel.into(),
        }
    }

    fn chosen(version: &str, released: &[(&str, &str, bool)]) -> Option<String> {
        let released: Vec<Released> = released
            .iter()
            .map(|(version, channel, is_installed)| Released {
                build: build(version, channel),
                is_installed: *is_installed,
            })
            .collect();
        nearest(&build(version, "own"), &released).map(|it| it.build.id())
    }

    #[test]
    fn the_nearest_release_is_the_same_or_the_one_before_it() {
        let released = [
            ("0.19.1", "bookworm", true),
            ("0.20.7", "sid", true),
            ("0.20.7", "go", false),
            ("0.22.1", "go", true),
        ];
        let is = |version: &str| chosen(version, &released).unwrap();
        assert_eq!(is("0.20.7"), "crane@0.20.7#go", "upstream's first");
        assert_eq!(is("0.21.0"), "crane@0.20.7#go");
        assert_eq!(is("0.22.1"), "crane@0.22.1#go");
        assert_eq!(
            is("0.22.1-0.20260101000000-aaaaaaaaaaaa"),
            "crane@0.20.7#go",
            "what leads to a release is nearer to the one before"
        );
        assert_eq!(is("0.1.0"), "crane@0.19.1#bookworm", "the oldest after it");
        assert_eq!(is("dev-0a1b2c3d"), "crane@0.22.1#go", "the newest");
        assert_eq!(chosen("1.0.0", &[]), None);
        let other = Released {
            build: BaselineBuild {
                flavour: Some("x".into()),
                ..build("1.0.0", "sid")
            },
            is_installed: true,
        };
        assert_eq!(nearest(&build("1.0.0", "own"), &[other]), None);
    }

    #[test]
    fn what_is_here_comes_before_what_is_known() {
        let both = [("1.0.0", "sid", false), ("1.0.0", "trixie", true)];
        assert_eq!(chosen("1.0.0", &both).unwrap(), "crane@1.0.0#trixie");
    }

    fn picked(child: &str) -> Outcome {
        Outcome::Picked {
            child: child.into(),
            digest: String::new(),
        }
    }

    fn trial(runtime: &str, case: &str, outcome: Outcome) -> Trial {
        let mut trial = made::trial(&format!("crane@{runtime}"), case, outcome);
        trial.channel = runtime.rsplit('#').next().unwrap_or_default().into();
        trial.version = "1.0.0".into();
        trial
    }

    fn results(level: Option<&str>, trials: Vec<Trial>) -> Results {
        let mut results = made::results(trials);
        results.header.host.cpu_level = level.map(str::to_owned);
        let cases = results.trials.iter().map(|trial| trial.case.clone());
        let content = cases.map(|case| (case.clone(), format!("bytes-of-{case}")));
        results.header.corpus.content = content.collect();
        results
    }

    fn refused(reason: RefusalReason) -> Outcome {
        Outcome::Refused {
            reason,
            message: "words".into(),
        }
    }

    const OWN: &str = "crane@1.0.0#own";

    #[test]
    fn rows_that_differ_are_told_apart_from_those_that_cannot_be_compared() {
        let unmeasured = Outcome::Unmeasured {
            why: UnmeasuredWhy::NotStarted,
            detail: String::new(),
        };
        let (own, sid) = ("1.0.0#own", "1.0.0#sid");
        let results = results(
            None,
            vec![
                trial(sid, "same", picked("a")),
                trial(own, "same", picked("a")),
                trial(sid, "words", refused(RefusalReason::NoMatch)),
                trial(own, "words", refused(RefusalReason::NoMatch)),
                trial(sid, "other", picked("a")),
                trial(own, "other", picked("b")),
                trial(sid, "refused", refused(RefusalReason::NoMatch)),
                trial(own, "refused", picked("b")),
                trial(sid, "crash", picked("a")),
                trial(
                    own,
                    "crash",
                    Outcome::Crashed {
                        what: String::new(),
                        survived: false,
                    },
                ),
                trial(sid, "lost", picked("a")),
                trial(own, "lost", unmeasured),
                trial(own, "alone", picked("a")),
            ],
        );
        let reference = ReferenceOutcomes::Measured("crane@1.0.0#sid");
        let comparison = BuildComparison::of(&results, OWN, reference);
        let differences = comparison.differences.iter();
        let differences: Vec<_> = differences.map(|it| (it.case.as_str(), it.what)).collect();
        assert_eq!(
            differences,
            [
                ("crash", OutcomeChange::NowCrashes),
                ("other", OutcomeChange::OtherPick),
                ("refused", OutcomeChange::NowPicked),
            ]
        );
        assert_eq!(comparison.compared, 5);
        assert_eq!(
            comparison.left_out,
            BTreeMap::from([
                (NotCompared::BuildUnmeasured, 1),
                (NotCompared::ReferenceUnknown, 1)
            ])
        );
    }

    #[test]
    fn what_was_accepted_holds_for_the_same_bytes_and_the_same_processor() {
        let asked = |case: &str, platform: &str, outcome| Trial {
            platform: platform.into(),
            ..trial("1.0.0#sid", case, outcome)
        };
        let (default, amd64) = ("default", "linux/amd64");
        let trials = |child: &str, own: bool| {
            let trials = [
                asked("a", amd64, picked(child)),
                asked("bytes", amd64, picked(child)),
                asked("left", default, picked(child)),
            ];
            let runtime = if own { "own" } else { "sid" };
            trials.map(|trial| Trial {
                runtime: format!("crane@1.0.0#{runtime}"),
                channel: runtime.into(),
                ..trial
            })
        };
        let before = results(Some("x86-64-v2"), trials("x", false).to_vec());
        let mut baselines = Baseline::all_of(&before).unwrap();
        let baseline = baselines.remove(0);
        let mut after = results(Some("x86-64-v3"), trials("y", true).to_vec());
        after
            .header
            .corpus
            .content
            .insert("bytes".into(), "others".into());
        let accepted = ReferenceOutcomes::Accepted(&baseline);
        let comparison = BuildComparison::of(&after, OWN, accepted);
        assert_eq!(comparison.differences.len(), 1);
        assert_eq!(comparison.differences[0].case, "a");
        assert_eq!(
            comparison.left_out,
            BTreeMap::from([(NotCompared::OtherBytes, 1), (NotCompared::OtherLevel, 1)])
        );
        after.header.host.cpu_level = Some("x86-64-v2".into());
        let comparison = BuildComparison::of(&after, OWN, accepted);
        assert_eq!(comparison.differences.len(), 2);
    }

    #[test]
    fn what_wavers_differs_only_where_it_never_did_the_other() {
        let wavers = |children: [&str; 2]| Outcome::Unstable {
            observed: children
                .map(|child| ocipick_records::Observed {
                    outcome: Box::new(picked(child)),
                    count: 1,
                })
                .to_vec(),
        };
        let results = results(
            None,
            vec![
                trial("1.0.0#sid", "face", wavers(["a", "b"])),
                trial("1.0.0#own", "face", picked("b")),
                trial("1.0.0#sid", "never", wavers(["a", "b"])),
                trial("1.0.0#own", "never", picked("c")),
            ],
        );
        let reference = ReferenceOutcomes::Measured("crane@1.0.0#sid");
        let comparison = BuildComparison::of(&results, OWN, reference);
        assert_eq!(comparison.wavering[0].case, "face");
        assert_eq!(comparison.differences[0].case, "never");
    }
}
