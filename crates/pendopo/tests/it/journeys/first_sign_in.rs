//! The operator, right after the first start.

use super::browser::{Browser, Screen};
use super::server::Server;

/// What the operator chooses instead of the one-time password.
pub(crate) const OWN_PASSWORD: &str = "gamelan sawah biru 73";

impl Browser {
    /// Signs in as whoever has this name, in Indonesian.
    pub(crate) fn sign_in(&self, login: &str, password: &str) {
        self.visit("/login");
        self.fill("Alamat email atau nama pengguna", login);
        self.fill("Kata sandi", password);
        self.press("Masuk");
    }

    /// Changes a one-time password right after signing in with it.
    pub(crate) fn choose_password(&self, old: &str, new: &str) {
        self.fill("Kata sandi sekarang", old);
        self.fill("Kata sandi baru", new);
        self.fill("Kata sandi baru, sekali lagi", new);
        self.press("Ganti kata sandi");
        self.see("Kata sandi sudah diganti.");
    }

    /// The administrator of a new server, past the first sign-in.
    pub(crate) fn sign_in_as_admin(&self, server: &Server) {
        self.sign_in("admin", &server.one_time_password);
        self.choose_password(&server.one_time_password, OWN_PASSWORD);
    }
}

#[test]
fn the_admin_signs_in_with_the_one_time_password_and_must_change_it() {
    let server = Server::start();
    let desk = Browser::open(&server.root, "id", &Screen::Desk);
    desk.visit("/login");
    desk.must_be_accessible();
    desk.photograph("sign-in");

    desk.sign_in("admin", "salah sekali");
    desk.see("Nama atau kata sandi salah.");
    assert_eq!(
        desk.value("Alamat email atau nama pengguna"),
        "admin",
        "the name is kept"
    );
    assert_eq!(
        desk.value("Kata sandi"),
        "",
        "the password is not sent back"
    );
    desk.must_be_accessible();

    desk.sign_in("admin", &server.one_time_password);
    desk.see("Kata sandi ini dibuatkan orang lain untuk Anda.");
    desk.must_be_accessible();
    desk.visit("/admin/users");
    desk.see("Kata sandi ini dibuatkan orang lain untuk Anda.");

    desk.fill("Kata sandi sekarang", &server.one_time_password);
    desk.fill("Kata sandi baru", "password1234");
    desk.fill("Kata sandi baru, sekali lagi", "password1234");
    desk.press("Ganti kata sandi");
    desk.see("Ini mudah ditebak.");
    desk.must_be_accessible();
    desk.photograph_whole("password-fault");

    desk.choose_password(&server.one_time_password, OWN_PASSWORD);
    desk.follow("Pengguna");
    desk.see("Semua yang tercatat di sekolah ini.");
    desk.press("Keluar");
    desk.see("Anda sudah keluar.");
    desk.visit("/account");
    assert_eq!(desk.path(), "/login?next=/account");
    desk.sign_in("admin", OWN_PASSWORD);
    desk.follow("Akun saya");
    desk.see("Tempat saya masuk");
}
