//! `pendopo render`: the manifests of a deployment, on standard output or in a folder.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::cli::{RenderCommand, RenderOptions};
use crate::console::say;
use crate::render::{self, Choice, File};

pub(super) fn run(command: RenderCommand) -> Result<ExitCode> {
    let (options, files) = match command {
        RenderCommand::Compose(options) => {
            let files = render::compose(&choice(&options));
            (options, files)
        }
    };
    match &options.to {
        Some(folder) => files.iter().try_for_each(|file| write(folder, file))?,
        None => say(files.first().map_or("", |file| file.text.trim_end())),
    }
    Ok(ExitCode::SUCCESS)
}

fn choice(options: &RenderOptions) -> Choice {
    Choice {
        domains: options.domain.clone(),
        build: options.build.clone(),
    }
}

fn write(folder: &Path, file: &File) -> Result<()> {
    let path = folder.join(&file.path);
    let inside = path.parent().unwrap_or(folder);
    fs::create_dir_all(inside)
        .with_context(|| format!("can't make the directory {}", inside.display()))?;
    fs::write(&path, &file.text).with_context(|| format!("can't write {}", path.display()))?;
    say(format!("written: {}", path.display()));
    Ok(())
}
