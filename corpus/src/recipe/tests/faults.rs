//! Faults: what recipes say of them, and what cases have.

use super::{only, sample};
use crate::{Effects, FaultAnswer, FaultPart, HeaderFault, Methods};
use std::time::Duration;

#[test]
fn faults_lead_to_documents_and_blobs() {
    let case = only(&sample(
        r#"
[children.a]
platform = "linux/amd64"
algorithm = "sha512"

[indexes.inner]
entries = ["a"]

[index]
entries = ["a", "inner"]

[[faults]]
on = "index"
methods = ["HEAD"]
status = 404

[[faults]]
on = "inner"
times = 2
cut = 10

[[faults]]
on = "a"
delay-ms = 1500

[[faults]]
on = "a"
part = "config"
methods = ["GET"]
content-type = false

[[faults]]
on = "a"
part = "layer"
methods = ["GET", "HEAD"]
content-length = false
"#,
    ));
    let child = case.child("a").unwrap();
    let summary: Vec<_> = case
        .faults
        .iter()
        .map(|fault| (fault.on.as_str(), fault.part, &fault.target, fault.methods))
        .collect();
    let config = child.config.as_ref().unwrap();
    assert_eq!(
        summary,
        [
            (
                "index",
                FaultPart::Manifest,
                &case.index.digest,
                Methods::Head
            ),
            (
                "inner",
                FaultPart::Manifest,
                &case.documents[0].digest,
                Methods::Both
            ),
            ("a", FaultPart::Manifest, &child.manifest, Methods::Both),
            ("a", FaultPart::Config, config, Methods::Get),
            (
                "a",
                FaultPart::Layer,
                &child.layers[0].digest,
                Methods::Both
            ),
        ]
    );
    let times: Vec<Option<u32>> = case
        .faults
        .iter()
        .map(|fault| fault.times.map(std::num::NonZeroU32::get))
        .collect();
    assert_eq!(times, [None, Some(2), None, None, None]);
    let effects: Vec<&Effects> = case.faults.iter().map(|fault| &fault.effects).collect();
    let none = Effects::default();
    let expected = [
        Effects {
            answer: Some(FaultAnswer {
                status: 404,
                headers: Vec::new(),
                body: None,
            }),
            ..none.clone()
        },
        Effects {
            cut: Some(10),
            ..none.clone()
        },
        Effects {
            delay: Some(Duration::from_millis(1500)),
            ..none.clone()
        },
        Effects {
            content_type: Some(HeaderFault::Absent),
            ..none.clone()
        },
        Effects {
            chunked: true,
            ..none
        },
    ];
    assert_eq!(effects, expected.iter().collect::<Vec<_>>());
    let words: Vec<String> = case.faults.iter().map(ToString::to_string).collect();
    assert_eq!(
        words,
        [
            "index, HEAD: status 404",
            "inner, GET and HEAD, the first 2 times: cut after 10 bytes",
            "a, GET and HEAD: nothing for 1500 ms",
            "the config of a, GET: no Content-Type",
            "the layer of a, GET and HEAD: no Content-Length",
        ]
    );
}

#[test]
fn answers_have_headers_bodies_and_the_bytes_of_others() {
    let case = only(&sample(
        r#"
[children.a]
platform = "linux/amd64"

[children.other]
platform = "linux/amd64"

[index]
entries = ["a"]

[[faults]]
on = "a"
status = 503
headers = { Retry-After = "1", X-Other = "${other.digest}" }
body = "not ${a.size} bytes"
cut = 3

[[faults]]
on = "a"
part = "layer"
bytes-of = "other"
digest-header = "${other.digest}"
content-type = "text/html"
"#,
    ));
    let other = case.child("other").unwrap();
    let size = case.documents[0].bytes.len();
    let answer = case.faults[0].effects.answer.as_ref().unwrap();
    assert_eq!(answer.status, 503);
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        answer.headers,
        [
            header("Retry-After", "1"),
            header("X-Other", other.manifest.as_str()),
        ]
    );
    assert_eq!(answer.body, Some(format!("not {size} bytes")));
    assert_eq!(
        case.faults[0].to_string(),
        format!(
            "a, GET and HEAD: status 503, Retry-After: 1, X-Other: {}, another body of {} bytes, \
             cut after 3 bytes",
            other.manifest,
            answer.body.as_ref().unwrap().len()
        )
    );
    let effects = &case.faults[1].effects;
    let bytes = effects.bytes.as_ref().unwrap();
    assert_eq!(
        (bytes.of.as_str(), &bytes.digest),
        ("other", &other.layers[0].digest)
    );
    assert!(bytes.digest.matches(&bytes.bytes));
    assert_eq!(
        effects.digest_header,
        Some(HeaderFault::Says(other.manifest.as_str().to_owned()))
    );
    assert_eq!(
        effects.content_type,
        Some(HeaderFault::Says("text/html".to_owned()))
    );
    assert_eq!(case.children.len(), 2, "what stands in could be picked");
}
