//! `ocipick report`.

use super::{
    args::{Format, Report},
    fail::{Failure, Result},
    run::book,
    screen::Screen,
};
use ocipick::{exit::Exit, results::FILE};
use ocipick_corpus::Corpus;
use ocipick_reports::{
    matrix::Matrix,
    render::{html, json, junit, markdown, terminal},
    results::Results,
};
use std::fs;

pub(crate) fn report(args: &Report, screen: Screen) -> Result<Exit> {
    let results: Vec<Results> = args
        .results
        .iter()
        .map(|path| {
            let file = if path.is_dir() {
                path.join(FILE)
            } else {
                path.clone()
            };
            Results::read(&file).map_err(Failure::from)
        })
        .collect::<Result<_>>()?;
    let book = book(&Corpus::built_in()?);
    let matrix = Matrix::build(&results, &book);
    let text = match args.format {
        Format::Terminal => {
            let to_screen = args.out.is_none();
            terminal::render(
                &matrix,
                &terminal::Options {
                    color: to_screen && screen.color(),
                    width: if to_screen { screen.width() } else { None },
                    all: args.all,
                    findings: 3,
                },
            )
        }
        Format::Markdown => markdown::render(
            &matrix,
            &markdown::Options {
                all: args.all,
                findings: 3,
            },
        ),
        Format::Html => html::render(
            &matrix,
            &html::Options {
                all: args.all,
                findings: 3,
            },
        ),
        Format::Json => json::render(&matrix),
        Format::Junit => junit::render(&matrix),
    };
    match &args.out {
        None => screen.print(&text)?,
        Some(path) => {
            fs::write(path, text).map_err(|error| {
                Failure::usage(format!("cannot write {}: {error}", path.display()))
            })?;
            screen.say(&format!("wrote {}", path.display()));
        }
    }
    Ok(Exit::Success)
}
