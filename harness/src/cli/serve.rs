//! `ocipick serve`.

use super::{args::Serve, fail::Result, ground, screen::Screen, select};
use ocipick::{exit::Exit, registry::Registry};
use ocipick_adapters::process::Cancel;
use std::{fmt::Write as _, sync::Arc, time::Duration};

pub(crate) fn serve(args: &Serve, screen: Screen) -> Result<Exit> {
    let selected = select::cases(&args.selection)?;
    let cancel = Cancel::default();
    ground::listen(screen, &cancel)?;
    let registry = Registry::start()?;
    let mut open = Vec::new();
    let mut text = String::new();
    for case in &selected.cases {
        let namespace = registry.open(&case.id.repository_path(), Arc::clone(case))?;
        let _ = writeln!(text, "{}  {}", namespace.reference(), case.platform);
        open.push(namespace);
    }
    if let (Some(first), Some(case)) = (open.first(), selected.cases.first()) {
        let (reference, platform) = (first.reference(), &case.platform);
        let _ = write!(
            text,
            "\nTry:\n  \
             docker pull --platform {platform} {reference}\n  \
             podman pull --tls-verify=false --platform {platform} {reference}\n  \
             skopeo inspect --raw --tls-verify=false docker://{reference}\n  \
             crane pull --insecure --platform {platform} {reference} image.tar\n  \
             ctr images pull --plain-http --platform {platform} {reference}\n"
        );
    }
    let _ = write!(
        text,
        "\nServing {} cases on {} until Ctrl-C\n",
        open.len(),
        registry.address()
    );
    screen.print(&text)?;
    while !cancel.is_raised() {
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(Exit::Success)
}
