//! What one manifest has and another has not, as an overlay that makes the one of the other.

use super::yaml::{Map, Yaml};

/// The keys of `full` that `base` lacks or has with another value. Compose adds an overlay's lists to those of the
/// base, and lets a volume take the place of the one with the same target.
pub(super) fn overlay(base: &Map, full: &Map) -> Map {
    let differing = full.iter().filter_map(|(key, value)| {
        let rest = match base.get(key) {
            None => Some(value.clone()),
            Some(old) => difference(old, value),
        };
        Some((key.to_owned(), rest?))
    });
    differing.collect()
}

fn difference(old: &Yaml, new: &Yaml) -> Option<Yaml> {
    match (old, new) {
        (old, new) if old == new => None,
        (Yaml::Map(old), Yaml::Map(new)) => Some(overlay(old, new).into()),
        (Yaml::List(old), Yaml::List(new)) => {
            let added = new.iter().filter(|value| !old.contains(value));
            Some(Yaml::List(added.cloned().collect()))
        }
        (_, new) => Some(new.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_overlay_holds_what_was_added_or_changed() {
        let web = Map::new().put("image", "a").put("secrets", ["one"]);
        let base = Map::new().put("web", web);
        let web = Map::new().put("image", "a").put("secrets", ["one", "two"]);
        let full = Map::new()
            .put("web", web.put("cpus", "2"))
            .put("db", Map::new().put("image", "b"));
        assert_eq!(
            overlay(&base, &full).to_string(),
            "web:\n  secrets:\n    - two\n  cpus: \"2\"\ndb:\n  image: b\n"
        );
        assert_eq!(overlay(&full, &full).to_string(), "");
    }
}
