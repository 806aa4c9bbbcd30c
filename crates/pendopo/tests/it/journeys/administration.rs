//! The administrator looks after the server.

use super::browser::{Browser, Screen};
use super::server::Server;

#[test]
fn the_admin_verifies_the_audit_trail_and_reads_the_status_in_both_languages_and_schemes() {
    let server = Server::start();
    let desk = Browser::open(&server.root, "id", &Screen::Desk);
    desk.sign_in_as_admin(&server);
    for (first, last, login) in PEOPLE {
        desk.visit("/admin/users/new");
        desk.fill("Nama depan", first);
        desk.fill("Nama belakang", last);
        desk.fill("Alamat email (boleh dikosongkan)", login);
        desk.press("Tambahkan");
        desk.see(&format!("{first} {last}"));
    }
    desk.follow("Pengguna");
    desk.must_be_accessible();
    desk.photograph("users");
    desk.run("document.querySelector('[name=q]').value = 'puspita'");
    desk.press("Cari");
    desk.see("Tampilkan semua");
    desk.see("Dewi Puspita");
    assert!(!desk.shows("Bayu Nugroho"), "the search narrows the list");

    desk.follow("Jejak audit");
    desk.see("Pengguna 2 ditambahkan");
    desk.press("Periksa jejak");
    desk.see("ada dan tidak berubah.");
    desk.must_be_accessible();
    desk.photograph("audit");

    desk.follow("Status");
    desk.see("Semuanya siap.");
    every_fact_has_words(&desk);
    desk.must_be_accessible();
    desk.photograph("status");
    desk.prefer("dark");
    desk.photograph("status-dark");
    desk.prefer("light");

    desk.visit("/docs");
    desk.see("JSON over HTTPS.");
    desk.must_be_accessible();
    desk.photograph("docs");
    desk.visit("/problems");
    desk.must_be_accessible();
    desk.photograph("problems");
    desk.visit("/admin/status");

    desk.follow("English");
    desk.see("Everything is ready.");
    assert!(!desk.shows("Semuanya"), "all of the page is in English");
    desk.must_be_accessible();
    desk.follow("Audit trail");
    desk.see("Every change, by whom and from where.");
    desk.must_be_accessible();
    desk.follow("Users");
    desk.prefer("dark");
    desk.photograph("users-dark");
    desk.prefer("light");
    desk.follow("Bahasa Indonesia");
    desk.see("Semua yang tercatat di sekolah ini.");
}

/// What the parts state has a name in Indonesian, the last one added too.
fn every_fact_has_words(desk: &Browser) {
    let words = include_str!("../../../../web/locales/id.ftl");
    let names =
        desk.run("return [...document.querySelectorAll('dt, h2')].map((name) => name.textContent)");
    let names: Vec<&str> = names
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|name| name.as_str())
        .collect();
    assert!(names.len() > 10, "{names:?}");
    for name in names {
        assert!(
            words.contains(&format!("= {name}\n")),
            "`{name}` has no words in id.ftl"
        );
    }
}

const PEOPLE: [(&str, &str, &str); 5] = [
    ("Dewi", "Puspita", "dewi.puspita@sekolah.example"),
    ("Bayu", "Nugroho", "bayu@sekolah.example"),
    ("Siti", "Rahmawati", "siti.rahmawati@sekolah.example"),
    ("Yohanes", "Tan", "yohanes@sekolah.example"),
    ("Ketut", "Wirawan", "ketut@sekolah.example"),
];
