//! Results of a later version: outcomes and reasons that this one does not know are read as unknown.
//! They count as not measured, and are no pass and no failure.

use super::{OutcomeKind, Record, RefusalReason, UnmeasuredWhy};
use serde_json::{Map, Value, json};

/// Reads a record in which a closed list has a word that is not in ours; nothing where that is not
/// what is wrong with it.
pub(super) fn read(line: &[u8]) -> Option<Record> {
    let mut record: Value = serde_json::from_slice(line).ok()?;
    match record.get("type").and_then(Value::as_str)? {
        "trial" => outcome(record.get_mut("outcome")?)?,
        "footer" => counts(record.get_mut("outcomes")?.as_object_mut()?),
        _ => return None,
    }
    serde_json::from_value(record).ok()
}

/// Replaces what is not known in an outcome.
fn outcome(value: &mut Value) -> Option<()> {
    let kind = value.get("kind")?.as_str()?;
    match kind.parse::<OutcomeKind>() {
        Err(_) => {
            *value = json!({
                "kind": OutcomeKind::Unmeasured,
                "why": UnmeasuredWhy::Unknown,
                "detail": format!("the outcome is `{kind}`, which this version of ocipick does not know"),
            });
        }
        Ok(OutcomeKind::Refused) if !is_word::<RefusalReason>(value.get("reason")?) => {
            let reason = value.get("reason")?.as_str()?;
            let words = value.get("message")?.as_str()?;
            value["message"] = format!("({reason}) {words}").into();
            value["reason"] = json!(RefusalReason::Unknown);
        }
        Ok(OutcomeKind::Unmeasured) if !is_word::<UnmeasuredWhy>(value.get("why")?) => {
            let why = value.get("why")?.as_str()?;
            let detail = value.get("detail")?.as_str()?;
            value["detail"] = format!("({why}) {detail}").into();
            value["why"] = json!(UnmeasuredWhy::Unknown);
        }
        Ok(OutcomeKind::Unstable) => {
            for seen in value.get_mut("observed")?.as_array_mut()? {
                outcome(seen.get_mut("outcome")?)?;
            }
        }
        Ok(_) => {}
    }
    Some(())
}

fn is_word<T: std::str::FromStr>(value: &Value) -> bool {
    value.as_str().is_some_and(|word| word.parse::<T>().is_ok())
}

/// Counts kinds that are not known among what was not measured.
fn counts(counts: &mut Map<String, Value>) {
    let is_unknown = |kind: &String| kind.parse::<OutcomeKind>().is_err();
    let unknown: Vec<String> = counts
        .keys()
        .filter(|kind| is_unknown(kind))
        .cloned()
        .collect();
    for kind in unknown {
        let count = counts.remove(&kind).and_then(|count| count.as_u64());
        let unmeasured = counts
            .entry(OutcomeKind::Unmeasured.as_str())
            .or_insert(Value::from(0));
        *unmeasured = Value::from(unmeasured.as_u64().unwrap_or(0) + count.unwrap_or(0));
    }
}
