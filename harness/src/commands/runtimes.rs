//! `ocipick runtimes`.

use super::{
    args::Runtimes,
    fail::Result,
    run::{missing_line, runtime_record},
    run_dir,
    terminal::Screen,
};
use ocipick::{
    exit::Exit,
    inventory::{Fleet, Scout},
};
use ocipick_adapters::{Service, names, process::Cancel};
use ocipick_reports::analysis::builds::Build;

pub(crate) fn runtimes(args: &Runtimes, screen: Screen) -> Result<Exit> {
    let cancel = Cancel::default();
    run_dir::listen(screen, &cancel)?;
    let ground = run_dir::claim(screen, false)?;
    let scout = Scout::of_user(&ground, &cancel);
    let fleet = scout.fleet(&args.channels)?;
    if args.json {
        screen.print_json("ocipick.runtimes/1", json(&fleet))?;
        return Ok(exit(&fleet));
    }
    let mut lines = vec![format!("{} runtimes found", fleet.runtimes.len())];
    let names = names(&fleet.runtimes);
    let width = names.iter().map(|name| name.chars().count()).max();
    let width = width.unwrap_or(0);
    for (runtime, name) in fleet.runtimes.iter().zip(&names) {
        let versions: Vec<String> = runtime
            .versions
            .iter()
            .map(|(role, version)| format!("{role}: {version}"))
            .collect();
        let service = match &runtime.service {
            Service::None => "",
            Service::Private => "; private daemon",
            Service::Machine { .. } => "; the machine's own daemon",
        };
        lines.push(format!(
            "  {name:width$}  {:<9}  {}{service}",
            runtime.place.channel,
            versions.join(", ")
        ));
        let build = Build::of(&runtime_record(runtime));
        let built = build.mark().zip(build.note());
        let built = built.map(|(mark, note)| format!("{mark}: {note}"));
        let notes = runtime.place.notes.iter().chain(&runtime.notes);
        for note in built.iter().chain(notes) {
            lines.push(format!("  {:width$}             note: {note}", ""));
        }
    }
    if !fleet.missing.is_empty() {
        lines.push(String::new());
        lines.push(format!("{} missing", fleet.missing.len()));
        lines.extend(
            fleet
                .missing
                .iter()
                .map(|missing| format!("  {}", missing_line(missing))),
        );
    }
    screen.print(&lines.join("\n"))?;
    Ok(exit(&fleet))
}

fn exit(fleet: &Fleet) -> Exit {
    if fleet.runtimes.is_empty() {
        Exit::NothingMeasured
    } else {
        Exit::Success
    }
}

fn json(fleet: &Fleet) -> serde_json::Value {
    let found = fleet.runtimes.iter().map(|runtime| {
        let notes: Vec<&String> = runtime.place.notes.iter().chain(&runtime.notes).collect();
        let record = runtime_record(runtime);
        let build = Build::of(&record);
        serde_json::json!({
            "id": runtime.id(),
            "tool": runtime.tool.as_str(),
            "version": runtime.version,
            "flavour": runtime.flavour.map(|flavour| flavour.as_str()),
            "channel": runtime.place.channel,
            "versions": runtime.versions,
            "packages": record.provenance.packages,
            "linked": record.provenance.linked,
            "build": {
                "distribution": build.distribution(),
                "differs": build.differs(),
                "note": build.note(),
            },
            "daemon": match &runtime.service {
                Service::None => None,
                Service::Private => Some("private"),
                Service::Machine { .. } => Some("machine"),
            },
            "notes": notes,
        })
    });
    let missing = fleet.missing.iter().map(|missing| {
        serde_json::json!({
            "tool": missing.tool.as_str(),
            "flavour": missing.flavour.map(|flavour| flavour.as_str()),
            "channel": missing.channel,
            "why": missing.why,
            "remedy": missing.remedy,
        })
    });
    serde_json::json!({
        "runtimes": found.collect::<Vec<_>>(),
        "missing": missing.collect::<Vec<_>>(),
    })
}
