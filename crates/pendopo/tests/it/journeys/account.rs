//! Somebody keeps their own house in order.

use super::browser::{Browser, Screen};
use super::first_sign_in::OWN_PASSWORD;
use super::server::Server;

#[test]
fn somebody_ends_another_session_and_makes_and_revokes_a_token() {
    let server = Server::start();
    let desk = Browser::open(&server.root, "id", &Screen::Desk);
    desk.sign_in_as_admin(&server);
    let phone = Browser::open(&server.root, "id", &Screen::Phone);
    phone.sign_in("admin", OWN_PASSWORD);
    phone.follow("Akun saya");
    phone.see("Peramban ini");
    phone.must_be_accessible();
    phone.photograph_whole("account-phone");

    desk.follow("Akun saya");
    desk.must_be_accessible();
    desk.press("Akhiri sesi");
    desk.see("Sesi sudah diakhiri.");
    assert!(!desk.shows("Akhiri sesi"), "only this browser is left");
    phone.visit("/account");
    phone.see("Selamat datang. Silakan masuk.");

    desk.fill("Untuk apa?", "Aplikasi absensi");
    desk.fill("Berlaku berapa hari", "400");
    desk.run("document.querySelectorAll('form').forEach((form) => form.noValidate = true)");
    desk.press("Buat token");
    desk.see("Pilih dari 1 sampai 366 hari.");
    assert_eq!(
        desk.value("Untuk apa?"),
        "Aplikasi absensi",
        "what was typed is kept"
    );
    desk.must_be_accessible();
    desk.fill("Berlaku berapa hari", "30");
    desk.press("Buat token");
    desk.see("Token baru Anda");
    let token = desk.text_of("secret");
    assert!(token.starts_with("pnd_"), "{token}");
    desk.must_be_accessible();
    desk.photograph_whole("account");

    desk.visit("/account");
    assert!(!desk.shows(&token), "a token is shown once");
    desk.press_in_row("Aplikasi absensi", "Cabut");
    desk.see("Token tidak berlaku lagi.");
    assert!(!desk.shows("Aplikasi absensi"));
}
