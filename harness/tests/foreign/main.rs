//! Layouts that the generator of the corpus did not make, on the real tools of this machine and on those that
//! were provisioned: one trial per runtime, operation and layout, named so. What is to come of each is
//! known by what it is made of. Hostile ones are among them.
//!
//! All of it is measured when the first trial asks. `OCIPICK_TEST_CHANNELS` says where tools come from,
//! as `--channel` does; by default `auto`.
//! With `OCIPICK_LONG` there are layouts that take long as well.

#[path = "../support/asked.rs"]
mod asked;
mod fixtures;
#[path = "../support/measure.rs"]
mod measure;
mod tools;
mod writer;

use anyhow::Context as _;
use asked::{is_selected, sources};
use fixtures::{Expect, FIXTURES, Fixture, LONG, REFUSED, canary, cannot_be_told, secret_file};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use measure::DEADLINE;
use ocipick::{
    inventory::{Discovery, Inventory},
    operations::{self, OperationSpec},
    run::{Cell, Controls, Earlier, Plan},
};
use ocipick_adapters::{Privileges, RunDir, Runtime, Support, adapter, process::Cancel};
use ocipick_corpus::{Case, Corpus, PlatformRequest};
use ocipick_records::{Operation, Outcome, Repeats, Trial as Record, UnmeasuredWhy};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{Arc, OnceLock},
};
use tools::{MADE, ToolRunner};
use writer::Layout;

/// What stands in a file of the host, and must stand nowhere else.
const SECRET: &str = "e4b1c2-of-the-host-and-nobody-else";

fn main() -> ExitCode {
    let args = Arguments::from_args();
    match conclude(&args) {
        Ok(code) => code,
        Err(error) => {
            use std::io::Write as _;
            let _ = writeln!(
                std::io::stderr(),
                "error: the trials of foreign layouts: {error:#}"
            );
            ExitCode::FAILURE
        }
    }
}

fn conclude(args: &Arguments) -> anyhow::Result<ExitCode> {
    let measurements = Arc::new(Measurements::open(args)?);
    let mut trials = Vec::new();
    for (at, (name, _)) in measurements.trials.iter().enumerate() {
        let (shared, name) = (Arc::clone(&measurements), name.clone());
        trials.push(Trial::ignorable_test(name, move || shared.hears(at)));
    }
    for (name, why) in &measurements.ignored {
        let why = why.clone();
        trials.push(Trial::ignorable_test(name.clone(), move || {
            Ok(Completion::ignored_with(why))
        }));
    }
    for (name, wrong) in &measurements.read {
        let wrong = wrong.clone();
        trials.push(Trial::test(name.clone(), move || {
            wrong.map_or(Ok(()), |wrong| Err(wrong.into()))
        }));
    }
    let shared = Arc::clone(&measurements);
    trials.push(Trial::test("host::nothing-is-written", move || {
        shared.host_is_as_it_was()
    }));
    let conclusion = libtest_mimic::run(args, trials);
    measurements.clear();
    drop(measurements);
    Ok(conclusion.exit_code())
}

/// What a trial is about: the places of its runtime and its case, and what may come of it.
struct Asked {
    runtime: usize,
    operation: Operation,
    case: usize,
    expect: Expect,
}

/// What the trials share.
struct Measurements {
    run_dir: RunDir,
    inventory: Inventory,
    cases: Vec<Arc<Case>>,
    controls: Controls,
    cancel: Cancel,
    trials: Vec<(String, Asked)>,
    selected: BTreeSet<String>,
    /// What cannot be asked, and why.
    ignored: Vec<(String, String)>,
    /// Layouts that are refused when they are read, and what is wrong where one was not.
    read: Vec<(String, Option<String>)>,
    measured: OnceLock<Result<BTreeMap<Cell, Record>, String>>,
}

impl Measurements {
    fn open(args: &Arguments) -> anyhow::Result<Self> {
        let cancel = Cancel::default();
        let raise = cancel.clone();
        ctrlc::set_handler(move || raise.raise()).context("cannot listen to Ctrl-C")?;
        let (run_dir, _cleared) = RunDir::claim(&std::env::temp_dir(), false)?;
        let inventory = Discovery::of_user(&run_dir, &cancel).inventory(&sources()?)?;
        plant_secret()?;
        let dir = run_dir.dir().join("foreign");
        let mut expected = BTreeMap::new();
        let long: &[Fixture] = match std::env::var_os("OCIPICK_LONG") {
            Some(_) => LONG,
            None => &[],
        };
        for fixture in FIXTURES.iter().chain(long) {
            let layout = Layout::new(&dir.join(fixture.id))?;
            (fixture.make)(&layout).with_context(|| fixture.id)?;
            expect(&mut expected, fixture.id, fixture.cases);
        }
        for refused in REFUSED {
            let place = dir.join(refused.id);
            fixtures::ordinary(&Layout::new(&place)?)?;
            (refused.make)(&place).with_context(|| refused.id)?;
        }
        let mut ignored = Vec::new();
        let roots = roots(&inventory, &run_dir, &cancel);
        let bench = ToolRunner {
            dir: run_dir.dir().join("foreign-tools"),
            roots: &roots,
            cancel: &cancel,
        };
        fs::create_dir_all(&bench.dir)?;
        for made in MADE {
            if bench.find(made.tool).is_none() {
                let why = format!(
                    "{} is neither on the PATH nor in a provisioned release",
                    made.tool
                );
                ignored.push((format!("made::{}", made.id), why));
                continue;
            }
            (made.make)(&bench, &dir.join(made.id)).with_context(|| made.id)?;
            expect(&mut expected, made.id, made.cases);
        }
        let ask: PlatformRequest = "linux/amd64".parse()?;
        let corpus = Corpus::foreign(&dir, &ask)?;
        let cases: Vec<Arc<Case>> = corpus.cases().iter().cloned().map(Arc::new).collect();
        let mut measurements = Self {
            controls: Controls::of(&Corpus::built_in()?)?,
            read: read(&corpus, &expected),
            run_dir,
            inventory,
            cases,
            cancel,
            trials: Vec::new(),
            selected: BTreeSet::new(),
            ignored,
            measured: OnceLock::new(),
        };
        measurements.plan(&expected);
        let names = measurements.trials.iter().map(|(name, _)| name);
        measurements.selected = names
            .filter(|name| is_selected(args, name))
            .cloned()
            .collect();
        Ok(measurements)
    }

    /// Every trial, and what cannot be one.
    fn plan(&mut self, expected: &BTreeMap<String, Expect>) {
        for (place, runtime) in self.inventory.runtimes.iter().enumerate() {
            for OperationSpec { operation, .. } in operations::ALL {
                let name = format!("{}::{operation}", runtime.id());
                if let Support::No(why) = adapter(runtime.tool).supports(runtime, *operation) {
                    self.ignored.push((name, why));
                    continue;
                }
                for (case, of) in self.cases.iter().enumerate() {
                    let Some(expect) = expected.get(of.id.as_str()) else {
                        continue;
                    };
                    let asked = Asked {
                        runtime: place,
                        operation: *operation,
                        case,
                        expect: expect.of(of.id.as_str(), runtime),
                    };
                    self.trials.push((format!("{name}::{}", of.id), asked));
                }
            }
        }
        for missing in &self.inventory.missing {
            let name = format!("{}::missing-from-{}", missing.tool, missing.channel);
            let why = format!("{}; {}", missing.why, missing.remedy);
            self.ignored.push((name, why));
        }
    }

    /// Passes a trial, or says what it came to.
    fn hears(&self, at: usize) -> Result<Completion, Failed> {
        let (_, asked) = &self.trials[at];
        let record = self.record(asked)?;
        let text = serde_json::to_string(&record).map_err(|error| error.to_string())?;
        if text.contains(SECRET) {
            return Err("the record holds what stands in a file of the host".into());
        }
        let case = &self.cases[asked.case];
        let picks = |wanted: &str| match &record.outcome {
            Outcome::Picked { child, .. } => child == wanted,
            _ => false,
        };
        let refuses = matches!(record.outcome, Outcome::Refused { .. });
        let fits = match asked.expect {
            Expect::Picks(child) => picks(child),
            Expect::PicksOrRefuses(child) => picks(child) || refuses,
            Expect::PicksDeepestOrRefuses => {
                let names = case.children.iter().map(|child| child.name.as_str());
                refuses || names.max_by_key(|name| name.len()).is_some_and(picks)
            }
            Expect::Refuses => refuses,
            Expect::PicksOrFails(child) => {
                picks(child) || refuses || matches!(record.outcome, Outcome::Nothing)
            }
        };
        let tool = self.inventory.runtimes[asked.runtime].tool;
        match &record.outcome {
            _ if fits => Ok(Completion::Completed),
            Outcome::Unmeasured { detail, .. } if !record.outcome.is_trouble() => {
                Ok(Completion::ignored_with(detail))
            }
            Outcome::Unmeasured {
                why: UnmeasuredWhy::EvidenceMissing,
                detail,
            } if cannot_be_told(case.id.as_str(), asked.operation, tool)
                && detail.contains("cannot be told apart") =>
            {
                Ok(Completion::ignored_with(detail))
            }
            outcome => Err(format!(
                "expected {:?}, and it is {outcome:?}\n  evidence: {}",
                asked.expect,
                serde_json::to_string(&record.evidence).unwrap_or_default()
            )
            .into()),
        }
    }

    fn record(&self, asked: &Asked) -> Result<Record, String> {
        let measured = self.measured.get_or_init(|| self.measure());
        let measured = measured.as_ref().map_err(Clone::clone)?;
        let record = measured.get(&self.cell(asked)).cloned();
        record.ok_or_else(|| "no trial was recorded".to_owned())
    }

    fn cell(&self, asked: &Asked) -> Cell {
        let case = &self.cases[asked.case];
        let runtime = &self.inventory.runtimes[asked.runtime];
        Cell::of(runtime, asked.operation, case, &case.asks[0])
    }

    /// Measures what the filters of the command line leave, all runtimes side by side.
    fn measure(&self) -> Result<BTreeMap<Cell, Record>, String> {
        let (wanted, unwanted): (Vec<_>, Vec<_>) = self
            .trials
            .iter()
            .partition(|(name, _)| self.selected.contains(name));
        let wanted: BTreeSet<usize> = wanted.iter().map(|(_, asked)| asked.runtime).collect();
        let runtimes = wanted
            .iter()
            .map(|place| self.inventory.runtimes[*place].clone());
        let plan = Plan {
            runtimes: runtimes.collect::<Vec<Runtime>>(),
            operations: operations::ALL.to_vec(),
            cases: self.cases.clone(),
            controls: self.controls.clone(),
            done: unwanted.iter().map(|(_, asked)| self.cell(asked)).collect(),
            earlier: Earlier::default(),
            deadline: DEADLINE,
            repeats: Repeats::NONE,
            jobs: Plan::default_jobs(),
            rivals: Vec::new(),
        };
        let records = measure::measure(&plan, &self.run_dir, &self.cancel)?;
        let of_cell = |record| (Cell::of_trial(&record), record);
        Ok(records.into_iter().map(of_cell).collect())
    }

    /// No image wrote outside of its root.
    fn host_is_as_it_was(&self) -> Result<(), Failed> {
        // So that it is looked at after everything was measured, whatever the order.
        if !self.selected.is_empty() {
            self.measured.get_or_init(|| self.measure()).as_ref()?;
        }
        for kind in ["up", "absolute", "link"] {
            let path = format!("/tmp/{}", canary(kind));
            if Path::new(&path).exists() {
                return Err(format!("an image wrote {path} on the host").into());
            }
        }
        let secret = secret_file();
        match fs::read_to_string(&secret) {
            Ok(text) if text == SECRET => Ok(()),
            other => Err(format!("{secret} is changed: {other:?}").into()),
        }
    }

    fn clear(&self) {
        let _ = fs::remove_file(secret_file());
        let _ = fs::remove_dir_all(format!("{}.d", secret_file()));
    }
}

/// Puts a secret into files of the host that images have links to.
fn plant_secret() -> anyhow::Result<()> {
    fs::write(secret_file(), SECRET)?;
    let folder = format!("{}.d", secret_file());
    fs::create_dir_all(&folder)?;
    fs::write(Path::new(&folder).join("child"), SECRET)?;
    Ok(())
}

fn expect(
    expected: &mut BTreeMap<String, Expect>,
    id: &str,
    cases: &'static [(&'static str, Expect)],
) {
    for (end, expect) in cases {
        expected.insert(format!("{id}{end}"), *expect);
    }
}

/// The root directories of the provisioned releases.
fn roots(inventory: &Inventory, run_dir: &RunDir, cancel: &Cancel) -> Vec<PathBuf> {
    let privileges = Privileges::probe(run_dir.dir(), cancel);
    let channels = inventory.channels.iter();
    let places = channels.map(|channel| channel.place(privileges));
    places.filter_map(|place| place.root).collect()
}

/// What was read of the layouts: each expected case is there, and each hostile layout is refused.
fn read(corpus: &Corpus, expected: &BTreeMap<String, Expect>) -> Vec<(String, Option<String>)> {
    let mut read = Vec::new();
    for id in expected.keys() {
        let is_there = corpus.cases().iter().any(|case| case.id.as_str() == id);
        let wrong = (!is_there).then(|| format!("{id} is no case"));
        read.push((format!("layouts::{id}"), wrong));
    }
    for refused in REFUSED {
        let mut unread = corpus.unread().iter();
        let found = unread.find(|unread| unread.id.as_str() == refused.id);
        let said = found.map(|unread| unread.error.to_string());
        let wrong = match said {
            None => Some("it was read".to_owned()),
            Some(said) if said.contains(refused.words) => None,
            Some(said) => Some(format!("expected `{}`: {said}", refused.words)),
        };
        read.push((format!("layouts::{}", refused.id), wrong));
    }
    read
}
