//! The words of tools, made fit for people and for matching.

/// A text without terminal escapes and control characters; lines stay lines, and what a
/// progress display overwrites is left out.
#[must_use]
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => {
                if chars.peek() == Some(&'[') {
                    chars.next();
                    while let Some(&next) = chars.peek() {
                        chars.next();
                        if ('\u{40}'..='\u{7e}').contains(&next) {
                            break;
                        }
                    }
                } else {
                    chars.next();
                }
            }
            '\r' => {
                if chars.peek() != Some(&'\n') {
                    let line = out.rfind('\n').map_or(0, |at| at + 1);
                    out.truncate(line);
                }
            }
            '\n' | '\t' => out.push(c),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// The line in which a tool says why it failed: the last one that says so, or else the last.
#[must_use]
pub fn last_error(stderr: &str, stdout: &str) -> String {
    let pick = |text: &str| {
        let text = plain(text);
        let lines = text.lines().map(str::trim);
        let lines = lines.filter(|line| !line.is_empty()).map(prioritised);
        let lines: Vec<(Option<u32>, &str)> = lines.collect();
        let says_so = |(priority, line): &&(Option<u32>, &str)| match priority {
            Some(priority) => *priority <= ERROR,
            None => {
                let lower = line.to_ascii_lowercase();
                lower.starts_with("error")
                    || lower.contains("error:")
                    || lower.contains("level=fatal")
            }
        };
        lines
            .iter()
            .rev()
            .find(says_so)
            .or(lines.last())
            .map(|(_, line)| (*line).to_owned())
    };
    let mut words = pick(stderr).or_else(|| pick(stdout)).unwrap_or_default();
    if let Some(message) = logged_message(&words) {
        words = message;
    }
    if let Some((at, _)) = words.char_indices().nth(MESSAGE_LIMIT) {
        words.truncate(at);
        words.push('…');
    }
    words
}

/// The priority of errors in the system log. What is worse has a lower one.
const ERROR: u32 = 3;

/// A line, and its priority where it begins with one, as what is meant for the system log does: `<27>`, of which the
/// lowest three bits count.
fn prioritised(line: &str) -> (Option<u32>, &str) {
    let number = line.strip_prefix('<').and_then(|rest| rest.split_once('>'));
    match number.map(|(number, rest)| (number.parse::<u32>(), rest)) {
        Some((Ok(number), rest)) if number < 192 => (Some(number & 7), rest),
        Some(_) | None => (None, line),
    }
}

/// The message in a line of the logger that skopeo and others use,
/// `time="…" level=fatal msg="…"`.
fn logged_message(line: &str) -> Option<String> {
    let quoted = line.split_once("level=fatal msg=\"")?.1;
    let mut message = String::new();
    let mut chars = quoted.chars();
    loop {
        match chars.next()? {
            '"' => return Some(message),
            '\\' => match chars.next()? {
                'n' => message.push(' '),
                other => message.push(other),
            },
            other => message.push(other),
        }
    }
}

/// Longer messages are cut; the evidence keeps more.
const MESSAGE_LIMIT: usize = 600;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_overwritten_lines_are_left_out() {
        assert_eq!(plain("\u{1b}[32mgreen\u{1b}[0m\n"), "green\n");
        assert_eq!(plain("10%\r20%\rdone\n"), "done\n");
        assert_eq!(plain("kept\n10%\rdone\n"), "kept\ndone\n");
        assert_eq!(plain("a\r\nb\u{7}"), "a\nb");
        assert_eq!(plain("cut \u{1b}[3"), "cut ");
    }

    #[test]
    fn the_error_is_found_among_the_noise() {
        let stderr = "Trying to pull x...\nError: choosing an image: no image found\n";
        assert_eq!(
            last_error(stderr, "noise"),
            "Error: choosing an image: no image found"
        );
        for said in ["Error while it pulls", "FATA: error: no", "x level=fatal y"] {
            assert_eq!(last_error(&format!("before\n{said}\nbehind\n"), ""), said);
        }
        assert_eq!(last_error("", "only this\n\n"), "only this");
        assert_eq!(last_error("", ""), "");
        let system =
            "<30>Pulling 'a'\n<27>No suitable image error: x\n<30>Got no error: y\n<30>Exiting.\n";
        assert_eq!(last_error(system, ""), "No suitable image error: x");
        assert_eq!(last_error("<30>Pulling\n<30>Exiting.\n", ""), "Exiting.");
        assert_eq!(last_error("<not>Error: x\n<999>y", ""), "<not>Error: x");
        assert_eq!(last_error("x\n<999>y", ""), "<999>y");
        let logged =
            r#"time="2026-01-01T00:00:00Z" level=fatal msg="no image for \"v1\"" more="x""#;
        assert_eq!(last_error(logged, ""), "no image for \"v1\"");
    }
}
