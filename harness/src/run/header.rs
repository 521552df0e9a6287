//! The header of the results: what is measured, with what, and where.

use super::Plan;
use crate::{host, inventory::Inventory};
use ocipick_adapters::{Runtime, Tool, channel::ProvisioningRecord};
use ocipick_corpus::{digest_of, digest_of_content};
use ocipick_records::{
    ArchiveRecord, ChannelRecord, CorpusStamp, Header, MissingRecord, ModuleOrigin, Provenance,
    Repeats, RuntimeRecord, SCHEMA, ToolInfo,
};
use std::{collections::BTreeSet, path::Path};

/// The header of the results of a run: what is measured, with what, and where. `directories` are
/// those of the run, by what they are; they name the machine and its user, and are kept apart.
#[must_use]
pub fn header(
    plan: &Plan,
    source: &str,
    inventory: &Inventory,
    directories: &[(&str, &Path)],
) -> Header {
    Header {
        schema: SCHEMA.to_owned(),
        ocipick: env!("CARGO_PKG_VERSION").to_owned(),
        started: now(),
        corpus: CorpusStamp {
            digest: digest_of(plan.cases.iter().map(|case| &**case)).to_string(),
            cases: plan.cases.len(),
            source: source.to_owned(),
            content: plan
                .cases
                .iter()
                .map(|case| (case.id.to_string(), digest_of_content(case)))
                .collect(),
        },
        host: host::describe(),
        private: Some(host::private(directories)),
        runtimes: plan.runtimes.iter().map(runtime_record).collect(),
        tools: tools(plan),
        missing: inventory
            .missing
            .iter()
            .map(|missing| MissingRecord {
                tool: missing.tool.to_string(),
                flavour: missing.flavour.map(|flavour| flavour.as_str().to_owned()),
                channel: missing.channel.clone(),
                why: missing.why.clone(),
                remedy: missing.remedy.clone(),
            })
            .collect(),
        channels: channel_records(plan, inventory),
        operations: plan.operations.iter().map(ToString::to_string).collect(),
        planned: plan.trials(),
        repeats: (plan.repeats != Repeats::NONE).then_some(plan.repeats),
    }
}

/// What there is to know of the tools of the planned runtimes.
fn tools(plan: &Plan) -> Vec<ToolInfo> {
    let used: BTreeSet<Tool> = plan.runtimes.iter().map(|runtime| runtime.tool).collect();
    used.into_iter().map(|tool| tool.info().clone()).collect()
}

/// What the channels of the planned runtimes were made of.
fn channel_records(plan: &Plan, inventory: &Inventory) -> Vec<ChannelRecord> {
    let used: BTreeSet<&str> = plan
        .runtimes
        .iter()
        .map(|runtime| runtime.installation.channel.as_str())
        .collect();
    let records = inventory.channels.iter().map(|channel| &channel.record);
    let records = records.filter(|record| used.contains(record.name.as_str()));
    let mut stamps: Vec<ChannelRecord> = records.map(channel_record).collect();
    // `--channel auto` beside a name finds the same channel twice.
    stamps.sort_by(|a, b| a.name.cmp(&b.name));
    stamps.dedup();
    stamps
}

fn channel_record(record: &ProvisioningRecord) -> ChannelRecord {
    let packages = record.packages.iter().map(|(name, package)| {
        let archive = ArchiveRecord {
            version: package.version.clone(),
            sha256: package.sha256.clone(),
            suite: package.suite.clone(),
        };
        (name.clone(), archive)
    });
    ChannelRecord {
        name: record.name.clone(),
        base: record.base.clone(),
        packages: packages.collect(),
        bootstrapper: record.bootstrapper.clone(),
        expired: record.expired.clone(),
    }
}

/// A runtime, with what exactly is run of it.
#[must_use]
pub fn runtime_record(runtime: &Runtime) -> RuntimeRecord {
    let texts = |role: &str, text: String| (role.to_owned(), text);
    let origin = &runtime.origin;
    let linked = origin.linked.iter();
    let linked = linked.map(|(role, linked)| ((*role).to_owned(), linked.clone()));
    RuntimeRecord {
        id: runtime.id(),
        tool: runtime.tool.to_string(),
        version: runtime.version.clone(),
        flavour: runtime.flavour.map(|flavour| flavour.as_str().to_owned()),
        channel: runtime.installation.channel.clone(),
        provenance: Provenance {
            binaries: runtime
                .binaries
                .iter()
                .map(|(role, path)| {
                    // Where a copy lies says nothing.
                    let path = runtime.installation.copied_from.get(path).unwrap_or(path);
                    texts(role, path.to_string_lossy().into_owned())
                })
                .collect(),
            provider: Some(runtime.installation.provider.to_string()),
            module: runtime.installation.module.as_ref().map(|it| ModuleOrigin {
                path: it.path.clone(),
                version: it.version.clone(),
                sum: it.sum.clone(),
                how: it.how.clone(),
            }),
            sha256: origin
                .sha256
                .iter()
                .map(|(role, sum)| texts(role, sum.clone()))
                .collect(),
            versions: runtime
                .versions
                .iter()
                .map(|(role, version)| texts(role, version.clone()))
                .collect(),
            packages: origin.packages.clone(),
            distribution: origin.distribution.clone(),
            linked: linked.collect(),
            snapshotter: runtime.snapshotter().map(str::to_owned),
            notes: runtime
                .installation
                .notes
                .iter()
                .chain(&runtime.notes)
                .cloned()
                .collect(),
        },
        unmeasured: None,
    }
}

/// The time, as results write it.
#[must_use]
pub fn now() -> String {
    jiff::Timestamp::now()
        .strftime("%Y-%m-%dT%H:%M:%SZ")
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::plan::tests::plan;
    use ocipick_adapters::{
        Flavour, Missing,
        channel::{InstalledChannel, PackageRecord},
    };
    use ocipick_records::{Linked, LinkedSource, Operation, Private, RepeatedCells};
    use std::{collections::BTreeMap, path::PathBuf};

    fn channel(name: &str) -> InstalledChannel {
        let package = PackageRecord {
            version: "1.0-1".to_owned(),
            sha256: "ab".to_owned(),
            suite: Some("sid".to_owned()),
            built_using: BTreeMap::new(),
        };
        InstalledChannel {
            record: ProvisioningRecord {
                name: name.to_owned(),
                base: Some("base".to_owned()),
                tools: vec!["crane".to_owned()],
                auxiliary_tools: Vec::new(),
                inherits: Vec::new(),
                lacks: Vec::new(),
                packages: BTreeMap::from([("crane".to_owned(), package)]),
                bootstrapper: "mmdebstrap 1".to_owned(),
                expired: Some("3 days".to_owned()),
                files: None,
                bytes: None,
            },
            root: PathBuf::from("/nowhere"),
        }
    }

    #[test]
    fn a_header_says_what_is_measured_with_what_and_where() {
        let mut plan = plan(|_| {});
        plan.repeats = Repeats {
            tries: 3,
            of: RepeatedCells::Splits,
            seed: 7,
        };
        let runtime = &mut plan.runtimes[0];
        runtime.installation.channel = "sid".to_owned();
        runtime.installation.notes = vec!["of the installation".to_owned()];
        runtime.notes = vec!["of the runtime".to_owned()];
        runtime.binaries = BTreeMap::from([("client", PathBuf::from("/usr/bin/crane"))]);
        runtime.versions = BTreeMap::from([("client", "crane 1".to_owned())]);
        let linked = Linked {
            go: Some("1.27".to_owned()),
            libraries: BTreeMap::from([("go-containerregistry".to_owned(), "0.20".to_owned())]),
            source: LinkedSource::BuiltUsing,
        };
        runtime.origin.linked.insert("client", linked);
        let inventory = Inventory {
            missing: vec![Missing {
                tool: "docker".parse().unwrap(),
                flavour: Some(Flavour::new("containerd-store")),
                channel: "sid".to_owned(),
                why: "too old".to_owned(),
                remedy: "a newer one".to_owned(),
            }],
            // Found twice, and one that no runtime of the plan is from.
            channels: vec![channel("sid"), channel("trixie"), channel("sid")],
            ..Inventory::default()
        };
        let out = Path::new("/somewhere/out");
        let header = header(&plan, CorpusStamp::BUILT_IN, &inventory, &[("out", out)]);

        assert_eq!(header.schema, SCHEMA);
        assert_eq!(header.started.len(), "2026-01-01T00:00:00Z".len());
        assert_eq!(header.operations, [Operation::Pull.to_string()]);
        assert_eq!((header.planned, header.corpus.cases), (1, 1));
        let case = &plan.cases[0];
        let content = BTreeMap::from([(case.id.to_string(), digest_of_content(case))]);
        assert_eq!(header.corpus.content, content);
        assert!(header.corpus.is_built_in());
        assert_eq!(header.repeats, Some(plan.repeats));

        let [runtime] = &header.runtimes[..] else {
            panic!("one runtime: {:?}", header.runtimes)
        };
        assert_eq!((&*runtime.id, &*runtime.channel), ("crane@1#sid", "sid"));
        let provenance = &runtime.provenance;
        assert_eq!(provenance.binaries["client"], "/usr/bin/crane");
        assert_eq!(provenance.versions["client"], "crane 1");
        assert_eq!(provenance.linked["client"].source, LinkedSource::BuiltUsing);
        assert_eq!(provenance.notes, ["of the installation", "of the runtime"]);

        let [channel] = &header.channels[..] else {
            panic!("the one that is used, once: {:?}", header.channels)
        };
        assert_eq!(channel.name, "sid");
        assert_eq!(channel.base.as_deref(), Some("base"));
        assert_eq!(channel.expired.as_deref(), Some("3 days"));
        assert_eq!(channel.packages["crane"].version, "1.0-1");
        assert_eq!(channel.packages["crane"].suite.as_deref(), Some("sid"));

        let [missing] = &header.missing[..] else {
            panic!("one is missing: {:?}", header.missing)
        };
        assert_eq!(missing.tool, "docker");
        assert_eq!(missing.flavour.as_deref(), Some("containerd-store"));

        let Some(Private { directories, .. }) = &header.private else {
            panic!("what names the machine is kept apart")
        };
        assert_eq!(directories["out"][0], "/somewhere/out");
    }

    #[test]
    fn a_run_without_repeats_says_nothing_of_them() {
        let header = header(&plan(|_| {}), "layouts", &Inventory::default(), &[]);
        assert_eq!(header.repeats, None);
        assert!(!header.corpus.is_built_in());
        assert!(header.channels.is_empty() && header.missing.is_empty());
    }
}
