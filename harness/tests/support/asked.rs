//! What the environment and the command line ask a test target for that measures real tools.

use libtest_mimic::Arguments;
use ocipick::inventory::RuntimeSource;

/// Where tools come from: `OCIPICK_TEST_CHANNELS` as `--channel`, `OCIPICK_TOOLS` as `--tool`, by default
/// `auto`.
pub(crate) fn sources() -> anyhow::Result<Vec<RuntimeSource>> {
    let words = |name| std::env::var(name).unwrap_or_default();
    let own = words("OCIPICK_TOOLS");
    let own = own
        .split_whitespace()
        .map(|own| Ok(RuntimeSource::Binary(own.parse()?)))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let mut channels = words("OCIPICK_TEST_CHANNELS");
    if channels.is_empty() && own.is_empty() {
        channels = "auto".to_owned();
    }
    let channels = channels
        .split_whitespace()
        .map(|name| name.parse().map_err(anyhow::Error::msg));
    Ok(channels
        .collect::<anyhow::Result<Vec<_>>>()?
        .into_iter()
        .chain(own)
        .collect())
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
