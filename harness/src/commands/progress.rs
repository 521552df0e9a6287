//! Progress of a run: a bar per runtime on a terminal, a line per finished runtime elsewhere.

use super::terminal::Terminal;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use ocipick::run::{Event, RuntimeEnd, Watcher};
use ocipick_records::{Footer, Outcome, OutcomeKind};
use ocipick_reports::printable_line;
use std::{
    io,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Shows progress on standard error.
pub(crate) struct Progress {
    screen: Terminal,
    bars: Option<MultiProgress>,
    lines: Vec<Mutex<Line>>,
    /// What the runtimes are called.
    names: Vec<String>,
    /// The round, where there are several.
    round: Mutex<Option<u32>>,
}

#[derive(Default)]
struct Line {
    bar: Option<ProgressBar>,
    outcomes: Vec<Outcome>,
}

impl Progress {
    pub(crate) fn new(screen: Terminal, names: Vec<String>) -> Self {
        let bars = screen
            .is_watched()
            .then(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(10)));
        let lines = names.iter().map(|_| Mutex::default()).collect();
        Self {
            screen,
            bars,
            lines,
            names,
            round: Mutex::default(),
        }
    }

    fn name(&self, index: usize) -> String {
        self.names.get(index).cloned().unwrap_or_default()
    }

    fn round(&self) -> MutexGuard<'_, Option<u32>> {
        self.round.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the bars off the screen.
    pub(crate) fn clear(&self) {
        if let Some(bars) = &self.bars {
            let _ = bars.clear();
        }
    }
}

impl Watcher for Progress {
    fn see(&self, event: &Event<'_>) -> io::Result<()> {
        let line = |index: usize| {
            self.lines[index]
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        match event {
            Event::RoundBegan {
                round,
                rounds,
                tries,
            } => {
                if *rounds > 1 {
                    *self.round() = Some(*round);
                    let said = format!("round {round} of at most {rounds}: {tries} tries");
                    match &self.bars {
                        Some(bars) => drop(bars.println(said)),
                        None => self.screen.say(&said),
                    }
                }
            }
            Event::RuntimeBegan { index, tries, .. } => {
                let mut line = line(*index);
                line.outcomes.clear();
                if let Some(bars) = &self.bars {
                    // The bar of an earlier round stands where this one began last.
                    if let Some(old) = line.bar.take() {
                        bars.remove(&old);
                    }
                    let bar = bars.add(ProgressBar::new(*tries as u64));
                    bar.set_style(style());
                    bar.set_prefix(printable_line(&self.name(*index)));
                    bar.set_message("starting");
                    bar.enable_steady_tick(Duration::from_millis(200));
                    line.bar = Some(bar);
                }
            }
            Event::TryBegan { index, case } => {
                if let Some(bar) = &line(*index).bar {
                    bar.set_message(printable_line(case));
                }
            }
            Event::TryEnded { index, tried, .. } => {
                let mut line = line(*index);
                line.outcomes.push(tried.trial.outcome.clone());
                if let Some(bar) = &line.bar {
                    bar.inc(1);
                }
            }
            Event::TrialEnded { .. } => {}
            Event::RuntimeEnded { index, end, .. } => {
                let line = line(*index);
                let said = match end {
                    RuntimeEnd::Finished => counts(&line.outcomes),
                    RuntimeEnd::Unmeasured(why) => {
                        format!("not measured: {}", why.lines().next().unwrap_or_default())
                    }
                    RuntimeEnd::Interrupted => {
                        format!("interrupted after {}", line.outcomes.len())
                    }
                };
                let round = self
                    .round()
                    .map_or_else(String::new, |round| format!(" (round {round})"));
                match &line.bar {
                    Some(bar) => bar.finish_with_message(printable_line(&said)),
                    None => {
                        let name = self.name(*index);
                        self.screen.say(&format!("{name}{round}: {said}"));
                    }
                }
            }
        }
        Ok(())
    }
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{prefix:28!} {bar:20} {pos:>4}/{len:<4} {wide_msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// `170 picked, 3 refused`, without what did not occur.
fn counts(outcomes: &[Outcome]) -> String {
    let counts = Footer::count(outcomes.iter());
    let words: Vec<String> = OutcomeKind::ALL
        .iter()
        .filter_map(|kind| match counts.get(kind) {
            None | Some(0) => None,
            Some(count) => Some(format!("{count} {kind}")),
        })
        .collect();
    if words.is_empty() {
        "nothing to do".to_owned()
    } else {
        words.join(", ")
    }
}

/// Shows every event to several watchers.
pub(crate) struct Tee<'a>(pub(crate) &'a dyn Watcher, pub(crate) &'a dyn Watcher);

impl Watcher for Tee<'_> {
    fn see(&self, event: &Event<'_>) -> io::Result<()> {
        self.0.see(event)?;
        self.1.see(event)
    }
}
