//! The harness of ocipick: serves cases, lets tools resolve them, and judges what was seen.

pub mod baselines;
pub mod check;
pub mod classify;
pub mod exit;
pub mod host;
pub mod inventory;
pub mod json;
mod mutant;
pub mod operations;
pub mod push;
pub mod resource_monitor;
pub mod results;
pub mod run;
pub mod site;
