//! The harness of ocipick: serves cases, lets tools resolve them, and judges what was seen.

pub mod baselines;
pub mod checker;
pub mod classify;
pub mod exit;
pub mod fleet;
pub mod host;
pub mod known;
pub mod meter;
mod mutant;
pub mod publish;
pub mod registry;
pub mod results;
pub mod ruling;
pub mod run;
pub mod site;
