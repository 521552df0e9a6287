//! Reading the files below `corpus/clauses`.

use super::{Clause, Level, Release, Specification, Wording, specification_of};
use crate::{
    diagnostic::{Diagnostic, DiagnosticKind, DiagnosticReport},
    nearest::nearest,
    value::{self, Fields, Node, Table, owned, wrong},
};
use ocipick_records::RefusalReason;
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

/// What the files below `corpus/clauses` hold.
pub(crate) struct Read {
    pub(crate) specifications: Vec<Specification>,
    /// By id.
    pub(crate) clauses: Vec<Clause>,
}

/// Reads several files, given as path and content.
pub(crate) fn read<'a>(
    files: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<Read, Vec<Diagnostic>> {
    let mut parsed: Vec<(DiagnosticReport<'a>, Option<Table>)> = files
        .into_iter()
        .map(|(path, text)| {
            let mut report = DiagnosticReport::new(path, text);
            let table = value::parse(text, &mut report);
            (report, table)
        })
        .collect();
    // Clauses need the releases, in whichever file those stand.
    let mut specifications = Vec::new();
    for (report, table) in &mut parsed {
        if let Some(table) = table {
            table.check_keys("a clause file", &["specification", "clause"], report);
            for (table, span) in tables(table, "specification", report) {
                read_specification(table, span, &mut specifications, report);
            }
        }
    }
    let mut clauses: BTreeMap<String, Clause> = BTreeMap::new();
    for (report, table) in &mut parsed {
        if let Some(table) = table {
            for (table, span) in tables(table, "clause", report) {
                read_clause(table, span, &specifications, &mut clauses, report);
            }
        }
    }
    let reports = parsed.into_iter().map(|(report, _)| report);
    let mistakes: Vec<Diagnostic> = reports.flat_map(DiagnosticReport::into_mistakes).collect();
    if mistakes.is_empty() {
        Ok(Read {
            specifications,
            clauses: clauses.into_values().collect(),
        })
    } else {
        Err(mistakes)
    }
}

/// The tables of a list of tables, each with its place.
fn tables<'t>(
    table: &'t Table,
    key: &'static str,
    report: &mut DiagnosticReport<'_>,
) -> Vec<(&'t Table, &'t Range<usize>)> {
    let Some(value) = table.get(key) else {
        return Vec::new();
    };
    let Node::List(items) = &value.node else {
        wrong(report, key, value, "a list of tables ([[…]])");
        return Vec::new();
    };
    let mut tables = Vec::new();
    for item in items {
        if let Node::Table(table) = &item.node {
            tables.push((table, &item.span));
        } else {
            wrong(report, key, item, "a table");
        }
    }
    tables
}

fn read_specification(
    table: &Table,
    span: &Range<usize>,
    specifications: &mut Vec<Specification>,
    report: &mut DiagnosticReport<'_>,
) {
    const KEYS: &[&str] = &["id", "title", "releases", "dates"];
    let mut fields = Fields::new(table, "[[specification]]", KEYS, report);
    let id = fields.required("id", span, "what the ids of its clauses begin with");
    let title = fields.required("title", span, "what it calls itself");
    if table.get("releases").is_none() {
        fields.missing("releases", span, "its releases, the oldest first");
    }
    let mut releases: Vec<String> = Vec::new();
    for (release, span) in fields.texts("releases") {
        if releases.contains(&release) {
            let kind = DiagnosticKind::IdTaken {
                id: release,
                other: "an earlier release of it".to_owned(),
            };
            fields.report.add(&span, kind);
        } else {
            releases.push(release);
        }
    }
    let dates = fields.texts("dates");
    if let (Some(value), false) = (
        table.get("dates").filter(|_| !dates.is_empty()),
        dates.len() == releases.len(),
    ) {
        fields.wrong("dates", value, "as many dates as there are releases");
    }
    let dates = dates.into_iter().map(|(date, _)| date).collect();
    if specifications.iter().any(|earlier| earlier.id == id) {
        let other = "an earlier [[specification]]".to_owned();
        report.add(span, DiagnosticKind::IdTaken { id, other });
    } else {
        specifications.push(Specification::new(id, title, releases, dates));
    }
}

fn read_clause(
    table: &Table,
    span: &Range<usize>,
    specifications: &[Specification],
    clauses: &mut BTreeMap<String, Clause>,
    report: &mut DiagnosticReport<'_>,
) {
    const KEYS: &[&str] = &[
        "id",
        "level",
        "says",
        "since",
        "until",
        "link",
        "history",
        "arguable",
        "breached-by",
        "earlier",
    ];
    let mut fields = Fields::new(table, "[[clause]]", KEYS, report);
    let id = fields.required("id", span, "specification/document/statement");
    let link = fields.required("link", span, "where it stands");
    let history = fields.text("history").map(str::to_owned);
    let arguable = fields.text("arguable").map(str::to_owned);
    let breached_by = refusals("breached-by", &mut fields);
    let specification = specification(&id, specifications, &mut fields);
    let newest = read_wording(&mut fields, span, specification, &link);
    let mut wordings = earlier(table, specification, &link, report);
    wordings.extend(newest);
    chain(&mut wordings, report);
    if let Some(taken) = clauses.get(&id) {
        let other = taken.source.clone();
        report.add(span, DiagnosticKind::IdTaken { id, other });
        return;
    }
    let clause = Clause {
        wordings: wordings.into_iter().map(|(wording, _)| wording).collect(),
        breached_by,
        history,
        arguable,
        source: report.path().to_owned(),
        id: id.clone(),
    };
    if !clause.wordings.is_empty() {
        clauses.insert(id, clause);
    }
}

/// The specification that a clause belongs to.
fn specification<'s>(
    id: &str,
    specifications: &'s [Specification],
    fields: &mut Fields<'_, '_, '_>,
) -> Option<&'s Specification> {
    let name = specification_of(id);
    let found = specifications.iter().find(|it| it.id == name);
    let known = || specifications.iter().map(|it| it.id.as_str());
    if found.is_none()
        && let Some(value) = fields.table.get("id")
    {
        let kind = DiagnosticKind::SpecificationUnknown {
            name: name.to_owned(),
            nearest: nearest(name, known()).map(str::to_owned),
            known: owned(known()),
        };
        fields.report.add(&value.span, kind);
    }
    found
}

/// Reads what stands under `earlier`, and whether that is in order among itself is for later.
fn earlier(
    table: &Table,
    specification: Option<&Specification>,
    link: &str,
    report: &mut DiagnosticReport<'_>,
) -> Vec<(Wording, Range<usize>)> {
    const KEYS: &[&str] = &["level", "says", "since", "until", "link", "demand"];
    let mut wordings = Vec::new();
    for (table, span) in tables(table, "earlier", report) {
        let mut fields = Fields::new(table, "[[clause.earlier]]", KEYS, report);
        let link = fields.text("link").unwrap_or(link).to_owned();
        let demand = fields.text("demand").map(str::to_owned);
        if let Some((wording, since)) = read_wording(&mut fields, span, specification, &link) {
            wordings.push((Wording { demand, ..wording }, since));
        }
    }
    wordings
}

/// Reads what the newest and the earlier wordings have in common, and where it says since when.
fn read_wording(
    fields: &mut Fields<'_, '_, '_>,
    span: &Range<usize>,
    specification: Option<&Specification>,
    link: &str,
) -> Option<(Wording, Range<usize>)> {
    if fields.table.get("level").is_none() {
        fields.missing("level", span, "must, should, may, statement or silent");
    }
    let level = fields.variant("level", Level::Silent);
    let says = fields.required("says", span, "the statement, in our own words");
    if fields.table.get("since").is_none() {
        fields.missing("since", span, "the first release that has it, or main");
    }
    let since = release("since", specification, fields);
    let until = release("until", specification, fields);
    let (since, span) = since?;
    Some((
        Wording {
            since,
            until: until.map(|(until, _)| until),
            level,
            says,
            link: link.to_owned(),
            demand: None,
        },
        span,
    ))
}

fn release(
    key: &str,
    specification: Option<&Specification>,
    fields: &mut Fields<'_, '_, '_>,
) -> Option<(Release, Range<usize>)> {
    let name = fields.text(key)?;
    let span = fields.table.get(key).map(|value| value.span.clone())?;
    let specification = specification?;
    let found = specification.release(name);
    if found.is_none() {
        let kind = DiagnosticKind::ReleaseUnknown {
            name: name.to_owned(),
            specification: specification.id.clone(),
            nearest: specification.nearest(name).map(str::to_owned),
            known: specification
                .releases()
                .chain([specification.main()])
                .map(|release| release.name().to_owned())
                .collect(),
        };
        fields.report.add(&span, kind);
    }
    Some((found?, span))
}

/// Lets each wording end where the next begins, unless it ended before that, and notes those that
/// do not follow on one another.
fn chain(wordings: &mut [(Wording, Range<usize>)], report: &mut DiagnosticReport<'_>) {
    let next: Vec<Option<Release>> = wordings
        .iter()
        .skip(1)
        .map(|(wording, _)| Some(wording.since.clone()))
        .chain([None])
        .collect();
    for ((wording, span), next) in wordings.iter_mut().zip(next) {
        let ends = wording.until.as_ref().or(next.as_ref());
        let too_late = |end: &Release| next.as_ref().is_some_and(|next| end > next);
        if ends.is_some_and(|end| *end <= wording.since || too_late(end)) {
            let since = wording.since.name().to_owned();
            report.add(span, DiagnosticKind::WordingOutOfOrder { since });
        }
        wording.until = ends.cloned();
    }
}

/// Reads a list of reasons for refusing.
pub(crate) fn refusals(key: &str, fields: &mut Fields<'_, '_, '_>) -> BTreeSet<RefusalReason> {
    let mut refusals = BTreeSet::new();
    for (word, span) in fields.texts(key) {
        match RefusalReason::telling().find(|reason| reason.as_str() == word) {
            Some(reason) => {
                refusals.insert(reason);
            }
            None => {
                let known = || RefusalReason::telling().map(RefusalReason::as_str);
                let kind = DiagnosticKind::BadChoice {
                    key: "reason for refusing".to_owned(),
                    nearest: nearest(&word, known()).map(str::to_owned),
                    known: owned(known()),
                    found: word,
                };
                fields.report.add(&span, kind);
            }
        }
    }
    refusals
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CorpusError;

    const SPECIFICATION: &str =
        "[[specification]]\nid = 's'\ntitle = 'S'\nreleases = ['1.0', '1.1-rc1', '1.1']\n";

    fn mistakes(clauses: &str) -> String {
        let files = [("s.toml", SPECIFICATION), ("c.toml", clauses)];
        match read(files) {
            Ok(_) => panic!("no mistake was found in {clauses}"),
            Err(mistakes) => CorpusError::Mistakes(mistakes).to_string(),
        }
    }

    #[test]
    fn wordings_end_where_the_next_begin_or_where_they_say() {
        let text = "[[clause]]\nid = 's/d/c'\nlevel = 'must'\nsays = 'C.'\nsince = '1.1'\n\
            link = 'new'\nbreached-by = ['malformed']\n\
            [[clause.earlier]]\nsince = '1.0'\nuntil = '1.1-rc1'\nlevel = 'may'\nsays = 'A.'\n\
            link = 'old'\ndemand = 'a'\n";
        let read = read([("c.toml", text), ("s.toml", SPECIFICATION)])
            .unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
        let clause = &read.clauses[0];
        let said = |release: &str| {
            let release = read.specifications[0].release(release).unwrap();
            let wording = clause.as_of(&release)?;
            Some((wording.says.as_str(), wording.link.as_str(), wording.level))
        };
        assert_eq!(said("1.0"), Some(("A.", "old", Level::May)));
        assert_eq!(said("1.1-rc1"), None, "a gap");
        assert_eq!(said("1.1"), Some(("C.", "new", Level::Must)));
        assert_eq!(said("main"), said("1.1"));
        assert_eq!(clause.demands().collect::<Vec<_>>(), ["a"]);
        assert_eq!(
            clause.breached_by,
            BTreeSet::from([RefusalReason::Malformed])
        );
    }

    #[test]
    fn mistakes_are_named_with_their_lines() {
        let clause =
            |rest: &str| format!("[[clause]]\nid = 's/d/c'\nlink = 'l'\nsays = 'C.'\n{rest}");
        let texts = [
            clause("level = 'must'\nsince = '1.2'\n"),
            clause("level = 'must'\nsince = '1.1'\nuntil = '1.0'\n"),
            clause("level = 'shall'\n"),
            clause(
                "level = 'must'\nsince = '1.0'\nbreached-by = ['other', 'mediatype']\n\
                 [[clause.earlier]]\nsince = '1.1'\nlevel = 'must'\ndemands = 'x'\n",
            ),
            "[[clause]]\nid = 't/d/c'\nlevel = 'must'\nsays = 'C.'\nsince = '1.0'\nlink = 'l'\n"
                .to_owned(),
            "[[clause]]\nid = 's/d/c'\nearlier = 1\n".to_owned(),
            format!("{SPECIFICATION}[[specification]]\nid = 't'\nreleases = ['1', '1']\n"),
        ];
        let all: Vec<String> = texts.iter().map(|text| mistakes(text)).collect();
        insta::assert_snapshot!("mistakes-in-wordings", all.join("\n\n"));
    }
}
