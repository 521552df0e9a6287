//! `import`: the tool takes the image for one platform from an OCI layout, so that it could be used. A
//! layout is read unseen, so there are no requests.

use super::{Call, EvidenceKind, Executed, OperationSpec, TAG, fixture::LayoutFixture};
use crate::{
    classify::classify,
    run::{Controls, TestPoint},
};
use ocipick_adapters::{ImageSource, LayoutInput, Request, Retention, Session};
use ocipick_records::Operation;

pub(super) const IMPORT: OperationSpec = OperationSpec {
    operation: Operation::Import,
    requires: &[EvidenceKind::Reported, EvidenceKind::Materialised],
    controls: Controls::verdict,
    classify,
    execute,
};

fn execute(call: &Call<'_>, session: &mut Session<'_>) -> Result<Executed, String> {
    let TestPoint { case, ask } = call.asked;
    let dir = call.context.run_dir.dir().join(format!("l{}", call.number));
    let fixture = LayoutFixture::pack(case, dir)
        .map_err(|error| format!("no layout can be made of this case: {error}"))?;
    let (layout, archive) = (fixture.layout(), fixture.archive());
    let has_names = case.layout_refs.iter().any(|entry| entry.name.is_some());
    let execution = session.execute(&Request {
        operation: Operation::Import,
        source: ImageSource::Layout(LayoutInput {
            dir: &layout,
            archive: &archive,
            tag: has_names.then_some(TAG),
            name: fixture.name(),
        }),
        leaves: Retention::Nothing,
        platform: ask.platform(),
        deadline: call.deadline,
        done: &|| {},
    });
    Ok(Executed {
        execution,
        requests: Vec::new(),
        later_requests: 0,
    })
}
