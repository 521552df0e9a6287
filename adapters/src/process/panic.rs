//! How a program in Go says that it panicked. All tools in question are written in Go, and so
//! are their daemons.

/// How many lines of a panic are worth keeping: what happened, and where.
const KEPT: usize = 24;
/// How far below its first line the stack of a panic begins at the latest. The message of a panic
/// can have several lines, and that of a stack overflow lists the stack of the runtime first.
const STACK_WITHIN: usize = 48;

/// The first lines of a panic or a fatal error of the Go runtime in what a program printed, with
/// its stack. A server that catches the panic of one request (`http: panic serving …`) prints it
/// as well.
///
/// Only with its stack trace is it one: other lines may happen to begin like it.
#[must_use]
pub fn panic_in(printed: &str) -> Option<String> {
    let lines: Vec<&str> = printed.lines().collect();
    let begins = |line: &str| {
        line.starts_with("panic: ")
            || line.starts_with("fatal error: ")
            || line.contains("panic serving ")
    };
    let at = (0..lines.len()).find(|&at| {
        let end = lines.len().min(at + STACK_WITHIN);
        begins(lines[at]) && lines[at..end].iter().any(|line| is_stack(line))
    })?;
    let end = lines.len().min(at + KEPT);
    Some(lines[at..end].join("\n").trim_end().to_owned())
}

/// Whether a line begins the stack of a goroutine, such as `goroutine 1 [running]:`.
fn is_stack(line: &str) -> bool {
    line.strip_prefix("goroutine ")
        .map(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()))
        .is_some_and(|rest| rest.starts_with(" [") || rest.starts_with(" gp="))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn begins(printed: &str, first: &str) {
        let found = panic_in(printed);
        assert!(
            found.as_ref().is_some_and(|words| words.starts_with(first)),
            "{found:?}"
        );
    }

    #[test]
    fn a_panic_is_one_only_with_its_stack() {
        let printed = "level=info\npanic: boom\n\ngoroutine 1 [running]:\nmain.main()";
        begins(
            printed,
            "panic: boom\n\ngoroutine 1 [running]:\nmain.main()",
        );
        for none in [
            "panic: a word that a log may begin with",
            "fatal error: says who",
            "panic: here\nthe goroutine 1 [running]: is not at the beginning",
            "panic: here\ngoroutine x is what I call it",
            "panicked:\ngoroutine 1 [running]:",
            "goroutine 1 [running]:\nmain.main()",
            "all is well",
            "",
        ] {
            assert_eq!(panic_in(none), None, "{none}");
        }
    }

    #[test]
    fn one_that_a_server_caught_counts() {
        let printed =
            "x\n2026/01/01 http: panic serving @: nil pointer\ngoroutine 5 [running]:\nf()";
        begins(printed, "2026/01/01 http: panic serving @: nil pointer");
    }

    #[test]
    fn so_do_fatal_errors_of_the_runtime() {
        let deadlock = "fatal error: all goroutines are asleep - deadlock!\n\n\
                        goroutine 1 [chan receive]:\nmain.main()";
        begins(deadlock, "fatal error: all goroutines are asleep");
        // As Go 1.23 prints them.
        begins(
            "fatal error: fault\n[signal SIGBUS]\n\ngoroutine 1 gp=0xc000002380 m=0 mp=0x1 [running]:",
            "fatal error: fault",
        );
    }

    #[test]
    fn a_stack_overflow_shows_the_stack_of_the_runtime_first() {
        let frames = "runtime.throw({0x1, 0x2})\n\t/src/runtime/panic.go:1\n".repeat(15);
        let printed = format!(
            "runtime: goroutine stack exceeds 1000000000-byte limit\n\
             fatal error: stack overflow\n\nruntime stack:\n{frames}\ngoroutine 1 [running]:\n"
        );
        begins(&printed, "fatal error: stack overflow\n\nruntime stack:");
        assert_eq!(panic_in(&printed).unwrap().lines().count(), KEPT);
    }

    #[test]
    fn a_line_that_begins_like_one_does_not_hide_a_later_one() {
        let gap = "level=info msg=\"ok\"\n".repeat(STACK_WITHIN);
        let printed =
            format!("panic: is what I call this\n{gap}panic: boom\n\ngoroutine 7 [running]:\n");
        begins(&printed, "panic: boom");
    }
}
