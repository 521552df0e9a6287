//! The rules that documents are held against, and the clause that each of them comes from.

use super::Consequence;
use crate::Level;

/// What is known of a rule.
#[derive(Clone, Copy, Debug)]
pub(super) struct RuleFacts {
    /// The clause that it comes from.
    pub(super) clause: &'static str,
    /// How strongly the clause says this.
    pub(super) level: Level,
    /// The first release that says it, or `main`.
    pub(super) since: &'static str,
    /// What it means for readers where it is broken.
    pub(super) consequence: Consequence,
}

macro_rules! rules {
    ($($name:ident: $clause:literal, $level:ident, $since:literal, $consequence:ident;)+) => {
        /// A rule that a document can break. Several can come from one clause, because a clause
        /// can demand one thing and recommend another.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(super) enum Rule {
            $($name,)+
        }

        impl Rule {
            #[cfg(test)]
            pub(super) const ALL: &[Self] = &[$(Self::$name,)+];

            /// The clause that it comes from, and what that says of it.
            pub(super) const fn facts(self) -> RuleFacts {
                match self {
                    $(Self::$name => RuleFacts {
                        clause: $clause,
                        level: Level::$level,
                        since: $since,
                        consequence: Consequence::$consequence,
                    },)+
                }
            }
        }
    };
}

rules! {
    // JSON.
    NotJson: "image-spec/considerations/json-content", Statement, "1.0.0", Invalid;
    NotUtf8: "image-spec/considerations/ijson-utf8", Must, "main", Invalid;
    RepeatedKey: "image-spec/considerations/ijson-no-dup-keys", Must, "main", Invalid;
    ImpreciseNumber: "image-spec/considerations/ijson-numbers", Should, "main", Weak;
    // How it is served.
    TypeConflict: "distribution-spec/pull/ct-vs-mediatype", Should, "1.0.1", Untrusted;
    TypeParameters: "distribution-spec/pull/ct-no-params-registry", Should, "1.1.0-rc4", Weak;
    DigestHeader: "distribution-spec/pull/dcd-verify", Must, "1.1.1", Untrusted;
    ContentOther: "image-spec/descriptor/digest-verify", Should, "1.0.0", Untrusted;
    // Indexes.
    IndexVersion: "image-spec/image-index/schema-version-2", Must, "1.0.0", Invalid;
    IndexVersionWriting: "image-spec/image-index/schema-version-2", Statement, "1.0.0", Odd;
    IndexTypeAbsent: "image-spec/image-index/mediatype-present", Should, "1.0.2", Weak;
    IndexType: "image-spec/image-index/mediatype-value", Must, "1.0.2", Invalid;
    IndexArtifactType: "image-spec/image-index/artifact-type-format", Must, "1.1.0-rc4", Invalid;
    Manifests: "image-spec/image-index/manifests-required", Must, "1.0.0", Invalid;
    ChildType: "image-spec/image-index/child-mt-portable", Should, "1.1.0-rc1", Weak;
    Ambiguous: "image-spec/advisory/ambiguous-document", May, "1.0.2", Untrusted;
    // Platforms.
    PlatformAbsent: "image-spec/image-index/platform-should-if-specific", Should, "1.0.0", Weak;
    Architecture: "image-spec/image-index/platform-arch-required", Must, "1.0.0", Invalid;
    ArchitectureName: "image-spec/image-index/platform-arch-values", Should, "1.0.0", Weak;
    Os: "image-spec/image-index/platform-os-required", Must, "1.0.0", Invalid;
    OsName: "image-spec/image-index/platform-os-values", Should, "1.0.0", Weak;
    OsVersion: "image-spec/image-index/platform-osversion-values", Statement, "1.0.0", Odd;
    OsFeatures: "image-spec/image-index/platform-osfeatures-mandatory", Statement, "1.0.0", Odd;
    Variant: "image-spec/image-index/platform-variant-understood", Should, "1.0.0", Weak;
    Features: "image-spec/image-index/platform-features-reserved", Statement, "1.0.0", Odd;
    // Annotations.
    Annotations: "image-spec/annotations/string-map", Must, "1.0.0", Invalid;
    AnnotationsNull: "image-spec/annotations/empty", Must, "1.0.0", Invalid;
    RepeatedAnnotation: "image-spec/annotations/unique-keys", Must, "1.0.0", Invalid;
    RefNamePlace: "image-spec/annotations/refname-only-indexjson", Should, "1.0.0", Weak;
    RefName: "image-spec/annotations/refname-charset", Should, "1.1.1", Weak;
    // Descriptors.
    MediaType: "image-spec/descriptor/mediatype-required", Must, "1.0.0", Invalid;
    MediaTypeOther: "image-spec/descriptor/mediatype-required", Statement, "1.0.0", Odd;
    Digest: "image-spec/descriptor/digest-required", Must, "1.0.0", Invalid;
    DigestGrammar: "image-spec/descriptor/digest-grammar", Must, "1.0.0", Invalid;
    Sha256: "image-spec/descriptor/digest-sha256-impl", Must, "1.0.0", Invalid;
    Sha512: "image-spec/descriptor/digest-sha512-impl", Must, "1.0.0", Invalid;
    Blake3: "image-spec/descriptor/digest-blake3-impl", Must, "main", Invalid;
    Algorithm: "image-spec/descriptor/digest-use-sha256", Should, "1.0.0", Weak;
    Size: "image-spec/descriptor/size-required", Must, "1.0.0", Invalid;
    SizeWriting: "image-spec/descriptor/size-required", Statement, "1.0.0", Odd;
    NegativeSize: "image-spec/descriptor/size-nonneg", Must, "main", Invalid;
    SizeMismatch: "image-spec/descriptor/size-mismatch", Should, "1.0.0", Untrusted;
    Urls: "image-spec/descriptor/urls", Must, "1.0.0", Invalid;
    UrlScheme: "image-spec/descriptor/urls", Should, "1.0.0", Weak;
    Data: "image-spec/descriptor/data-base64", Must, "1.1.0-rc1", Invalid;
    DataOther: "image-spec/descriptor/data-identical", Must, "1.1.0-rc1", Invalid;
    ArtifactType: "image-spec/descriptor/artifacttype-value", Must, "1.1.0-rc3", Invalid;
    ArtifactTypeOther: "image-spec/descriptor/artifacttype-value", Statement, "1.1.0-rc3", Odd;
    ManifestPlatform: "image-spec/descriptor/platform-for-manifests", Should, "1.0.0", Weak;
    // Manifests.
    ManifestVersion: "image-spec/manifest/schema-version-2", Must, "1.0.0", Invalid;
    ManifestVersionWriting: "image-spec/manifest/schema-version-2", Statement, "1.0.0", Odd;
    ManifestTypeAbsent: "image-spec/manifest/mediatype-present", Should, "1.0.2", Weak;
    ManifestType: "image-spec/manifest/mediatype-value", Must, "1.0.2", Invalid;
    ManifestArtifactType: "image-spec/manifest/artifact-type-format", Must, "1.1.0-rc3", Invalid;
    EmptyConfig: "image-spec/manifest/artifacttype-when-empty-config", Must, "1.1.0-rc3", Invalid;
    ManifestConfig: "image-spec/manifest/config-required", Must, "1.0.0", Invalid;
    Layers: "image-spec/manifest/layers-descriptors", Must, "1.0.0", Invalid;
    NoLayers: "image-spec/manifest/layers-nonempty", Should, "1.1.0-rc3", Weak;
    EmptyDescriptor: "image-spec/manifest/empty-descriptor", Statement, "1.1.0-rc4", Odd;
    // Configs.
    ConfigArchitecture: "image-spec/config/architecture-required", Must, "1.0.0", Invalid;
    ConfigArchitectureName: "image-spec/config/architecture-values", Should, "1.0.0", Weak;
    ConfigOs: "image-spec/config/os-required", Must, "1.0.0", Invalid;
    ConfigOsName: "image-spec/config/os-values", Should, "1.0.0", Weak;
    RootFs: "image-spec/config/rootfs-required", Must, "1.0.0", Invalid;
    // Docker's lists.
    ListVersion: "docker-v2s2/list/schema-version", Statement, "2.3", Odd;
    ListType: "docker-v2s2/list/mediatype", Statement, "2.3", Odd;
    ListManifests: "docker-v2s2/list/manifests", Statement, "2.3", Odd;
    ListEntry: "docker-v2s2/list/entry", Statement, "2.3", Odd;
    ListChildType: "docker-v2s2/list/child-mt", Statement, "2.3", Odd;
    ListSize: "docker-v2s2/list/size-mismatch", Statement, "2.3", Untrusted;
    ListPlatform: "docker-v2s2/list/platform", Statement, "2.3", Odd;
    // Layouts.
    LayoutFile: "image-spec/layout/oci-layout-file", Must, "1.0.0", Invalid;
    IndexJson: "image-spec/layout/index-json", Must, "1.0.0", Invalid;
    BlobsDirectory: "image-spec/layout/blobs-dir", Must, "1.0.0", Invalid;
    BlobDigest: "image-spec/layout/blob-matches-digest", Must, "1.0.0", Invalid;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::built_in_clauses;

    /// Rules that are stronger or weaker than the clause as a whole: what it says besides.
    const APART: &[Rule] = &[
        Rule::IndexVersionWriting,
        Rule::MediaTypeOther,
        Rule::Sha512,
        Rule::Blake3,
        Rule::SizeWriting,
        Rule::Urls,
        Rule::UrlScheme,
        Rule::ArtifactTypeOther,
        Rule::ManifestVersionWriting,
    ];

    #[test]
    fn every_rule_comes_from_a_clause_and_agrees_with_it() {
        let clauses = built_in_clauses().unwrap();
        for &rule in Rule::ALL {
            let facts = rule.facts();
            let clause = clauses.iter().find(|clause| clause.id == facts.clause);
            let clause = clause.unwrap_or_else(|| panic!("{rule:?}: {}", facts.clause));
            let newest = clause.newest();
            assert_eq!(newest.since.name(), facts.since, "{rule:?}");
            let agrees = newest.level == facts.level;
            assert_ne!(agrees, APART.contains(&rule), "{rule:?}: {}", newest.level);
        }
    }

    #[test]
    fn what_is_invalid_breaks_a_must() {
        for &rule in Rule::ALL {
            let facts = rule.facts();
            let is_must = match rule {
                // What is not JSON is nothing that the specification speaks of.
                Rule::NotJson => true,
                // It is clients that have to check this.
                Rule::DigestHeader => false,
                _ => facts.level == Level::Must,
            };
            assert_eq!(
                is_must,
                facts.consequence == Consequence::Invalid,
                "{rule:?}"
            );
        }
    }
}
