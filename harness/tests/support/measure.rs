//! Measures a plan with the runner of the matrix, for test targets on real tools.

use ocipick::{
    classify::MessagePatterns,
    run::{Event, Plan, RunContext, RuntimeEnd, Watcher, execute},
};
use ocipick_adapters::{RunDir, process::Cancel};
use ocipick_records::Trial;
use ocipick_registry::Registry;
use std::{
    io::{self, Write as _},
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// Deadline of each invocation of a tool. Generous: a loaded machine is no finding.
pub(crate) const DEADLINE: Duration = Duration::from_secs(120);

/// Every record of a plan.
pub(crate) fn measure(
    plan: &Plan,
    run_dir: &RunDir,
    cancel: &Cancel,
) -> Result<Vec<Trial>, String> {
    let patterns = MessagePatterns::built_in().map_err(|error| error.to_string())?;
    let registry = Registry::start().map_err(|error| error.to_string())?;
    let bench = RunContext {
        run_dir,
        registry: &registry,
        patterns: &patterns,
        cancel,
    };
    let collector = Collector(Mutex::default());
    execute(plan, &bench, &collector).map_err(|error| error.to_string())?;
    let records = collector.0.into_inner();
    Ok(records.unwrap_or_else(PoisonError::into_inner))
}

/// Keeps every record, and says on standard error how far the measuring is.
struct Collector(Mutex<Vec<Trial>>);

impl Watcher for Collector {
    fn see(&self, event: &Event<'_>) -> io::Result<()> {
        match event {
            Event::TrialEnded { trial } => {
                let mut records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                records.push((*trial).clone());
            }
            Event::RuntimeBegan { runtime, tries, .. } => {
                let _ = writeln!(io::stderr(), "measuring {}: {tries} trials", runtime.id());
            }
            Event::RuntimeEnded { runtime, end, .. } => {
                let end = match end {
                    RuntimeEnd::Finished => "measured".to_owned(),
                    RuntimeEnd::Unmeasured(why) => format!("not measured: {why}"),
                    RuntimeEnd::Interrupted => "interrupted".to_owned(),
                };
                let _ = writeln!(io::stderr(), "{}: {end}", runtime.id());
            }
            Event::RoundBegan { .. } | Event::TryBegan { .. } | Event::TryEnded { .. } => {}
        }
        Ok(())
    }
}
