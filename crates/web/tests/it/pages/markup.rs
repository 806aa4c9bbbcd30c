//! What every page keeps: no scripts, labelled fields, whole tags, and nothing of what people typed taken for markup.

use school::messages::{self, MessageInput, Posting};
use school::people::{self, PersonInput};
use school::{Actor, Role};

use super::{Browse, leads_to};
use crate::support::{Answer, Caller, School};

/// What somebody types who means no good, and what must never stand in a page's source.
const NASTY: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>&amp;";
const RAW: [&str; 4] = ["<script", "<img", "'>", "\"\""];

/// The pages of the school with the nasty texts.
const PATHS: [&str; 11] = [
    "/",
    "/account",
    "/account/password",
    "/admin/users",
    "/admin/users/new",
    "/admin/users/4",
    "/admin/users/3/delete",
    "/admin/audit",
    "/admin/status",
    "/docs",
    "/problems",
];

/// Elements that have no end tag.
const VOID: [&str; 5] = ["meta", "link", "input", "br", "hr"];

/// A school in which every text is nasty, and its administrator.
async fn nasty_school() -> (School, Caller) {
    let school = School::open().await;
    let (console, now) = (Actor::console(), school.clock.now());
    let person = PersonInput {
        first_name: NASTY.to_owned(),
        last_name: NASTY.to_owned(),
        username: Some("nasty".to_owned()),
        role: Some(Role::Admin.as_str().to_owned()),
        ..PersonInput::default()
    };
    let nasty = people::create(&school.stores, &console, person.check().unwrap(), None, now).await;
    let nasty = nasty.unwrap().into_object();
    let message = MessageInput {
        message: format!("{NASTY}\n{NASTY}"),
        name: Some(NASTY.chars().take(50).collect()),
    };
    let message = message.check().unwrap();
    messages::post(&school.stores, &console, Posting::Open, message, None, now)
        .await
        .unwrap();
    let admin = school.by_session(&nasty).await.header("user-agent", NASTY);
    let token = [("label", NASTY), ("scope", "read"), ("days", "9")];
    admin.submit("/account/tokens", &token).await.expect(200);
    (school, admin)
}

/// Every page as the administrator sees it, forms with faults among them.
async fn pages(school: &School, admin: &Caller) -> Vec<(String, Answer)> {
    let typed = [
        ("first_name", NASTY),
        ("last_name", ""),
        ("email", NASTY),
        ("username", NASTY),
        ("role", NASTY),
    ];
    let search = super::form::encoded(&[("q", NASTY)]);
    let mut pages = Vec::new();
    for path in PATHS
        .iter()
        .copied()
        .chain([format!("/admin/users?{search}").as_str()])
    {
        pages.push((path.to_owned(), admin.look(path).await));
    }
    for (path, fields) in [
        ("/", vec![("message", ""), ("name", NASTY)]),
        (
            "/account/tokens",
            vec![("label", ""), ("scope", NASTY), ("days", NASTY)],
        ),
        (
            "/account/password",
            vec![("old_password", NASTY), ("password", NASTY), ("again", "")],
        ),
        ("/admin/users/new", typed.to_vec()),
        ("/admin/users/3", typed.to_vec()),
        ("/admin/users/3/password", vec![]),
        ("/admin/audit", vec![]),
    ] {
        pages.push((format!("POST {path}"), admin.submit(path, &fields).await));
    }
    let visitor = school.anonymous();
    let login = [("login", NASTY), ("password", "x"), ("next", NASTY)];
    pages.push(("/login".to_owned(), visitor.look("/login").await));
    pages.push((
        "POST /login".to_owned(),
        visitor.submit("/login", &login).await,
    ));
    let lost = visitor.header("accept", "text/html").get("/lost").await;
    pages.push(("/lost".to_owned(), lost));
    pages
}

/// Each tag of a page, without its brackets.
fn tags(html: &str) -> Vec<&str> {
    html.split('<')
        .skip(1)
        .map(|rest| rest.split('>').next().unwrap_or_default())
        .collect()
}

fn name(tag: &str) -> &str {
    tag.trim_start_matches('/')
        .split([' ', '\n', '/'])
        .next()
        .unwrap_or_default()
}

/// The value of a quoted attribute.
fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    rest.split('"').next()
}

#[tokio::test]
async fn no_page_takes_what_people_typed_for_markup() {
    let (school, admin) = nasty_school().await;
    let mut shown = 0;
    for (path, page) in pages(&school, &admin).await {
        for raw in RAW.iter().filter(|raw| **raw != "\"\"") {
            assert!(
                !page.text().contains(raw),
                "{raw} in {path}:\n{}",
                page.text()
            );
        }
        shown += page.text().matches("&#60;script&#62;alert(1)").count();
    }
    assert!(shown > 15, "the nasty text was shown only {shown} times");
}

#[tokio::test]
async fn no_page_has_a_script_or_a_style_of_its_own_nor_loads_anything_foreign() {
    let (school, admin) = nasty_school().await;
    for (path, page) in pages(&school, &admin).await {
        let bad: Vec<_> = tags(page.text())
            .into_iter()
            .filter(|tag| !is_plain(tag))
            .collect();
        assert!(bad.is_empty(), "{path}: {bad:?}");
    }
}

/// Whether a tag neither runs nor styles nor loads anything but our own.
fn is_plain(tag: &str) -> bool {
    const ELEMENTS: [&str; 6] = ["script", "style", "iframe", "object", "embed", "base"];
    const ATTRIBUTES: [&str; 5] = ["style", "onclick", "onerror", "onload", "onsubmit"];
    let is_own = |address: &str| {
        address.starts_with('#') || address.starts_with('/') && !address.starts_with("//")
    };
    let mut addresses = ["src", "href", "action"]
        .iter()
        .filter_map(|name| attribute(tag, name));
    !ELEMENTS.contains(&name(tag))
        && ATTRIBUTES.iter().all(|name| attribute(tag, name).is_none())
        && addresses.all(is_own)
}

#[test]
fn a_tag_that_is_not_plain_is_noticed() {
    for tag in [
        "script",
        "p style=\"x\"",
        "a href=\"//x\"",
        "a href=\"javascript:x\"",
        "form action=\"http:x\"",
    ] {
        assert!(!is_plain(tag), "{tag}");
    }
    assert!(is_plain("a href=\"/x\""));
}

#[tokio::test]
async fn every_page_is_whole_small_and_has_its_landmarks() {
    let (school, admin) = nasty_school().await;
    for (path, page) in pages(&school, &admin).await {
        let html = page.text();
        let limit = if path == "/docs" { 100_000 } else { 30_000 };
        assert!(page.body.len() < limit, "{path}: {} bytes", page.body.len());
        for once in ONCE {
            assert_eq!(html.matches(once).count(), 1, "{once} in {path}:\n{html}");
        }
        assert_eq!(unmatched(html), None, "{path}:\n{html}");
    }
}

/// What stands in a page exactly once.
const ONCE: [&str; 7] = [
    "<!doctype html>",
    "<html lang=\"en\">",
    "<main id=\"main\"",
    "<h1",
    "</title>",
    "href=\"#main\"",
    "name=\"viewport\"",
];

/// The first element that is not closed, or closed without being open.
fn unmatched(html: &str) -> Option<&str> {
    let mut open = Vec::new();
    for tag in tags(html)
        .into_iter()
        .filter(|tag| !tag.starts_with('!') && !tag.ends_with('/'))
    {
        let name = name(tag);
        if !tag.starts_with('/') {
            open.push(name);
            open.pop_if(|name| VOID.contains(name));
        } else if open.pop() != Some(name) {
            return Some(tag);
        }
    }
    open.pop()
}

#[test]
fn an_element_that_is_not_whole_is_noticed() {
    assert_eq!(unmatched("<!doctype html><p><br><b>x</b></p>"), None);
    assert_eq!(unmatched("<p><b></p></b>"), Some("/p"));
    assert_eq!(unmatched("<p><b></b>"), Some("p"));
}

#[tokio::test]
async fn every_field_has_a_label_and_every_id_is_there_once() {
    let (school, admin) = nasty_school().await;
    let mut fields = 0;
    for (path, page) in pages(&school, &admin).await {
        let tags = tags(page.text());
        let controls: Vec<_> = tags.iter().filter(|tag| is_control(tag)).collect();
        let bare: Vec<_> = controls
            .iter()
            .filter(|tag| !is_labelled(tag, &tags))
            .collect();
        assert!(bare.is_empty(), "{path}: {bare:?}");
        fields += controls.len();
        let mut ids: Vec<_> = tags.iter().filter_map(|tag| attribute(tag, "id")).collect();
        let mut pointers = tags.iter().flat_map(|tag| pointers(tag));
        assert_eq!(pointers.find(|id| !ids.contains(id)), None, "{path}");
        ids.sort_unstable();
        let count = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), count, "{path}: an id stands twice");
    }
    assert!(fields > 40, "only {fields} fields were seen");
}

/// Whether a tag begins something that people fill in.
fn is_control(tag: &str) -> bool {
    let is_hidden = attribute(tag, "type") == Some("hidden") || tag.ends_with(" hidden");
    !tag.starts_with('/') && ["input", "textarea", "select"].contains(&name(tag)) && !is_hidden
}

fn is_labelled(control: &str, tags: &[&str]) -> bool {
    let id = attribute(control, "id");
    let mut labels = tags.iter().filter(|tag| name(tag) == "label");
    attribute(control, "aria-label").is_some()
        || id.is_some() && labels.any(|label| attribute(label, "for") == id)
}

/// The ids that a tag points to.
fn pointers(tag: &str) -> Vec<&str> {
    let lists = ["aria-describedby", "aria-labelledby", "for"]
        .iter()
        .filter_map(|name| attribute(tag, name));
    lists.flat_map(|list| list.split(' ')).collect()
}

#[tokio::test]
async fn nothing_changes_by_looking_and_every_form_that_changes_something_is_posted() {
    let (school, admin) = nasty_school().await;
    let before = school.trail().await.len();
    for path in [
        "/logout",
        "/messages/1/remove",
        "/admin/users/3/disable",
        "/admin/users/3/enable",
        "/admin/users/3/password",
        "/account/tokens",
    ] {
        admin
            .clone()
            .header("accept", "text/html")
            .get(path)
            .await
            .expect(405);
    }
    for path in PATHS {
        admin.look(path).await;
    }
    assert_eq!(school.trail().await.len(), before);
    leads_to(
        &school.anonymous().get("/admin/status").await,
        "/login?next=/admin/status",
    );
}
