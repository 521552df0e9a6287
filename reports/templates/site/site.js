// Filters, keys and folding. Without it every row is there, and every link works.
"use strict";

// The evidence that an address names is below something folded.
function reveal() {
  let id;
  try { id = decodeURIComponent(location.hash.slice(1)); } catch { return; }
  const target = id && document.getElementById(id);
  if (!target) return;
  for (let at = target; at; at = at.parentElement) if (at instanceof HTMLDetailsElement) at.open = true;
  target.scrollIntoView({ block: "start", inline: "nearest", behavior: "instant" });
}
addEventListener("hashchange", reveal);
reveal();

const form = document.querySelector("form.filters");
if (form) matrix(form);

function matrix(form) {
  const scroll = document.querySelector(".scroll");
  const families = [...scroll.querySelectorAll("details.family")].map((box) => ({
    box,
    rows: [...box.querySelectorAll("tbody > tr")].map(row),
  }));
  const all = families.flatMap((family) => family.rows);
  const total = all.reduce((sum, row) => sum + row.number, 0);
  const tools = [...form.querySelectorAll("input[name=tool]")];
  const clauses = form.clause ? [...form.clause.options].slice(1).map((option) => option.value) : [];
  const output = form.querySelector("output");
  const columns = document.head.appendChild(document.createElement("style"));
  let shownColumns = "";

  form.hidden = false;
  for (const keys of document.querySelectorAll(".keys")) keys.hidden = false;

  function row(element) {
    const data = element.dataset;
    return {
      element,
      // For each tool the clusters that its versions are in; "-" is what was not measured, and "#"
      // what is withheld.
      clusters: data.k.split(" ").map((line) => line.split(".")),
      tones: data.t ? data.t.split(" ") : [],
      changed: new Set(data.e ? data.e.split(" ") : []),
      clauses: new Set(data.c ? data.c.split(" ") : []),
      // Itself, and those that are folded into it.
      number: 1 + element.querySelectorAll(".alike a").length,
      text: null,
    };
  }

  function text(row) {
    if (row.text === null) {
      const titles = [...row.element.querySelectorAll("th[title], .alike a[title]")].map((it) => it.title);
      const family = row.element.closest("details.family").id;
      row.text = [row.element.textContent, family, row.element.id, ...titles].join(" ").toLowerCase();
    }
    return row.text;
  }

  // The sides of a row, as reports/src/split.rs has it: who refuses is on one side whatever the
  // reason, and what was not measured or differs when repeated is on none.
  function sides(row, measured) {
    const all = new Set();
    for (const cluster of measured) {
      const tone = row.tones[cluster];
      if (tone === "unstable") continue;
      all.add(tone === "picked" || tone === "mixed" ? `${tone} ${cluster}` : tone);
    }
    return all;
  }

  function matches(row, wanted) {
    if (wanted.clause >= 0 && !row.clauses.has(String(wanted.clause))) return false;
    if (wanted.outcome) {
      const seen = new Set();
      for (const line of wanted.lines) for (const cluster of row.clusters[line] || []) seen.add(cluster);
      const measured = [...seen].filter((cluster) => cluster !== "-" && cluster !== "#");
      const where = sides(row, measured);
      const taken = [...where].filter((side) => side.startsWith("picked ")).length;
      switch (wanted.outcome) {
        case "split": if (where.size < 2) return false; break;
        case "children": if (taken < 2) return false; break;
        case "taken": if (taken !== 1 || where.size < 2) return false; break;
        case "reasons": {
          const refused = measured.filter((cluster) => row.tones[cluster] === "refused").length;
          if (where.size !== 1 || !where.has("refused") || refused < 2) return false;
          break;
        }
        case "agree": if (measured.length !== 1) return false; break;
        case "changed": if (!wanted.lines.some((line) => row.changed.has(String(line)))) return false; break;
        case "withheld": if (!seen.has("#")) return false; break;
        case "unmeasured": if (!seen.has("-")) return false; break;
        default: if (!measured.some((cluster) => row.tones[cluster] === wanted.outcome)) return false;
      }
    }
    return wanted.words.every((word) => text(row).includes(word));
  }

  function filter() {
    const lines = tools.filter((tool) => tool.checked).map((tool) => Number(tool.dataset.line));
    const wanted = {
      lines,
      outcome: form.outcome.value,
      clause: form.clause ? clauses.indexOf(form.clause.value) : -1,
      words: form.q.value.toLowerCase().split(/\s+/).filter(Boolean),
    };
    let shown = 0;
    for (const family of families) {
      let own = 0;
      const here = !form.family.value || form.family.value === family.box.id;
      for (const row of family.rows) {
        const show = here && matches(row, wanted);
        if (row.element.hidden === show) row.element.hidden = !show;
        own += show ? row.number : 0;
      }
      family.box.hidden = own === 0;
      shown += own;
    }
    const hidden = tools.filter((tool) => !tool.checked).map((tool) => `.l${tool.dataset.line}`);
    const style = hidden.length ? `${hidden.join(",")}{display:none}` : "";
    if (style !== shownColumns) columns.textContent = shownColumns = style;
    output.value = shown === total ? `${total} rows` : `${shown} of ${total} rows`;
    rove();
  }

  // The state of the filter stands in the address; whatever else is in there names a part of the page.
  function write() {
    const state = new URLSearchParams();
    for (const name of ["q", "family", "outcome", "clause"]) {
      if (form[name] && form[name].value) state.set(name, form[name].value);
    }
    if (tools.some((tool) => !tool.checked)) {
      state.set("tools", tools.filter((tool) => tool.checked).map((tool) => tool.value).join(","));
    }
    const hash = state.toString();
    if (hash === location.hash.slice(1)) return;
    if (!hash && !location.hash.includes("=")) return;
    history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
  }

  function read() {
    const hash = location.hash.slice(1);
    if (!hash.includes("=")) return;
    const state = new URLSearchParams(hash);
    for (const name of ["q", "family", "outcome", "clause"]) {
      let value = state.get(name) || "";
      // People leave out the slash at the end.
      if (name === "family" && value && !value.endsWith("/")) value += "/";
      if (form[name]) form[name].value = value;
      if (form[name] && form[name].selectedIndex === -1) form[name].value = "";
    }
    const wanted = state.has("tools") ? state.get("tools").split(",") : null;
    for (const tool of tools) tool.checked = !wanted || wanted.includes(tool.value);
  }

  // Of all cells one is a stop of the Tab key; the arrows go on from there.
  let stop = null;
  const cells = (row) => [...row.querySelectorAll("th.k > a, td > a")].filter((a) => a.offsetParent !== null);
  function rove(to) {
    if (!to) {
      if (stop && stop.isConnected && !stop.closest("[hidden]")) return;
      to = scroll.querySelector("details:not([hidden]) tbody > tr:not([hidden]) th.k > a");
      if (!to) return;
    }
    if (stop) stop.tabIndex = -1;
    stop = to;
    stop.tabIndex = 0;
  }
  function place(link) {
    const cell = link.closest("th, td");
    let at = 0;
    for (let before = cell.previousElementSibling; before; before = before.previousElementSibling) {
      if (before.offsetParent !== null) at += before.colSpan;
    }
    return at;
  }
  function near(row, at) {
    let best = null;
    for (const link of cells(row)) if (place(link) <= at) best = link;
    return best;
  }
  function beside(row, step) {
    const rows = all.map((it) => it.element).filter((it) => !it.hidden && it.closest("details.family").open);
    return rows[rows.indexOf(row) + step];
  }
  scroll.addEventListener("keydown", (event) => {
    const link = event.target.closest && event.target.closest("th.k > a, td > a");
    if (!link || event.ctrlKey || event.altKey || event.metaKey) return;
    const row = link.closest("tr");
    const own = cells(row);
    const at = own.indexOf(link);
    const other = (step) => { const next = beside(row, step); return next && near(next, place(link)); };
    const to = {
      ArrowRight: () => own[at + 1],
      ArrowLeft: () => own[at - 1],
      ArrowDown: () => other(1),
      ArrowUp: () => other(-1),
      Home: () => own[0],
      End: () => own[own.length - 1],
    }[event.key];
    if (!to) return;
    event.preventDefault();
    const next = to();
    if (next) { rove(next); next.focus(); }
  });
  scroll.addEventListener("focusin", (event) => {
    if (event.target.matches("th.k > a, td > a")) rove(event.target);
  });

  let waiting = 0;
  const later = () => { clearTimeout(waiting); waiting = setTimeout(() => { filter(); write(); }, 60); };
  form.addEventListener("input", (event) => { if (event.target === form.q) later(); else { filter(); write(); } });
  form.addEventListener("submit", (event) => { event.preventDefault(); filter(); write(); });
  form.addEventListener("reset", () => setTimeout(() => { filter(); write(); }));
  form.addEventListener("click", (event) => {
    const fold = event.target.dataset.fold;
    if (fold) for (const family of families) family.box.open = fold === "unfold";
  });
  addEventListener("keydown", (event) => {
    const typing = event.target.matches("input, select, textarea");
    if (event.key === "/" && !typing) { event.preventDefault(); form.q.focus(); form.q.select(); }
    if (event.key === "Escape" && (event.target === form.q || !typing)) form.reset();
  });
  addEventListener("hashchange", () => { read(); filter(); });
  read();
  filter();
  // One stop instead of thousands, when there is time for it.
  const settle = () => { for (const link of scroll.querySelectorAll("th.k > a, td > a")) if (link !== stop) link.tabIndex = -1; };
  (window.requestIdleCallback || setTimeout)(settle);
  reveal();
}
