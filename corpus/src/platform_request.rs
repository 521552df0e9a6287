//! What a tool is asked for: a platform, or nothing, so that its own default decides.

use ocipick_records::{Platform, PlatformError};
use std::{fmt, str::FromStr};

/// What a tool is asked for when it resolves an index.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PlatformRequest {
    /// This platform, named on the command line.
    Platform(Platform),
    /// Nothing: the tool follows its own default, which mostly is the machine it runs on.
    Default,
}

impl PlatformRequest {
    /// The word for [`PlatformRequest::Default`], in recipes and results.
    pub const DEFAULT: &'static str = "default";

    /// The platform asked for, where one is.
    #[must_use]
    pub const fn platform(&self) -> Option<&Platform> {
        match self {
            Self::Platform(platform) => Some(platform),
            Self::Default => None,
        }
    }
}

impl From<Platform> for PlatformRequest {
    fn from(platform: Platform) -> Self {
        Self::Platform(platform)
    }
}

impl FromStr for PlatformRequest {
    type Err = PlatformError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == Self::DEFAULT {
            Ok(Self::Default)
        } else {
            text.parse().map(Self::Platform)
        }
    }
}

impl fmt::Display for PlatformRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Platform(platform) => f.pad(&platform.to_string()),
            Self::Default => f.pad(Self::DEFAULT),
        }
    }
}

impl serde::Serialize for PlatformRequest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for PlatformRequest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        for text in ["linux/arm/v7", "default"] {
            assert_eq!(text.parse::<PlatformRequest>().unwrap().to_string(), text);
        }
        assert_eq!(
            "default".parse::<PlatformRequest>().unwrap().platform(),
            None
        );
        assert!("Default".parse::<PlatformRequest>().is_err());
    }
}
