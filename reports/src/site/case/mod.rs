//! The page of a case: the question, the index and who takes what of it, the specifications, and
//! what every runtime did with the evidence for it.

mod json;
mod outcomes;
mod raw;
mod related;
mod tree;

use super::{
    Sink,
    index::{self, CaseRows, SiteIndex},
    matrix,
    page_layout::{self, SiteSection},
    wording::{self, LinkView},
};
use crate::{
    render::{cell, verdicts},
    text,
};
use ocipick_corpus::{Case, ClauseUse, Expectation, digest_of_content};
use outcomes::RowView;
use raw::RawView;
use serde::Serialize;
use tree::ListView;

#[derive(Serialize)]
struct CasePage {
    id: String,
    family: String,
    family_title: String,
    /// The family in the matrix.
    family_href: String,
    title: String,
    why: String,
    question: String,
    /// The machine, where what is taken depends on it.
    machine: Option<String>,
    /// Cases with the same entries of which something else is asked.
    related: Vec<RelatedView>,
    /// Why the index cannot be shown, where it cannot.
    unknown: Option<&'static str>,
    /// What to know about the bytes that are shown.
    caution: Option<&'static str>,
    lists: Vec<ListView>,
    raw: Vec<RawView>,
    children: Vec<ChildView>,
    faults: Vec<String>,
    breaches: Vec<ViolationView>,
    clauses: Vec<ClauseView>,
    origins: Vec<OriginView>,
    aliases: Vec<String>,
    source: String,
    rows: Vec<RowView>,
    /// The cases before and after it.
    before: Option<LinkView>,
    after: Option<LinkView>,
}

#[derive(Serialize)]
struct RelatedView {
    text: String,
    href: String,
    /// What is asked for there.
    asked: String,
}

#[derive(Serialize)]
struct ChildView {
    name: String,
    platform: String,
    digest: String,
    served: bool,
}

#[derive(Serialize)]
struct ViolationView {
    what: String,
    clause: String,
    href: String,
    advice: &'static str,
}

/// A clause that the case exercises, whatever became of it.
#[derive(Serialize)]
struct ClauseView {
    keyword: &'static str,
    id: String,
    says: String,
    href: String,
    link: String,
    /// What satisfies it, in lines.
    satisfied: Vec<String>,
}

#[derive(Serialize)]
struct OriginView {
    id: String,
    link: Option<String>,
}

/// The page of every case.
pub(super) fn pages(site_index: &SiteIndex<'_>, sink: &mut impl Sink) {
    let shapes = related::shapes(site_index);
    for (number, place) in site_index.cases.iter().enumerate() {
        let near = |number: Option<usize>| {
            let place = site_index.cases.get(number?)?;
            Some(LinkView {
                text: wording::title(place.id),
                href: place.path.clone(),
            })
        };
        let page = CasePage {
            before: near(number.checked_sub(1)),
            after: near(number.checked_add(1)),
            related: related::to(site_index, &shapes, number),
            ..CasePage::of(site_index, place)
        };
        let title = if page.title.is_empty() {
            page.id.clone()
        } else {
            format!("{}: {}", page.id, page.title)
        };
        let sheet = (place.path.as_str(), title.as_str(), "case.html");
        page_layout::page(site_index, sink, SiteSection::Matrix, sheet, &page);
    }
}

impl CasePage {
    fn of(site_index: &SiteIndex<'_>, place: &CaseRows<'_>) -> Self {
        let first = place.rows.first();
        let (title, why) = first.map_or(("", ""), |(_, row)| (row.title, row.why));
        let knowledge = Knowledge::of(site_index, place);
        let shown = knowledge.shown();
        Self {
            id: wording::title(place.id),
            family: wording::title(place.family.id),
            family_title: wording::title(place.family.title),
            family_href: first.map_or_else(String::new, |(table, _)| {
                let mut tables = site_index.matrix.tables.iter();
                let number = tables.position(|it| it.operation == table.operation);
                let number = number.unwrap_or_default();
                matrix::family_link(number, table.operation, place.family.id).href
            }),
            title: text::line(title),
            why: text::line(why),
            question: question(place),
            machine: machine(site_index, place),
            related: Vec::new(),
            unknown: knowledge.unknown(),
            caution: knowledge.caution(),
            lists: shown.map_or_else(Vec::new, |case| {
                tree::lists(case, &outcomes::marks(site_index, &place.rows))
            }),
            raw: shown.map_or_else(Vec::new, raw::documents),
            children: shown.map_or_else(Vec::new, children),
            faults: shown.map_or_else(Vec::new, |case| {
                case.faults
                    .iter()
                    .map(|it| wording::line(&it.to_string()))
                    .collect()
            }),
            breaches: shown.map_or_else(Vec::new, breaches),
            clauses: place.case.map_or_else(Vec::new, |case| {
                let clauses = case.clauses.iter();
                clauses
                    .filter_map(|used| ClauseView::of(site_index, used))
                    .collect()
            }),
            origins: place.case.map_or_else(Vec::new, |case| {
                let origins = case.origins.iter();
                origins
                    .map(|id| OriginView {
                        id: wording::title(id),
                        link: wording::origin(id),
                    })
                    .collect()
            }),
            aliases: place.case.map_or_else(Vec::new, |case| {
                case.aliases.iter().map(ToString::to_string).collect()
            }),
            source: place
                .case
                .map_or_else(String::new, |case| wording::line(&case.source)),
            rows: place
                .rows
                .iter()
                .map(|(table, row)| RowView::of(site_index, table, row))
                .collect(),
            before: None,
            after: None,
        }
    }
}

/// What is known of the bytes that were measured.
enum Knowledge<'s> {
    /// They are those of this version.
    Same(&'s Case),
    /// The results do not say which bytes they measured.
    Unsaid(&'s Case),
    /// They are others than those of this version.
    Other,
    /// The case is not one of this version's.
    Foreign,
}

impl<'s> Knowledge<'s> {
    fn of(site_index: &SiteIndex<'s>, place: &CaseRows<'s>) -> Self {
        let Some(case) = place.case else {
            return Self::Foreign;
        };
        let headers = site_index.matrix.runs.iter().map(|run| run.header);
        let measured: Vec<&String> = headers
            .filter_map(|header| header.corpus.content.get(place.id))
            .collect();
        if measured.is_empty() {
            return Self::Unsaid(case);
        }
        let ours = digest_of_content(case);
        if measured.iter().all(|digest| **digest == ours) {
            Self::Same(case)
        } else {
            Self::Other
        }
    }

    fn shown(&self) -> Option<&'s Case> {
        match self {
            Self::Same(case) | Self::Unsaid(case) => Some(case),
            Self::Other | Self::Foreign => None,
        }
    }

    fn unknown(&self) -> Option<&'static str> {
        match self {
            Self::Same(_) | Self::Unsaid(_) => None,
            Self::Other => Some(
                "The results were measured on other bytes than the version of ocipick that made \
                 this page has, so the index is not shown.",
            ),
            Self::Foreign => Some(
                "The case is not one of those built into ocipick, so the index is not known here.",
            ),
        }
    }

    fn caution(&self) -> Option<&'static str> {
        match self {
            Self::Unsaid(_) => Some(
                "The results do not say which bytes they measured. This is the case as the \
                 version of ocipick that made this page has it.",
            ),
            Self::Same(_) | Self::Other | Self::Foreign => None,
        }
    }
}

/// What a tool is asked, in a sentence.
fn question(place: &CaseRows<'_>) -> String {
    let mut asked: Vec<String> = Vec::new();
    for (_, row) in &place.rows {
        let this = outcomes::asked(row);
        if !asked.contains(&this) {
            asked.push(this);
        }
    }
    let operations: Vec<&str> = place
        .rows
        .iter()
        .map(|(table, _)| table.operation)
        .collect();
    let ask = match operations.as_slice() {
        [first, rest @ ..] if rest.iter().all(|it| it == first) => match *first {
            "pull" => "pull".to_owned(),
            other => wording::title(other),
        },
        _ => "fetch".to_owned(),
    };
    format!(
        "A tool is told to {ask} this image for {}. Which of the entries does it take?",
        either(&asked)
    )
}

/// What of the machine decides what is taken, where the tool is asked for no platform.
fn machine(site_index: &SiteIndex<'_>, place: &CaseRows<'_>) -> Option<String> {
    let is_default = |row: &crate::analysis::matrix::Row<'_>| row.platform == "default";
    let machines = cell::machines(site_index.matrix)?;
    place.rows.iter().any(|(_, row)| is_default(row)).then(|| {
        format!("Where no platform is asked for, a tool goes by its machine: here {machines}.")
    })
}

/// `a`, `a or b`, `a, b or c`; at most a few of them.
fn either(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        many if many.len() > 4 => format!("one of {} platforms", many.len()),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

fn children(case: &Case) -> Vec<ChildView> {
    let children = case.children.iter().take(60);
    children
        .map(|child| ChildView {
            name: wording::title(&child.name),
            platform: child
                .platform
                .as_ref()
                .map_or_else(|| "none".to_owned(), |it| wording::title(&it.to_string())),
            digest: child.manifest.as_str().to_owned(),
            served: child.served,
        })
        .collect()
}

fn breaches(case: &Case) -> Vec<ViolationView> {
    let breaches = case.breaches();
    breaches
        .iter()
        .take(30)
        .map(|breach| ViolationView {
            what: wording::line(&breach.to_string()),
            clause: breach.clause.to_owned(),
            href: index::clause(breach.clause),
            advice: breach.advice(),
        })
        .collect()
}

impl ClauseView {
    fn of(site_index: &SiteIndex<'_>, used: &ClauseUse) -> Option<Self> {
        let clause = site_index.corpus.clause(&used.id)?;
        let wording = site_index.verdicts.wording(&used.id);
        let shown = wording.unwrap_or_else(|| clause.newest());
        Some(Self {
            keyword: if wording.is_some() {
                verdicts::keyword(shown.level)
            } else {
                "not in force"
            },
            id: used.id.clone(),
            says: shown.says.clone(),
            href: index::clause(&used.id),
            link: shown.link.clone(),
            satisfied: satisfied(used),
        })
    }
}

/// What satisfies a clause: in a line, or a line for each ask where they differ.
fn satisfied(used: &ClauseUse) -> Vec<String> {
    let words = |expectations: &[Expectation]| {
        let words: Vec<String> = expectations.iter().map(ToString::to_string).collect();
        words.join(", or ")
    };
    match used.satisfied_alike() {
        Some([]) => Vec::new(),
        Some(alike) => vec![words(alike)],
        None => used
            .satisfied_by
            .iter()
            .filter(|(_, expectations)| !expectations.is_empty())
            .map(|(ask, expectations)| format!("asked for {ask}: {}", words(expectations)))
            .collect(),
    }
}
