//! One language's words: those without values as finished text, the others as Fluent messages.

use std::sync::Arc;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use fluent_syntax::ast::{Entry, Expression, InlineExpression, PatternElement};
use rustc_hash::FxHashMap;

/// The words of one language.
pub(super) struct Table {
    /// A page looks up hundreds, and nobody else fills it: no need to withstand chosen keys.
    finished: FxHashMap<String, String>,
    bundle: FluentBundle<Arc<FluentResource>>,
}

impl Table {
    /// Reads a Fluent file; a fault in one is a fault of this program, which a test finds first.
    pub(super) fn read(tag: &str, source: &str) -> Self {
        let resource = FluentResource::try_new(source.to_owned())
            .unwrap_or_else(|(_, faults)| panic!("the words of `{tag}` can be read: {faults:?}"));
        let resource = Arc::new(resource);
        let language = tag.parse().expect("our own tags are language identifiers");
        let mut bundle = FluentBundle::new_concurrent(vec![language]);
        // The marks around values serve mixed directions of writing; both our languages run from left to right.
        bundle.set_use_isolating(false);
        bundle
            .add_resource(Arc::clone(&resource))
            .expect("no key stands twice in one file");
        let finished = resource.entries().filter_map(finished).collect();
        Self { finished, bundle }
    }

    pub(super) fn find(&self, key: &str) -> Option<&str> {
        self.finished.get(key).map(String::as_str)
    }

    /// The message under `key` with its values.
    pub(super) fn fill(&self, key: &str, values: &FluentArgs<'_>) -> Option<String> {
        let pattern = self.bundle.get_message(key)?.value()?;
        Some(
            self.bundle
                .format_pattern(pattern, Some(values), &mut Vec::new())
                .into_owned(),
        )
    }

    #[cfg(test)]
    pub(super) fn has(&self, key: &str) -> bool {
        self.bundle.has_message(key)
    }
}

/// Key and text of a message that has no values.
fn finished(entry: &Entry<&str>) -> Option<(String, String)> {
    let Entry::Message(message) = entry else {
        return None;
    };
    let elements = &message.value.as_ref()?.elements;
    let text: Option<String> = elements.iter().map(plain).collect();
    Some((message.id.name.to_owned(), text?))
}

fn plain<'a>(element: &PatternElement<&'a str>) -> Option<&'a str> {
    match element {
        PatternElement::TextElement { value }
        | PatternElement::Placeable {
            expression: Expression::Inline(InlineExpression::StringLiteral { value }),
        } => Some(value),
        PatternElement::Placeable { .. } => None,
    }
}
