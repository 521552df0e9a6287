//! A check of the adapters: what each of them must do, and adapters that do otherwise.
//!
//! A mistake is made around a real adapter, which drives a fake tool through the real driver; and each must be
//! seen by the check that `docs/trust.md` names.

use crate::stage::{MATCH, Stage, TWO_ENTRIES, case, no_private_daemons, same};
use anyhow::{Context as _, Result, ensure};
use libtest_mimic::{Completion, Failed, Trial};
use ocipick::classify::{MessagePatterns, TrialObservations, classify};
use ocipick_adapters::{
    Action, Adapter, Asked, Cleanup, DaemonAdapter, Detected, HarnessError, ImageSource,
    Installation, Look, Request, Retention, RunDir, Runtime, Sandbox, SandboxedTool, Session,
    Support, Tool, Transport, adapter,
    channel::DebianRelease,
    process::{Cancel, Invocation},
};
use ocipick_records::{Operation, Outcome, OutcomeKind, Platform, RefusalReason, ToolInfo};
use ocipick_registry::Registry;
use std::{
    collections::BTreeSet,
    env, fs, io,
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// A mistake that an adapter could make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mistake {
    /// The image of the trial before is looked at.
    LooksAtEarlier,
    /// One look stands for both kinds of evidence.
    LooksOnce,
    /// The platform is left out of the command.
    ForgetsPlatform,
    /// What a trial made stays in the store.
    NeverRemoves,
}

impl Mistake {
    const ALL: [Self; 4] = [
        Self::LooksAtEarlier,
        Self::LooksOnce,
        Self::ForgetsPlatform,
        Self::NeverRemoves,
    ];

    /// What goes wrong, for a page.
    fn about(self) -> &'static str {
        match self {
            Self::LooksAtEarlier => "the image of the trial before is looked at",
            Self::LooksOnce => "what is reported stands for what is materialised, too",
            Self::ForgetsPlatform => "the platform is not asked for",
            Self::NeverRemoves => "what a trial made stays in the store",
        }
    }

    /// Whether the adapter of a tool can make it. Those of podman and buildah look at what the command that
    /// decides has printed, and never at what they expect.
    fn is_of(self, tool: Tool) -> bool {
        match self {
            Self::LooksAtEarlier => !["podman", "buildah"].contains(&tool.as_str()),
            Self::ForgetsPlatform => takes_platform(tool),
            Self::LooksOnce | Self::NeverRemoves => true,
        }
    }

    /// The check that sees it.
    fn caught_by(self) -> Check {
        match self {
            Self::LooksAtEarlier => Check::LooksAnew,
            Self::LooksOnce => Check::LooksTwice,
            Self::ForgetsPlatform => Check::AsksForPlatform,
            Self::NeverRemoves => Check::LeavesNothing,
        }
    }

    /// What a cell would say in which it was made.
    fn would_be(self) -> OutcomeKind {
        match self {
            Self::LooksAtEarlier | Self::NeverRemoves => OutcomeKind::Mixed,
            Self::LooksOnce | Self::ForgetsPlatform => OutcomeKind::Picked,
        }
    }
}

/// An adapter with a mistake in it.
struct Mistaken {
    adapter: &'static dyn Adapter,
    mistake: Mistake,
    /// Where the image of the trial before came from.
    before: Mutex<Option<(SocketAddr, String)>>,
}

impl Mistaken {
    fn new(adapter: &'static dyn Adapter, mistake: Mistake) -> Self {
        Self {
            adapter,
            mistake,
            before: Mutex::default(),
        }
    }
}

impl Adapter for Mistaken {
    fn info(&self) -> &'static ToolInfo {
        self.adapter.info()
    }

    fn libraries(&self) -> &'static [(&'static str, &'static str)] {
        self.adapter.libraries()
    }

    fn messages(&self) -> &'static [&'static str] {
        self.adapter.messages()
    }

    fn packages(&self, release: &DebianRelease) -> Vec<&'static str> {
        self.adapter.packages(release)
    }

    fn detect(&self, tool: Tool, installation: &Installation, sandbox: &Sandbox) -> Detected {
        self.adapter.detect(tool, installation, sandbox)
    }

    fn is_stateless(&self) -> bool {
        self.adapter.is_stateless()
    }

    fn transport(&self) -> Transport {
        self.adapter.transport()
    }

    fn supports(&self, runtime: &Runtime, operation: Operation) -> Support {
        self.adapter.supports(runtime, operation)
    }

    fn can_be_asked(&self, runtime: &Runtime, request: &Request<'_>) -> Support {
        self.adapter.can_be_asked(runtime, request)
    }

    fn prepare(&self, runtime: &Runtime, sandbox: &mut Sandbox) -> io::Result<()> {
        self.adapter.prepare(runtime, sandbox)
    }

    fn daemon(&self) -> Option<&dyn DaemonAdapter> {
        self.adapter.daemon()
    }

    fn actions(&self, asked: &Asked<'_>) -> Vec<Action> {
        if self.mistake != Mistake::ForgetsPlatform {
            return self.adapter.actions(asked);
        }
        let request = Request {
            platform: None,
            ..*asked.request
        };
        self.adapter.actions(&Asked {
            request: &request,
            ..*asked
        })
    }

    fn observe(&self, asked: &Asked<'_>, look: &mut Look<'_>) -> Result<(), HarnessError> {
        match self.mistake {
            Mistake::ForgetsPlatform | Mistake::NeverRemoves => self.adapter.observe(asked, look),
            Mistake::LooksOnce => {
                let looked = self.adapter.observe(asked, look);
                look.materialised = look.reported.clone();
                looked
            }
            Mistake::LooksAtEarlier => {
                let mut before = self.before.lock().unwrap_or_else(PoisonError::into_inner);
                let now = match asked.request.source {
                    ImageSource::Registry {
                        address,
                        repository,
                        ..
                    } => Some((address, repository.to_owned())),
                    ImageSource::Layout(_) => None,
                };
                let Some((address, repository)) = std::mem::replace(&mut *before, now) else {
                    return self.adapter.observe(asked, look);
                };
                let request = Request {
                    operation: Operation::Pull,
                    source: ImageSource::Registry {
                        address,
                        repository: &repository,
                        tag: "latest",
                    },
                    ..*asked.request
                };
                let earlier = Asked {
                    request: &request,
                    number: asked.number - 1,
                    ..*asked
                };
                self.adapter.observe(&earlier, look)
            }
        }
    }

    fn cleanup(&self, asked: &Asked<'_>, image: Option<&str>) -> Cleanup {
        let cleanup = self.adapter.cleanup(asked, image);
        match self.mistake {
            Mistake::LooksOnce | Mistake::ForgetsPlatform => cleanup,
            Mistake::NeverRemoves | Mistake::LooksAtEarlier => Cleanup {
                look: cleanup.look,
                // A fake tool mounts nothing, but writes into the directory.
                look_files: cleanup.mount_point.into_iter().collect(),
                ..Cleanup::default()
            },
        }
    }

    fn farewell(&self, tool: &SandboxedTool) -> Vec<Invocation> {
        self.adapter.farewell(tool)
    }
}

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
    const ALL: [Self; 6] = [
        Self::LooksAnew,
        Self::SeesFailure,
        Self::LooksTwice,
        Self::AsksForPlatform,
        Self::LeavesNothing,
        Self::SeesCrash,
    ];

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

    /// Whether it is for a tool.
    fn is_for(self, tool: Tool) -> bool {
        match self {
            Self::SeesCrash => adapter(tool).daemon().is_some(),
            Self::AsksForPlatform => takes_platform(tool),
            Self::LooksAnew | Self::SeesFailure | Self::LooksTwice | Self::LeavesNothing => true,
        }
    }

    /// What an adapter of a tool makes of it, in the outcome of its last trial.
    fn run(self, tool: Tool, adapter: &dyn Adapter) -> Result<Outcome> {
        let amd64 = "linux/amd64";
        let both = [(MATCH, amd64), (TWO_ENTRIES, amd64)];
        match self {
            Self::LooksAnew => last(tool, adapter, "honest", &both),
            Self::SeesFailure => last(tool, adapter, "fails-after-all", &both),
            Self::LooksTwice => last(tool, adapter, "swaps-content", &both),
            Self::AsksForPlatform => last(tool, adapter, "honest", &[(MATCH, "linux/arm64")]),
            Self::LeavesNothing => last(tool, adapter, "remembers", &both),
            Self::SeesCrash => last(tool, adapter, "panics-on-two", &both),
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

/// Whether a tool can be asked for another platform than that of the machine.
fn takes_platform(tool: Tool) -> bool {
    !["systemd", "oci-client"].contains(&tool.as_str())
}

fn programs(tool: Tool) -> Vec<&'static str> {
    tool.binaries().iter().map(String::as_str).collect()
}

/// The outcome of the last of these trials, in one session, on the thread that calls.
fn last(tool: Tool, adapter: &dyn Adapter, mode: &str, trials: &[(&str, &str)]) -> Result<Outcome> {
    let stage = Stage::new()?.with(&programs(tool), mode)?;
    let (run_dir, _) = RunDir::claim(stage.dir(), false)?;
    let (registry, cancel) = (Registry::start()?, Cancel::default());
    let patterns = MessagePatterns::built_in()?;
    let inventory = stage.inventory(&run_dir, &cancel)?;
    let runtime = inventory.runtimes.first().context("no runtime")?;
    let dir = run_dir.dir().join("r0");
    let mut sandbox = Sandbox::furnish(
        &dir,
        run_dir.dir(),
        run_dir.session(),
        &runtime.installation,
        &cancel,
    )?;
    let address = match adapter.transport() {
        Transport::PlainHttp => registry.address(),
        Transport::Tls => {
            sandbox.trust(&registry.tls().authority)?;
            registry.tls().address
        }
    };
    let mut session = Session::open(adapter, runtime, sandbox)?;
    session.start()?;
    let mut outcomes = Vec::new();
    for (number, (id, platform)) in trials.iter().enumerate() {
        let case = Arc::new(case(id)?);
        let platform: Platform = platform.parse()?;
        let namespace = registry.open(&format!("t{number}/{id}"), Arc::clone(&case))?;
        let deadline = Duration::from_secs(10);
        let execution = session.execute(&Request {
            operation: Operation::Pull,
            source: ImageSource::Registry {
                address,
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
    let mut trials = vec![Trial::test("mistakes::page", || {
        page().map_err(|error| Failed::from(format!("{error:#}")))
    })];
    for &tool in Tool::ALL {
        for check in Check::ALL.into_iter().filter(|it| it.is_for(tool)) {
            let name = format!("adapters::{tool}::{}", check.name());
            trials.push(trial(tool, name, move || {
                let outcome = check.run(tool, adapter(tool))?;
                ensure!(check.accepts(&outcome), "{outcome:?}");
                Ok(())
            }));
        }
        for mistake in Mistake::ALL.into_iter().filter(|it| it.is_of(tool)) {
            let name = format!("mistakes::{tool}::{mistake:?}");
            trials.push(trial(tool, name, move || {
                let mistaken = Mistaken::new(adapter(tool), mistake);
                let check = mistake.caught_by();
                let outcome = check.run(tool, &mistaken)?;
                ensure!(!check.accepts(&outcome), "nobody saw it: {outcome:?}");
                same("the cell", &outcome.kind(), &mistake.would_be())
                    .with_context(|| format!("{outcome:?}"))
            }));
        }
    }
    trials
}

fn trial(tool: Tool, name: String, run: impl FnOnce() -> Result<()> + Send + 'static) -> Trial {
    let daemons = adapter(tool).daemon().and_then(|_| no_private_daemons());
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
    for mistake in Mistake::ALL {
        let tools: Vec<String> = Tool::ALL
            .iter()
            .filter(|tool| mistake.is_of(**tool))
            .map(ToString::to_string)
            .collect();
        let tools = if tools.len() == Tool::ALL.len() {
            "all".to_owned()
        } else {
            tools.join(", ")
        };
        let row = format!(
            "| `{mistake:?}` | {} | {tools} | `adapters::*::{}` | {} |\n",
            mistake.about(),
            mistake.caught_by().name(),
            mistake.would_be().as_str(),
        );
        table.push_str(&row);
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/trust.md");
    let page = fs::read_to_string(&path)?;
    let (begin, end) = ("<!-- adapters: begin -->\n", "<!-- adapters: end -->\n");
    let (_, rest) = page.split_once(begin).context("no begin")?;
    let (shown, _) = rest.split_once(end).context("no end")?;
    same("the table of docs/trust.md", shown, &*table)
}
