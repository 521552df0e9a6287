//! What the environment and the command line ask a test target for that measures real tools.

use libtest_mimic::Arguments;
use ocipick::inventory::RuntimeSource;

/// Where tools come from.
pub(crate) fn sources() -> anyhow::Result<Vec<RuntimeSource>> {
    std::env::var("OCIPICK_TEST_CHANNELS")
        .unwrap_or_else(|_| "auto".to_owned())
        .split_whitespace()
        .map(|name| name.parse().map_err(anyhow::Error::msg))
        .collect()
}

/// Whether the filters of the command line leave this trial, as libtest-mimic sees it.
pub(crate) fn is_selected(args: &Arguments, name: &str) -> bool {
    let fits = |filter: &str| {
        if args.exact {
            name == filter
        } else {
            name.contains(filter)
        }
    };
    args.filter.as_deref().is_none_or(fits) && !args.skip.iter().any(|filter| fits(filter))
}
