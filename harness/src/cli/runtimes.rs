//! `ocipick runtimes`.

use super::{args::Runtimes, fail::Result, ground, run::missing_line, screen::Screen};
use ocipick::{
    exit::Exit,
    fleet::{Fleet, Scout},
};
use ocipick_adapters::{Service, process::Cancel};

pub(crate) fn runtimes(args: &Runtimes, screen: Screen) -> Result<Exit> {
    let cancel = Cancel::default();
    ground::listen(screen, &cancel)?;
    let ground = ground::claim(screen, false)?;
    let scout = Scout::of_user(&ground, &cancel);
    let fleet = scout.fleet(&args.channels)?;
    if args.json {
        screen.print_json("ocipick.runtimes/1", json(&fleet))?;
        return Ok(exit(&fleet));
    }
    let mut lines = vec![format!("{} runtimes found", fleet.runtimes.len())];
    let width = fleet
        .runtimes
        .iter()
        .map(|runtime| runtime.id().chars().count())
        .max()
        .unwrap_or(0);
    for runtime in &fleet.runtimes {
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
            "  {:width$}  {:<9}  {}{service}",
            runtime.id(),
            runtime.place.channel,
            versions.join(", ")
        ));
        for note in runtime.place.notes.iter().chain(&runtime.notes) {
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
        serde_json::json!({
            "id": runtime.id(),
            "tool": runtime.tool.as_str(),
            "version": runtime.version,
            "flavour": runtime.flavour.map(|flavour| flavour.as_str()),
            "channel": runtime.place.channel,
            "versions": runtime.versions,
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
