//! `ocipick bisect`: in which release of upstream an outcome changed.

use super::{
    fail::{Failure, Result},
    run::operation,
    run_dir, select,
    terminal::Terminal,
};
use clap::Args;
use ocipick::{
    classify::MessagePatterns,
    exit::ExitCode,
    inventory::{Discovery, RuntimeSource},
    json::{BisectionReport, BisectionStep, ReleaseChange},
    operations::OperationSpec,
    run::{Controls, Event, Plan, RunContext, Watcher, execute},
};
use ocipick_adapters::{
    GO_CHANNEL, GoBuilder, GoError, ReleaseRequest, Tool, WhichRelease,
    channel::Store,
    process::{Cancel, RunError},
};
use ocipick_corpus::{Case, Corpus, PlatformRequest};
use ocipick_records::{Outcome, compare_versions, is_release};
use ocipick_registry::Registry;
use std::{
    collections::{BTreeMap, btree_map::Entry},
    fmt::Write as _,
    io,
    sync::{Mutex, PoisonError},
};

#[derive(Debug, Args)]
pub(crate) struct BisectArgs {
    /// The range of releases, as in v0.10.0..v0.22.1; an end that is left out is the oldest or the newest
    /// that is listed
    #[arg(value_name = "FROM..TO")]
    range: String,
    /// Which tool
    #[arg(long, value_name = "TOOL")]
    tool: Tool,
    /// The case whose outcome changed
    #[arg(long, value_name = "CASE")]
    case: String,
    /// The platform to ask for, or `default` for the tool's own [default: the first that the case asks for]
    #[arg(long, value_name = "PLATFORM")]
    platform: Option<PlatformRequest>,
    /// What the tool is asked to do
    #[arg(long, value_name = "NAME", value_parser = operation, default_value = "pull")]
    operation: &'static OperationSpec,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

/// What came of one release.
#[derive(Clone, Debug, PartialEq)]
enum Probe<O> {
    /// It did this.
    Seen(O),
    /// It cannot be had, or not be measured.
    Skipped,
}

/// What a search came to: places in the list of releases.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Conclusion {
    /// Nothing could be measured, or one release only.
    TooFew,
    /// The ends agree.
    Same,
    /// The outcome changed between these two, and those between them cannot be measured.
    Changed {
        before: usize,
        after: usize,
        skipped: Vec<usize>,
        /// Between which other neighbours among what was measured it changed, too.
        others: Vec<(usize, usize)>,
    },
}

/// Looks for a change among `count` releases, the oldest first, by halves: what lies between two that
/// agree is not looked at. Where releases in the middle cannot be measured, those nearest to it are.
fn search<O, E>(
    count: usize,
    agree: impl Fn(&O, &O) -> bool,
    mut probe: impl FnMut(usize) -> std::result::Result<Probe<O>, E>,
) -> std::result::Result<Conclusion, E> {
    let mut seen: BTreeMap<usize, Probe<O>> = BTreeMap::new();
    let mut look = |seen: &mut BTreeMap<usize, Probe<O>>, at: usize| {
        let seen = match seen.entry(at) {
            Entry::Vacant(place) => place.insert(probe(at)?),
            Entry::Occupied(known) => known.into_mut(),
        };
        Ok(matches!(seen, Probe::Seen(_)))
    };
    let same = |seen: &BTreeMap<usize, Probe<O>>, one: usize, other: usize| {
        matches!(
            (seen.get(&one), seen.get(&other)),
            (Some(Probe::Seen(one)), Some(Probe::Seen(other))) if agree(one, other)
        )
    };
    let mut ends = [None, None];
    for at in 0..count {
        if look(&mut seen, at)? {
            ends[0] = Some(at);
            break;
        }
    }
    for at in (0..count).rev() {
        if look(&mut seen, at)? {
            ends[1] = Some(at);
            break;
        }
    }
    let [Some(mut before), Some(mut after)] = ends else {
        return Ok(Conclusion::TooFew);
    };
    if before == after {
        return Ok(Conclusion::TooFew);
    }
    if same(&seen, before, after) {
        return Ok(Conclusion::Same);
    }
    loop {
        let middle = usize::midpoint(before, after);
        let mut between: Vec<usize> = (before + 1..after).collect();
        between.sort_by_key(|at| at.abs_diff(middle));
        let mut found = None;
        for at in between {
            if look(&mut seen, at)? {
                found = Some(at);
                break;
            }
        }
        match found {
            None => break,
            Some(at) if same(&seen, at, before) => before = at,
            Some(at) => after = at,
        }
    }
    let measured: Vec<usize> = seen
        .iter()
        .filter(|(_, probe)| matches!(probe, Probe::Seen(_)))
        .map(|(at, _)| *at)
        .collect();
    let pairs = measured.windows(2).map(|pair| (pair[0], pair[1]));
    let others =
        pairs.filter(|&(one, other)| (one, other) != (before, after) && !same(&seen, one, other));
    Ok(Conclusion::Changed {
        before,
        after,
        others: others.collect(),
        skipped: (before + 1..after).collect(),
    })
}

/// Why a search ended early.
enum Stop {
    /// The user wanted to.
    Interrupted,
    /// Something that has nothing to do with a release.
    Failed(Failure),
}

impl<E: Into<Failure>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

pub(crate) fn bisect(args: &BisectArgs, screen: Terminal) -> Result<ExitCode> {
    let (from, to) = range(args.tool, &args.range)?;
    let corpus = Corpus::built_in()?;
    let mut case = select::case(&corpus, &args.case, screen)?.clone();
    let asked = args.platform.clone().or_else(|| case.asks.first().cloned());
    let asked = asked.unwrap_or(PlatformRequest::Default);
    case.asks = vec![asked.clone()];
    let controls = Controls::of(&corpus).map_err(Failure::internal)?;
    let patterns = MessagePatterns::built_in().map_err(Failure::internal)?;
    let cancel = Cancel::default();
    run_dir::listen(screen, &cancel)?;
    let run_dir = run_dir::claim(screen, false)?;
    let store = Store::of_user(|name| std::env::var(name).ok());
    let watch = |name: &str| screen.say(&format!("{name}: building"));
    let builder = GoBuilder::of_user(&store, &run_dir, &cancel, &watch)?;
    let releases = candidates(args.tool, &builder, &store, from.as_deref(), to.as_deref())?;
    let registry = Registry::start()?;
    let laboratory = Laboratory {
        tool: args.tool,
        operation: args.operation,
        case: &case,
        asked: &asked,
        controls: &controls,
        builder: &builder,
        discovery: &Discovery::of_user(&run_dir, &cancel),
        bench: RunContext {
            run_dir: &run_dir,
            registry: &registry,
            patterns: &patterns,
            cancel: &cancel,
        },
    };
    let mut report = BisectionReport::of(
        args.tool.as_str(),
        case.id.as_str(),
        &asked.to_string(),
        args.operation.as_str(),
        releases.clone(),
    );
    let tell = |line: &str| {
        if args.json {
            screen.say(line);
            Ok(())
        } else {
            screen.print(line)
        }
    };
    tell(&format!(
        "{} releases of {} from {} to {}; {} of {} for {asked}",
        releases.len(),
        args.tool,
        releases.first().map_or("", String::as_str),
        releases.last().map_or("", String::as_str),
        args.operation,
        case.id,
    ))?;
    let steps = &mut report.steps;
    let concluded = search(releases.len(), Outcome::agrees_with, |at| {
        let step = laboratory.try_release(&releases[at])?;
        tell(&step_line(args.tool, &step))?;
        let probe = match &step.outcome {
            Some(outcome) => Probe::Seen(outcome.clone()),
            None => Probe::Skipped,
        };
        steps.push(step);
        Ok(probe)
    });
    let conclusion = match concluded {
        Ok(conclusion) => conclusion,
        Err(Stop::Interrupted) => {
            screen.say("interrupted; what was built is kept, and the same command goes on");
            return Ok(ExitCode::MeasuredInPart);
        }
        Err(Stop::Failed(failure)) => return Err(failure),
    };
    if let Conclusion::Changed {
        before,
        after,
        skipped,
        others,
    } = &conclusion
    {
        let names = |all: &[usize]| all.iter().map(|at| releases[*at].clone()).collect();
        report.change = change(&report.steps, &releases, *before, *after, names(skipped));
        report.others = others
            .iter()
            .filter_map(|(one, other)| change(&report.steps, &releases, *one, *other, Vec::new()))
            .collect();
    }
    tell(&last_words(&report))?;
    if args.json {
        screen.print_json(&report)?;
    }
    Ok(match conclusion {
        Conclusion::TooFew => ExitCode::NothingMeasured,
        Conclusion::Same | Conclusion::Changed { .. } => ExitCode::Success,
    })
}

/// The ends of a range, written as releases are.
fn range(tool: Tool, text: &str) -> Result<(Option<String>, Option<String>)> {
    let form = || {
        Failure::usage(format!(
            "`{text}` is no range of releases (hint: FROM..TO, as in v0.10.0..v0.22.1)"
        ))
    };
    let (from, to) = text.split_once("..").ok_or_else(form)?;
    let end = |end: &str| {
        if end.is_empty() {
            return Ok(None);
        }
        let request: ReleaseRequest = format!("{tool}@{end}").parse().map_err(|_| form())?;
        match request.which {
            WhichRelease::Exact(version) => Ok(Some(version)),
            WhichRelease::Latest | WhichRelease::Matching(_) => Err(form()),
        }
    };
    let (from, to) = (end(from)?, end(to)?);
    if let (Some(from), Some(to)) = (&from, &to)
        && compare_versions(from, to).is_ge()
    {
        return Err(Failure::usage(format!("{from} does not come before {to}")));
    }
    Ok((from, to))
}

/// Every release of the range: those that are listed, those that were built, and its ends, which need not
/// be listed.
fn candidates(
    tool: Tool,
    builder: &GoBuilder<'_>,
    store: &Store,
    from: Option<&str>,
    to: Option<&str>,
) -> Result<Vec<String>> {
    let listed = builder.versions(tool)?;
    let built = store.go_releases().into_iter();
    let built = built.filter(|(it, _)| *it == tool);
    let all = listed.into_iter().chain(built.map(|(_, version)| version));
    Ok(in_range(all.collect(), from, to))
}

fn in_range(all: Vec<String>, from: Option<&str>, to: Option<&str>) -> Vec<String> {
    let is_inside = |version: &String| {
        from.is_none_or(|from| compare_versions(version, from).is_ge())
            && to.is_none_or(|to| compare_versions(version, to).is_le())
    };
    let inside = all.into_iter().filter(|it| is_release(it) && is_inside(it));
    let ends = from.into_iter().chain(to).map(str::to_owned);
    let mut inside: Vec<String> = inside.chain(ends).collect();
    inside.sort_by(|one, other| compare_versions(one, other));
    inside.dedup();
    inside
}

/// All that it takes to try a release.
struct Laboratory<'a> {
    tool: Tool,
    operation: &'static OperationSpec,
    case: &'a Case,
    asked: &'a PlatformRequest,
    controls: &'a Controls,
    builder: &'a GoBuilder<'a>,
    discovery: &'a Discovery<'a>,
    bench: RunContext<'a>,
}

impl Laboratory<'_> {
    /// Builds a release, where it is not built, and tries it.
    fn try_release(&self, version: &str) -> std::result::Result<BisectionStep, Stop> {
        let mut step = BisectionStep {
            release: version.to_owned(),
            outcome: None,
            skipped: None,
            built_seconds: None,
        };
        match self.builder.release(self.tool, version, false) {
            Ok((release, now)) => step.built_seconds = now.then_some(release.record.seconds),
            Err(error) if error.is_interruption() => return Err(Stop::Interrupted),
            Err(error) if is_of_release(&error) => {
                step.skipped = Some(error.to_string());
                return Ok(step);
            }
            Err(error) => return Err(error.into()),
        }
        let source = format!("{GO_CHANNEL}:{}@{version}", self.tool);
        let source: RuntimeSource = source.parse().map_err(Failure::usage)?;
        let inventory = self.discovery.inventory(&[source])?;
        let mut runtimes = inventory.runtimes.iter();
        let Some(runtime) = runtimes.find(|runtime| runtime.flavour.is_none()) else {
            let why = inventory.missing.iter().map(|missing| missing.why.clone());
            step.skipped = Some(why.collect::<Vec<_>>().join("; "));
            return Ok(step);
        };
        let plan = Plan::of_cell(
            runtime,
            self.operation,
            self.case,
            self.asked,
            self.controls.clone(),
            1,
        );
        let notebook = OutcomeRecorder::default();
        execute(&plan, &self.bench, &notebook)?;
        if self.bench.cancel.is_raised() {
            return Err(Stop::Interrupted);
        }
        let seen = notebook.0.into_inner();
        match seen.unwrap_or_else(PoisonError::into_inner) {
            Some(Outcome::Unmeasured { why, detail }) => {
                step.skipped = Some(format!("unmeasured: {why}: {detail}"));
            }
            Some(outcome) => step.outcome = Some(outcome),
            None => step.skipped = Some("nothing came of the trial".to_owned()),
        }
        Ok(step)
    }
}

/// Whether it is for this release that it cannot be had, and another may do.
fn is_of_release(error: &GoError) -> bool {
    match error {
        GoError::OtherMajor { .. }
        | GoError::Unnamed { .. }
        | GoError::Fetch { .. }
        | GoError::NoModFile { .. }
        | GoError::LocalReplace { .. }
        | GoError::Build { .. }
        | GoError::Other { .. } => true,
        GoError::NoGo
        | GoError::Form(_)
        | GoError::Tool(_)
        | GoError::NoModule { .. }
        | GoError::NoMatch { .. }
        | GoError::Unreadable { .. }
        | GoError::Io { .. }
        | GoError::Store(_)
        | GoError::Run(
            RunError::Start { .. }
            | RunError::Isolation(_)
            | RunError::Call { .. }
            | RunError::Cancelled,
        ) => false,
    }
}

/// Keeps what came of the one trial.
#[derive(Default)]
struct OutcomeRecorder(Mutex<Option<Outcome>>);

impl Watcher for OutcomeRecorder {
    fn see(&self, event: &Event<'_>) -> io::Result<()> {
        if let Event::TrialEnded { trial } = event {
            let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            *seen = Some(trial.outcome.clone());
        }
        Ok(())
    }
}

fn step_line(tool: Tool, step: &BisectionStep) -> String {
    let name = format!("{tool}@{}", step.release);
    let built = match step.built_seconds {
        Some(seconds) => format!("  (built in {seconds} s)"),
        None => String::new(),
    };
    match (&step.outcome, &step.skipped) {
        (Some(outcome), _) => format!("  {name:<16}  {}{built}", outcome.gist()),
        (None, why) => format!(
            "  {name:<16}  skipped: {}{built}",
            why.as_deref().unwrap_or_default()
        ),
    }
}

fn change(
    steps: &[BisectionStep],
    releases: &[String],
    before: usize,
    after: usize,
    skipped: Vec<String>,
) -> Option<ReleaseChange> {
    let outcome = |at: usize| {
        let mut steps = steps.iter();
        let step = steps.find(|step| step.release == releases[at])?;
        step.outcome.clone()
    };
    Some(ReleaseChange {
        before: releases[before].clone(),
        after: releases[after].clone(),
        from: outcome(before)?,
        to: outcome(after)?,
        skipped,
    })
}

/// What came of it, in a line, and whatever else a reader must know.
fn last_words(report: &BisectionReport) -> String {
    let measured = report.steps.iter().filter(|it| it.outcome.is_some());
    let measured: Vec<&BisectionStep> = measured.collect();
    let skipped = report.steps.iter().filter(|it| it.outcome.is_none());
    let skipped: Vec<&str> = skipped.map(|it| it.release.as_str()).collect();
    let tool = &report.tool;
    let mut text = match (&report.change, measured.as_slice()) {
        (Some(change), all) => format!(
            "{tool}: `{}` up to {}, `{}` from {} on ({} of {} releases measured)",
            change.from.gist(),
            change.before,
            change.to.gist(),
            change.after,
            all.len(),
            report.releases.len()
        ),
        (None, []) => format!("{tool}: nothing could be measured"),
        (None, [only]) => format!("{tool}: only {} could be measured", only.release),
        (None, [first, .., last]) => format!(
            "{tool}: no change: {} and {} agree on `{}`; a change that was taken back between them would not be seen",
            first.release,
            last.release,
            first
                .outcome
                .as_ref()
                .map(Outcome::gist)
                .unwrap_or_default()
        ),
    };
    if let Some(change) = &report.change
        && !change.skipped.is_empty()
    {
        let _ = write!(
            text,
            "\nor in one of these, which could not be measured: {}",
            change.skipped.join(", ")
        );
    }
    for other in &report.others {
        let _ = write!(
            text,
            "\nit changed more than once: also from `{}` ({}) to `{}` ({}), which was not searched",
            other.from.gist(),
            other.before,
            other.to.gist(),
            other.after
        );
    }
    if !skipped.is_empty() {
        let _ = write!(text, "\nskipped: {}", skipped.join(", "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    /// What is found among releases that do this; `-` stands for one that cannot be measured. And which were
    /// looked at, in which order.
    fn found(releases: &str) -> (Conclusion, Vec<usize>) {
        let all: Vec<char> = releases.chars().collect();
        let mut looked = Vec::new();
        let concluded = search(
            all.len(),
            |one: &char, other: &char| one == other,
            |at| {
                looked.push(at);
                Ok::<_, Infallible>(match all[at] {
                    '-' => Probe::Skipped,
                    seen => Probe::Seen(seen),
                })
            },
        );
        let Ok(concluded) = concluded;
        let mut once = looked.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), looked.len(), "each is tried once: {looked:?}");
        (concluded, looked)
    }

    fn changed(before: usize, after: usize) -> Conclusion {
        Conclusion::Changed {
            before,
            after,
            skipped: (before + 1..after).collect(),
            others: Vec::new(),
        }
    }

    #[test]
    fn the_change_is_found_wherever_it_is_by_looking_at_few() {
        for at in 1..64 {
            let releases = "a".repeat(at) + &"b".repeat(64 - at);
            let (conclusion, looked) = found(&releases);
            assert_eq!(conclusion, changed(at - 1, at), "{at}");
            assert!(looked.len() <= 8, "{at}: {looked:?}");
        }
        assert_eq!(found("ab").0, changed(0, 1));
    }

    #[test]
    fn ends_that_agree_are_all_that_is_looked_at() {
        assert_eq!(found("aaaaaa"), (Conclusion::Same, vec![0, 5]));
        assert_eq!(found("abbbba"), (Conclusion::Same, vec![0, 5]));
    }

    #[test]
    fn what_cannot_be_measured_is_passed_over_and_named_where_the_change_may_be_in_it() {
        assert_eq!(found("aaa--bbb").0, changed(2, 5));
        assert_eq!(found("a------b").0, changed(0, 7));
        assert_eq!(found("--aab---").0, changed(3, 4), "ends move inward");
        assert_eq!(found("aa-a-b-bb").0, changed(3, 5));
        // Those that lie elsewhere are no part of it.
        assert_eq!(found("a-aaabb-b").0, changed(4, 5));
    }

    #[test]
    fn too_few_say_nothing() {
        for releases in ["", "a", "---", "-a-"] {
            assert_eq!(found(releases).0, Conclusion::TooFew, "{releases}");
        }
    }

    #[test]
    fn of_several_changes_one_is_found_and_the_others_are_said() {
        let (conclusion, _) = found("aaaabbbbcccc");
        let Conclusion::Changed {
            before,
            after,
            others,
            ..
        } = conclusion
        else {
            panic!("{conclusion:?}")
        };
        assert_eq!((before, after), (3, 4));
        assert_eq!(others.len(), 1);
        // It comes and goes: whichever is found is a true one.
        let releases = "aabbaabbb";
        let Conclusion::Changed { before, after, .. } = found(releases).0 else {
            panic!("the ends differ")
        };
        let at = |at: usize| releases.as_bytes()[at];
        assert!(after == before + 1 && at(before) != at(after));
    }

    #[test]
    fn a_range_has_two_ends_in_order_and_either_may_be_left_out() {
        let tool = Tool::ALL[0];
        let ends = |text: &str| range(tool, text).ok();
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            ends("0.10.0..v0.22.1"),
            Some((some("v0.10.0"), some("v0.22.1")))
        );
        assert_eq!(ends("v0.10.0.."), Some((some("v0.10.0"), None)));
        assert_eq!(ends(".."), Some((None, None)));
        for text in [
            "v0.10.0",
            "v0.22.1..v0.10.0",
            "v1.0.0..v1.0.0",
            "v0.1..v0.2",
            "x..y",
        ] {
            assert!(ends(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_range_holds_releases_and_its_ends() {
        let all = [
            "v0.5.1",
            "v0.12.0",
            "v0.20.10",
            "v0.20.9",
            "v0.21.0-rc.1",
            "v0.22.1",
        ];
        let all: Vec<String> = all.map(str::to_owned).to_vec();
        assert_eq!(
            in_range(all.clone(), Some("v0.10.0"), Some("v0.22.0")),
            ["v0.10.0", "v0.12.0", "v0.20.9", "v0.20.10", "v0.22.0"]
        );
        assert_eq!(
            in_range(all, Some("v0.20.9"), None),
            ["v0.20.9", "v0.20.10", "v0.22.1"]
        );
    }

    #[test]
    fn the_last_words_name_both_releases_and_what_was_skipped() {
        let picked = |child: &str| Outcome::Picked {
            child: child.to_owned(),
            digest: String::new(),
        };
        let releases = ["v1.0.0", "v1.1.0", "v1.2.0", "v1.3.0"]
            .map(str::to_owned)
            .to_vec();
        let mut report = BisectionReport::of("x", "a/b", "linux/amd64", "pull", releases.clone());
        let step = |release: &str, outcome: Option<Outcome>| BisectionStep {
            release: release.to_owned(),
            skipped: outcome.is_none().then(|| "no".to_owned()),
            outcome,
            built_seconds: None,
        };
        report.steps = vec![
            step("v1.0.0", Some(picked("a"))),
            step("v1.3.0", Some(picked("b"))),
            step("v1.1.0", None),
        ];
        report.change = change(&report.steps, &releases, 0, 3, vec!["v1.1.0".to_owned()]);
        let words = last_words(&report);
        assert!(
            words.starts_with("x: `a` up to v1.0.0, `b` from v1.3.0 on (2 of 4"),
            "{words}"
        );
        assert!(words.contains("could not be measured: v1.1.0"), "{words}");
        report.change = None;
        report.steps[1].outcome = Some(picked("a"));
        assert!(last_words(&report).contains("no change: v1.0.0 and v1.3.0 agree on `a`"));
    }
}
