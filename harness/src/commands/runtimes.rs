//! `ocipick runtimes`.

use super::{fail::Result, run_dir, terminal::Terminal};
use clap::Args;
use ocipick::{
    exit::ExitCode,
    inventory::{Discovery, Inventory, RuntimeSource, sources},
    json::RuntimeList,
    run::runtime_record,
};
use ocipick_adapters::{Missing, Service, UserBinary, UserClient, names, process::Cancel};
use ocipick_reports::analysis::builds::BinaryBuild;

#[derive(Debug, Args)]
pub(crate) struct RuntimesArgs {
    /// Where to look: `path`, a provisioned release, `auto`, `go`, or go:TOOL@VERSION
    #[arg(
        long = "channel",
        value_name = "NAME",
        default_value = "auto",
        default_value_ifs([
            ("tools", clap::builder::ArgPredicate::IsPresent, None),
            ("clients", clap::builder::ArgPredicate::IsPresent, None),
        ])
    )]
    channels: Vec<RuntimeSource>,
    /// A binary of your own, or a directory of them, as in crane=./crane or crane:fix=./crane
    #[arg(long = "tool", value_name = "NAME[:LABEL]=PATH")]
    tools: Vec<UserBinary>,
    /// A client that ocipick does not know, as in mine='./fetch.sh'
    #[arg(long = "client", value_name = "NAME=COMMAND")]
    clients: Vec<UserClient>,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn runtimes(args: &RuntimesArgs, screen: Terminal) -> Result<ExitCode> {
    let cancel = Cancel::default();
    run_dir::listen(screen, &cancel)?;
    let run_dir = run_dir::claim(screen, false)?;
    let discovery = Discovery::of_user(&run_dir, &cancel);
    let inventory = discovery.inventory(&sources(&args.channels, &args.tools, &args.clients))?;
    if args.json {
        screen.print_json(&RuntimeList::of(&inventory))?;
        return Ok(exit(&inventory));
    }
    let mut lines = vec![format!("{} runtimes found", inventory.runtimes.len())];
    let names = names(&inventory.runtimes);
    let width = names.iter().map(|name| name.chars().count()).max();
    let width = width.unwrap_or(0);
    for (runtime, name) in inventory.runtimes.iter().zip(&names) {
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
            runtime.installation.channel,
            versions.join(", ")
        ));
        let build = BinaryBuild::of(&runtime_record(runtime));
        let built = build.mark().zip(build.note());
        let built = built.map(|(mark, note)| format!("{mark}: {note}"));
        let notes = runtime.installation.notes.iter().chain(&runtime.notes);
        for note in built.iter().chain(notes) {
            lines.push(format!("  {:width$}             note: {note}", ""));
        }
    }
    if !inventory.missing.is_empty() {
        lines.push(String::new());
        lines.push(format!("{} missing", inventory.missing.len()));
        lines.extend(
            inventory
                .missing
                .iter()
                .map(|missing| format!("  {}", missing_line(missing))),
        );
    }
    screen.print(&lines.join("\n"))?;
    Ok(exit(&inventory))
}

/// What is missing and how to get it, in a line.
pub(crate) fn missing_line(missing: &Missing) -> String {
    let flavour = missing
        .flavour
        .map(|flavour| format!("+{}", flavour.as_str()))
        .unwrap_or_default();
    format!(
        "{}{flavour} ({}): {}; {}",
        missing.tool, missing.channel, missing.why, missing.remedy
    )
}

fn exit(inventory: &Inventory) -> ExitCode {
    if inventory.runtimes.is_empty() {
        ExitCode::NothingMeasured
    } else {
        ExitCode::Success
    }
}
