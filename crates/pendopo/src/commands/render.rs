//! `pendopo render`: the manifests of a deployment, on standard output or in a folder.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::cli::{RenderCommand, RenderOptions};
use crate::console::say;
use crate::render::{self, Choice, File};
use crate::usage::Usage;

pub(super) fn run(command: &RenderCommand) -> Result<ExitCode> {
    let (options, build) = match command {
        RenderCommand::Compose { options, build } => (options, build.as_ref()),
        RenderCommand::Stack(options) | RenderCommand::K8s(options) => (options, None),
    };
    let choice = choice(options, build);
    if let Some(fault) = choice.fault() {
        return Err(Usage(fault.to_owned()).into());
    }
    if choice.log_reader && matches!(command, RenderCommand::K8s(_)) {
        let fault = "in Kubernetes, pods share no volume: let the cluster's collector have the access log, and leave out `--log-reader`";
        return Err(Usage(fault.to_owned()).into());
    }
    let files = match command {
        RenderCommand::Compose { .. } => render::compose(&choice),
        RenderCommand::Stack(_) => render::stack(&choice),
        RenderCommand::K8s(_) => render::k8s(&choice),
    };
    match &options.to {
        Some(folder) => files.iter().try_for_each(|file| write(folder, file))?,
        None if matches!(command, RenderCommand::K8s(_)) => {
            say(render::k8s_text(&choice).trim_end());
        }
        None => say(files.first().map_or("", |file| file.text.trim_end())),
    }
    Ok(ExitCode::SUCCESS)
}

fn choice(options: &RenderOptions, build: Option<&String>) -> Choice {
    Choice {
        domains: options.domain.clone(),
        web: options.web,
        postgres: options.postgres,
        redis: options.redis,
        mongo: options.mongo,
        pgbouncer: options.pgbouncer,
        log_reader: options.log_reader,
        build: build.cloned(),
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
