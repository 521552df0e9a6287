//! A plan with fake tools, and what came of it.

use anyhow::{Context as _, Result, ensure};
use ocipick::{
    classify::MessagePatterns,
    inventory::{Discovery, Inventory, RuntimeSource, sources},
    operations,
    run::{Controls, Earlier, Event, Plan, RunContext, RuntimeEnd, Watcher, execute},
};
use ocipick_adapters::{
    Flavour, Privileges, RunDir, Runtime, UserClient, channel::Store, process::Cancel,
};
use ocipick_corpus::{Case, Corpus};
use ocipick_records::{Operation, Outcome, RefusalReason, RepeatedCells, Repeats, Trial};
use ocipick_registry::Registry;
use ocipick_reports::analysis::metamorphic::{RelationResult, compare};
use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    ffi::OsString,
    fmt, fs, io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// The cases of every plan, in its order.
pub(crate) const CASES: [&str; 4] = [MATCH, NO_MATCH, TWO_ENTRIES, NESTED];
pub(crate) const MATCH: &str = "controls/multi-platform";
pub(crate) const NO_MATCH: &str = "controls/no-match";
pub(crate) const TWO_ENTRIES: &str = "duplicates/two-entries";
pub(crate) const NESTED: &str = "nested/depth-1-with-platform";

/// Deadline of each invocation of a tool.
pub(crate) const DEADLINE: Duration = Duration::from_secs(3);
/// No plan of these few trials may take longer, whatever its tools do.
const MOST: Duration = Duration::from_secs(45);

/// The built-in corpus, read once: it is large, and this is a build for debugging.
pub(crate) fn corpus() -> Result<&'static Corpus> {
    static CORPUS: OnceLock<Corpus> = OnceLock::new();
    if let Some(corpus) = CORPUS.get() {
        return Ok(corpus);
    }
    let corpus = Corpus::built_in()?;
    Ok(CORPUS.get_or_init(|| corpus))
}

/// The built-in case of that id.
pub(crate) fn case(id: &str) -> Result<Case> {
    let corpus = corpus()?;
    let found = corpus.cases().iter().find(|case| case.id.as_str() == id);
    found.cloned().with_context(|| format!("no case `{id}`"))
}

/// Why private daemons cannot be had here; `None` where they can.
pub(crate) fn no_private_daemons() -> Option<&'static str> {
    static RIGHTS: OnceLock<Option<Privileges>> = OnceLock::new();
    let privileges = RIGHTS.get_or_init(|| {
        let scratch = tempfile::tempdir().ok()?;
        Some(Privileges::probe(scratch.path(), &Cancel::default()))
    });
    match privileges {
        Some(Privileges { root: false, .. }) => Some("private daemons take root"),
        Some(Privileges {
            namespaces: true, ..
        }) => None,
        Some(_) | None => Some("private daemons take mount namespaces"),
    }
}

/// Fake tools, each in a directory of its own.
pub(crate) struct Stage {
    dir: TempDir,
    folders: Vec<PathBuf>,
    cases: Vec<Case>,
    repeats: Repeats,
    operation: Operation,
    flavour: Option<Flavour>,
    clients: Vec<UserClient>,
}

impl Stage {
    pub(crate) fn new() -> Result<Self> {
        Ok(Self {
            dir: tempfile::tempdir()?,
            folders: Vec::new(),
            cases: CASES.iter().map(|id| case(id)).collect::<Result<_>>()?,
            repeats: Repeats::NONE,
            operation: Operation::Pull,
            flavour: None,
            clients: Vec::new(),
        })
    }

    /// Asks about these cases, in place of [`CASES`].
    pub(crate) fn about(mut self, cases: Vec<Case>) -> Self {
        self.cases = cases;
        self
    }

    /// Asks for this, in place of pulls.
    pub(crate) fn doing(mut self, operation: Operation) -> Self {
        self.operation = operation;
        self
    }

    /// Measures runtimes of this flavour, and no others.
    pub(crate) fn of_flavour(mut self, flavour: Flavour) -> Self {
        self.flavour = Some(flavour);
        self
    }

    /// Tries cells more than once.
    pub(crate) fn repeating(mut self, tries: u32, of: RepeatedCells, seed: u32) -> Self {
        self.repeats = Repeats { tries, of, seed };
        self
    }

    /// The directory of everything on this stage.
    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Puts a fake tool, one or more programs, on the path. It misbehaves in this mode.
    pub(crate) fn with(mut self, programs: &[&str], mode: &str) -> Result<Self> {
        let folder = self.dir.path().join(format!("tool{}", self.folders.len()));
        fs::create_dir(&folder)?;
        fs::write(folder.join("mode"), mode)?;
        for program in programs {
            symlink(env::current_exe()?, folder.join(program))?;
        }
        self.folders.push(folder);
        Ok(self)
    }

    /// Has a client besides, NAME=COMMAND, and measures no fake tool.
    pub(crate) fn with_client(mut self, client: &str) -> Result<Self> {
        self.clients.push(client.parse()?);
        Ok(self)
    }

    /// The directory of the tool that was put there last.
    pub(crate) fn last_folder(&self) -> Result<&Path> {
        Ok(self.folders.last().context("no tool yet")?)
    }

    /// The variable PATH, with nothing but the fakes.
    pub(crate) fn path(&self) -> Result<OsString> {
        Ok(env::join_paths(&self.folders)?)
    }

    /// Carries out a plan over all of its cases, and makes sure that nothing survives it.
    pub(crate) fn run(&self) -> Result<Seen> {
        let (run_dir, _) = RunDir::claim(self.dir.path(), false)?;
        let (registry, cancel) = (Registry::start()?, Cancel::default());
        let patterns = MessagePatterns::built_in()?;
        let inventory = self.inventory(&run_dir, &cancel)?;
        let plan = Plan {
            runtimes: inventory.runtimes,
            operations: vec![operations::named(self.operation.as_str()).context("not measured")?],
            cases: self.cases.iter().cloned().map(Arc::new).collect(),
            controls: Controls::of(corpus()?)?,
            done: BTreeSet::new(),
            earlier: Earlier::default(),
            deadline: DEADLINE,
            repeats: self.repeats,
            jobs: 4,
            rivals: Vec::new(),
        };
        let bench = RunContext {
            run_dir: &run_dir,
            registry: &registry,
            patterns: &patterns,
            cancel: &cancel,
        };
        let notebook = TrialRecorder {
            folders: self.folders.clone(),
            ..TrialRecorder::default()
        };
        let began = Instant::now();
        execute(&plan, &bench, &notebook)?;
        ensure!(began.elapsed() < MOST, "it took {:?}", began.elapsed());
        let survivors = run_dir.end_processes();
        ensure!(survivors == 0, "{survivors} process(es) survived the run");
        let mut seen = notebook
            .seen
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        seen.missing = inventory
            .missing
            .into_iter()
            .map(|missing| (missing.tool.to_string(), missing.why))
            .collect();
        Ok(seen)
    }

    /// The fake tools, as they are found.
    pub(crate) fn inventory(&self, run_dir: &RunDir, cancel: &Cancel) -> Result<Inventory> {
        let discovery = Discovery {
            run_dir,
            store: Store::at(&self.dir.path().join("store")),
            path: self.path()?,
            release: None,
            cancel,
        };
        if self.clients.is_empty() {
            let inventory = discovery.inventory(&[RuntimeSource::Path])?;
            return Ok(self.without_real_tools(inventory));
        }
        Ok(discovery.inventory(&sources(&[], &[], &self.clients))?)
    }

    /// Tools of this machine that lie in the folders which are always searched.
    fn without_real_tools(&self, mut inventory: Inventory) -> Inventory {
        inventory.runtimes.retain(|runtime| {
            runtime
                .binaries
                .values()
                .all(|path| path.starts_with(self.dir.path()))
        });
        if self.flavour.is_some() {
            inventory
                .runtimes
                .retain(|runtime| runtime.flavour == self.flavour);
        }
        // No fake answers gRPC.
        inventory.runtimes.retain(|runtime| {
            let flavour = runtime.flavour.map_or("", Flavour::as_str);
            !flavour.starts_with("cri")
        });
        inventory
    }
}

/// What was seen of a run.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    trials: Vec<Trial>,
    /// Every try in the order in which they ended: the round, the tool, and the case.
    pub(crate) tries: Vec<(u32, String, String)>,
    /// Engines that were there when their runtime had not begun, or had ended.
    pub(crate) idle: Vec<String>,
    ends: BTreeMap<String, RuntimeEnd>,
    pub(crate) missing: BTreeMap<String, String>,
}

#[derive(Default)]
struct TrialRecorder {
    seen: Mutex<Seen>,
    folders: Vec<PathBuf>,
}

impl TrialRecorder {
    /// How many engines of a runtime are alive: each fake engine writes down its process id.
    fn engines(&self, runtime: &Runtime) -> usize {
        let pids = runtime
            .binaries
            .get("daemon")
            .and_then(|daemon| daemon.parent())
            .filter(|folder| self.folders.iter().any(|known| known == folder))
            .and_then(|folder| fs::read_to_string(folder.join(PIDS)).ok())
            .unwrap_or_default();
        pids.lines().filter(|pid| is_alive(pid)).count()
    }
}

/// The file beside a fake engine in which each writes down its process id.
pub(crate) const PIDS: &str = "pids";
/// The file beside a fake tool in which it writes down the ids of the processes that it hides.
pub(crate) const HIDDEN: &str = "hidden";

/// Whether a process is alive.
pub(crate) fn is_alive(pid: &str) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

impl Watcher for TrialRecorder {
    fn see(&self, event: &Event<'_>) -> io::Result<()> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::RuntimeBegan { runtime, .. } | Event::RuntimeEnded { runtime, .. }
                if self.engines(runtime) > 0 =>
            {
                seen.idle.push(runtime.id());
            }
            _ => {}
        }
        match event {
            Event::TrialEnded { trial } => seen.trials.push((*trial).clone()),
            Event::RuntimeEnded { runtime, end, .. } => {
                seen.ends.insert(runtime.tool.to_string(), end.clone());
            }
            Event::TryEnded { tried, .. } => {
                let trial = &tried.trial;
                let seen_try = (tried.round, trial.tool.clone(), trial.case.clone());
                seen.tries.push(seen_try);
            }
            Event::RoundBegan { .. } | Event::RuntimeBegan { .. } | Event::TryBegan { .. } => {}
        }
        Ok(())
    }
}

impl Seen {
    /// What became of changes that must not matter: the standings of a relation, of a tool.
    pub(crate) fn standings(&self, tool: &str) -> BTreeMap<String, RelationResult> {
        let all = self
            .trials
            .iter()
            .filter(|trial| trial.tool == tool)
            .cloned();
        let (derived, trials): (Vec<Trial>, Vec<Trial>) =
            all.partition(|trial| trial.derived.is_some());
        compare(&trials, &derived)
            .into_iter()
            .map(|comparison| (comparison.relation.to_owned(), comparison.standing))
            .collect()
    }

    /// The cases of the tries of a tool in a round, in their order.
    pub(crate) fn order(&self, round: u32, tool: &str) -> Vec<&str> {
        self.tries
            .iter()
            .filter(|(in_round, by, _)| *in_round == round && by == tool)
            .map(|(_, _, case)| case.as_str())
            .collect()
    }

    /// The one trial of a tool and a case.
    pub(crate) fn trial(&self, tool: &str, case: &str) -> Result<&Trial> {
        let found: Vec<&Trial> = self
            .trials
            .iter()
            .filter(|trial| trial.tool == tool && trial.case == case)
            .collect();
        match found[..] {
            [trial] => Ok(trial),
            _ => anyhow::bail!("{} trials of {tool} on {case}: {self:#?}", found.len()),
        }
    }

    pub(crate) fn outcome(&self, tool: &str, case: &str) -> Result<&Outcome> {
        Ok(&self.trial(tool, case)?.outcome)
    }

    pub(crate) fn end(&self, tool: &str) -> Option<&RuntimeEnd> {
        self.ends.get(tool)
    }

    /// The outcome of a cell must be this one.
    pub(crate) fn expect(&self, tool: &str, case: &str, outcome: &Outcome) -> Result<()> {
        let trial = self.trial(tool, case)?;
        same(
            &format!("{tool} on {case} ({:#?})", trial.evidence),
            &trial.outcome,
            outcome,
        )
    }

    /// The notes of a cell must be these.
    pub(crate) fn expect_notes(&self, tool: &str, case: &str, notes: &[&str]) -> Result<()> {
        let found = &self.trial(tool, case)?.evidence.notes;
        same(&format!("the notes of {tool} on {case}"), &found[..], notes)
    }

    /// The controls must have been passed.
    pub(crate) fn passed_controls(&self, tool: &str, words: &str) -> Result<()> {
        self.expect(tool, MATCH, &picked(MATCH, "amd64")?)?;
        let refusal = self.outcome(tool, NO_MATCH)?;
        ensure!(
            is_refused(refusal, RefusalReason::NoMatch, words),
            "{refusal:?}"
        );
        same("the end", &self.end(tool), &Some(&RuntimeEnd::Finished))
    }
}

/// Two things must be equal.
pub(crate) fn same<L, R>(what: &str, left: &L, right: &R) -> Result<()>
where
    L: PartialEq<R> + fmt::Debug + ?Sized,
    R: fmt::Debug + ?Sized,
{
    ensure!(
        left == right,
        "{what}:\n  was    {left:?}\n  wanted {right:?}"
    );
    Ok(())
}

/// The pick of a child.
pub(crate) fn picked(id: &str, child: &str) -> Result<Outcome> {
    let case = case(id)?;
    let digest = case
        .child(child)
        .context("no such child")?
        .manifest
        .to_string();
    Ok(Outcome::Picked {
        child: child.to_owned(),
        digest,
    })
}

/// Evidence that contradicts itself over these children.
pub(crate) fn mixed(id: &str, children: &[&str]) -> Result<Outcome> {
    let case = case(id)?;
    let digests = children
        .iter()
        .map(|child| {
            Ok(case
                .child(child)
                .context("no such child")?
                .manifest
                .to_string())
        })
        .collect::<Result<_>>()?;
    Ok(Outcome::Mixed {
        children: children.iter().map(|&child| child.to_owned()).collect(),
        digests,
    })
}

pub(crate) fn refused(reason: RefusalReason, message: &str) -> Outcome {
    Outcome::Refused {
        reason,
        message: message.to_owned(),
    }
}

/// Whether it is a refusal for this reason, with these words among others.
pub(crate) fn is_refused(outcome: &Outcome, wanted: RefusalReason, words: &str) -> bool {
    matches!(outcome, Outcome::Refused { reason, message } if *reason == wanted && message.contains(words))
}
