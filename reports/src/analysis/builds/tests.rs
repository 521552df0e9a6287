use super::*;
use ocipick_records::Provenance;
use std::collections::BTreeSet;

fn record(tool: &str, version: &str, channel: &str) -> RuntimeRecord {
    RuntimeRecord {
        id: format!("{tool}@{version}"),
        tool: tool.to_owned(),
        version: version.to_owned(),
        flavour: None,
        channel: channel.to_owned(),
        provenance: Provenance::default(),
        unmeasured: None,
    }
}

fn linked(mut record: RuntimeRecord, libraries: &[(&str, &str)]) -> RuntimeRecord {
    let libraries = libraries.iter();
    let linked = Linked {
        go: Some("1.27.1".to_owned()),
        libraries: libraries
            .map(|(name, version)| ((*name).to_owned(), (*version).to_owned()))
            .collect(),
        source: LinkedSource::BuiltUsing,
    };
    record.provenance.linked = [("daemon".to_owned(), linked)].into();
    record
}

fn of_package(tool: &str, version: &str, package: (&str, &str)) -> BinaryBuild {
    let mut record = record(tool, version, "sid");
    record.provenance.packages = [(package.0.to_owned(), package.1.to_owned())].into();
    BinaryBuild::of(&record)
}

#[test]
fn a_build_with_another_library_is_not_the_release() {
    let docker = record("docker", "28.5.2", "sid");
    let build = BinaryBuild::of(&linked(
        docker.clone(),
        &[
            ("containerd/platforms", "1.0.0~rc4"),
            ("containerd", "2.1.9"),
        ],
    ));
    assert!(build.is_distribution() && build.differs());
    assert_eq!(build.label().as_deref(), Some("Debian's build"));
    assert_eq!(
        build.note().as_deref(),
        Some("linked with containerd/platforms 1.0.0~rc4; the release pins 1.0.0-rc.1")
    );
    let lines = build.lines().join("\n");
    assert!(
        lines.contains("between them: `os.features` must be"),
        "{lines}"
    );

    let release = BinaryBuild::of(&linked(docker, &[("containerd/platforms", "1.0.0-rc.1")]));
    assert!(!release.differs() && release.mark().is_none());
    assert_eq!(release.note(), None);
}

#[test]
fn a_build_with_a_library_that_selects_alike_stands_for_the_release() {
    let skopeo = record("skopeo", "1.9.3", "bookworm");
    let build = BinaryBuild::of(&linked(skopeo.clone(), &[("containers/image", "5.23.1")]));
    assert!(!build.differs());
    assert_eq!(
        build.note().as_deref(),
        Some(
            "linked with containers/image 5.23.1; the release pins 5.22.1, and the files that select are the same"
        )
    );
    let other = BinaryBuild::of(&linked(skopeo, &[("containers/image", "5.24.0")]));
    assert!(other.differs(), "two that nobody compared are not alike");
}

#[test]
fn what_was_published_before_it_was_recorded_is_known_by_its_packages() {
    let of = of_package;
    let docker = |version, package| of("docker", version, ("docker.io", package));
    let old = docker("20.10.24", "20.10.24+dfsg1-1+deb12u1+b6");
    assert!(old.differs());
    assert_eq!(
        old.note().as_deref(),
        Some("linked with containerd 1.6.20; the release pins 96c5ae04b678")
    );
    assert!(
        old.lines()
            .iter()
            .any(|it| it.contains("`amd64/v1` is read as `amd64`"))
    );
    assert!(docker("28.5.2", "28.5.2+dfsg4-5").differs());
    assert!(!docker("20.10.5", "20.10.5+dfsg1-1+deb11u4").differs());
    assert!(!docker("26.1.5", "26.1.5+dfsg1-9+deb13u1").differs());
    let containerd = |version, package| of("containerd", version, ("containerd", package));
    assert!(containerd("2.1.9", "2.1.9+ds1-5").differs());
    assert!(!containerd("1.7.24", "1.7.24~ds1-6+deb13u1").differs());
    let same = containerd("1.4.13", "1.4.13~ds1-1~deb11u6");
    assert_eq!((same.differs(), same.note()), (false, None));
    assert_eq!(same.basis(), Basis::KnownPackage);
}

#[test]
fn what_was_not_recorded_is_not_made_up() {
    let unknown = of_package("docker", "28.5.2", ("docker.io", "28.5.2+dfsg9-1"));
    assert_eq!(unknown.basis(), Basis::NotRecorded);
    assert!(!unknown.differs());
    let note = unknown.note().unwrap_or_default();
    assert!(note.contains("not recorded"), "{note}");
    let newer = BinaryBuild::of(&linked(
        record("docker", "29.9.9", "sid"),
        &[("containerd/platforms", "1.0.0~rc4")],
    ));
    assert_eq!(newer.libraries()[0].agreement, PinAgreement::Unknown);
    let own = BinaryBuild::of(&record("crane", "0.22.1", "path"));
    assert!(!own.is_distribution() && own.label().is_none() && own.note().is_none());
}

#[test]
fn the_table_is_consistent() {
    let pins = Pins::built_in();
    let mut seen = BTreeSet::new();
    for pin in &pins.pins {
        assert!(
            seen.insert((&pin.tool, &pin.version, &pin.library)),
            "{} {} {} stands twice",
            pin.tool,
            pin.version,
            pin.library
        );
        assert!(pin.source.contains(&pin.version), "{}", pin.source);
    }
    // Every package that is known is held against a pin, or selects by code of its own.
    for known in &pins.known {
        let (package, version) = known.package.split_once(' ').unwrap();
        let tool = package.trim_end_matches(".io");
        let version = version.split(['+', '~', '-']).next().unwrap();
        let build = of_package(
            tool,
            version,
            (package, known.package.split_once(' ').unwrap().1),
        );
        assert_eq!(build.basis(), Basis::KnownPackage, "{}", known.package);
        let pinned = pins.pins.iter();
        let mut pinned = pinned.filter(|pin| pin.tool == tool && pin.version == version);
        assert!(
            pinned.clone().count() > 0 || pins.is_own(&record(tool, version, "sid")),
            "{tool} {version} is neither pinned nor its own"
        );
        assert!(
            pinned.all(|pin| known.libraries.contains_key(&pin.library)),
            "{}",
            known.package
        );
    }
    for own in &pins.own {
        assert!(
            own.versions
                .parse::<crate::versions::VersionRange>()
                .is_ok()
        );
    }
}
