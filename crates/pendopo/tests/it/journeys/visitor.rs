//! A visitor, on a phone, in Indonesian.

use super::browser::{Browser, Screen};
use super::server::Server;

#[test]
fn a_visitor_posts_a_message_on_a_phone_in_indonesian() {
    let server = Server::start();
    let phone = Browser::open(&server.root, "id-ID,id", &Screen::Phone);
    phone.visit("/");
    phone.see("Belum ada pesan.");
    phone.must_be_accessible();
    let width = phone.run("return document.documentElement.scrollWidth");
    assert_eq!(width, 390, "the page is wider than the phone");

    for (name, text) in MESSAGES {
        phone.fill("Pesan", text);
        phone.fill("Nama (boleh dikosongkan)", name);
        phone.press("Kirim pesan");
        phone.see(name);
    }
    assert!(
        phone.shows("Selamat pagi, Bu Guru!\nBesok"),
        "the lines run together"
    );
    assert_eq!(
        phone.value("Pesan"),
        "",
        "the form is ready for the next message"
    );
    phone.must_be_accessible();
    phone.photograph("board-phone");
    phone.prefer("dark");
    phone.photograph_whole("board-phone-dark");
    phone.prefer("light");
    let desk = Browser::open(&server.root, "id", &Screen::Desk);
    desk.visit("/");
    desk.photograph("board");

    phone.fill("Pesan", "<script>alert(1)</script>");
    phone.press("Kirim pesan");
    phone.see("<script>alert(1)</script>");
    phone.fill("Pesan", " ");
    phone.run("document.querySelector('form').noValidate = true");
    phone.press("Kirim pesan");
    phone.see("Mohon diisi.");
    phone.must_be_accessible();
    phone.photograph_whole("board-phone-fault");

    phone.visit("/tidak-ada");
    phone.see("Tidak ada apa-apa di sini");
    phone.must_be_accessible();
    phone.photograph("not-found-phone");
}

const MESSAGES: [(&str, &str); 4] = [
    (
        "Ibu Ratna, wali Ani",
        "Selamat pagi, Bu Guru!\nBesok Ani izin, ada acara keluarga di Solo. 🙏",
    ),
    (
        "Pak Budi",
        "Baik, Bu. Terima kasih kabarnya. Semoga acaranya lancar!",
    ),
    (
        "Sari, kelas 8B",
        "Buku perpustakaan yang ketinggalan di aula sudah saya taruh di meja piket.",
    ),
    (
        "Komite sekolah",
        "Rapat orang tua hari Sabtu pukul 09.00 di pendopo. Mohon hadir tepat waktu.",
    ),
];
