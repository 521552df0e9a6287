//! The clauses that a recipe exercises, and the outcomes that satisfy them.

use super::as_table;
use crate::{
    Clause, ClauseUse, Expectation, PlatformRequest, Sign,
    child::ChildSpec,
    clause,
    diagnostic::{DiagnosticKind, DiagnosticReport},
    nearest::nearest,
    recipe::{Clauses, keys},
    value::{Fields, Node, Table, Value, owned, wrong},
};
use ocipick_records::RefusalReason;
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

/// An expectation, and where it was written.
pub(in crate::recipe) type Written = (Expectation, Range<usize>);

/// A clause with the outcomes that satisfy it.
pub(in crate::recipe) struct ClauseSpec {
    pub(in crate::recipe) id: String,
    satisfied_by: PerAsk,
    /// The same for earlier wordings, by what those demand.
    earlier: BTreeMap<String, PerAsk>,
    breached_by: Option<BTreeSet<RefusalReason>>,
    leaves_open: Vec<Written>,
    breached_where: Vec<(Sign, Range<usize>)>,
    plain_where_said: Option<String>,
}

/// For each ask of the case, the outcomes that satisfy a clause.
type PerAsk = Vec<(PlatformRequest, Vec<Written>)>;

impl ClauseSpec {
    /// Every expectation, whatever is asked for.
    pub(in crate::recipe) fn expectations(&self) -> impl Iterator<Item = &Written> {
        let earlier = self.earlier.values().flatten();
        let all = self.satisfied_by.iter().chain(earlier);
        all.flat_map(|(_, each)| each).chain(&self.leaves_open)
    }

    /// The clause as cases have it.
    pub(in crate::recipe) fn used(&self) -> ClauseUse {
        let plain = |all: &PerAsk| {
            let each = all.iter().map(|(ask, each)| {
                let expectations = each.iter().map(|(expectation, _)| expectation.clone());
                (ask.clone(), expectations.collect())
            });
            each.collect()
        };
        let earlier = self.earlier.iter();
        ClauseUse {
            id: self.id.clone(),
            satisfied_by: plain(&self.satisfied_by),
            earlier: earlier
                .map(|(demand, all)| (demand.clone(), plain(all)))
                .collect(),
            breached_by: self.breached_by.clone(),
            leaves_open: self.leaves_open.iter().map(|(it, _)| it.clone()).collect(),
            breached_where: self
                .breached_where
                .iter()
                .map(|(it, _)| it.clone())
                .collect(),
            plain_where_said: self.plain_where_said.clone(),
        }
    }
}

/// Reads `[[clauses]]`. Where it is not known what is asked for, that has been noted.
pub(super) fn read(
    recipe: &Table,
    known: &Clauses<'_>,
    asks: Option<&[PlatformRequest]>,
    report: &mut DiagnosticReport<'_>,
) -> Vec<ClauseSpec> {
    let Some(value) = recipe.get("clauses") else {
        return Vec::new();
    };
    let Node::List(items) = &value.node else {
        wrong(report, "clauses", value, "a list of tables ([[clauses]])");
        return Vec::new();
    };
    let mut uses: Vec<ClauseSpec> = Vec::new();
    for item in items {
        let Some(table) = as_table("clauses", item, report) else {
            continue;
        };
        let mut fields = Fields::new(table, "[[clauses]]", keys::CLAUSE, report);
        if table.get("id").is_none() {
            fields.missing("id", &item.span, "the id of a clause in corpus/clauses");
        }
        let Some((id, span)) = fields.template("id") else {
            continue;
        };
        let clause = known.get(id).copied();
        let satisfied_by = satisfied_by("satisfied-by", &mut fields, asks);
        let earlier = earlier(&mut fields, clause, asks);
        let breached_by = table.get("breached-by").map(|_| {
            if table.get("satisfied-by").is_none() {
                let hint = "the outcomes that satisfy it, without which nothing breaks it";
                fields.missing("satisfied-by", &item.span, hint);
            }
            clause::refusals("breached-by", &mut fields)
        });
        let open = fields.texts("leaves-open");
        let leaves_open = expectations(open, fields.report);
        let breached_where = signs(&mut fields);
        let plain_where_said = fields.text("plain-where-said").map(str::to_owned);
        if uses.iter().any(|earlier| earlier.id == id) {
            let kind = DiagnosticKind::IdTaken {
                id: id.to_owned(),
                other: "an earlier [[clauses]] of this recipe".to_owned(),
            };
            report.add(&span, kind);
        }
        if clause.is_none() {
            let kind = DiagnosticKind::ClauseUnknown {
                id: id.to_owned(),
                nearest: nearest(id, known.keys().copied()).map(str::to_owned),
            };
            report.add(&span, kind);
        }
        uses.push(ClauseSpec {
            id: id.to_owned(),
            satisfied_by,
            earlier,
            breached_by,
            leaves_open,
            breached_where,
            plain_where_said,
        });
    }
    uses
}

/// A list for everything that is asked for, or a table with a list for each.
fn satisfied_by(
    key: &str,
    fields: &mut Fields<'_, '_, '_>,
    asks: Option<&[PlatformRequest]>,
) -> PerAsk {
    // Without anything to ask for, the expectations are still looked at for mistakes.
    let asks = asks.unwrap_or(&[PlatformRequest::Default]);
    let Some(Value {
        node: Node::Table(table),
        ..
    }) = fields.table.get(key)
    else {
        let written = fields.texts(key);
        let each = expectations(written, fields.report);
        return asks.iter().map(|ask| (ask.clone(), each.clone())).collect();
    };
    let names: Vec<String> = asks.iter().map(ToString::to_string).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for (key, _) in &table.members {
        if !names.contains(&key.name.as_str()) {
            let kind = DiagnosticKind::NotAsked {
                ask: key.name.clone(),
                nearest: nearest(&key.name, names.iter().copied()).map(str::to_owned),
                known: owned(names.iter().copied()),
            };
            fields.report.add(&key.span, kind);
        }
    }
    let mut inner = Fields {
        table,
        place: key.to_owned(),
        report: fields.report,
    };
    asks.iter()
        .zip(names)
        .map(|(ask, name)| {
            let written = inner.texts(name);
            (ask.clone(), expectations(written, inner.report))
        })
        .collect()
}

/// What satisfies earlier wordings of a clause, by the names of what they demand.
fn earlier(
    fields: &mut Fields<'_, '_, '_>,
    clause: Option<&Clause>,
    asks: Option<&[PlatformRequest]>,
) -> BTreeMap<String, PerAsk> {
    let Some(value) = fields.table.get("earlier") else {
        return BTreeMap::new();
    };
    let Some(table) = as_table("earlier", value, fields.report) else {
        return BTreeMap::new();
    };
    let demands: Vec<&str> = clause.map_or_else(Vec::new, |clause| clause.demands().collect());
    if clause.is_some() {
        table.check_keys("earlier", &demands, fields.report);
    }
    let mut inner = Fields {
        table,
        place: "earlier".to_owned(),
        report: fields.report,
    };
    table
        .keys()
        .map(|demand| (demand.to_owned(), satisfied_by(demand, &mut inner, asks)))
        .collect()
}

fn expectations(
    written: Vec<(String, Range<usize>)>,
    report: &mut DiagnosticReport<'_>,
) -> Vec<Written> {
    let mut expectations = Vec::new();
    for (text, span) in written {
        match expectation(&text) {
            Some(expectation) => expectations.push((expectation, span)),
            None => report.add(&span, DiagnosticKind::BadExpectation(text)),
        }
    }
    expectations
}

/// What breaks a clause where the evidence shows it.
fn signs(fields: &mut Fields<'_, '_, '_>) -> Vec<(Sign, Range<usize>)> {
    let mut signs = Vec::new();
    for (text, span) in fields.texts("breached-where") {
        match Sign::parse(&text) {
            Some(sign) => signs.push((sign, span)),
            None => fields.report.add(&span, DiagnosticKind::BadSign(text)),
        }
    }
    signs
}

fn expectation(text: &str) -> Option<Expectation> {
    if text == "refuses" {
        return Some(Expectation::Refuses);
    }
    if let Some(word) = text.strip_prefix("refuses ") {
        let reason = RefusalReason::telling().find(|reason| reason.as_str() == word)?;
        return Some(Expectation::RefusesOver(reason));
    }
    let name = text.strip_prefix("picks ")?;
    (!name.is_empty()).then(|| Expectation::Picks(name.to_owned()))
}

/// Notes every `picks` of a child that is not there.
pub(super) fn note_undefined_picks(
    clauses: &[ClauseSpec],
    children: Option<&[ChildSpec]>,
    report: &mut DiagnosticReport<'_>,
) {
    let Some(children) = children else { return };
    let names = || children.iter().map(|child| child.name.as_str());
    let picks = clauses.iter().flat_map(ClauseSpec::expectations);
    let picks = picks.filter_map(|(expectation, span)| match expectation {
        Expectation::Picks(name) => Some((name.as_str(), span)),
        Expectation::Refuses | Expectation::RefusesOver(_) => None,
    });
    let signs = clauses.iter().flat_map(|clause| &clause.breached_where);
    let signs = signs.filter_map(|(sign, span)| Some((sign.child()?, span)));
    for (name, span) in picks.chain(signs) {
        if !names().any(|known| known == name) {
            let kind = DiagnosticKind::PicksUndefined {
                name: name.to_owned(),
                nearest: nearest(name, names()).map(str::to_owned),
                known: owned(names()),
            };
            report.add(span, kind);
        }
    }
}
