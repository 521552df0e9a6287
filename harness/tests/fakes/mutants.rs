//! A check of the adapters: what each of them must do, and mistakes under which it does not.
//!
//! Every mistake is really made, in the code of the adapter (`adapters/src/mutant.rs`), and each
//! must be seen by the check that `docs/trust.md` names.

use crate::stage::{MATCH, Stage, TWO_ENTRIES, case, no_private_daemons, same};
use anyhow::{Context as _, Result, ensure};
use libtest_mimic::{Completion, Failed, Trial};
use ocipick::classify::{MessagePatterns, TrialObservations, classify};
use ocipick_adapters::{
    ImageSource, Request, Retention, RunDir, Sandbox, Tool, adapter,
    mutant::{Mutant, with},
    process::Cancel,
};
use ocipick_records::{Outcome, OutcomeKind, Platform, RefusalReason};
use ocipick_registry::Registry;
use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// What an adapter must do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Check {
    /// It looks at the image of this trial.
    LooksAnew,
    /// A tool that did all it should and then failed has failed.
    SeesFailure,
    /// What the tool says and what it has are looked at apart.
    LooksTwice,
    /// The platform is asked for.
    AsksForPlatform,
    /// The store is as it was, so that a store that remembers has nothing to remember.
    LeavesNothing,
    /// A daemon that dies is seen.
    SeesCrash,
}

impl Check {
    fn name(self) -> &'static str {
        match self {
            Self::LooksAnew => "looks-anew",
            Self::SeesFailure => "sees-failure",
            Self::LooksTwice => "looks-twice",
            Self::AsksForPlatform => "asks-for-the-platform",
            Self::LeavesNothing => "leaves-nothing",
            Self::SeesCrash => "sees-the-crash",
        }
    }

    /// What the adapter of a tool makes of it, in the outcome of its last trial.
    fn run(self, tool: Tool) -> Result<Outcome> {
        let amd64 = "linux/amd64";
        let both = [(MATCH, amd64), (TWO_ENTRIES, amd64)];
        match self {
            Self::LooksAnew => last(tool, "honest", &both),
            Self::SeesFailure => last(tool, "fails-after-all", &both),
            Self::LooksTwice => last(tool, "swaps-content", &both),
            Self::AsksForPlatform => last(tool, "honest", &[(MATCH, "linux/arm64")]),
            Self::LeavesNothing => last(tool, "remembers", &both),
            Self::SeesCrash => last(tool, "panics-on-two", &both),
        }
    }

    /// What it must be.
    fn accepts(self, outcome: &Outcome) -> bool {
        match (self, outcome) {
            (Self::LooksAnew | Self::LeavesNothing, Outcome::Picked { child, .. }) => {
                child == "first"
            }
            (Self::SeesFailure, Outcome::Refused { reason, .. }) => *reason == RefusalReason::Other,
            (Self::LooksTwice, Outcome::Mixed { children, .. }) => *children == ["first", "second"],
            (Self::AsksForPlatform, Outcome::Picked { child, .. }) => child == "arm64",
            (Self::SeesCrash, Outcome::Crashed { .. }) => true,
            _ => false,
        }
    }
}

/// The check that sees a mistake.
fn catches(mutant: Mutant) -> Check {
    match mutant {
        Mutant::LooksAtEarlier => Check::LooksAnew,
        Mutant::IgnoresExit => Check::SeesFailure,
        Mutant::LooksOnce => Check::LooksTwice,
        Mutant::ForgetsPlatform => Check::AsksForPlatform,
        Mutant::NeverRemoves => Check::LeavesNothing,
        Mutant::IgnoresDaemon => Check::SeesCrash,
    }
}

/// What a cell would say in which the mistake was made.
fn would_be(mutant: Mutant) -> OutcomeKind {
    match mutant {
        Mutant::LooksAtEarlier | Mutant::NeverRemoves => OutcomeKind::Mixed,
        Mutant::IgnoresExit | Mutant::LooksOnce | Mutant::ForgetsPlatform => OutcomeKind::Picked,
        Mutant::IgnoresDaemon => OutcomeKind::Refused,
    }
}

fn programs(tool: Tool) -> &'static [&'static str] {
    match tool {
        Tool::Docker => &["docker", "dockerd"],
        Tool::Podman => &["podman"],
        Tool::Skopeo => &["skopeo"],
        Tool::Crane => &["crane"],
        Tool::Containerd => &["ctr", "containerd"],
    }
}

/// The outcome of the last of these trials, in one session, on the thread that calls.
fn last(tool: Tool, mode: &str, trials: &[(&str, &str)]) -> Result<Outcome> {
    let stage = Stage::new()?.with(programs(tool), mode)?;
    let (run_dir, _) = RunDir::claim(stage.dir(), false)?;
    let (registry, cancel) = (Registry::start()?, Cancel::default());
    let patterns = MessagePatterns::built_in()?;
    let inventory = stage.inventory(&run_dir, &cancel)?;
    let runtime = inventory.runtimes.first().context("no runtime")?;
    let dir = run_dir.dir().join("r0");
    let sandbox = Sandbox::furnish(
        &dir,
        run_dir.dir(),
        run_dir.session(),
        &runtime.installation,
        &cancel,
    )?;
    let mut session = adapter(tool).open(runtime, sandbox)?;
    session.start()?;
    let mut outcomes = Vec::new();
    for (number, (id, platform)) in trials.iter().enumerate() {
        let case = Arc::new(case(id)?);
        let platform: Platform = platform.parse()?;
        let namespace = registry.open(&format!("t{number}/{id}"), Arc::clone(&case))?;
        let deadline = Duration::from_secs(10);
        let execution = session.execute(&Request {
            source: ImageSource::Registry {
                address: registry.address(),
                repository: namespace.repository(),
                tag: "latest",
            },
            platform: Some(&platform),
            leaves: Retention::Nothing,
            deadline,
            done: &|| (),
        });
        let requests = namespace.close();
        let (outcome, _) = classify(
            &TrialObservations {
                tool,
                operation: ocipick::operations::ALL[0],
                case: &case,
                execution: &execution,
                requests: &requests,
                later_requests: 0,
                deadline,
                fetched_before: &BTreeSet::new(),
            },
            &patterns,
        );
        outcomes.push(outcome);
    }
    drop(session);
    outcomes.pop().context("no trial")
}

/// The checks on the adapters as they are, and each mistake, which its check must see.
pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![Trial::test("mutants::page", || {
        page().map_err(|error| Failed::from(format!("{error:#}")))
    })];
    for &tool in Tool::ALL {
        for &mutant in Mutant::ALL.iter().filter(|mutant| mutant.is_of(tool)) {
            let check = catches(mutant);
            trials.push(trial(
                tool,
                format!("adapters::{tool}::{}", check.name()),
                move || {
                    let outcome = check.run(tool)?;
                    ensure!(check.accepts(&outcome), "{outcome:?}");
                    Ok(())
                },
            ));
            trials.push(trial(
                tool,
                format!("mutants::{tool}::{mutant:?}"),
                move || {
                    let outcome = with(Some(mutant), || check.run(tool))?;
                    ensure!(!check.accepts(&outcome), "nobody saw it: {outcome:?}");
                    same("the cell", &outcome.kind(), &would_be(mutant))
                },
            ));
        }
    }
    trials
}

fn trial(tool: Tool, name: String, run: impl FnOnce() -> Result<()> + Send + 'static) -> Trial {
    let daemons = match tool {
        Tool::Docker | Tool::Containerd => no_private_daemons(),
        Tool::Podman | Tool::Skopeo | Tool::Crane => None,
    };
    let run = move || run().map_err(|error| Failed::from(format!("{error:#}")));
    match daemons {
        None => Trial::test(name, run),
        Some(_) if env::var_os("NEXTEST").is_some() => {
            Trial::test(name, || Ok(())).with_ignored_flag(true)
        }
        Some(why) => Trial::ignorable_test(name, move || Ok(Completion::ignored_with(why))),
    }
}

/// The table of `docs/trust.md` must be this one.
fn page() -> Result<()> {
    let mut table =
        "| mistake | what goes wrong | adapters | caught by | what the cell would say |\n\
                     |---|---|---|---|---|\n"
            .to_owned();
    for &mutant in Mutant::ALL {
        let tools: Vec<String> = Tool::ALL
            .iter()
            .filter(|tool| mutant.is_of(**tool))
            .map(ToString::to_string)
            .collect();
        let tools = if tools.len() == Tool::ALL.len() {
            "all".to_owned()
        } else {
            tools.join(", ")
        };
        let row = format!(
            "| `{mutant:?}` | {} | {tools} | `adapters::*::{}` | {} |\n",
            mutant.about(),
            catches(mutant).name(),
            would_be(mutant).as_str(),
        );
        table.push_str(&row);
    }
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/trust.md");
    let page = fs::read_to_string(&path)?;
    let (begin, end) = ("<!-- adapters: begin -->\n", "<!-- adapters: end -->\n");
    let (before, rest) = page.split_once(begin).context("no begin")?;
    let (shown, after) = rest.split_once(end).context("no end")?;
    if env::var_os("OCIPICK_BLESS").is_some() {
        fs::write(path, format!("{before}{begin}{table}{end}{after}"))?;
        return Ok(());
    }
    same("the page (OCIPICK_BLESS=1 writes it anew)", shown, &*table)
}
