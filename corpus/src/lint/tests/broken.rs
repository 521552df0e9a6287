//! For every rule a document that breaks it, and it alone.

use super::sample::{Of, ValidCase};
use crate::lint::rule::Rule;
use std::collections::BTreeSet;

const PLATFORM: &str = r#","platform":{"architecture":"arm","os":"linux","variant":"v7"}"#;
const OCI_TYPE: &str = r#""mediaType":"application/vnd.oci.image.index.v1+json","#;

/// For each rule: what of a valid document is replaced by what, so that it alone is broken.
const BROKEN: &[(Rule, Of, &str, &str)] = &[
    (Rule::NotJson, Of::Index, "{", "x{"),
    (Rule::NotJson, Of::Index, "{", "\u{feff}{"),
    (Rule::NotJson, Of::Index, r#""a":""}}"#, r#""a":""}} {}"#),
    (Rule::NotJson, Of::Index, r#""a":"""#, "\"a\":\"\t\""),
    (Rule::NotJson, Of::Manifest, "]}", "],}"),
    (Rule::NotJson, Of::Config, "{", "["),
    (Rule::NotUtf8, Of::Index, r#""a":"""#, r#""a":"¿""#),
    (
        Rule::NotUtf8,
        Of::Index,
        r#""a":"""#,
        r#""a":"\ud800\u0041""#,
    ),
    (
        Rule::RepeatedKey,
        Of::Index,
        r#""annotations""#,
        r#""x":{"y":1,"y":1},"annotations""#,
    ),
    (
        Rule::ImpreciseNumber,
        Of::Index,
        r#""annotations""#,
        r#""x":1e400,"annotations""#,
    ),
    (
        Rule::TypeParameters,
        Of::IndexType,
        "json",
        "json; charset=utf-8",
    ),
    (
        Rule::TypeConflict,
        Of::IndexType,
        "application/vnd.oci.image.index.v1+json",
        "text/plain",
    ),
    (Rule::IndexVersion, Of::Index, ":2,", ":1,"),
    (Rule::IndexVersion, Of::Index, ":2,", ":\"2\","),
    (
        Rule::IndexVersion,
        Of::Index,
        "schemaVersion",
        "SchemaVersion",
    ),
    (Rule::IndexVersionWriting, Of::Index, ":2,", ":2.0,"),
    (Rule::IndexTypeAbsent, Of::Index, OCI_TYPE, ""),
    (Rule::IndexType, Of::Index, OCI_TYPE, r#""mediaType":null,"#),
    (
        Rule::IndexArtifactType,
        Of::Index,
        OCI_TYPE,
        concat!(
            r#""mediaType":"application/vnd.oci.image.index.v1+json","#,
            r#""artifactType":"sbom","#
        ),
    ),
    (
        Rule::Manifests,
        Of::Index,
        r#""manifests""#,
        r#""manifest""#,
    ),
    (
        Rule::Ambiguous,
        Of::Index,
        r#""manifests""#,
        r#""layers":[],"manifests""#,
    ),
    (
        Rule::Ambiguous,
        Of::Manifest,
        r#""layers""#,
        r#""manifests":[],"layers""#,
    ),
    (Rule::ManifestPlatform, Of::Index, PLATFORM, ""),
    (
        Rule::Architecture,
        Of::Index,
        r#""architecture":"arm","#,
        "",
    ),
    (
        Rule::Architecture,
        Of::Index,
        PLATFORM,
        r#","platform":null"#,
    ),
    (Rule::ArchitectureName, Of::Index, r#""arm""#, r#""armhf""#),
    (Rule::Os, Of::Index, r#""os":"linux","#, r#""os":7,"#),
    (Rule::OsName, Of::Index, "linux", "Linux"),
    (
        Rule::OsVersion,
        Of::Index,
        r#""os":"#,
        r#""os.version":10,"os":"#,
    ),
    (
        Rule::OsFeatures,
        Of::Index,
        r#""os":"#,
        r#""os.features":"win32k","os":"#,
    ),
    (Rule::Variant, Of::Index, r#""v7""#, r#""v5""#),
    (Rule::Variant, Of::Index, r#""v7""#, "7"),
    (
        Rule::Features,
        Of::Index,
        r#""os":"#,
        r#""features":["sse4"],"os":"#,
    ),
    (Rule::Annotations, Of::Index, r#""a":"""#, r#""a":1"#),
    (Rule::Annotations, Of::Index, r#"{"a":""}"#, "[]"),
    (Rule::AnnotationsNull, Of::Index, r#"{"a":""}"#, "null"),
    (
        Rule::RefNamePlace,
        Of::Index,
        r#""a""#,
        r#""org.opencontainers.image.ref.name""#,
    ),
    (
        Rule::MediaType,
        Of::Index,
        r#""manifests":["#,
        r#""manifests":[null,"#,
    ),
    (
        Rule::MediaType,
        Of::Index,
        r#""mediaType":"application/vnd.oci.image.manifest.v1+json","#,
        "",
    ),
    (
        Rule::MediaType,
        Of::Manifest,
        r#""application/vnd.oci.image.layer.v1.tar+gzip""#,
        r#""layer""#,
    ),
    (
        Rule::MediaType,
        Of::Manifest,
        r#""config":"#,
        r#""subject":null,"config":"#,
    ),
    (Rule::Digest, Of::Index, r#""digest":"MANIFEST","#, ""),
    (Rule::Digest, Of::Index, r#""MANIFEST""#, "null"),
    (Rule::DigestGrammar, Of::Index, "MANIFEST", "sha256-abc"),
    (Rule::DigestGrammar, Of::Index, "MANIFEST", "../../etc"),
    (Rule::Sha256, Of::Index, "MANIFEST", "sha256:abc"),
    (Rule::Sha256, Of::Index, "MANIFEST", SHA256_UPPER),
    (Rule::Sha512, Of::Index, "MANIFEST", "sha512:abc"),
    (Rule::Blake3, Of::Index, "MANIFEST", "blake3:abc"),
    (
        Rule::Algorithm,
        Of::Index,
        "MANIFEST",
        "multihash+base58:QmRZ",
    ),
    (Rule::Size, Of::Index, r#","size":M-SIZE"#, ""),
    (Rule::Size, Of::Index, "M-SIZE", "\"M-SIZE\""),
    (Rule::Size, Of::Index, "M-SIZE", "1.5"),
    (Rule::Size, Of::Index, "M-SIZE", "9223372036854775808"),
    (Rule::SizeWriting, Of::Index, "M-SIZE", "M-SIZE.0"),
    (Rule::SizeMismatch, Of::Index, "M-SIZE", "1"),
    (Rule::SizeMismatch, Of::Manifest, "\"size\":5", "\"size\":4"),
    (
        Rule::Urls,
        Of::Manifest,
        "\"size\":5",
        r#""urls":["a b"],"size":5"#,
    ),
    (
        Rule::Urls,
        Of::Manifest,
        "\"size\":5",
        r#""urls":null,"size":5"#,
    ),
    (
        Rule::UrlScheme,
        Of::Manifest,
        "\"size\":5",
        r#""urls":["ftp://example.com"],"size":5"#,
    ),
    (
        Rule::Data,
        Of::Manifest,
        "\"size\":5",
        r#""data":"{}","size":5"#,
    ),
    (
        Rule::DataOther,
        Of::Manifest,
        "\"size\":5",
        r#""data":"e30=","size":5"#,
    ),
    (
        Rule::DataOther,
        Of::Manifest,
        "\"LAYER\",\"size\":5",
        concat!(
            "\"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a\",",
            "\"data\":\"e319\",\"size\":2"
        ),
    ),
    (
        Rule::ArtifactType,
        Of::Manifest,
        "\"size\":5",
        r#""artifactType":"","size":5"#,
    ),
    (
        Rule::ArtifactTypeOther,
        Of::Index,
        r#""size""#,
        r#""artifactType":"a/b","size""#,
    ),
    (Rule::ManifestVersion, Of::Manifest, ":2,", ":3,"),
    (Rule::ManifestVersionWriting, Of::Manifest, ":2,", ":20e-1,"),
    (
        Rule::ManifestTypeAbsent,
        Of::Manifest,
        r#""mediaType":"application/vnd.oci.image.manifest.v1+json","#,
        "",
    ),
    (
        Rule::ManifestType,
        Of::Manifest,
        r#""application/vnd.oci.image.manifest.v1+json""#,
        "[]",
    ),
    (
        Rule::ManifestArtifactType,
        Of::Manifest,
        r#""config":"#,
        r#""artifactType":"a/b/c","config":"#,
    ),
    (
        Rule::ManifestConfig,
        Of::Manifest,
        r#""config""#,
        r#""Config""#,
    ),
    (
        Rule::Layers,
        Of::Manifest,
        r#""layers":["#,
        r#""layers":[7,"#,
    ),
    (
        Rule::Layers,
        Of::Manifest,
        r#""layers":["#,
        r#""layers":{},"x":["#,
    ),
    (
        Rule::NoLayers,
        Of::Manifest,
        r#""layers":["#,
        r#""layers":[],"x":["#,
    ),
    (Rule::NoLayers, Of::Manifest, r#""layers""#, r#""x""#),
    (
        Rule::ConfigArchitecture,
        Of::Config,
        r#""architecture":"arm","#,
        "",
    ),
    (
        Rule::ConfigArchitectureName,
        Of::Config,
        r#""arm""#,
        r#""""#,
    ),
    (Rule::ConfigOs, Of::Config, r#""linux""#, "null"),
    (Rule::ConfigOsName, Of::Config, "linux", "unknown"),
    (Rule::RootFs, Of::Config, r#""rootfs""#, r#""rootFs""#),
    (Rule::RootFs, Of::Config, r#""layers""#, r#""layer""#),
    (Rule::RootFs, Of::Config, r#"["LAYER"]"#, "null"),
    (Rule::ListVersion, Of::List, ":2,", ":1,"),
    (
        Rule::ListType,
        Of::List,
        r#""mediaType":"application/vnd.docker.distribution.manifest.list.v2+json","#,
        "",
    ),
    (
        Rule::ListManifests,
        Of::List,
        r#""manifests":["#,
        r#""manifests":null,"x":["#,
    ),
    (Rule::ListManifests, Of::List, "{", ""),
    (Rule::ListEntry, Of::List, r#","size":M-SIZE"#, ""),
    (Rule::ListEntry, Of::List, r#""MANIFEST""#, "7"),
    (
        Rule::ListEntry,
        Of::List,
        r#""manifests":["#,
        r#""manifests":[null,"#,
    ),
    (
        Rule::ListChildType,
        Of::List,
        "vnd.docker.distribution.manifest.v2+json",
        "vnd.example",
    ),
    (Rule::ListSize, Of::List, "M-SIZE", "0"),
    (Rule::ListPlatform, Of::List, PLATFORM, ""),
    (Rule::ListPlatform, Of::List, r#""os":"linux","#, ""),
];

const SHA256_UPPER: &str =
    "sha256:44136FA355B3678A1146AD16F7E8649E94FB4FC21FE77E8310C060F61CAAFF8A";

/// Rules that cannot be broken alone, and those about layouts, with tests of their own.
const APART: &[Rule] = &[
    Rule::EmptyConfig,
    Rule::EmptyDescriptor,
    Rule::DigestHeader,
    Rule::ContentOther,
    Rule::ChildType,
    Rule::PlatformAbsent,
    Rule::RepeatedAnnotation,
    Rule::NegativeSize,
    Rule::MediaTypeOther,
    Rule::RefName,
    Rule::LayoutFile,
    Rule::IndexJson,
    Rule::BlobsDirectory,
    Rule::BlobDigest,
];

#[test]
fn every_rule_is_broken_by_a_document_that_breaks_it_alone() {
    let mut wrong = Vec::new();
    for &(rule, of, from, to) in BROKEN {
        let valid = match of {
            Of::List => ValidCase::docker(),
            Of::Index | Of::IndexType | Of::Manifest | Of::Config => ValidCase::oci(),
        };
        let bench = valid.with(of, from, to);
        if bench.rules() != BTreeSet::from([rule]) {
            wrong.push((rule, to, bench.breaches()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let broken: BTreeSet<Rule> = BROKEN.iter().map(|(rule, ..)| *rule).collect();
    for rule in Rule::ALL {
        assert_ne!(broken.contains(rule), APART.contains(rule), "{rule:?}");
    }
}
