//! `pull`: the tool fetches the image for one platform from the registry, so that it could be used.

use super::{Call, EvidenceKind, Executed, OperationSpec, TAG};
use crate::{
    classify::classify,
    run::{Controls, TestPoint},
};
use ocipick_adapters::{ImageSource, Request, Session, Transport};
use ocipick_records::Operation;
use std::{cell::Cell, sync::Arc};

pub(super) const PULL: OperationSpec = OperationSpec {
    operation: Operation::Pull,
    requires: &[
        EvidenceKind::Reported,
        EvidenceKind::Materialised,
        EvidenceKind::Requests,
    ],
    controls: Controls::verdict,
    classify,
    execute: |call, session| fetch(call, session, Operation::Pull),
};

/// Serves the case to the tool, and takes down what it asks the registry for until it is done.
pub(super) fn fetch(
    call: &Call<'_>,
    session: &mut Session<'_>,
    operation: Operation,
) -> Result<Executed, String> {
    let TestPoint { case, ask } = call.asked;
    let registry = call.context.registry;
    let name = format!(
        "p{}t{}/{}",
        std::process::id(),
        call.number,
        case.id.repository_path()
    );
    let namespace = registry
        .open(&name, Arc::clone(case))
        .map_err(|error| format!("the registry cannot serve this case: {error}"))?;
    let address = match session.transport() {
        Transport::PlainHttp => registry.address(),
        Transport::Tls => registry.tls().address,
    };
    let during = Cell::new(None);
    let done = || during.set(Some(namespace.trace().len()));
    let execution = session.execute(&Request {
        operation,
        source: ImageSource::Registry {
            address,
            repository: namespace.repository(),
            tag: TAG,
        },
        leaves: call.retention,
        platform: ask.platform(),
        deadline: call.deadline,
        done: &done,
    });
    let mut requests = namespace.close();
    let later_requests = requests.len() - during.get().unwrap_or(requests.len());
    requests.truncate(requests.len() - later_requests);
    Ok(Executed {
        execution,
        requests,
        later_requests,
    })
}
