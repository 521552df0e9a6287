//! From contexts to pages: the templates, and how foreign text is escaped in them.

use super::Sink;
use minijinja::{
    AutoEscape, Environment, Output, State, UndefinedBehavior, Value, escape_formatter,
    syntax::SyntaxConfig,
    value::{Serde, ValueKind},
};
use serde::Serialize;
use std::collections::BTreeMap;

macro_rules! templates {
    ($($name:literal),+ $(,)?) => {
        [$(($name, include_str!(concat!("../../templates/site/", $name)))),+]
    };
}

/// Every template by its name.
const TEMPLATES: [(&str, &str); 19] = templates![
    "about.html",
    "base.html",
    "builds.html",
    "case.html",
    "clause.html",
    "clauses.html",
    "evidence.html",
    "findings.html",
    "graphs.html",
    "matrix.html",
    "overview.html",
    "report.html",
    "runtime.html",
    "split-views.html",
    "table.html",
    "tool.html",
    "tools.html",
    "views.html",
    "words.html",
];

/// Renders every page that it is given.
pub(super) struct TemplateRenderer {
    environment: Environment<'static>,
    pub(super) files: BTreeMap<String, Vec<u8>>,
}

impl TemplateRenderer {
    pub(super) fn new() -> Self {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        environment.set_formatter(escape);
        environment.set_syntax(
            SyntaxConfig::builder()
                .trim_blocks(true)
                .lstrip_blocks(true)
                .build()
                .expect("the delimiters are the usual ones"),
        );
        for (name, text) in TEMPLATES {
            environment
                .add_template(name, text)
                .expect("the templates are part of this crate, and tests render them");
        }
        Self {
            environment,
            files: BTreeMap::new(),
        }
    }
}

impl Sink for TemplateRenderer {
    fn page<T: Serialize>(&mut self, path: String, template: &'static str, context: &T) {
        let text = self
            .environment
            .get_template(template)
            .and_then(|template| template.render(Serde(context)))
            .expect("the template fits its context");
        self.files.insert(path, text.into_bytes());
    }
}

/// Escapes what has a meaning in HTML, and nothing else: slashes are left alone, which stand in
/// every address.
fn escape(
    out: &mut Output<'_>,
    state: &mut State<'_, '_>,
    value: &Value,
) -> Result<(), minijinja::Error> {
    match value.as_str() {
        Some(text) if value.kind() == ValueKind::String && !value.is_safe() => {
            let mut plain = 0;
            for (at, c) in text.char_indices() {
                let entity = match c {
                    '&' => "&amp;",
                    '<' => "&lt;",
                    '>' => "&gt;",
                    '"' => "&quot;",
                    '\'' => "&#39;",
                    _ => continue,
                };
                out.write_str(text.get(plain..at).unwrap_or_default())
                    .and_then(|()| out.write_str(entity))?;
                plain = at + 1;
            }
            out.write_str(text.get(plain..).unwrap_or_default())?;
            Ok(())
        }
        Some(_) | None => escape_formatter(out, state, value),
    }
}
