//! `ocipick corpus push`.

use crate::commands::{
    fail::{Failure, Result},
    select,
    terminal::Terminal,
};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use ocipick::{
    exit::ExitCode,
    json::PushedCase,
    push::{Client, Credentials, Published, Target, publish},
};

#[derive(Debug, Args)]
pub(crate) struct CorpusPushArgs {
    /// Where to, such as localhost:5000/ocipick
    #[arg(value_name = "REGISTRY")]
    registry: String,
    /// Only these cases
    #[arg(long = "case", value_name = "GLOB")]
    cases: Vec<String>,
    /// Speak HTTP to a registry that is not on loopback, too
    #[arg(long)]
    plain_http: bool,
    /// Print a line of JSON per case
    #[arg(long)]
    json: bool,
}

pub(super) fn push(args: &CorpusPushArgs, screen: Terminal) -> Result<ExitCode> {
    let cases = select::built_in_cases(&args.cases, screen)?.cases;
    let target = Target::parse(&args.registry, args.plain_http).map_err(Failure::usage)?;
    let credentials =
        Credentials::find(&target, |name| std::env::var(name).ok()).map_err(Failure::usage)?;
    let host = target.host().to_owned();
    let client = Client::new(target, credentials).telling(move |place| {
        let in_clear = if place.starts_with("https://") {
            ""
        } else {
            ", in clear"
        };
        screen.say(&format!(
            "your credentials for {host} go to {place}{in_clear}"
        ));
    });
    let bar = if screen.is_watched() {
        let style = ProgressStyle::with_template("{pos}/{len} {msg}").map_err(Failure::internal)?;
        ProgressBar::new(cases.len() as u64).with_style(style)
    } else {
        ProgressBar::hidden()
    };
    let (mut whole, mut refused, mut impossible) = (0_usize, Vec::new(), 0_usize);
    for case in &cases {
        bar.set_message(case.id.to_string());
        match publish(&client, case).map_err(Failure::usage)? {
            Published::Whole(reference) => {
                whole += 1;
                bar.suspend(|| {
                    if args.json {
                        screen.print_json_line(&PushedCase::accepted(case, &reference))
                    } else {
                        screen.print(&reference)
                    }
                })?;
            }
            Published::Refused {
                what,
                status,
                words,
            } => {
                let line = format!("{what}: {status} {words}");
                if args.json {
                    let json = PushedCase::refused(case, &line);
                    bar.suspend(|| screen.print_json_line(&json))?;
                }
                refused.push(format!("{}: {line}", case.id));
            }
            Published::Impossible(_) => impossible += 1,
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    for line in &refused {
        screen.say(&format!("refused  {line}"));
    }
    screen.say(&format!(
        "{whole} of {} cases published, {} refused by the registry, {impossible} that only \
         `ocipick serve` can serve",
        cases.len(),
        refused.len()
    ));
    Ok(if refused.is_empty() {
        ExitCode::Success
    } else {
        ExitCode::MeasuredInPart
    })
}
