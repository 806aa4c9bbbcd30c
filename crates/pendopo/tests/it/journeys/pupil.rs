//! A pupil gets an account.

use super::browser::{Browser, Screen};
use super::server::Server;

#[test]
fn the_admin_adds_a_pupil_who_signs_in_with_a_one_time_password() {
    let server = Server::start();
    let desk = Browser::open(&server.root, "id", &Screen::Desk);
    desk.sign_in_as_admin(&server);
    desk.follow("Pengguna");
    desk.follow("Tambah pengguna");
    desk.must_be_accessible();

    desk.fill("Nama depan", "Mega");
    desk.fill("Nama belakang", "Puspita");
    desk.fill("Nama pengguna (boleh dikosongkan)", "mega");
    desk.press("Tambahkan");
    desk.see("Belum ada kata sandi");
    desk.must_be_accessible();
    desk.photograph_whole("user");

    desk.press("Buat kata sandi sekali pakai");
    desk.see("Untuk Mega Puspita, yang masuk sebagai mega:");
    let password = desk.text_of("secret");
    desk.must_be_accessible();
    desk.photograph("one-time-password");
    desk.follow("Selesai");
    desk.see("Kata sandi sekali pakai");

    let phone = Browser::open(&server.root, "id", &Screen::Phone);
    phone.sign_in("mega", &password);
    phone.see("Kata sandi ini dibuatkan orang lain untuk Anda.");
    phone.must_be_accessible();
    phone.photograph_whole("password-phone");
    phone.choose_password(&password, "layang-layang hujan sore");
    assert!(!phone.shows("Pengguna"), "a pupil's menu has no users");
    phone.visit("/admin/users");
    phone.see("Ruang ini tidak terbuka untuk Anda");
    phone.must_be_accessible();

    desk.press("Nonaktifkan akun");
    desk.see("Akun dinonaktifkan. Semua sesinya sudah diakhiri.");
    desk.must_be_accessible();
    phone.visit("/account");
    phone.see("Selamat datang. Silakan masuk.");

    desk.follow("Hapus pengguna");
    desk.see("Hapus Mega Puspita?");
    desk.must_be_accessible();
    desk.photograph("delete");
    desk.press("Hapus selamanya");
    desk.see("Pengguna sudah dihapus.");
    assert!(!desk.shows("Mega Puspita"));
}
