//! Platforms as children and entries write them.

use crate::{
    diagnostic::{DiagnosticKind, DiagnosticReport},
    json::{Json, Members, push},
    recipe::placeholder,
    value::{Node, Value, to_members},
};
use ocipick_records::Platform;

/// The keys of a platform that is written as a text or a table; none where it is wrong.
pub(super) fn read(value: &Value, report: &mut DiagnosticReport<'_>) -> Option<Members> {
    match &value.node {
        Node::Text(text) => {
            let Ok(platform) = text.parse::<Platform>() else {
                report.add(&value.span, DiagnosticKind::BadPlatform(text.clone()));
                return None;
            };
            Some(keys(
                &platform.architecture,
                &platform.os,
                platform.variant.as_deref(),
            ))
        }
        Node::Table(table) => {
            no_placeholders_inside(value, report);
            Some(to_members(table))
        }
        Node::Int(_) | Node::Float(_) | Node::Bool(_) | Node::Date(_) | Node::List(_) => None,
    }
}

fn no_placeholders_inside(value: &Value, report: &mut DiagnosticReport<'_>) {
    match &value.node {
        Node::Text(text) => placeholder::none_in(text, &value.span, report),
        Node::List(items) => {
            for item in items {
                no_placeholders_inside(item, report);
            }
        }
        Node::Table(table) => {
            for (_, value) in &table.members {
                no_placeholders_inside(value, report);
            }
        }
        Node::Int(_) | Node::Float(_) | Node::Bool(_) | Node::Date(_) => {}
    }
}

/// The keys of a platform, in the order in which the corpus has them.
pub(super) fn keys(architecture: &str, os: &str, variant: Option<&str>) -> Members {
    let mut keys = Members::new();
    push(&mut keys, "architecture", Json::str(architecture));
    push(&mut keys, "os", Json::str(os));
    if let Some(variant) = variant {
        push(&mut keys, "variant", Json::str(variant));
    }
    keys
}
