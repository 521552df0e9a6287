//! Shows the sample of the tests in a format, and for a terminal in a width:
//! `cargo run -p ocipick-reports --example preview -- terminal 120`.

#[path = "../tests/it/sample.rs"]
mod sample;

use ocipick_reports::{
    matrix::Matrix,
    render::{html, json, junit, markdown, terminal},
};
use std::io::{Error, Write as _};

fn main() -> std::io::Result<()> {
    let format = std::env::args().nth(1).unwrap_or_default();
    let width = std::env::args().nth(2);
    let results = [sample::sample()];
    let book = sample::book();
    let matrix = Matrix::build(&results, &book);
    let shown = match format.as_str() {
        "" | "terminal" => {
            let options = terminal::Options {
                color: true,
                width: width.and_then(|width| width.parse().ok()),
                ..terminal::Options::default()
            };
            terminal::render(&matrix, &options)
        }
        "markdown" => markdown::render(&matrix, &markdown::Options::default()),
        "json" => json::render(&matrix),
        "html" => html::render(&matrix, &html::Options::default()),
        "junit" => junit::render(&matrix),
        _ => return Err(Error::other(format!("`{format}` is no format"))),
    };
    std::io::stdout().write_all(shown.as_bytes())
}
