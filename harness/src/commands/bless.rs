//! `ocipick bless`.

use super::{
    fail::{Failure, Result},
    results::{leave_out, read},
    select,
    terminal::Terminal,
};
use clap::Args;
use ocipick::{
    baselines::{self, Recorded},
    exit::ExitCode,
    json::BlessedBaselines,
    operations,
};
use ocipick_corpus::{Corpus, digest_of_content};
use ocipick_records::{Results, Trial};
use ocipick_reports::baseline::{Baseline, BaselineBuild, BaselineKey, BaselineLine};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    path::PathBuf,
};

/// How many changed lines are shown of each baseline; all of them are in the files.
const SHOWN: usize = 5;

#[derive(Debug, Args)]
pub(crate) struct BlessArgs {
    /// Results files, or directories that hold one
    #[arg(required = true, value_name = "RESULTS")]
    results: Vec<PathBuf>,
    /// The directory of all baselines
    #[arg(long, value_name = "DIR", default_value = baselines::DIR)]
    into: PathBuf,
    /// Only these cases; lines of the others stay as they are
    #[arg(long = "case", value_name = "GLOB")]
    cases: Vec<String>,
    /// Only these runtimes
    #[arg(long = "runtime", value_name = "GLOB")]
    runtimes: Vec<String>,
    /// Remove lines about cases that are gone or other bytes now, and about what is not asked any
    /// more
    #[arg(long)]
    prune: bool,
    /// Print what was recorded as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn bless(args: &BlessArgs, screen: Terminal) -> Result<ExitCode> {
    let mut recorded: Vec<Recorded> = Vec::new();
    let mut all = read(&args.results)?;
    // Baselines are committed, and so for everybody.
    let withheld = leave_out(&mut all, screen)?;
    for mut results in all {
        if !results.is_finished() {
            screen.say(&format!(
                "note: that run did not finish: {} of {} trials are recorded, and the rest stays as it is",
                results.trials.len(),
                results.header.planned
            ));
        }
        keep(&mut results, args)?;
        let builds: BTreeSet<BaselineBuild> =
            results.trials.iter().map(BaselineBuild::of).collect();
        let newer = Baseline::all_of(&results).map_err(Failure::usage)?;
        let known = Known::of(&results)?;
        let prune = |baseline: &mut Baseline| {
            let private = baseline.prune(|key, _| withheld.contains(&key.case));
            if args.prune {
                private + baseline.prune(|key, line| !known.has(key, line))
            } else {
                private
            }
        };
        // Two builds of one version are told apart by where they come from.
        let named = |build: &BaselineBuild| builds.iter().filter(|it| it.is_as(build)).count() > 1;
        recorded.extend(baselines::record(&args.into, newer, named, prune)?);
    }
    if recorded.is_empty() {
        screen.say("nothing was measured, so there is nothing to record");
        return Ok(ExitCode::NothingMeasured);
    }
    if args.json {
        screen.print_json(&BlessedBaselines::of(&recorded))?;
    } else {
        screen.print(&describe(&recorded))?;
    }
    Ok(ExitCode::Success)
}

/// Leaves only the trials that were asked for.
fn keep(results: &mut Results, args: &BlessArgs) -> Result<()> {
    let globs = |option, patterns: &[String], known: BTreeSet<&str>| {
        let known: Vec<&str> = known.into_iter().collect();
        select::globs(option, patterns, &known, &[])
    };
    let trials = || results.trials.iter();
    let cases = trials().map(|trial| trial.case.as_str()).collect();
    let cases = globs("--case", &args.cases, cases)?;
    let aliases = trials().map(Trial::alias);
    let runtimes = aliases.chain(trials().map(|trial| trial.runtime.as_str()));
    let runtimes = runtimes.collect();
    let runtimes = globs("--runtime", &args.runtimes, runtimes)?;
    results.trials.retain(|trial| {
        cases.as_ref().is_none_or(|it| it.is_match(&trial.case))
            && runtimes
                .as_ref()
                .is_none_or(|it| it.is_match(&trial.runtime) || it.is_match(trial.alias()))
    });
    Ok(())
}

/// The cases there are, with their bytes, and what is asked of each where that is known.
struct Known {
    cases: BTreeMap<String, (String, Option<BTreeSet<TestPoint>>)>,
}

/// An operation, and the platform asked for.
type TestPoint = (String, String);

impl Known {
    /// Those of the corpus that was measured.
    fn of(results: &Results) -> Result<Self> {
        if !results.header.corpus.is_built_in() {
            let cases = results.header.corpus.content.iter();
            let cases = cases.map(|(case, content)| (case.clone(), (content.clone(), None)));
            return Ok(Self {
                cases: cases.collect(),
            });
        }
        let corpus = Corpus::built_in()?;
        let cases = corpus.cases().iter().map(|case| {
            let questions = operations::ALL
                .into_iter()
                .filter(|it| case.is_for(it.operation))
                .flat_map(|operation| {
                    let asks = case.asks.iter();
                    asks.map(|ask| (operation.to_string(), ask.to_string()))
                })
                .collect();
            (
                case.id.to_string(),
                (digest_of_content(case), Some(questions)),
            )
        });
        Ok(Self {
            cases: cases.collect(),
        })
    }

    /// Whether a line is still about something.
    fn has(&self, key: &BaselineKey, line: &BaselineLine) -> bool {
        let question = (key.operation.clone(), key.platform.clone());
        self.cases.get(&key.case).is_some_and(|(content, asked)| {
            *content == line.content && asked.as_ref().is_none_or(|asked| asked.contains(&question))
        })
    }
}

fn describe(recorded: &[Recorded]) -> String {
    let mut text = String::new();
    for Recorded {
        path,
        build,
        merge,
        pruned,
    } in recorded
    {
        let counts = [
            (merge.changed.len(), "changed"),
            (merge.added, "new"),
            (merge.same, "as before"),
            (
                merge.kept - pruned.min(&merge.kept),
                "not measured now, and kept",
            ),
            (merge.other_level, "of another CPU level, and dropped"),
            (*pruned, "removed"),
        ];
        let counts: Vec<String> = counts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        let _ = writeln!(text, "{}", path.display());
        let _ = writeln!(text, "  {build}: {}", counts.join(", "));
        for (key, before, now) in merge.changed.iter().take(SHOWN) {
            let _ = writeln!(text, "  {key}: {before} -> {now}");
        }
        if merge.changed.len() > SHOWN {
            let _ = writeln!(text, "  and {} more", merge.changed.len() - SHOWN);
        }
    }
    text.push_str("\nNext: git diff, and commit what you accept\n");
    text
}
