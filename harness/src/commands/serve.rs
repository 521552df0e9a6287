//! `ocipick serve`.

use super::{
    args::SelectionArgs,
    fail::{Failure, Result},
    run_dir, select,
    terminal::Terminal,
};
use clap::Args;
use ocipick::{exit::ExitCode, json::ServedReferences};
use ocipick_adapters::{Tool, process::Cancel};
use ocipick_corpus::PlatformRequest;
use ocipick_registry::{Registry, TlsEndpoint};
use std::{collections::BTreeSet, fmt::Write as _, path::PathBuf, sync::Arc, time::Duration};

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    selection: SelectionArgs,
    /// Write the certificate of the authority that vouches for the registry over TLS to this file, and name the
    /// references there as well
    #[arg(long, value_name = "FILE")]
    authority: Option<PathBuf>,
    /// Print the references as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn serve(args: &ServeArgs, screen: Terminal) -> Result<ExitCode> {
    let selected = select::cases(&args.selection, screen)?;
    let cancel = Cancel::default();
    run_dir::listen(screen, &cancel)?;
    let registry = Registry::start()?;
    let mut open = Vec::new();
    let mut text = String::new();
    let mut json = Vec::new();
    let mut taken = BTreeSet::new();
    for case in &selected.cases {
        let name = free_name(&case.id.repository_path(), &mut taken);
        let namespace = registry.open(&name, Arc::clone(case))?;
        let _ = writeln!(text, "{}  {}", namespace.reference(), case.asked());
        json.push((&**case, namespace.reference()));
        open.push(namespace);
    }
    if let (Some(first), Some(case)) = (open.first(), selected.cases.first()) {
        let reference = first.reference();
        let platform = case.asks.iter().find_map(PlatformRequest::platform);
        text.push_str("\nTry:\n");
        for tool in Tool::ALL {
            let plain = tool.info().configuration(None);
            let by_hand = plain.map(|it| it.by_hand(platform)).unwrap_or_default();
            let is_command = |line: &&String| !line.starts_with('#');
            if let Some(command) = by_hand.iter().find(is_command) {
                let _ = writeln!(text, "  {}", command.replace("REFERENCE", &reference));
            }
        }
    }
    let mut addresses = registry.address().to_string();
    if let Some(file) = &args.authority {
        let TlsEndpoint { address, authority } = registry.tls();
        std::fs::write(file, authority.as_bytes())
            .map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?;
        let _ = write!(
            addresses,
            ", and over TLS on {address}, by the authority in {}",
            file.display()
        );
    }
    let _ = write!(
        text,
        "\nServing {} cases on {addresses} until Ctrl-C\n",
        open.len()
    );
    if args.json {
        screen.print_json(&ServedReferences::of(json))?;
    } else {
        screen.print(&text)?;
    }
    while !cancel.is_raised() {
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(ExitCode::Success)
}

/// The name of the repository of a case: ids of foreign layouts can differ in what no such name can
/// say, as `A` and `a` do.
fn free_name(path: &str, taken: &mut BTreeSet<String>) -> String {
    let numbered = (2_u32..).map(|number| format!("{path}-{number}"));
    let mut names = std::iter::once(path.to_owned()).chain(numbered);
    names
        .find(|name| taken.insert(name.clone()))
        .unwrap_or_else(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_whose_names_come_to_one_have_one_each() {
        let mut taken = BTreeSet::new();
        let names = ["a", "a", "a-2", "b", "a"].map(|path| free_name(path, &mut taken));
        assert_eq!(names, ["a", "a-2", "a-2-2", "b", "a-3"]);
    }
}
