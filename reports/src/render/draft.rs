//! A draft of a report, in the form that the project's template asks for, as Markdown and JSON.
//!
//! Foreign text stands in code: words of tools, names of children, the index.

use super::{cell, markdown::escape::code};
use crate::{
    analysis::builds::BinaryBuild,
    draft::{self, ClauseLine, Confirmed, Draft, plain_form, script},
    publish::without_private_directories,
    text,
};
use ocipick_corpus::{Case, Level, PlatformRequest};
use ocipick_records::{
    Exit, FieldKind, FormField, HttpRequest, Observation, Outcome, Project, document_schema,
};
use schemars::JsonSchema;
use serde::Serialize;
use std::{collections::BTreeSet, fmt::Write as _};

/// The version of the JSON format.
pub const SCHEMA: &str = "ocipick.draft/1";
/// How many bytes of an index are shown; the script has all of them.
const INDEX: usize = 8 * 1024;
/// How many bytes of a script find room in a report.
const SCRIPT: usize = 40 * 1024;
/// How many images of an index are named.
const IMAGES: usize = 20;
/// How many requests of a trace are shown.
const REQUESTS: usize = 60;
/// Where ocipick is.
const HOME: &str = env!("CARGO_PKG_REPOSITORY");

/// A draft with everything that it is made of.
#[derive(Clone, Copy, Debug)]
pub struct DraftReport<'d> {
    /// The facts.
    pub draft: &'d Draft,
    /// The case, byte for byte.
    pub case: &'d Case,
    /// What the tool was asked for.
    pub ask: &'d PlatformRequest,
    /// How it came out when it was repeated.
    pub confirmed: &'d Confirmed,
}

/// A report to a project, for a person to read and file.
#[derive(Serialize, JsonSchema)]
struct Document<'d> {
    /// Always `ocipick.draft/1`.
    #[schemars(extend("const" = SCHEMA))]
    schema: &'static str,
    title: String,
    /// Whether it is for private disclosure; then to whom and why.
    private: Option<Private<'d>>,
    /// The repository of the project; none where it is not known.
    project: Option<&'d str>,
    runtime: &'d str,
    case: &'d str,
    platform: &'d str,
    operation: &'d str,
    outcome: &'d Outcome,
    repeated: u32,
    /// The fields of the project's template, in their order.
    fields: Vec<FieldJson>,
    /// A script that serves the index; none where the registry has to misbehave.
    script: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Private<'d> {
    contact: &'d str,
    reason: &'d str,
}

#[derive(Serialize, JsonSchema)]
struct FieldJson {
    label: String,
    text: String,
}

/// The JSON Schema of the document, as text with a line end. It is published as
/// `reports/schema/draft.schema.json`.
#[must_use]
pub fn json_schema() -> String {
    document_schema::<Document<'_>>()
}

impl DraftReport<'_> {
    /// The title.
    #[must_use]
    pub fn title(&self) -> String {
        draft::title(self.draft, self.case)
    }

    /// The script that serves the index; none where the registry has to misbehave.
    #[must_use]
    pub fn script(&self) -> Option<String> {
        script(self.case, &self.title(), &self.commands())
    }

    /// The whole report for a person to read and file.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        text.push_str(&self.notice());
        let _ = writeln!(text, "# {}\n", self.title());
        for field in self.form() {
            let _ = writeln!(
                text,
                "### {}\n\n{}\n",
                field.label,
                self.fill(&field.asks).trim()
            );
        }
        text
    }

    /// The same as JSON.
    ///
    /// # Panics
    /// Never: all keys are text.
    #[must_use]
    pub fn json(&self) -> String {
        let document = Document {
            schema: SCHEMA,
            title: self.title(),
            private: self.draft.withheld.as_ref().map(|withheld| Private {
                contact: self.contact(),
                reason: &withheld.reason,
            }),
            project: self.project().map(|project| project.repository.as_str()),
            runtime: &self.draft.trial.runtime,
            case: &self.draft.trial.case,
            platform: &self.draft.trial.platform,
            operation: &self.draft.trial.operation,
            outcome: &self.confirmed.outcome,
            repeated: self.confirmed.times,
            fields: self
                .form()
                .into_iter()
                .map(|field| FieldJson {
                    label: field.label,
                    text: self.fill(&field.asks).trim().to_owned(),
                })
                .collect(),
            script: self.script(),
        };
        let mut json = serde_json::to_string_pretty(&document).expect("keys are text");
        json.push('\n');
        json
    }

    fn project(&self) -> Option<&Project> {
        self.draft.project.as_ref()
    }

    fn form(&self) -> Vec<FormField> {
        let form = self.project().map(|project| project.form.clone());
        form.filter(|form| !form.is_empty())
            .unwrap_or_else(plain_form)
    }

    fn contact(&self) -> &str {
        self.project()
            .map_or("the security contact of the project", |project| {
                project.security.as_str()
            })
    }

    /// What the person must know before filing; not part of the report.
    fn notice(&self) -> String {
        let mut text = String::from("<!--\n");
        if let Some(withheld) = &self.draft.withheld {
            let _ = write!(
                text,
                "PRIVATE. Do not file this in public. Send it to {}.\nReason: {}.\n",
                self.contact(),
                withheld.reason
            );
            if let Some(link) = &withheld.link {
                let _ = writeln!(text, "It is of the kind of {link}");
            }
            text.push('\n');
        }
        let place = match (&self.draft.withheld, self.project()) {
            (Some(_), _) => String::new(),
            (None, Some(project)) => {
                format!(
                    "It is meant for https://github.com/{}/issues.\n",
                    project.repository
                )
            }
            (None, None) => {
                "ocipick does not know where this tool's project takes reports.\n".to_owned()
            }
        };
        let _ = write!(
            text,
            "A draft for a person to read, to check, and to file. Nothing was filed.\n{place}\
             Before you file it: try the newest version, look whether it was reported already, read the \
             project's rules\nabout reports made with tools, and put it into your own words where that \
             helps. This comment is not part of it.\n"
        );
        if let Some(build) = self.draft.distribution() {
            let note = self.draft.build.note();
            let _ = write!(
                text,
                "\nTHIS IS {build}, and not one of the project{}. Projects close reports on builds of a\n\
                 distribution. Repeat it with a build of the project first.\n",
                note.map_or_else(String::new, |note| format!(": {note}"))
            );
        }
        if !self.is_against_anything() {
            text.push_str(
                "\nNo clause is broken, no earlier version that was measured did something else, and no other \
                 tool does.\nThink twice.\n",
            );
        }
        text.push_str("-->\n\n");
        text
    }

    fn is_against_anything(&self) -> bool {
        let fails = match &self.draft.trial.outcome {
            Outcome::Picked { .. } | Outcome::Refused { .. } => false,
            Outcome::Nothing
            | Outcome::Mixed { .. }
            | Outcome::Crashed { .. }
            | Outcome::TimedOut { .. }
            | Outcome::Unstable { .. }
            | Outcome::Unmeasured { .. } => true,
        };
        fails
            || self.draft.earlier.is_some()
            || self.draft.peers.len() > 1
            || self
                .draft
                .clauses
                .iter()
                .any(|it| it.verdict.is_violation())
    }

    fn fill(&self, asks: &FieldKind) -> String {
        match asks {
            // Where the template has a field for what was received, it is told there.
            FieldKind::Description if self.has_field_for_results() => self.description(),
            FieldKind::Description => format!("{}\n\n{}", self.description(), self.received()),
            FieldKind::Steps => self.steps(),
            FieldKind::Received => self.received(),
            FieldKind::Expected => self.expected(),
            FieldKind::ReceivedAndExpected => format!("{}\n\n{}", self.received(), self.expected()),
            FieldKind::Version => self.version(),
            FieldKind::Output(command) => format!("(paste the output of `{command}` here)"),
            FieldKind::Choice(words) => words.clone(),
            FieldKind::More => self.more(),
        }
    }

    fn has_field_for_results(&self) -> bool {
        self.form().iter().any(|it| {
            matches!(
                it.asks,
                FieldKind::Received | FieldKind::ReceivedAndExpected
            )
        })
    }

    fn description(&self) -> String {
        let case = self.case;
        let mut text = format!("{}.", text::line(&case.title));
        if !case.why.is_empty() {
            let _ = write!(text, " {}", text::line(&case.why));
        }
        let asked = match self.ask {
            PlatformRequest::Default => format!(
                "No platform is asked for, so that the tool goes by its machine: {}.",
                cell::machine(&self.confirmed.host)
            ),
            PlatformRequest::Platform(platform) => {
                format!("The platform asked for is `{platform}`.")
            }
        };
        let _ = write!(
            text,
            "\n\nThe command is {}{}. {asked}",
            code(&self.draft.command()),
            self.draft.way()
        );
        text
    }

    fn received(&self) -> String {
        let outcome = &self.confirmed.outcome;
        let tool = code(&self.draft.command());
        let mut text = match outcome {
            Outcome::Picked { child, digest } => format!(
                "{tool} ends with success and has {}, whose manifest is {}.",
                code(child),
                code(digest)
            ),
            Outcome::Refused { .. } => format!("{tool} ends with an error."),
            Outcome::Nothing => {
                let tried = match &self.confirmed.evidence.materialised {
                    Observation::Absent { words } if !words.trim().is_empty() => {
                        format!(" Who tries to use it gets:\n\n{}", block("", words.trim()))
                    }
                    Observation::Absent { .. }
                    | Observation::Failed { .. }
                    | Observation::Seen { .. }
                    | Observation::NotLooked => String::new(),
                };
                format!("{tool} ends with success, and there is no usable image afterwards.{tried}")
            }
            Outcome::Mixed { .. } => format!(
                "{tool} ends with success, and what it says it has and what is there contradict each other: {}",
                code(&cell::in_full(outcome))
            ),
            Outcome::Crashed { what, survived } => {
                let happens = if *survived {
                    "panics over the request, recovers, and lives on"
                } else {
                    "ends in a crash"
                };
                format!("{tool} {happens}:\n\n{}", block("", what))
            }
            Outcome::TimedOut { after_ms } => {
                format!("{tool} does not end within {}.", text::duration(*after_ms))
            }
            Outcome::Unstable { .. } | Outcome::Unmeasured { .. } => cell::in_full(outcome),
        };
        let evidence = &self.confirmed.evidence;
        let words = self.words();
        let words = words.trim();
        // The stack of a crash is told above already.
        let is_stack = matches!(outcome, Outcome::Crashed { .. }) && words.len() > 4000;
        if !words.is_empty() && !is_stack {
            let exit = match evidence.exit {
                Some(Exit::Code(code)) => format!(" (exit code {code})"),
                Some(Exit::Signal(signal)) => format!(" (signal {signal})"),
                Some(Exit::Deadline | Exit::OutputLimit) | None => String::new(),
            };
            let _ = write!(text, "\n\nIts words{exit}:\n\n{}", block("", words));
        }
        let _ = write!(
            text,
            "\n\nIt came out like this in each of {}.",
            text::count(self.confirmed.times as usize, "trial", "trials")
        );
        text
    }

    /// What the tool said, without what is of the trials alone: the name under which the image was
    /// served, and what it says of the machine's groups of processes, which a pull does nothing with.
    fn words(&self) -> String {
        let words = without_private_directories(&self.confirmed.evidence.stderr_tail);
        let words = reference_alone(&words, &self.case.id.repository_path());
        let lines = words.lines().filter(|line| {
            let line = line.to_ascii_lowercase();
            !(line.contains("cgroup") && (line.contains("warn") || line.contains("deprecat")))
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    fn expected(&self) -> String {
        let mut parts = Vec::new();
        let broken: Vec<&ClauseLine> = self
            .draft
            .clauses
            .iter()
            .filter(|it| it.verdict.is_violation())
            .collect();
        for clause in &broken {
            let asks = if clause.satisfied_by.is_empty() {
                String::new()
            } else {
                let does: Vec<String> = clause.satisfied_by.iter().map(|it| does(it)).collect();
                format!(" Here that is: it {}.", does.join(", or it "))
            };
            parts.push(format!(
                "**{}** ([{}]({})): {}{asks}",
                keyword(clause.level),
                clause.id,
                clause.link,
                sentence(&clause.says)
            ));
        }
        if let Some(earlier) = &self.draft.earlier {
            parts.push(format!(
                "An earlier version did something else: {} {}.",
                code(&earlier.runtime),
                did(&earlier.outcome)
            ));
        }
        let wanted = match &self.draft.trial.outcome {
            Outcome::Crashed { survived: true, .. } => {
                Some("Whatever is served: an error, and no panic.")
            }
            Outcome::Crashed { .. } => Some("Whatever is served: an error, and no crash."),
            Outcome::Nothing => {
                Some("Either an image that can be used, or an error and an exit code other than 0.")
            }
            Outcome::Mixed { .. } => Some("What it reports and what is there are one image."),
            Outcome::TimedOut { .. } => Some("It ends, with an image or with an error."),
            Outcome::Picked { .. }
            | Outcome::Refused { .. }
            | Outcome::Unstable { .. }
            | Outcome::Unmeasured { .. } => None,
        };
        parts.extend(wanted.map(str::to_owned));
        if broken.is_empty() && self.draft.earlier.is_none() && wanted.is_none() {
            let silent = "No clause of the specifications that we know of is broken by this";
            parts.push(if self.draft.peers.len() > 1 {
                format!("{silent}. Tools differ, and it would help to know what is meant.")
            } else {
                format!("{silent}.")
            });
        }
        let others: Vec<String> = self
            .draft
            .peers
            .iter()
            .map(|group| {
                let runtimes: Vec<String> = group.runtimes.iter().map(|it| code(it)).collect();
                let own = if group.is_own { " (the same)" } else { "" };
                format!("- {}{own}: {}", did(&group.outcome), runtimes.join(", "))
            })
            .collect();
        if !others.is_empty() {
            parts.push(format!(
                "What tools do with this index:\n\n{}",
                others.join("\n")
            ));
        }
        parts.join("\n\n")
    }

    fn steps(&self) -> String {
        let commands = self.commands().join("\n");
        let serve = format!("`ocipick serve --case '{}'`", self.case.id);
        match self.script() {
            None => format!(
                "The registry has to misbehave in this case, which [ocipick]({HOME}) does: {serve} prints the \
                 reference. Then:\n\n{}",
                block("sh", &commands)
            ),
            Some(script) if script.len() > SCRIPT => format!(
                "Run the attached `reproduce.py`, which needs nothing but Python 3 and serves the index on \
                 127.0.0.1. It prints the reference; so does {serve} of [ocipick]({HOME}). Then:\n\n{}",
                block("sh", &commands)
            ),
            Some(script) => format!(
                "1. Save this as `reproduce.py` and run `python3 reproduce.py`. It needs nothing but Python 3, and \
                 serves the index on 127.0.0.1. ({serve} of [ocipick]({HOME}) does the same.)\n\
                 2. Type the commands that it prints:\n\n{}\n\n\
                 <details><summary>reproduce.py</summary>\n\n{}\n\n</details>",
                block("sh", &commands),
                block("python", &script)
            ),
        }
    }

    fn commands(&self) -> Vec<String> {
        let configuration = self.draft.configuration.as_ref();
        let by_hand = configuration.map(|it| it.by_hand(self.ask.platform()));
        let by_hand = by_hand.unwrap_or_default();
        by_hand.iter().map(|line| text::line(line)).collect()
    }

    fn version(&self) -> String {
        let mut lines = vec![format!(
            "{} {}{}, from {}",
            self.draft.trial.tool,
            text::line(&self.draft.trial.version),
            self.draft
                .trial
                .flavour
                .as_ref()
                .map_or_else(String::new, |it| format!(", {}", text::line(it))),
            match self.draft.distribution() {
                None => "the machine itself".to_owned(),
                Some(build) => build,
            }
        )];
        let provenance = &self.confirmed.record.provenance;
        for (role, version) in &provenance.versions {
            lines.push(format!("{role}: {}", text::line(version)));
        }
        for (package, version) in &provenance.packages {
            lines.push(format!("package {package} {}", text::line(version)));
        }
        lines.extend(provenance.notes.iter().map(|it| text::line(it)));
        lines.extend(BinaryBuild::of(&self.confirmed.record).lines());
        let host = &self.confirmed.host;
        lines.push(text::line(&format!(
            "{}, kernel {}, {}",
            host.distribution,
            host.kernel,
            cell::machine(host)
        )));
        let mut text = block("", &lines.join("\n"));
        if !self.draft.newer.is_empty() {
            let newer: Vec<String> = self.draft.newer.iter().map(|it| code(it)).collect();
            let _ = write!(
                text,
                "\n\nNewer versions do the same: {}.",
                newer.join(", ")
            );
        }
        text
    }

    fn more(&self) -> String {
        let mut parts = vec![self.index(), self.trace()];
        if self.draft.left_out > 0 {
            parts.push(format!(
                "{} of other tools left out here.",
                text::count(self.draft.left_out, "cell", "cells")
            ));
        }
        let repository = self.project().map_or("", |it| it.repository.as_str());
        let own: Vec<&str> = self
            .case
            .origins
            .iter()
            .map(String::as_str)
            .filter(|it| it.split_once('#').is_some_and(|(of, _)| of == repository))
            .collect();
        if !own.is_empty() {
            parts.push(format!("Perhaps the same: {}.", own.join(", ")));
        }
        parts.push(format!(
            "Measured with ocipick {} at {}, case {}, {}.",
            text::line(&self.confirmed.ocipick),
            text::line(&self.confirmed.at),
            code(self.case.id.as_str()),
            text::count(self.confirmed.times as usize, "trial", "trials"),
        ));
        parts.join("\n\n")
    }

    fn index(&self) -> String {
        let index = &self.case.index;
        let head = format!(
            "The index, served as {} ({}):",
            code(&index.media_type),
            code(index.digest.as_str())
        );
        let shown = match std::str::from_utf8(&index.bytes) {
            Ok(json) if json.len() <= INDEX && text::block(json) == json => {
                format!("{head}\n\n{}", block("json", json))
            }
            Ok(_) | Err(_) => format!("{head} {} bytes, which the script has.", index.bytes.len()),
        };
        let images: Vec<String> = self
            .case
            .children
            .iter()
            .take(IMAGES)
            .map(|child| format!("- {}: {}", code(&child.name), code(child.manifest.as_str())))
            .collect();
        if images.is_empty() {
            shown
        } else {
            format!(
                "{shown}\n\nIts images, as they are called here:\n\n{}",
                images.join("\n")
            )
        }
    }

    fn trace(&self) -> String {
        let requests = &self.confirmed.evidence.requests;
        if requests.is_empty() {
            return "No request reached the registry.".to_owned();
        }
        let mut lines: Vec<String> = requests.iter().take(REQUESTS).map(request).collect();
        if requests.len() > REQUESTS {
            lines.push(format!("and {} more", requests.len() - REQUESTS));
        }
        let agents: BTreeSet<&str> = requests
            .iter()
            .filter_map(|it| it.user_agent.as_deref())
            .collect();
        let agents: Vec<String> = agents.into_iter().map(code).collect();
        let by = if agents.is_empty() {
            String::new()
        } else {
            format!(" by {}", agents.join(", "))
        };
        format!(
            "Requests of the first trial, in order{by}:\n\n{}",
            block("", &lines.join("\n"))
        )
    }
}

/// An expectation as it follows `it`: `takes good` for `picks good`.
fn does(expectation: &str) -> String {
    match expectation.split_once(' ') {
        Some(("picks", child)) => format!("takes {}", code(child)),
        Some(("refuses", reason)) => format!("refuses ({reason})"),
        Some(_) | None => text::line(expectation),
    }
}

/// The name under which a case was served in these trials, which no one else will have, becomes
/// `REFERENCE`.
fn reference_alone(words: &str, repository: &str) -> String {
    const HOST: &str = "127.0.0.1:";
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || "-_./:@".contains(c);
    let mut shown = String::with_capacity(words.len());
    let mut rest = words;
    while let Some(at) = rest.find(HOST) {
        let (before, from) = rest.split_at(at);
        let end = from.find(|c| !is_of_name(c)).unwrap_or(from.len());
        let (name, after) = from.split_at(end);
        shown.push_str(before);
        let own = name
            .split_once(repository)
            .filter(|(place, _)| place.matches('/').count() >= 1 && !place.contains("/v2/"));
        match own {
            Some((_, tag)) => {
                shown.push_str("REFERENCE");
                // What follows a tag is punctuation of the tool's.
                let tag = tag.strip_prefix(":latest").unwrap_or(tag);
                shown.push_str(tag);
            }
            None => shown.push_str(name),
        }
        rest = after;
    }
    shown.push_str(rest);
    shown
}

fn request(it: &HttpRequest) -> String {
    text::line(&format!(
        "{:<4} {} {} ({} bytes)",
        it.method, it.path, it.status, it.bytes
    ))
}

/// What was done, in a few words.
fn did(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Picked { child, .. } => format!("picked {}", code(child)),
        Outcome::Refused { reason, .. } => format!("refused ({reason})"),
        Outcome::Nothing => "success, and no usable image".to_owned(),
        Outcome::Mixed { .. } => "contradictory evidence".to_owned(),
        Outcome::Crashed { .. } => outcome.gist(),
        Outcome::TimedOut { .. } => "did not end".to_owned(),
        Outcome::Unstable { .. } => format!("differs when repeated ({})", code(&outcome.gist())),
        Outcome::Unmeasured { .. } => "not measured".to_owned(),
    }
}

fn keyword(level: Level) -> &'static str {
    match level {
        Level::Must => "MUST",
        Level::Should => "SHOULD",
        Level::May => "MAY",
        Level::Statement => "Said without a keyword",
        Level::Silent => "Not said",
    }
}

fn sentence(text: &str) -> String {
    let text = text::line(text);
    if text.ends_with('.') {
        text
    } else {
        format!("{text}.")
    }
}

/// A block of code, with a fence longer than any in it.
fn block(language: &str, content: &str) -> String {
    let content = text::block(content);
    let longest = content
        .lines()
        .map(|line| line.chars().take_while(|c| *c == '`').count())
        .max()
        .unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!(
        "{fence}{language}\n{}\n{fence}",
        content.trim_end_matches('\n')
    )
}
