//! Which released version a build of the user's own is held against at the end of a run.

use crate::{
    inventory::{Discovery, InventoryError},
    run::{Rival, RivalOutcomes},
};
use globset::GlobMatcher;
use ocipick_adapters::{
    Provider, Runtime,
    channel::{InstalledChannel, SharedLock},
};
use ocipick_records::{Header, Results};
use ocipick_reports::{
    analysis::against::{BuildComparison, ReferenceOutcomes, Released, accepted_outcomes, nearest},
    baseline::{Baseline, BaselineBuild, BaselineSet},
};
use std::sync::Arc;

/// A build of the user's own, and what it is held against.
#[derive(Clone, Debug)]
pub struct Against {
    /// The build.
    pub build: BaselineBuild,
    /// What it is held against; nothing where there is nothing of this tool in this configuration.
    pub reference: Option<Released>,
}

/// What builds of the user's own are held against, and what of that is to be measured besides.
#[derive(Debug, Default)]
pub struct References {
    /// One for each build.
    pub all: Vec<Against>,
    /// Those that are here, are part of no channel that was asked for, and are to be measured beside the builds.
    pub besides: Vec<Runtime>,
    /// The channels that were looked into.
    pub channels: Vec<InstalledChannel>,
    /// Keeps them as they are.
    pub holds: Vec<Arc<SharedLock>>,
}

/// Why there is nothing to hold a build against.
#[derive(Debug, thiserror::Error)]
pub enum AgainstError {
    /// No released version is called so.
    #[error(
        "--against {pattern} fits no released version of {build} (hint: {})",
        if known.is_empty() { "none is known; ocipick channel install provisions some".to_owned() } else { format!("there are {}", known.join(", ")) }
    )]
    NoSuch {
        /// What was asked for.
        pattern: String,
        /// Id of the build.
        build: String,
        /// Ids of those that there are.
        known: Vec<String>,
    },
    /// What is installed cannot be told.
    #[error(transparent)]
    Inventory(#[from] InventoryError),
}

/// Whether a runtime is a build of the user's own.
#[must_use]
pub fn is_own(runtime: &Runtime) -> bool {
    runtime.installation.provider == Provider::Binary
}

impl References {
    /// Chooses for each build of the user's own among `planned` what it is held against: `pattern` if it is given,
    /// or else the nearest released version of what is installed, where `discovery` may look for it, and of
    /// what was accepted.
    ///
    /// # Errors
    /// When `pattern` fits nothing, or what is installed cannot be told.
    pub fn choose(
        planned: &[Runtime],
        pattern: Option<&GlobMatcher>,
        discovery: Option<&Discovery<'_>>,
        accepted: &BaselineSet,
    ) -> Result<Self, AgainstError> {
        let mut references = Self::default();
        let own: Vec<&Runtime> = planned.iter().filter(|it| is_own(it)).collect();
        let released = planned.iter().filter(|it| !is_own(it));
        let mut installed: Vec<Runtime> = released.cloned().collect();
        let mut tools: Vec<_> = own.iter().map(|runtime| runtime.tool).collect();
        tools.dedup();
        if let Some(discovery) = discovery {
            for tool in tools {
                let found = discovery.installed(tool)?;
                for runtime in found.runtimes {
                    if !installed.iter().any(|it| it.id() == runtime.id()) {
                        installed.push(runtime);
                    }
                }
                references.channels.extend(found.channels);
                references.holds.extend(found.holds);
            }
        }
        let here = installed.iter().map(|runtime| Released {
            build: build_of(runtime),
            is_installed: true,
        });
        let known = accepted.baselines().map(|(_, baseline)| Released {
            build: baseline.build.clone(),
            is_installed: false,
        });
        let released: Vec<Released> = here.chain(known).collect();
        for runtime in own {
            let build = build_of(runtime);
            let fits = |it: &&Released| {
                let id = it.build.id();
                let alias = id.rsplit_once('#').map_or(id.as_str(), |(alias, _)| alias);
                pattern.is_none_or(|pattern| pattern.is_match(&id) || pattern.is_match(alias))
            };
            let candidates: Vec<Released> = released.iter().filter(fits).cloned().collect();
            let reference = nearest(&build, &candidates).cloned();
            if let (Some(pattern), None) = (pattern, &reference) {
                let same = |it: &&Released| {
                    it.build.tool == build.tool && it.build.flavour == build.flavour
                };
                let known = released.iter().filter(same).map(|it| it.build.id());
                let mut known: Vec<String> = known.collect();
                known.sort();
                known.dedup();
                return Err(AgainstError::NoSuch {
                    pattern: pattern.glob().to_string(),
                    build: runtime.id(),
                    known,
                });
            }
            if let Some(Released {
                build,
                is_installed: true,
            }) = &reference
            {
                let is_planned = |all: &[Runtime]| all.iter().any(|it| it.id() == build.id());
                if !is_planned(planned) && !is_planned(&references.besides) {
                    let found = installed.iter().find(|it| it.id() == build.id());
                    references.besides.extend(found.cloned());
                }
            }
            references.all.push(Against { build, reference });
        }
        Ok(references)
    }

    /// Which runtimes of a plan are held against which, for a run with this header.
    #[must_use]
    pub fn rivals(&self, header: &Header, accepted: &BaselineSet) -> Vec<Rival> {
        let pairs = self.all.iter().filter_map(|it| {
            let reference = it.reference.as_ref()?;
            let against = if reference.is_installed {
                RivalOutcomes::Measured(name_of(&reference.build))
            } else {
                let baseline = baseline_of(accepted, &reference.build)?;
                let known = accepted_outcomes(header, baseline).into_iter();
                RivalOutcomes::Known(
                    known
                        .map(|(key, outcome)| ((key.operation, key.case, key.platform), outcome))
                        .collect(),
                )
            };
            Some(Rival {
                runtime: name_of(&it.build),
                against,
            })
        });
        pairs.collect()
    }

    /// Each build held against its reference, of those that have one.
    #[must_use]
    pub fn compare(&self, results: &Results, accepted: &BaselineSet) -> Vec<BuildComparison> {
        let pairs = self.all.iter().filter_map(|it| {
            let reference = it.reference.as_ref()?;
            let id = reference.build.id();
            let outcomes = if reference.is_installed {
                ReferenceOutcomes::Measured(&id)
            } else {
                ReferenceOutcomes::Accepted(baseline_of(accepted, &reference.build)?)
            };
            Some(BuildComparison::of(results, &it.build.id(), outcomes))
        });
        pairs.collect()
    }
}

fn baseline_of<'b>(accepted: &'b BaselineSet, build: &BaselineBuild) -> Option<&'b Baseline> {
    let mut all = accepted.baselines().map(|(_, baseline)| baseline);
    all.find(|baseline| baseline.build == *build)
}

/// A runtime as cells name it: its id without the channel, and the channel.
fn name_of(build: &BaselineBuild) -> (String, String) {
    let id = build.id();
    let alias = id.strip_suffix(&format!("#{}", build.channel));
    (alias.unwrap_or(&id).to_owned(), build.channel.clone())
}

fn build_of(runtime: &Runtime) -> BaselineBuild {
    BaselineBuild {
        tool: runtime.tool.to_string(),
        version: runtime.version.clone(),
        flavour: runtime.flavour.map(|flavour| flavour.as_str().to_owned()),
        channel: runtime.installation.channel.clone(),
    }
}
