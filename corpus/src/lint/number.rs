//! Numbers as JSON writes them.

/// A number, as far as it is a whole one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whole {
    /// A whole number, written as one.
    Plain(i128),
    /// A whole number, written with a fraction or an exponent.
    Dressed(i128),
    /// A whole number beyond anything that is counted.
    Huge,
    /// No whole number.
    Broken,
}

/// A number of JSON in its parts: the digits without leading and trailing zeros, and the power of
/// ten that they are multiplied with.
struct Parts {
    negative: bool,
    digits: String,
    power: i64,
    is_plain: bool,
}

fn parts(text: &str) -> Parts {
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (mantissa, exponent) = rest.split_once(['e', 'E']).unwrap_or((rest, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    let kept = digits.trim_end_matches('0');
    // What does not fit is so far from any size that its value does not matter.
    let exponent: i64 = exponent.parse().unwrap_or(match exponent.starts_with('-') {
        true => i64::MIN / 4,
        false => i64::MAX / 4,
    });
    let count = |text: &str| i64::try_from(text.len()).unwrap_or(i64::MAX / 4);
    Parts {
        negative,
        power: exponent.clamp(i64::MIN / 4, i64::MAX / 4) - count(fraction) + count(digits)
            - count(kept),
        digits: kept.to_owned(),
        is_plain: rest.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

/// Reads a number of JSON as a whole number.
pub(super) fn whole(text: &str) -> Whole {
    let parts = parts(text);
    let value = if parts.digits.is_empty() {
        0
    } else if parts.power < 0 {
        return Whole::Broken;
    } else {
        let power = u32::try_from(parts.power).ok();
        let factor = power.and_then(|power| 10_i128.checked_pow(power));
        let digits = parts.digits.parse::<i128>().ok();
        match digits
            .zip(factor)
            .and_then(|(digits, factor)| digits.checked_mul(factor))
        {
            Some(value) if parts.negative => -value,
            Some(value) => value,
            None => return Whole::Huge,
        }
    };
    if parts.is_plain {
        Whole::Plain(value)
    } else {
        Whole::Dressed(value)
    }
}

/// Whether a number keeps to the magnitude and precision of a double (RFC 7493, section 2.2).
pub(super) fn fits_double(text: &str) -> bool {
    const SURE_DIGITS: usize = 15;
    const MOST_DIGITS: usize = 17;
    let parts = parts(text);
    let Ok(double) = text.parse::<f64>() else {
        return false;
    };
    if !double.is_finite() || (double == 0.0 && !parts.digits.is_empty()) {
        return false;
    }
    match whole(text) {
        // Converting back is exact wherever the double is.
        Whole::Plain(value) | Whole::Dressed(value) => double as i128 == value,
        Whole::Huge => parts.digits.len() <= SURE_DIGITS,
        Whole::Broken => parts.digits.len() <= MOST_DIGITS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_told_from_others_however_they_are_written() {
        for (text, expected) in [
            ("0", Whole::Plain(0)),
            ("-7", Whole::Plain(-7)),
            ("9223372036854775808", Whole::Plain(1 << 63)),
            ("12.0", Whole::Dressed(12)),
            ("1.2e1", Whole::Dressed(12)),
            ("1e3", Whole::Dressed(1000)),
            ("1200e-2", Whole::Dressed(12)),
            ("0.000e-999999999999999999999", Whole::Dressed(0)),
            ("12.5", Whole::Broken),
            ("1e-1", Whole::Broken),
            ("1e40", Whole::Huge),
            ("1e99999999999999999999", Whole::Huge),
        ] {
            assert_eq!(whole(text), expected, "{text}");
        }
    }

    #[test]
    fn numbers_beyond_a_double_are_found() {
        for text in [
            "0",
            "-0.5",
            "9007199254740992",
            "1e22",
            "3.141592653589793",
            "1e300",
        ] {
            assert!(fits_double(text), "{text}");
        }
        for text in [
            "9007199254740993",
            "9223372036854775807",
            "1e400",
            "1e-400",
            "3.14159265358979323846",
        ] {
            assert!(!fits_double(text), "{text}");
        }
    }
}
