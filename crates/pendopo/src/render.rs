//! One description of a deployment, and the manifests that are made from it.

mod choice;
mod compose;
mod container;
mod dev;
mod environment;
mod k8s;
mod model;
mod overlay;
mod roles;
mod servers;
mod settings;
mod stack;
mod yaml;

pub(crate) use choice::Choice;

/// One file of a deployment.
pub(crate) struct File {
    /// Its path below the deployment's folder.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// What Compose reads; the manifest comes first.
pub(crate) fn compose(choice: &Choice) -> Vec<File> {
    let manifest = compose::document(&roles::deployment(choice));
    let mut files = vec![file(
        "compose.yaml",
        headed("compose", choice, &manifest.to_string()),
    )];
    for (name, what, with) in additions(choice) {
        let full = compose::document(&roles::deployment(&with));
        // PgBouncer's lies upon the one with PostgreSQL.
        let under = Choice {
            postgres: with.postgres && (choice.postgres || with.pgbouncer),
            ..choice.clone()
        };
        let under = compose::document(&roles::deployment(&under));
        let overlay = overlay::overlay(&under, &full);
        files.push(file(
            &format!("compose.{name}.yaml"),
            format!("# {OVERLAY} {what}.\n{overlay}"),
        ));
    }
    let everything = compose::document(&roles::deployment(&choice.with_every_server()));
    if let Some(checkout) = &choice.build {
        let overlay = dev::document(&roles::deployment(choice), checkout);
        files.push(file(
            "compose.dev.yaml",
            format!("# {OVERLAY} both roles are built from the checkout, and again at each change of it.\n{overlay}"),
        ));
    }
    files.push(file(
        ".env.example",
        environment::example(choice, &everything),
    ));
    files
}

/// What the choice has not: the overlay's name, what it changes, and the choice with that alone.
fn additions(choice: &Choice) -> Vec<(&'static str, &'static str, Choice)> {
    let with = |change: fn(&mut Choice)| {
        let mut with = choice.clone();
        change(&mut with);
        with
    };
    let all = [
        (
            choice.postgres,
            "postgres",
            "records in PostgreSQL; then there may be many: `--scale web=3`",
            with(|choice| choice.postgres = true),
        ),
        (
            choice.redis,
            "redis",
            "messages, sessions and what replicas tell each other in Redis",
            with(|choice| choice.redis = true),
        ),
        (
            choice.mongo,
            "mongo",
            "the audit trail and messages in MongoDB; with Redis as well, name that file last",
            with(|choice| choice.mongo = true),
        ),
        (
            choice.pgbouncer,
            "pgbouncer",
            "PgBouncer before PostgreSQL; name this file behind compose.postgres.yaml",
            with(|choice| {
                choice.postgres = true;
                choice.pgbouncer = true;
            }),
        ),
        (
            choice.log_reader,
            "log-reader",
            "the access log in a volume of its own, and a container that follows it",
            with(|choice| choice.log_reader = true),
        ),
    ];
    let missing = all.into_iter().filter(|row| !row.0);
    missing
        .map(|(_, name, what, with)| (name, what, with))
        .collect()
}

/// What Swarm reads; the manifest comes first, and then the configuration of each role.
pub(crate) fn stack(choice: &Choice) -> Vec<File> {
    let deployment = roles::deployment(choice);
    let manifest = stack::document(&deployment).to_string();
    let mut files = vec![file("stack.yaml", headed("stack", choice, &manifest))];
    for service in &deployment.services {
        if let Some(text) = settings::file(service, &[]) {
            files.push(file(&format!("{}.toml", service.name), text));
        }
    }
    files
}

/// What kustomize reads.
pub(crate) fn k8s(choice: &Choice) -> Vec<File> {
    k8s::files(&roles::deployment(&on_postgres(choice)))
}

/// Everything that Kubernetes needs, in one text.
pub(crate) fn k8s_text(choice: &Choice) -> String {
    k8s::text(&roles::deployment(&on_postgres(choice)))
}

/// In a cluster, pods come and go, and a file would go with them.
fn on_postgres(choice: &Choice) -> Choice {
    Choice {
        postgres: true,
        ..choice.clone()
    }
}

const OVERLAY: &str = "An overlay of compose.yaml, made by `pendopo render compose --to`:";

fn headed(kind: &str, choice: &Choice, text: &str) -> String {
    let place = match kind {
        "stack" => "the environment (no `.env` is read), the files beside it",
        _ => "`.env`, the environment",
    };
    format!(
        "# Made by `pendopo render {kind}{}`. What differs on your side goes into\n\
         # {place} or an overlay of your own; `pendopo init-secrets` makes the secrets.\n{text}",
        choice.as_words()
    )
}

fn file(path: &str, text: String) -> File {
    File {
        path: path.to_owned(),
        text,
    }
}

#[cfg(test)]
mod tests;
