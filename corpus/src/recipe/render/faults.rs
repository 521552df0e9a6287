//! Faults, once it is known what their names lead to.

use super::Renderer;
use crate::{
    Digest, Document, Effects, Fault, FaultAnswer, FaultPart, HeaderFault, LayoutRef, Substitute,
    diagnostic::DiagnosticKind,
    recipe::spec::{FaultSpec, Target},
};
use std::{ops::Range, sync::Arc};

/// A document or blob.
struct Found {
    digest: Digest,
    bytes: Arc<[u8]>,
    served: bool,
}

impl<'a> Renderer<'a, '_, '_> {
    pub(super) fn faults(&mut self, index: &Document) -> Option<Vec<Fault>> {
        let specs = &self.spec.faults;
        // Every fault is tried, so that every mistake is noted.
        let faults: Vec<Option<Fault>> =
            specs.iter().map(|fault| self.fault(fault, index)).collect();
        let faults: Vec<Fault> = faults.into_iter().collect::<Option<_>>()?;
        for (place, (fault, spec)) in faults.iter().zip(specs).enumerate() {
            let earlier = &faults[..place];
            if earlier.iter().any(|earlier| takes_all(earlier, fault)) {
                let kind = DiagnosticKind::FaultShadowed;
                self.report.add(&spec.on_span, kind);
            }
        }
        Some(faults)
    }

    fn fault(&mut self, spec: &'a FaultSpec, index: &Document) -> Option<Fault> {
        let (on, found) = match &spec.on {
            Target::Index => {
                self.only_manifest(LayoutRef::INDEX, spec.part, &spec.part_span)?;
                let found = Found {
                    digest: index.digest.clone(),
                    bytes: Arc::clone(&index.bytes),
                    served: true,
                };
                (LayoutRef::INDEX, found)
            }
            Target::Named(name) => {
                let found = self.found(name, &spec.on_span, spec.part, &spec.part_span)?;
                (name.as_str(), found)
            }
        };
        if !found.served {
            let name = on.to_owned();
            let kind = DiagnosticKind::FaultUnserved { name };
            self.report.add(&spec.on_span, kind);
            return None;
        }
        let bytes = match &spec.bytes_of {
            None => None,
            Some((name, span)) if name == on => {
                let kind = DiagnosticKind::FaultOwnBytes { name: name.clone() };
                self.report.add(span, kind);
                return None;
            }
            Some((name, span)) => {
                let other = self.found(name, span, spec.part, span)?;
                Some(Substitute {
                    of: name.clone(),
                    digest: other.digest,
                    bytes: other.bytes,
                })
            }
        };
        let answer = match spec.status {
            Some(status) => Some(self.answer(spec, status)?),
            None => None,
        };
        if let Some((cut, span)) = &spec.cut {
            let bytes = bytes.as_ref().map_or(&found.bytes, |other| &other.bytes);
            self.note_late_cut(*cut, span, answer.as_ref(), bytes.len());
        }
        Some(Fault {
            on: on.to_owned(),
            part: spec.part,
            target: found.digest,
            methods: spec.methods,
            times: spec.times,
            effects: Effects {
                answer,
                bytes,
                cut: spec.cut.as_ref().map(|(cut, _)| *cut),
                delay: spec.delay,
                content_type: self.header("Content-Type", spec.content_type.as_ref())?,
                digest_header: self.header("Docker-Content-Digest", spec.digest_header.as_ref())?,
                chunked: spec.chunked,
            },
        })
    }

    /// A part of a child or nested index.
    fn found(
        &mut self,
        name: &str,
        span: &Range<usize>,
        part: FaultPart,
        part_span: &Range<usize>,
    ) -> Option<Found> {
        let target = self.known_target(name, span)?;
        let spec = self.spec;
        if let Some(index) = spec.indexes.iter().find(|index| index.name == name) {
            self.only_manifest(name, part, part_span)?;
            return Some(Found {
                digest: target.digest,
                bytes: target.bytes,
                served: index.served,
            });
        }
        let child = spec.children.iter().find(|child| child.name == name)?;
        let blob = match part {
            FaultPart::Manifest => None,
            FaultPart::Config => Some(self.parts(child).config.clone()),
            FaultPart::Layer => Some(self.parts(child).layer.clone()),
        };
        Some(Found {
            served: child.served,
            digest: blob
                .as_ref()
                .map_or(target.digest, |blob| blob.digest.clone()),
            bytes: blob.map_or(target.bytes, |blob| blob.bytes),
        })
    }

    /// Notes that an index has no config and no layer.
    fn only_manifest(&mut self, name: &str, part: FaultPart, span: &Range<usize>) -> Option<()> {
        if part == FaultPart::Manifest {
            return Some(());
        }
        let kind = DiagnosticKind::NoSuchPart {
            name: name.to_owned(),
            part: part.as_str(),
        };
        self.report.add(span, kind);
        None
    }

    fn answer(&mut self, spec: &'a FaultSpec, status: u16) -> Option<FaultAnswer> {
        let headers = self.pairs(&spec.headers)?;
        for ((name, value), (.., span)) in headers.iter().zip(&spec.headers) {
            self.sendable(name, value, span)?;
        }
        let body = match &spec.body {
            Some((text, span)) => Some(self.text(text, span)?),
            None => None,
        };
        Some(FaultAnswer {
            status,
            headers,
            body,
        })
    }

    fn header(
        &mut self,
        name: &str,
        spec: Option<&'a Option<(String, Range<usize>)>>,
    ) -> Option<Option<HeaderFault>> {
        Some(match spec {
            None => None,
            Some(None) => Some(HeaderFault::Absent),
            Some(Some((text, span))) => {
                let text = self.text(text, span)?;
                self.sendable(name, &text, span)?;
                Some(HeaderFault::Says(text))
            }
        })
    }

    /// Notes a value that no header can have.
    fn sendable(&mut self, name: &str, value: &str, span: &Range<usize>) -> Option<()> {
        if !value.chars().any(|c| c.is_ascii_control() && c != '\t') {
            return Some(());
        }
        let kind = DiagnosticKind::BadHeader {
            name: name.to_owned(),
            hint: "a header is one line without control characters".to_owned(),
        };
        self.report.add(span, kind);
        None
    }

    /// Notes a cut that cuts nothing off. How long an error document is nobody knows here.
    fn note_late_cut(
        &mut self,
        cut: u64,
        span: &Range<usize>,
        answer: Option<&FaultAnswer>,
        true_length: usize,
    ) {
        let length = match answer {
            Some(FaultAnswer {
                body: Some(body), ..
            }) => body.len(),
            Some(answer) if answer.status >= 300 => {
                let kind = DiagnosticKind::NeedsKey {
                    key: "cut".to_owned(),
                    needed: "body".to_owned(),
                    place: "[[faults]]".to_owned(),
                    hint: "say what is cut, because such an answer has not what was asked for"
                        .to_owned(),
                };
                self.report.add(span, kind);
                return;
            }
            Some(_) | None => true_length,
        };
        if cut >= length as u64 {
            self.report
                .add(span, DiagnosticKind::LateCut { cut, length });
        }
    }
}

/// Whether an earlier fault happens to every request that a later one is meant for.
fn takes_all(earlier: &Fault, later: &Fault) -> bool {
    let mut methods = later.methods.as_strs().iter();
    earlier.target == later.target
        && earlier.times.is_none()
        && methods.all(|method| earlier.methods.include(method))
}
