//! Small works on text: what may be shown, how things are listed.

/// Text of foreign origin on one line: without terminal sequences, control characters and
/// invisible characters that reorder or hide what is beside them.
#[must_use]
pub fn line(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in printable(text) {
        if c.is_whitespace() {
            if !shown.is_empty() && !shown.ends_with(' ') {
                shown.push(' ');
            }
        } else {
            shown.push(c);
        }
    }
    shown.truncate(shown.trim_end().len());
    shown
}

/// The same for several lines: line ends and tabs are kept.
#[must_use]
pub fn block(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    printable(&text).collect()
}

/// The text with what XML and HTML give a meaning escaped, to stand in an element.
pub(crate) fn markup(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// The same to stand in an attribute with double quotes as well.
pub(crate) fn attribute(text: &str) -> String {
    markup(text).replace('"', "&quot;")
}

/// The characters of a text that may be shown; line ends and tabs are among them, other control
/// characters become spaces.
fn printable(text: &str) -> impl Iterator<Item = char> {
    let mut chars = text.chars().peekable();
    std::iter::from_fn(move || {
        loop {
            let c = chars.next()?;
            match c {
                '\u{1b}' => match chars.peek() {
                    Some('[') => {
                        chars.next();
                        skip_control_sequence(&mut chars);
                    }
                    Some(']' | 'P' | 'X' | '^' | '_') => {
                        chars.next();
                        skip_string_sequence(&mut chars);
                    }
                    Some(next) if next.is_ascii_graphic() => {
                        chars.next();
                    }
                    Some(_) | None => {}
                },
                '\u{9b}' => skip_control_sequence(&mut chars),
                '\n' | '\t' => return Some(c),
                _ if c.is_control() => return Some(' '),
                _ if is_invisible(c) => {}
                _ => return Some(c),
            }
        }
    })
}

/// Skips the parameters of a terminal's control sequence, and its last character.
fn skip_control_sequence(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    while chars
        .next_if(|c| ('\u{20}'..='\u{3f}').contains(c))
        .is_some()
    {}
    chars.next_if(|c| ('\u{40}'..='\u{7e}').contains(c));
}

/// Skips a terminal's string (a window title, a link) up to its terminator; a line end ends it
/// too, so that an unfinished one hides no more than its line.
fn skip_string_sequence(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    while let Some(c) = chars.next_if(|c| *c != '\n') {
        match c {
            '\u{7}' | '\u{9c}' => return,
            '\u{1b}' => {
                chars.next_if_eq(&'\\');
                return;
            }
            _ => {}
        }
    }
}

/// Characters without a width of their own that change how others are shown. The tags
/// (U+E0000 and up) are among them; the terminal renderer relies on that.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// The text, or its beginning and an ellipsis where it has more than `most` characters.
pub(crate) fn clip(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// The text, or its end where it has more than `most` characters, with a word about the rest.
pub(crate) fn tail(text: &str, most: usize) -> String {
    let length = text.chars().count();
    if length <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().skip(length - most).collect();
    format!("[{} characters left out]\n{kept}", length - most)
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn list<T: AsRef<str>>(items: &[T]) -> String {
    let items: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
    match items.as_slice() {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// `1 case`, `2 cases`.
pub(crate) fn count(number: usize, one: &str, several: &str) -> String {
    if number == 1 {
        format!("1 {one}")
    } else {
        format!("{number} {several}")
    }
}

/// A duration as people say it.
pub(crate) fn duration(ms: u64) -> String {
    let seconds = ms / 1000;
    match seconds {
        0 => format!("{ms} ms"),
        1..=9 => format!("{seconds}.{} s", ms % 1000 / 100),
        10..=59 => format!("{seconds} s"),
        60..=3599 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// A number of bytes as people say it.
pub(crate) fn bytes(bytes: u64) -> String {
    const STEPS: [(&str, u32); 3] = [("GiB", 30), ("MiB", 20), ("KiB", 10)];
    let step = STEPS.into_iter().find(|(_, shift)| bytes >> shift > 0);
    match step {
        Some((unit, shift)) => {
            let whole = bytes >> shift;
            let tenths = ((bytes - (whole << shift)) * 10) >> shift;
            if whole < 10 {
                format!("{whole}.{tenths} {unit}")
            } else {
                format!("{whole} {unit}")
            }
        }
        None => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_moves_the_cursor_or_the_eye_is_shown() {
        assert_eq!(line("\u{1b}[31mred\u{1b}[0m\r\nand\tnot"), "red and not");
        assert_eq!(
            line("\u{1b}]0;title\u{7}left \u{9b}2Jright\0"),
            "left right"
        );
        assert_eq!(line("\u{1b}]8;;http://x\u{1b}\\link"), "link");
        assert_eq!(line("a\u{202e}b\u{200b}c\u{e0041}d"), "abcd");
        assert_eq!(line("\u{1b}"), "");
        assert_eq!(block("one\r\n\ttwo\u{8}\n"), "one\n\ttwo \n");
    }

    #[test]
    fn an_unfinished_terminal_string_hides_its_line_only() {
        assert_eq!(block("\u{1b}]0;lost\nkept"), "\nkept");
    }

    #[test]
    fn lists_read_as_sentences() {
        assert_eq!(list::<&str>(&[]), "");
        assert_eq!(list(&["a"]), "a");
        assert_eq!(list(&["a", "b"]), "a and b");
        assert_eq!(list(&["a", "b", "c"]), "a, b and c");
    }

    #[test]
    fn durations_are_short() {
        let shown: Vec<String> = [0, 999, 1500, 59_999, 61_000, 7_260_000]
            .map(duration)
            .into();
        assert_eq!(
            shown,
            ["0 ms", "999 ms", "1.5 s", "59 s", "1 min 1 s", "2 h 1 min"]
        );
    }

    #[test]
    fn sizes_are_short() {
        let shown: Vec<String> = [0, 1023, 1024, 1536, 10 << 20, 5 << 29, u64::MAX]
            .map(bytes)
            .into();
        assert_eq!(
            shown,
            [
                "0 bytes",
                "1023 bytes",
                "1.0 KiB",
                "1.5 KiB",
                "10 MiB",
                "2.5 GiB",
                "17179869183 GiB"
            ]
        );
    }

    #[test]
    fn clipping_counts_characters() {
        assert_eq!(clip("größer", 6), "größer");
        assert_eq!(clip("größer", 4), "grö…");
        assert_eq!(tail("abcdef", 2), "[4 characters left out]\nef");
    }
}
