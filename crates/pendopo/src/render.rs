//! One description of a deployment, and the manifests that are made from it.

mod compose;
mod environment;
mod model;
mod roles;
mod yaml;

pub(crate) use roles::Choice;

/// One file of a deployment.
pub(crate) struct File {
    /// Its path below the deployment's folder.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// What Compose reads; the manifest comes first.
pub(crate) fn compose(choice: &Choice) -> Vec<File> {
    let deployment = roles::deployment(choice);
    let manifest = compose::document(&deployment);
    vec![
        file("compose.yaml", headed(choice, &manifest.to_string())),
        file(".env.example", environment::example(choice, &manifest)),
    ]
}

fn headed(choice: &Choice, text: &str) -> String {
    format!(
        "# Made by `pendopo render compose{}`. What differs on your side goes into `.env` or into an overlay of\n\
         # your own; `pendopo init-secrets` makes the secrets.\n{text}",
        choice.as_words()
    )
}

fn file(path: &str, text: String) -> File {
    File {
        path: path.to_owned(),
        text,
    }
}
