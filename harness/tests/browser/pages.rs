//! What must hold of the pages.

use crate::{
    Stage,
    browser::{Browser, Outcome, said},
    sample::{FAMILIES, LINES, Row},
};
use base64::Engine as _;
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs, path::PathBuf};

/// The matrix as one page, which stands alone.
const ALONE: &str = "report.html";

/// One page of each kind.
const KINDS: [&str; 12] = [
    "index.html",
    "matrix.html",
    "case/duplicates/two-entries.html",
    "case/controls/multi-platform.html",
    "runtime/docker@28.5.2+containerd-store.html",
    "tool/docker.html",
    "tools.html",
    "clauses.html",
    "clause/image-spec/image-index/platform-first-match.html",
    "findings.html",
    "about.html",
    ALONE,
];

macro_rules! ensure {
    ($holds:expr, $($words:tt)+) => {
        if !$holds {
            return Err(format!($($words)+));
        }
    };
}

pub(crate) fn nothing_is_complained_of(stage: &Stage, browser: &mut Browser) -> Outcome {
    for page in KINDS {
        browser.open(&stage.url(page))?;
        browser.no_complaints().map_err(said(page))?;
        let broken = browser.text(
            "[...document.querySelectorAll('[id]')].map(it => it.id)
                .filter((id, at, all) => all.indexOf(id) !== at).join()",
        )?;
        ensure!(broken.is_empty(), "{page}: used twice as an id: {broken}");
        let headings = browser.number("document.querySelectorAll('h1').length")?;
        ensure!(headings == 1, "{page}: {headings} main headings");
        keep(browser, &format!("light {page}"))?;
    }
    Ok(())
}

/// The cases of the rows that are shown, those that are folded into others included.
fn shown(browser: &mut Browser) -> Outcome<BTreeSet<String>> {
    let ids = browser.text(
        "[...document.querySelectorAll('details.family:not([hidden]) tbody > tr:not([hidden])')]
            .flatMap(row => [row, ...row.querySelectorAll('.alike a')])
            .map(it => it.id.split(':')[0]).join(' ')",
    )?;
    Ok(ids.split_whitespace().map(str::to_owned).collect())
}

fn expected(stage: &Stage, wanted: impl Fn(&Row) -> bool) -> BTreeSet<String> {
    let rows = stage.sample.rows.iter().filter(|row| wanted(row));
    rows.map(|row| row.case.clone()).collect()
}

fn set(browser: &mut Browser, script: &str) -> Outcome {
    browser.eval(&format!(
        "(() => {{ const form = document.querySelector('form.filters'); {script};
            form.dispatchEvent(new Event('input', {{bubbles: true}})); }})()"
    ))?;
    browser.settle()
}

pub(crate) fn filtered_by_text(stage: &Stage, browser: &mut Browser) -> Outcome {
    for page in ["matrix.html", ALONE] {
        filtered_on(page, stage, browser).map_err(said(page))?;
    }
    Ok(())
}

fn filtered_on(page: &str, stage: &Stage, browser: &mut Browser) -> Outcome {
    browser.open(&stage.url(page))?;
    let everything = expected(stage, |_| true);
    ensure!(
        shown(browser)? == everything,
        "not every row is shown at first"
    );
    browser.press("/")?;
    let focused = browser.text("document.activeElement.name")?;
    ensure!(focused == "q", "the slash key leads to {focused:?}");
    browser.call("Input.insertText", json!({"text": "two-entries"}))?;
    browser.settle()?;
    let seen = shown(browser)?;
    let named = expected(stage, |row| row.case.contains("two-entries"));
    ensure!(
        named.is_subset(&seen),
        "{named:?} are not all among {seen:?}"
    );
    ensure!(
        seen.len() < everything.len() / 2,
        "{} of {} are shown",
        seen.len(),
        everything.len()
    );
    let said = browser.text("document.querySelector('.filters output').value")?;
    ensure!(
        said.contains(" of "),
        "the number of lines is said as {said:?}"
    );
    keep(browser, "filtered")?;
    browser.press("Escape")?;
    ensure!(shown(browser)? == everything, "Escape does not show all");
    // What nobody is called shows nothing, and says so.
    set(browser, "form.q.value = 'no such thing anywhere'")?;
    ensure!(shown(browser)?.is_empty(), "something is shown");
    let said = browser.text("document.querySelector('.filters output').value")?;
    ensure!(said.starts_with("0 of "), "nothing is said as {said:?}");
    Ok(())
}

/// The numbers of the lines whose tools are ticked.
fn split(row: &Row, lines: &[usize]) -> bool {
    let gists: BTreeSet<&str> = lines
        .iter()
        .filter_map(|line| row.gists.get(*line))
        .flatten()
        // Who refuses is on one side, whatever the reason; see reports/src/analysis/split.rs.
        .map(|gist| {
            gist.split_once("refused: ")
                .map_or(gist.as_str(), |_| "refused")
        })
        .filter(|gist| !gist.starts_with("unmeasured") && !gist.starts_with("unstable"))
        .collect();
    gists.len() > 1
}

pub(crate) fn filtered_by_outcome_and_tool(stage: &Stage, browser: &mut Browser) -> Outcome {
    browser.open(&stage.url("matrix.html"))?;
    let all: Vec<usize> = (0..LINES.len()).collect();
    set(browser, "form.outcome.value = 'split'")?;
    let (seen, wanted) = (shown(browser)?, expected(stage, |row| split(row, &all)));
    ensure!(
        seen == wanted,
        "splits: {:?}",
        seen.symmetric_difference(&wanted)
    );
    // Without docker other rows are split.
    set(
        browser,
        "for (const it of form.tool) it.checked = !it.value.startsWith('docker')",
    )?;
    let (seen, wanted) = (
        shown(browser)?,
        expected(stage, |row| split(row, &[2, 3, 4])),
    );
    ensure!(
        seen == wanted,
        "without docker: {:?}",
        seen.symmetric_difference(&wanted)
    );
    let columns = browser.number(
        "[...document.querySelectorAll('.m.head .versions th')].filter(it => it.offsetParent).length",
    )?;
    ensure!(
        (1..=5).contains(&columns),
        "{columns} columns are shown without docker"
    );
    set(browser, "form.outcome.value = 'crashed'")?;
    let (seen, wanted) = (
        shown(browser)?,
        expected(stage, |row| {
            row.gists[3].iter().any(|gist| gist == "crashed")
        }),
    );
    ensure!(seen == wanted && seen.len() == 1, "crashes: {seen:?}");
    // The tool that crashed is not among these.
    set(
        browser,
        "for (const it of form.tool) it.checked = it.value === 'podman'",
    )?;
    ensure!(shown(browser)?.is_empty(), "podman never crashed");
    set(browser, "form.outcome.value = 'unmeasured'")?;
    ensure!(shown(browser)?.is_empty(), "podman was measured everywhere");
    set(
        browser,
        "for (const it of form.tool) it.checked = it.value === 'containerd'",
    )?;
    ensure!(
        shown(browser)? == expected(stage, |_| true),
        "an old containerd never was"
    );
    Ok(())
}

pub(crate) fn filtered_by_clause_and_family(stage: &Stage, browser: &mut Browser) -> Outcome {
    browser.open(&stage.url("matrix.html"))?;
    set(browser, "form.family.value = 'nested/'")?;
    let (seen, wanted) = (
        shown(browser)?,
        expected(stage, |row| row.case.starts_with("nested/")),
    );
    ensure!(
        seen == wanted,
        "nested: {:?}",
        seen.symmetric_difference(&wanted)
    );
    set(
        browser,
        "form.clause.value = 'image-spec/image-index/platform-first-match'",
    )?;
    let both = shown(browser)?;
    ensure!(
        !both.is_empty() && both.len() < wanted.len(),
        "both: {both:?}"
    );
    // From the page of the clause.
    browser.open(&stage.url("clause/image-spec/image-index/platform-first-match.html"))?;
    let rows = browser.text(
        "[...document.querySelectorAll('tbody th a')].map(it => it.textContent.split(' ')[0]).join(' ')",
    )?;
    browser.click_away("document.querySelector('main a[href*=\"matrix.html#clause\"]')")?;
    let seen = shown(browser)?;
    let listed: BTreeSet<String> = rows.split_whitespace().map(str::to_owned).collect();
    ensure!(
        listed.is_subset(&seen),
        "not shown: {:?}",
        listed.difference(&seen)
    );
    ensure!(
        seen.len() < expected(stage, |_| true).len(),
        "everything is shown"
    );
    Ok(())
}

pub(crate) fn the_address_holds_the_filter(stage: &Stage, browser: &mut Browser) -> Outcome {
    browser.open(&stage.url("matrix.html"))?;
    set(
        browser,
        "form.q.value = 'entries'; form.outcome.value = 'split';
         for (const it of form.tool) it.checked = it.value !== 'crane'",
    )?;
    let before = shown(browser)?;
    ensure!(!before.is_empty(), "nothing is left to compare");
    let address = browser.text("location.href")?;
    ensure!(
        address.contains("outcome=split"),
        "the address is {address}"
    );
    browser.open(&address)?;
    ensure!(
        shown(browser)? == before,
        "another visitor sees something else"
    );
    let text = browser.text("document.querySelector('form.filters').q.value")?;
    ensure!(text == "entries", "the text is {text:?}");
    browser.eval("document.querySelector('form.filters').reset()")?;
    browser.settle()?;
    let address = browser.text("location.href")?;
    ensure!(
        !address.contains('='),
        "after all is shown the address is {address}"
    );
    // The address of a row is no filter.
    browser.open(&stage.url("matrix.html#duplicates/two-entries"))?;
    ensure!(
        shown(browser)? == expected(stage, |_| true),
        "a row filters"
    );
    browser.until(
        "(() => { const box = document.getElementById('duplicates/two-entries').getBoundingClientRect();
            return box.top >= 0 && box.bottom <= innerHeight + 400; })()",
    )
}

pub(crate) fn used_by_keyboard(stage: &Stage, browser: &mut Browser) -> Outcome {
    browser.open(&stage.url("matrix.html"))?;
    // Which cell is a stop of the Tab key is settled when the browser has time for it.
    browser.until(
        "[...document.querySelectorAll('.scroll tbody a')]
            .filter(it => it.tabIndex >= 0 && !it.closest('.alike')).length === 1",
    )?;
    browser.eval("document.querySelector('.scroll tbody a[tabindex=\"0\"]').focus()")?;
    let here = "document.activeElement.closest('tr').id + ' ' + document.activeElement.closest('tr,th,td').tagName \
                + [...document.activeElement.closest('tr').querySelectorAll('th.k > a, td > a')].indexOf(document.activeElement)";
    let mut seen = vec![browser.text(here)?];
    for key in [
        "ArrowRight",
        "ArrowRight",
        "ArrowDown",
        "ArrowLeft",
        "ArrowUp",
        "Home",
    ] {
        browser.press(key)?;
        seen.push(browser.text(here)?);
    }
    let places: Vec<&str> = seen
        .iter()
        .filter_map(|it| it.rsplit_once(' '))
        .map(|it| it.1)
        .collect();
    ensure!(
        places[0] == "TH0" && places[1] == "TD1" && places[6] == "TH0",
        "{seen:?}"
    );
    ensure!(
        seen[2].split(' ').next() != seen[3].split(' ').next(),
        "down stays: {seen:?}"
    );
    ensure!(
        seen[5].split(' ').next() == seen[0].split(' ').next(),
        "up is not back: {seen:?}"
    );
    browser.press("ArrowRight")?;
    let target = browser.text("document.activeElement.href")?;
    browser.follow(|browser| browser.strike("Enter"))?;
    let address = browser.text("location.href")?;
    ensure!(
        address == target,
        "Enter leads to {address}, and not to {target}"
    );
    Ok(())
}

pub(crate) fn two_clicks_lead_to_the_evidence(stage: &Stage, browser: &mut Browser) -> Outcome {
    browser.open(&stage.url("index.html"))?;
    let cards = browser.number("document.querySelectorAll('.card').length")?;
    ensure!(cards >= 3, "{cards} findings on the first page");
    browser.click_away("document.querySelector('.card h3 a')")?;
    let page = browser.text("location.pathname")?;
    ensure!(page.contains("/case/"), "the first click leads to {page}");
    ensure!(
        browser.number("document.querySelectorAll('details.trial').length")? >= 8,
        "runtimes are missing"
    );
    // From a cell the evidence is there at once, and open.
    browser.open(&stage.url("matrix.html"))?;
    browser.click_away(
        "[...document.querySelectorAll('tbody tr')].find(it => it.id.startsWith('duplicates/'))
            .querySelector('td > a')",
    )?;
    let open =
        browser.eval("document.querySelector('.evidence:target').closest('details').open")?;
    ensure!(open == Value::Bool(true), "the evidence is folded");
    let text = browser.text("document.querySelector('.evidence:target').textContent")?;
    ensure!(
        text.contains("pull --platform linux/"),
        "the command is not there: {text}"
    );
    keep(browser, "evidence")?;
    Ok(())
}

/// What a node is, and what it is called.
fn told(node: &Value) -> (String, String) {
    let text = |key: &str| node[key]["value"].as_str().unwrap_or_default().to_owned();
    (text("role"), text("name"))
}

pub(crate) fn a_screen_reader_is_told_everything(stage: &Stage, browser: &mut Browser) -> Outcome {
    for page in KINDS {
        browser.open(&stage.url(page))?;
        let nodes = browser.accessibility()?;
        let nodes: Vec<(String, String)> = nodes
            .iter()
            .filter(|node| node["ignored"] != Value::Bool(true))
            .map(told)
            .collect();
        for landmark in ["main", "navigation", "banner"] {
            // There is nowhere to go from it.
            if page == ALONE && landmark != "main" {
                continue;
            }
            ensure!(
                nodes.iter().any(|(role, _)| role == landmark),
                "{page}: no {landmark}"
            );
        }
        let named = [
            "link",
            "button",
            "image",
            "img",
            "combobox",
            "checkbox",
            "searchbox",
            "region",
        ];
        for (role, name) in &nodes {
            ensure!(
                !named.contains(&role.as_str()) || !name.trim().is_empty(),
                "{page}: a {role} without a name"
            );
        }
        let language = browser.text("document.documentElement.lang")?;
        ensure!(language == "en", "{page}: its language is {language:?}");
    }
    // Each cell belongs to a case and a version.
    browser.open(&stage.url("matrix.html"))?;
    let nodes: Vec<(String, String)> = browser.accessibility()?.iter().map(told).collect();
    let count = |wanted: &str| nodes.iter().filter(|(role, _)| role == wanted).count();
    // What is below the window is told like everything else.
    ensure!(
        count("table") == FAMILIES.len(),
        "{} tables for {} families",
        count("table"),
        FAMILIES.len()
    );
    let rows = browser.number("document.querySelectorAll('.family tbody tr').length")?;
    ensure!(
        count("rowheader") as u64 == rows,
        "{} rows of {rows} have a head",
        count("rowheader")
    );
    let heads = |wanted: &str, name: &str| {
        nodes
            .iter()
            .any(|(role, known)| role == wanted && known.contains(name))
    };
    ensure!(
        heads("columnheader", "28.5.2"),
        "no column is headed by its version"
    );
    ensure!(
        heads("rowheader", "two-entries"),
        "no row is headed by its case"
    );
    ensure!(
        nodes
            .iter()
            .any(|(role, name)| role == "link" && name.starts_with("changed to")),
        "changes are not said"
    );
    Ok(())
}

pub(crate) fn every_row_is_there_without_scripts(stage: &Stage, browser: &mut Browser) -> Outcome {
    browser.call(
        "Emulation.setScriptExecutionDisabled",
        json!({"value": true}),
    )?;
    browser.load(&stage.url("matrix.html"))?;
    // The protocol may still look, although the page may not act.
    let document = browser.call("DOM.getDocument", json!({"depth": 0}))?;
    let count = |browser: &mut Browser, selector: &str| -> Outcome<usize> {
        let found = browser.call(
            "DOM.querySelectorAll",
            json!({"nodeId": document["root"]["nodeId"], "selector": selector}),
        )?;
        Ok(found["nodeIds"].as_array().map_or(0, Vec::len))
    };
    let rows = count(browser, "details.family[open] tbody > tr:not([hidden])")?;
    let alike = count(browser, "details.family[open] .alike a")?;
    let wanted = stage.sample.rows.len();
    ensure!(
        rows + alike == wanted,
        "{rows} rows and {alike} alike, of {wanted}"
    );
    ensure!(
        count(browser, "form.filters[hidden]")? == 1,
        "filters that do nothing are shown"
    );
    ensure!(
        count(browser, "tbody td > a[href]")? > rows,
        "cells lead nowhere"
    );
    Ok(())
}

pub(crate) fn pages_fit_a_phone(stage: &Stage, browser: &mut Browser) -> Outcome {
    for page in KINDS {
        browser.open(&stage.url(page))?;
        let width = browser.number("document.documentElement.scrollWidth")?;
        let wide = browser.text(
            "[...document.querySelectorAll('body *')]
                .filter(it => it.getBoundingClientRect().right > 392
                    && !it.closest('.scroll, .wide, pre, svg, .aloud, .skip'))
                .slice(0, 3).map(it => it.tagName + '.' + it.className).join(' ')",
        )?;
        ensure!(width <= 390, "{page} is {width} wide on a phone: {wide}");
        keep(browser, &format!("narrow {page}"))?;
    }
    Ok(())
}

pub(crate) fn dark_and_print(stage: &Stage, browser: &mut Browser) -> Outcome {
    let run_dir =
        "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)
        .reduce((sum, it) => sum + it, 0)";
    for page in KINDS {
        browser.open(&stage.url(page))?;
        browser.media("screen", "dark")?;
        let dark = browser.number(run_dir)?;
        keep(browser, &format!("dark {page}"))?;
        browser.media("screen", "light")?;
        let light = browser.number(run_dir)?;
        ensure!(
            dark < 150 && light > 700,
            "{page}: dark is {dark}, light is {light}"
        );
        browser.media("print", "dark")?;
        let paper = browser.number(run_dir)?;
        ensure!(paper > 700, "{page}: paper is {paper}");
        browser.media("", "light")?;
    }
    browser.open(&stage.url("matrix.html"))?;
    browser.media("print", "light")?;
    let form = browser.text("getComputedStyle(document.querySelector('form.filters')).display")?;
    ensure!(form == "none", "filters are printed");
    let cut = browser.text("getComputedStyle(document.querySelector('.scroll')).overflow")?;
    ensure!(cut == "visible", "the matrix is cut off on paper");
    let head = browser
        .number("document.querySelector('.family thead th').getBoundingClientRect().height")?;
    ensure!(head > 5, "families have no heads on paper");
    Ok(())
}

/// Keeps a picture, where somebody asked for it.
fn keep(browser: &mut Browser, name: &str) -> Outcome {
    let Some(dir) = std::env::var_os("OCIPICK_SCREENSHOTS") else {
        return Ok(());
    };
    let shot = browser.call("Page.captureScreenshot", json!({"format": "png"}))?;
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(shot["data"].as_str().unwrap_or_default())
        .map_err(said("no picture"))?;
    let name = name.replace(['/', ' '], "-");
    let file = PathBuf::from(dir).join(format!("{name}.png"));
    fs::write(&file, bytes).map_err(said("no room for a picture"))
}
