//! `ocipick serve`.

use super::{args::Serve, fail::Result, ground, screen::Screen, select};
use ocipick::{exit::Exit, registry::Registry};
use ocipick_adapters::process::Cancel;
use ocipick_corpus::Ask;
use std::{fmt::Write as _, sync::Arc, time::Duration};

pub(crate) fn serve(args: &Serve, screen: Screen) -> Result<Exit> {
    let selected = select::cases(&args.selection, screen)?;
    let cancel = Cancel::default();
    ground::listen(screen, &cancel)?;
    let registry = Registry::start()?;
    let mut open = Vec::new();
    let mut text = String::new();
    let mut json = Vec::new();
    for case in &selected.cases {
        let namespace = registry.open(&case.id.repository_path(), Arc::clone(case))?;
        let _ = writeln!(text, "{}  {}", namespace.reference(), case.asked());
        let asks: Vec<String> = case.asks.iter().map(ToString::to_string).collect();
        json.push(serde_json::json!({
            "case": case.id.as_str(),
            "reference": namespace.reference(),
            "asks": asks,
        }));
        open.push(namespace);
    }
    if let (Some(first), Some(case)) = (open.first(), selected.cases.first()) {
        let reference = first.reference();
        let platform = case.asks.iter().find_map(Ask::platform);
        let platform = platform.map_or_else(String::new, |it| format!("--platform {it} "));
        let _ = write!(
            text,
            "\nTry:\n  \
             docker pull {platform}{reference}\n  \
             podman pull --tls-verify=false {platform}{reference}\n  \
             skopeo inspect --raw --tls-verify=false docker://{reference}\n  \
             crane pull --insecure {platform}{reference} image.tar\n  \
             ctr images pull --plain-http {platform}{reference}\n"
        );
    }
    let _ = write!(
        text,
        "\nServing {} cases on {} until Ctrl-C\n",
        open.len(),
        registry.address()
    );
    if args.json {
        text = format!("{:#}", serde_json::Value::from(json));
    }
    screen.print(&text)?;
    while !cancel.is_raised() {
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(Exit::Success)
}
