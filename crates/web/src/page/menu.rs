//! What the frame links to: the pages that a reader may see, and the other language.

use school::Role;

use crate::language::{Language, PARAMETER};

/// Who reads a page, as far as its menu goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// An error page does not know: the failure may lie in finding it out.
    Unknown,
    /// Nobody is signed in.
    Guest,
    /// Somebody signed in, who must choose a password before anything else.
    Newcomer,
    /// Somebody signed in.
    Person(Role),
}

/// One entry of the menu.
pub(crate) struct Item {
    pub(crate) path: &'static str,
    /// The key of its words.
    pub(crate) word: &'static str,
    pub(crate) is_current: bool,
}

/// A language to switch to.
pub(crate) struct Switch {
    pub(crate) tag: &'static str,
    pub(crate) name: &'static str,
    pub(crate) path: String,
    pub(crate) is_current: bool,
}

/// The pages that the reader may see.
pub(super) fn items(reader: Reader, here: &str) -> Vec<Item> {
    let pages: &[(&str, &str)] = match reader {
        Reader::Unknown | Reader::Newcomer => &[],
        Reader::Guest => &[("/", "nav-messages"), ("/login", "nav-sign-in")],
        Reader::Person(Role::Member) => &[("/", "nav-messages"), ("/account", "nav-account")],
        Reader::Person(Role::Staff) => &[
            ("/", "nav-messages"),
            ("/admin/users", "nav-users"),
            ("/account", "nav-account"),
        ],
        Reader::Person(Role::Admin) => &[
            ("/", "nav-messages"),
            ("/admin/users", "nav-users"),
            ("/admin/audit", "nav-audit"),
            ("/admin/status", "nav-status"),
            ("/account", "nav-account"),
        ],
    };
    let item = |&(path, word)| Item {
        path,
        word,
        is_current: is_within(here, path),
    };
    pages.iter().map(item).collect()
}

/// Whether the page is this one or lies below it.
fn is_within(here: &str, path: &str) -> bool {
    let here = here.split('?').next().unwrap_or(here);
    here == path
        || (path != "/"
            && here
                .strip_prefix(path)
                .is_some_and(|rest| rest.starts_with('/')))
}

/// Every language, each at this very page.
pub(super) fn switches(current: Language, here: &str) -> [Switch; 2] {
    let joint = if here.contains('?') { '&' } else { '?' };
    Language::ALL.map(|language| Switch {
        tag: language.tag(),
        name: language.word("language-name"),
        path: format!("{here}{joint}{PARAMETER}={}", language.tag()),
        is_current: language == current,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(reader: Reader, expected: &[&str]) {
        let paths: Vec<_> = items(reader, "/").iter().map(|item| item.path).collect();
        assert_eq!(paths, expected, "{reader:?}");
    }

    #[test]
    fn the_menu_shows_what_the_role_may_see() {
        check(Reader::Unknown, &[]);
        check(Reader::Guest, &["/", "/login"]);
        check(Reader::Newcomer, &[]);
        check(Reader::Person(Role::Member), &["/", "/account"]);
        check(
            Reader::Person(Role::Staff),
            &["/", "/admin/users", "/account"],
        );
        let all = [
            "/",
            "/admin/users",
            "/admin/audit",
            "/admin/status",
            "/account",
        ];
        check(Reader::Person(Role::Admin), &all);
    }

    #[test]
    fn a_page_lies_within_its_entry_and_no_other() {
        for (here, path, expected) in [
            ("/?cursor=x", "/", true),
            ("/login", "/", false),
            ("/admin/users/3", "/admin/users", true),
            ("/admin/users?q=x", "/admin/users", true),
            ("/admin/usersx", "/admin/users", false),
        ] {
            assert_eq!(is_within(here, path), expected, "{here} {path}");
        }
    }

    #[test]
    fn a_switch_keeps_the_page_and_its_query() {
        let paths = switches(Language::Id, "/admin/users?q=ani").map(|switch| switch.path);
        assert_eq!(
            paths,
            ["/admin/users?q=ani&lang=id", "/admin/users?q=ani&lang=en"]
        );
        assert_eq!(switches(Language::Id, "/")[1].path, "/?lang=en");
    }
}
