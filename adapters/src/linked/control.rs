//! Control data of Debian packages.

use ocipick_records::{Linked, LinkedSource};
use std::collections::BTreeMap;

/// The fields of one package, by name.
pub(crate) type Stanza = BTreeMap<String, String>;

/// The packages that a text describes, one after another with an empty line between them.
pub(crate) fn stanzas(text: &str) -> Vec<Stanza> {
    let mut stanzas = vec![Stanza::new()];
    let mut last: Option<String> = None;
    for line in text.lines() {
        if line.trim().is_empty() {
            last = None;
            if stanzas.last().is_some_and(|stanza| !stanza.is_empty()) {
                stanzas.push(Stanza::new());
            }
            continue;
        }
        let Some(stanza) = stanzas.last_mut() else {
            continue;
        };
        if line.starts_with([' ', '\t']) {
            if let Some(value) = last.as_ref().and_then(|name| stanza.get_mut(name)) {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            stanza.insert(name.to_owned(), value.trim().to_owned());
            last = Some(name.to_owned());
        }
    }
    stanzas.retain(|stanza| !stanza.is_empty());
    stanzas
}

/// The source packages that a package was built with, and their versions.
pub(crate) fn built_using(stanza: &Stanza) -> BTreeMap<String, String> {
    let fields = ["Built-Using", "Static-Built-Using"];
    let fields = fields.iter().filter_map(|name| stanza.get(*name));
    fields
        .flat_map(|field| field.split(','))
        .filter_map(|source| {
            let (name, version) = source.trim().split_once(' ')?;
            let version = version.trim().strip_prefix("(=")?.strip_suffix(')')?;
            Some((name.to_owned(), version.trim().to_owned()))
        })
        .collect()
}

/// The source packages of compilers and libraries that select manifests, and what they are called
/// here.
const LIBRARIES: [(&str, &str); 5] = [
    ("containerd", "containerd"),
    ("golang-github-containerd-platforms", "containerd/platforms"),
    ("golang-github-containers-image", "containers/image"),
    ("golang-github-containers-common", "containers/common"),
    ("go-containerregistry", "go-containerregistry"),
];

/// What a package was linked with, as far as it has a part in selecting; nothing where it does not
/// say what it was built with.
pub(crate) fn linked(built_using: &BTreeMap<String, String>) -> Option<Linked> {
    if built_using.is_empty() {
        return None;
    }
    let go = built_using.iter().filter_map(|(name, version)| {
        let series = name.strip_prefix("golang-")?;
        series
            .split('.')
            .all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit()))
            .then(|| upstream(version))
    });
    let libraries = LIBRARIES.iter().filter_map(|(source, name)| {
        let version = built_using.get(*source)?;
        Some(((*name).to_owned(), upstream(version).to_owned()))
    });
    Some(Linked {
        go: go
            .max_by(|one, other| ocipick_records::compare_versions(one, other))
            .map(str::to_owned),
        libraries: libraries.collect(),
        source: LinkedSource::BuiltUsing,
    })
}

/// What upstream calls a version of Debian: `5.34.2` of `1:5.34.2+ds1-1+b2`. A pre-release stays as
/// it is (`1.0.0~rc4`).
pub(crate) fn upstream(version: &str) -> &str {
    let version = version.split_once(':').map_or(version, |(_, rest)| rest);
    let version = version.rsplit_once('-').map_or(version, |(rest, _)| rest);
    let added = ["+ds", "~ds", "+dfsg", "~dfsg", "+repack", "+really"];
    let end = added.iter().filter_map(|added| version.find(added)).min();
    &version[..end.unwrap_or(version.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
Package: docker.io
Version: 28.5.2+dfsg4-5
Built-Using: containerd (= 2.1.9+ds1-2), golang-1.27 (= 1.27.1-2),
 golang-github-containerd-platforms (= 1.0.0~rc4-2)
Description: Linux container runtime
 Docker complements kernel namespacing.
 .
 It is not Built-Using: anything.

Package: skopeo
Static-Built-Using: golang-1.26 (= 1.26.1-1), golang-go.crypto (= 1:0.47.0-1), golang-github-containers-image (= 5.39.1-3), broken, odd (>= 1)
";

    #[test]
    fn what_packages_were_built_with_is_read() {
        let stanzas = stanzas(TEXT);
        assert_eq!(stanzas.len(), 2);
        let of = |at: usize| linked(&built_using(&stanzas[at])).unwrap();
        let docker = of(0);
        assert_eq!(docker.go.as_deref(), Some("1.27.1"));
        assert_eq!(
            docker.libraries,
            [
                ("containerd".to_owned(), "2.1.9".to_owned()),
                ("containerd/platforms".to_owned(), "1.0.0~rc4".to_owned()),
            ]
            .into()
        );
        let skopeo = of(1);
        assert_eq!(skopeo.go.as_deref(), Some("1.26.1"));
        assert_eq!(skopeo.libraries["containers/image"], "5.39.1");
        assert_eq!(
            built_using(&stanzas[1]).len(),
            3,
            "what is broken is left out"
        );
        assert_eq!(linked(&BTreeMap::new()), None);
    }

    #[test]
    fn versions_are_those_of_upstream() {
        for (debian, plain) in [
            ("1.7.24~ds1-6+deb13u1", "1.7.24"),
            ("20.10.5+dfsg1-1+deb11u4", "20.10.5"),
            ("1:0.0~git20201221.eec23a3-1", "0.0~git20201221.eec23a3"),
            ("1.0.0~rc4-2", "1.0.0~rc4"),
            ("1.15.15-1~deb11u4", "1.15.15"),
            ("5", "5"),
        ] {
            assert_eq!(upstream(debian), plain, "{debian}");
        }
    }
}
