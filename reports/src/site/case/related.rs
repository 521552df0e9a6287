//! Cases that list the same kinds of entries in the same order, and ask something else.

use super::RelatedView;
use crate::site::{index::SiteIndex, wording};
use ocipick_corpus::Case;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Up to so many are named.
const MOST: usize = 8;

/// The cases of each shape, by their place.
pub(super) type Shapes = BTreeMap<Vec<String>, Vec<usize>>;

/// Sorts all cases by shape.
pub(super) fn shapes(site_index: &SiteIndex<'_>) -> Shapes {
    let mut shapes = Shapes::new();
    for (number, place) in site_index.cases.iter().enumerate() {
        if let Some(shape) = place.case.and_then(shape) {
            shapes.entry(shape).or_default().push(number);
        }
    }
    shapes
}

/// Those of the same shape as the case in this place that ask something else.
pub(super) fn to(site_index: &SiteIndex<'_>, shapes: &Shapes, number: usize) -> Vec<RelatedView> {
    let asked = |number: usize| -> Option<BTreeSet<String>> {
        let asks = &site_index.cases.get(number)?.case?.asks;
        Some(asks.iter().map(ToString::to_string).collect())
    };
    let own = asked(number);
    let same = shapes.values().find(|places| places.contains(&number));
    same.into_iter()
        .flatten()
        .filter(|other| **other != number)
        .filter_map(|other| {
            let asks = asked(*other).filter(|asks| Some(asks) != own.as_ref())?;
            let place = site_index.cases.get(*other)?;
            let asks: Vec<String> = asks.into_iter().map(|ask| said(&ask)).collect();
            Some(RelatedView {
                text: wording::title(place.id),
                href: place.path.clone(),
                asked: super::either(&asks),
            })
        })
        .take(MOST)
        .collect()
}

fn said(ask: &str) -> String {
    match ask {
        "default" => "asked for no platform".to_owned(),
        platform => format!("asked for {platform}"),
    }
}

/// What an index is, without what is unique to the case: the type that it is served with, and of
/// each entry its type and platform, and the platform of its config. Nothing for an index with
/// fewer than two entries, and for those of which more than that matters.
fn shape(case: &Case) -> Option<Vec<String>> {
    let index: Value = serde_json::from_slice(&case.index.bytes).ok()?;
    let entries = index.get("manifests")?.as_array()?;
    if entries.len() < 2 || !case.faults.is_empty() {
        return None;
    }
    let mut shape = vec![case.index.media_type.clone()];
    for entry in entries {
        let part = |key: &str| entry.get(key).map(Value::to_string).unwrap_or_default();
        let digest = entry.get("digest").and_then(Value::as_str);
        let child = case
            .children
            .iter()
            .find(|child| Some(child.manifest.as_str()) == digest)?;
        shape.push(format!(
            "{} {} {} {:?} {}",
            part("mediaType"),
            part("platform"),
            part("annotations"),
            child.platform.as_ref().map(ToString::to_string),
            child.served
        ));
    }
    Some(shape)
}
